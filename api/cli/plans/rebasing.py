"""``geogrid plan rebase``: a draft's changes carried onto the edition in force."""

from datetime import UTC, datetime
from typing import Any

import click

from api.cli.output.store_session import open_session
from api.cli.plans.session import author_of, authored, line_of


@click.command(short_help="Carry a draft's changes onto the edition in force.")
@click.argument("plan_id", type=int)
@click.option(
    "--keep",
    type=click.Choice(["draft", "edition"]),
    help="Which counts where both changed the same; without it conflicts are listed and nothing is stored.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@authored
def rebase(plan_id: int, keep: Any, dry_run: bool, made_by: str, reason: str) -> None:
    """Make a draft from the edition in force that has the changes of PLAN_ID, which stays as it is."""
    from api.cli.output.problems import show_problems
    from boundaries.plans.rebasing import rebase_plan

    author = author_of(made_by, reason)
    with open_session(keep=not dry_run) as session:
        done = rebase_plan(session, plan_id, at=datetime.now(UTC), author=author, version=None, keep=keep)
        told = line_of(done.plan)
    show_problems(done.conflicts)
    for former, code in done.renumbered.items():
        click.echo(f"Grid {former} has the code {code} now: another one has that code by now.")
    counted = f"{len(done.conflicts)} conflicts, in which the {keep} counts" if done.conflicts else "No conflicts"
    click.echo(f"{counted}; carried onto edition {done.edition.name!r} ({done.edition.id}).")
    click.echo(f"Only tried: nothing is stored.{told[5:]}" if dry_run else told)
