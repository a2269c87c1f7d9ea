"""``geogrid plan draw``: a draft from a file of polygons or a table of block and grid, on the blocks of a plan."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from api.cli.output.store_session import open_session
from api.cli.plans.assigning import assign_blocks
from api.cli.plans.session import author_of, authored, edition_in_force, line_of
from geogrid.types import COORD_TYPES

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXIT_REFUSED = 1


@click.command(short_help="Make a draft from a file of polygons, or from a table of block and grid.")
@click.argument("name", required=False)
@click.argument("file", type=_FILE, required=False)
@click.option("--assignment", type=_FILE, metavar="FILE", help="Table of block and grid: .csv, .tsv, .xlsx, .parquet.")
@click.option("--block", metavar="COLUMN", help="Number of the block, in that table; found by its name, if left out.")
@click.option("--grid", metavar="COLUMN", help="Code of its grid, in that table; found by its name, if left out.")
@click.option("--code", metavar="COLUMN", help="Code of the grid, in a file of polygons.")
@click.option("--grid-name", metavar="COLUMN", help="Its name. Without it, the code.")
@click.option("--parent", multiple=True, metavar="COLUMN", help="Code of its parent; again for the grandparent.")
@click.option("--parent-name", multiple=True, metavar="COLUMN", help="Name of a parent that has no row of its own.")
@click.option("--kind", metavar="COLUMN", help="comprehensive 综合网格 or dedicated 专属网格.")
@click.option("--category", metavar="COLUMN", help="What a dedicated grid is for.")
@click.option("--crs", metavar="EPSG:CODE", help="Counts in place of what the file says.")
@click.option("--coord-type", type=click.Choice(COORD_TYPES), default="wgs84", show_default=True, help="Datum.")
@click.option("--layer", metavar="NAME", help="Layer, where the file has several.")
@click.option("--encoding", metavar="NAME", help="Of the text, where the file does not say: gbk ...")
@click.option("--from", "based_on", type=int, help="Plan whose blocks are cut; the edition in force, if left out.")
@click.option("--jurisdiction", help="Code; needed only where there are several.")
@click.option("--repair", is_flag=True, help="Close gaps, settle overlaps, clip what spills over the limit.")
@click.option("--gap-width", type=click.FloatRange(0, 1000), default=5.0, show_default=True, help="Of gaps, metres.")
@click.option("--faults", type=_FILE, help="Write what is wrong with the polygons to a GeoJSON file.")
@click.option("--log", type=_FILE, help="Write every change of the repair to a GeoJSON file.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@authored
@click.pass_context
def draw(ctx: click.Context, /, name: str | None, file: Path | None, **options: Any) -> None:
    """Make a draft called NAME whose grids are the polygons of FILE.

    The blocks of a plan are cut along the polygons, so that the draft is the drawing. Land that is in no polygon is in
    no grid of the draft, and `geogrid plan validate` says so.

    With --assignment the blocks of the plan are given to grids as a table says, and NAME may be left out. Every block
    is in one line. Grids that the plan has stay what they are; a new one is below the parent of most of its blocks, or
    the one that the column of --parent names.

    \b
    geogrid plan draw --assignment plan.csv
    """
    if options["assignment"] is not None:
        assign_blocks(ctx, name, file, options)
        return
    if name is None or file is None or options["code"] is None:
        raise click.UsageError("Give NAME, FILE and --code for a file of polygons, or --assignment FILE for a table.")
    if options["block"] or options["grid"]:
        raise click.UsageError("--block and --grid name columns of a table: give it with --assignment.")
    _draw_polygons(ctx, name, file, options)


def _draw_polygons(ctx: click.Context, name: str, file: Path, options: dict[str, Any]) -> None:
    from api.cli.output.problems import require_writable, show_problems
    from boundaries.files.drawings import GridDrawing, draw_draft, fault_frame, repair_frame
    from boundaries.plans.drafts import get_plan, require_name

    now = datetime.now(UTC)
    for path in (options["faults"], options["log"]):
        require_writable(path)
    author = author_of(options["made_by"], options["reason"])
    drawing = GridDrawing(_grid_file(file, options), options["gap_width"] if options["repair"] else None)
    with open_session(keep=not options["dry_run"]) as session:
        given = options["based_on"]
        base = edition_in_force(session, options["jurisdiction"], now) if given is None else get_plan(session, given)
        done = draw_draft(session, base, drawing, name=require_name(name), author=author, at=now)
        told = "" if done.plan is None else line_of(done.plan)
    for path, frame in ((options["faults"], fault_frame(done.faults)), (options["log"], repair_frame(done.repairs))):
        if path is not None:
            frame.to_file(path, driver="GeoJSON", engine="pyogrio")
    show_problems(done.problems)
    click.echo(f"{len(done.faults)} faults of the polygons, {len(done.repairs)} repairs.")
    if done.plan is None:
        click.echo(f"Error: {file.name} is refused. Nothing is stored.", err=True)
        ctx.exit(_EXIT_REFUSED)
    click.echo(f"{done.kept:,} blocks kept, {done.cut:,} cut or new, {done.left_out:,} not wholly in a grid.")
    click.echo(f"Only tried: nothing is stored.{told[5:]}" if options["dry_run"] else told)


def _grid_file(file: Path, options: dict[str, Any]) -> Any:
    from boundaries.files.grids.fields import GridFields
    from boundaries.files.grids.importing import GridFile

    fields = GridFields(
        code=options["code"],
        name=options["grid_name"],
        parents=options["parent"],
        parent_names=options["parent_name"],
        kind=options["kind"],
        category=options["category"],
    )
    how = ("layer", "encoding", "crs", "coord_type")
    return GridFile(file, fields, **{each: options[each] for each in how})
