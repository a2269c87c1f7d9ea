"""``geogrid audit``: who did what, and whether the record of it is whole."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.output.store_session import open_session

if TYPE_CHECKING:
    from boundaries.audit.records import SealedLine

EXIT_BROKEN = 5


@click.group()
def command() -> None:
    """Read and check the audit: lines are only ever added, and each is sealed with the hash of the one before.

    Whoever may change the database's tables can still write the chain anew; a hash that is noted elsewhere shows it.
    """


@command.command(short_help="Check that no line was changed, put in or taken out.")
@click.option("--head", help="Hash of a former check: the chain must still hold it.")
@click.pass_context
def verify(ctx: click.Context, head: str | None) -> None:
    """Calculate the chain anew and say how many lines it has, and the hash of the last: note it elsewhere.

    \b
    Exit status: 0  the chain is whole
                 5  it is not; what is wrong is said
    """
    from boundaries.audit.chain import check_chain
    from boundaries.audit.reading import all_lines

    with open_session() as session:
        report = check_chain(all_lines(session), head=None if head is None else head.strip().lower())
    for fault in report.faults:
        click.echo(fault, err=True)
    if report.faults:
        ctx.exit(EXIT_BROKEN)
    click.echo(f"{report.lines} lines, whole. Head: {report.head or 'none'}")


@command.command(short_help="Write all lines to a file.")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path))
def export(file: Path) -> None:
    """Write every line to FILE, a JSON object each, with all that its hash is calculated from; - for the screen."""
    from boundaries.audit.reading import all_lines

    count = 0
    with open_session() as session, click.open_file(str(file), "w", encoding="utf-8") as out:
        for line in all_lines(session):
            out.write(json.dumps(_as_json(line), ensure_ascii=False) + "\n")
            count += 1
    click.echo(f"{count} lines are written.", err=True)


@command.command("list", short_help="Show the newest lines.")
@click.option("--account", help="Only what this account did.")
@click.option("--action", help="Only this action, e.g. plans.publish.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Lines at most.")
def show(account: str | None, action: str | None, limit: int) -> None:
    """Show what was done, the newest first."""
    from boundaries.audit.reading import LineFilter, newest_lines

    with open_session() as session:
        for line in newest_lines(session, LineFilter(account, action), limit=limit):
            changed = "".join(f"  {sign} {text}" for sign, text in (("-", line.before), ("+", line.after)) if text)
            click.echo(
                f"{line.number}  {line.at}  {line.account}  {line.action}  {line.object}  {line.address}{changed}"
            )


def _as_json(line: "SealedLine") -> dict[str, Any]:
    return asdict(line) | {"previous": line.previous.hex(), "hash": line.hash.hex()}
