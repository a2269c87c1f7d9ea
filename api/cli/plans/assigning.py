"""``geogrid plan draw --assignment``: a draft from a table of block and grid."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from api.cli.output.store_session import open_session
from api.cli.plans.session import author_of, edition_in_force, line_of
from geogrid.wording import counted

_OF_POLYGONS: Final = {
    "code": "--code", "parent_name": "--parent-name", "kind": "--kind", "category": "--category", "crs": "--crs",
    "layer": "--layer", "repair": "--repair", "faults": "--faults", "log": "--log",
}  # fmt: skip
_EXIT_REFUSED = 1


def assign_blocks(ctx: click.Context, name: str | None, file: Path | None, options: dict[str, Any]) -> None:
    """Make the draft, or list everything that is wrong with the table and end with status 1."""
    from api.cli.output.problems import show_problems
    from boundaries.files.assignments import AssignmentFile, assign_draft
    from boundaries.plans.drafts import get_plan, require_name

    _require_no_polygons(file, options)
    table: Path = options["assignment"]
    parent = options["parent"][0] if options["parent"] else None
    how = AssignmentFile(
        table, options["block"], options["grid"], options["grid_name"], parent, encoding=options["encoding"]
    )
    now = datetime.now(UTC)
    author = author_of(options["made_by"], options["reason"])
    with open_session(keep=not options["dry_run"]) as session:
        given = options["based_on"]
        base = edition_in_force(session, options["jurisdiction"], now) if given is None else get_plan(session, given)
        done = assign_draft(session, base, how, name=require_name(name or table.stem), author=author, at=now)
        told = "" if done.plan is None else line_of(done.plan)
    show_problems(done.problems)
    if done.plan is None:
        click.echo(f"Error: {table.name} is refused: {len(done.problems):,} problems. Nothing is stored.", err=True)
        ctx.exit(_EXIT_REFUSED)
    click.echo(f"{counted(done.moved, 'block')} changed hands; in pieces: {counted(len(done.problems), 'grid')}.")
    click.echo(f"Only tried: nothing is stored.{told[5:]}" if options["dry_run"] else told)


def _require_no_polygons(file: Path | None, options: dict[str, Any]) -> None:
    given = [option for name, option in _OF_POLYGONS.items() if options[name]]
    if file is not None:
        given.insert(0, "FILE")
    if len(options["parent"]) > 1:
        given.append("a second --parent")
    if given:
        raise click.UsageError(f"{', '.join(given)} are about a file of polygons; --assignment takes a table alone.")
