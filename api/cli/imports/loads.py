"""``geogrid import loads``: households counted again, without a redraw."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.errors import InvalidInputError

if TYPE_CHECKING:
    from boundaries.files.loads.importing import LoadImport

_FILE = click.Path(dir_okay=False, path_type=Path)
_SHOWN = 20
_EPILOG = """\b
Examples:
  geogrid import loads households.csv --jurisdiction mytown          # lon, lat, households
  geogrid import loads lots.gpkg --jurisdiction mytown --households HH --whole
  geogrid import loads register.xlsx --jurisdiction mytown --code COMMUID --households HH --dry-run

\b
Exit status: 0  stored, or with --dry-run only tried; rows that lie in no block are listed
             1  refused: nothing is stored
             2  the command line is wrong"""


@click.command(short_help="Count households again, without a redraw.", epilog=_EPILOG)
@click.argument("file", metavar="FILE[:LAYER]")
@click.option("--jurisdiction", metavar="CODE", help="Whose; needed where there are several.")
@click.option("--households", metavar="COLUMN", help="Households; by default a column of that name.")
@click.option("--population", metavar="COLUMN", help="Residents; by default a column of that name.")
@click.option("--code", metavar="COLUMN", help="Rows are of grids of any level, by code; without it, of places.")
@click.option("--plan", type=int, metavar="N", help="Plan to look codes up in. Without it, the edition in force.")
@click.option("--whole", is_flag=True, help="The file tells of all: blocks that it does not speak of get 0.")
@click.option("--crs", metavar="EPSG:CODE", help="Counts in place of what the file says.")
@click.option("--encoding", metavar="NAME", help="Of the text, where the file does not say: gbk, big5 ...")
@click.option("--by", default="", metavar="NAME", help="Who counts.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--report", type=_FILE, metavar="FILE", help="Write everything found as JSON.")
def loads(file: str, **options: Any) -> None:
    """Count households or residents again, on the blocks that there are.

    FILE has points, lots or buildings, each with its number (anything GDAL reads, or CSV with lon and lat), or with
    --code a row a grid. A block gets the sum of the rows in it; what no row speaks of stays, without --whole. The load
    of a grid is spread over its blocks in proportion to what they had.

    Drafts have the new loads at once, drafts made later likewise. Editions never change: they keep the loads that they
    were published with.
    """
    from api.cli.output.problems import problem_records, require_writable, show_problems, write_report
    from boundaries.files.loads.importing import import_loads
    from boundaries.files.loads.rows import COUNTED, LoadFile, read_loads
    from boundaries.files.towns import LayerSource
    from boundaries.jurisdictions.reading import the_jurisdiction
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

    require_writable(options["report"])
    columns = {name: options[name] for name in COUNTED if options[name]}
    source = LayerSource.parse(file, options["crs"], options["encoding"])
    try:
        rows = read_loads(LoadFile(source, columns, options["code"]))
        engine = open_engine(StoreSettings())
        try:
            with unit_of_work(engine) as session:
                town = the_jurisdiction(session, options["jurisdiction"])
                done = import_loads(
                    session,
                    town,
                    rows,
                    at=datetime.now(UTC),
                    plan=options["plan"],
                    whole=options["whole"],
                    made_by=options["by"],
                    dry_run=options["dry_run"],
                )
        finally:
            engine.dispose()
    except InvalidInputError as error:
        if options["report"] is not None:
            write_report(options["report"], {"outcome": "refused", "problems": problem_records(error.problems)})
        raise
    show_problems(done.problems)
    _tell(source.path.name, done, dry_run=options["dry_run"])
    if options["report"] is not None:
        write_report(options["report"], _report(done, dry_run=options["dry_run"]))


def _tell(name: str, done: "LoadImport", *, dry_run: bool) -> None:
    click.echo(f"{name}: {done.matched:,} rows matched, {done.unmatched:,} did not.")
    for load, before in done.before.items():
        click.echo(
            f"{load} of {done.reference!r}: {before:,.10g} before, {done.after[load]:,.10g} after; "
            f"{done.kept[load]:,.10g} of it is of blocks that no row speaks of."
        )
    for grid in done.grids[:_SHOWN]:
        moved = ", ".join(f"{load} {grid.before[load]:,.10g} -> {grid.after[load]:,.10g}" for load in grid.before)
        click.echo(f"  {grid.code}: {moved}")
    if len(done.grids) > _SHOWN:
        click.echo(f"  and {len(done.grids) - _SHOWN:,} more grids, see --report")
    drafts = ", ".join(map(str, sorted(done.plans))) or "none"
    click.echo(
        f"{done.blocks:,} blocks "
        + (
            "would change; nothing is stored (--dry-run)."
            if dry_run
            else f"changed; drafts with the new loads: {drafts}."
        )
        + " Editions keep the loads that they were published with."
    )


def _report(done: "LoadImport", *, dry_run: bool) -> dict[str, Any]:
    from dataclasses import asdict

    from api.cli.output.problems import problem_records

    facts = asdict(done) | {"problems": problem_records(done.problems)}
    return {"outcome": "importable" if dry_run else "imported", **facts}
