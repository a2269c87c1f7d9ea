"""``geogrid import addresses``: a file of addresses becomes part of the gazetteer of a jurisdiction."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.errors import InvalidInputError
from geogrid.types import COORD_TYPES

if TYPE_CHECKING:
    from boundaries.files.addresses.importing import AddressCounts
    from boundaries.files.addresses.layouts import Layout
    from boundaries.files.addresses.opening import AddressFile

EXIT_WITH_REJECTS = 3
_FILE = click.Path(path_type=Path)
_SHOWN_UNUSED = 8
_EXIT_STATUSES = """\b
Exit status: 0  every row is stored
             1  refused: nothing is stored
             2  the command line is wrong
             3  stored, some rows are in the rejects file"""


@click.command(short_help="Import a file of addresses for geocoding.", epilog=_EXIT_STATUSES)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--jurisdiction", metavar="CODE", help="Whose gazetteer; needed only where there are several.")
@click.option("--source", metavar="NAME", help="Name of the data set; the file's name, if left out.")
@click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS", help="A column by another name. Repeatable.")
@click.option("--layer", metavar="NAME", help="Layer, where the file has several.")
@click.option("--sheet", metavar="NAME", help="Of a workbook with several.")
@click.option("--encoding", metavar="NAME", help="Of the text, where the file does not say: gbk, big5 ...")
@click.option("--crs", metavar="EPSG:CODE", help="Of the coordinates; counts in place of what the file says.")
@click.option("--coord-type", type=click.Choice(COORD_TYPES), default="wgs84", show_default=True, help="Datum.")
@click.option("--add", is_flag=True, help="Beside what the source has, not in its place; so corrected rejects always.")
@click.option("--yes", is_flag=True, help="Do not ask whether the columns are understood.")
@click.option(
    "--rejects", type=_FILE, metavar="FILE", help="Rows that were not imported. Default: FILE.rejects.csv here."
)
@click.option("--report", type=_FILE, metavar="FILE", help="Write the counts as JSON.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen; the rejects file is written.")
@click.pass_context
def addresses(ctx: click.Context, /, **options: Any) -> None:
    """Import a file of addresses, in place of those of an earlier import of the same source.

    FILE is a table with lon and lat (CSV, plain or packed, XLSX, Parquet), a GeoPackage, GeoJSON or other layer, or an
    OpenStreetMap extract. Columns: province, city, district, town, community, village_group, street, house_number,
    estate, building, unit, room, postcode, name, aliases (parted by semicolons), error_m. Other names are recognised
    (OpenAddresses, addr:street, 门牌号, a whole address in one column) and shown first. A table with code and name
    alone is a list of villages and towns: each is placed at the published grid of its code or name, else of the area
    above it.
    """
    from api.cli.output.problems import problem_records, require_writable, write_report
    from boundaries.files.addresses.opening import AddressFile

    require_writable(options["report"])
    how = ("layer", "sheet", "encoding", "crs", "coord_type")
    file = AddressFile(options["file"], _pairs(options["columns"]), **{name: options[name] for name in how})
    try:
        counts, rejects = _import(file, options)
    except InvalidInputError as error:
        if options["report"] is not None:
            refused = {"file": file.path.name, "outcome": "refused", "problems": problem_records(error.problems)}
            write_report(options["report"], refused)
        raise
    _tell(ctx, counts, rejects, options)


def _import(file: "AddressFile", options: Mapping[str, Any]) -> tuple["AddressCounts", Path | None]:
    """Return what became of the rows, and the rejects file if there is one."""
    from boundaries.files.addresses.opening import peek_layout

    layout = peek_layout(file)
    _confirm(file.path.name, layout, ask=not options["yes"])
    # The rest takes a second to load: what columns are taken for is shown before.
    from boundaries.files.addresses.importing import source_of, store_codes, store_rows
    from boundaries.files.addresses.reading import read_address_file, read_codes
    from boundaries.files.rejects import has_reasons, open_rejects
    from boundaries.jurisdictions.reading import the_jurisdiction
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

    # A file that cannot be read is refused before a database is started.
    codes = read_codes(file)
    rows = None
    if codes.empty:
        rows = read_address_file(file)
        if layout is None:
            _confirm(file.path.name, rows.layout, ask=not options["yes"])
        for note in rows.notes:
            click.echo(note, err=True)
    path: Path = options["rejects"] or Path(f"{file.path.name}.rejects.csv")
    source = options["source"] or source_of(file.path)
    beside = options["add"] or (rows is not None and has_reasons(rows.header))
    engine = open_engine(StoreSettings())
    try:
        with open_rejects(path) as rejects:
            try:
                with unit_of_work(engine) as session:
                    town = the_jurisdiction(session, options["jurisdiction"])
                    counts = (
                        store_codes(session, town.id, codes, source)
                        if rows is None
                        else store_rows(
                            session,
                            town.id,
                            rows,
                            rejects,
                            file=file.path.name,
                            source=source,
                            beside=beside,
                            now=datetime.now(UTC),
                        )
                    )
                    if options["dry_run"]:
                        session.rollback()
            except InvalidInputError:
                if rejects.count:
                    rejects.keep()
                raise
            if rows is not None and (counts.rejected or options["rejects"] or path.exists()):
                rejects.keep()
    finally:
        engine.dispose()
    if beside:
        counts.notes.append(f"They are beside what the source {source} had.")
    return counts, path if counts.rejected else None


def _confirm(name: str, layout: "Layout | None", *, ask: bool) -> None:
    """Show which column was taken for what, where names do not say it; on a terminal ask whether that is right."""
    if layout is None or layout.is_plain:
        return
    pairs = ", ".join(f"{ours}={theirs}" for ours, theirs in layout.columns.items())
    click.echo(f"{name} is read as {layout.name}: {pairs}.", err=True)
    if layout.unused:
        more = f" and {len(layout.unused) - _SHOWN_UNUSED:,} more" if len(layout.unused) > _SHOWN_UNUSED else ""
        click.echo(f"Not used: {', '.join(layout.unused[:_SHOWN_UNUSED])}{more}.", err=True)
    click.echo("Where that is wrong: --column OURS=THEIRS.", err=True)
    if ask and sys.stdin.isatty() and sys.stderr.isatty():
        click.confirm("Import it so?", default=True, abort=True, err=True)


def _tell(ctx: click.Context, counts: "AddressCounts", rejects: Path | None, options: Mapping[str, Any]) -> None:
    from api.cli.output.problems import problem_records, show_problems, write_report

    file: Path = options["file"]
    show_problems(counts.problems)
    would = " would be stored" if options["dry_run"] else ""
    rejected = f", {counts.rejected:,} rejected" if counts.rejected else ""
    click.echo(f"{file.name}: {counts.rows:,} rows, {counts.stored:,} addresses{would}{rejected}.")
    for note in counts.notes:
        click.echo(note)
    if options["report"] is not None:
        outcome = "importable" if options["dry_run"] else "imported"
        found = asdict(counts) | {"problems": problem_records(counts.problems), "rejects": rejects and str(rejects)}
        write_report(options["report"], {"file": file.name, "outcome": outcome} | found)
    if rejects is not None:
        click.echo(f"They are in {rejects}, with their lines.", err=True)
        ctx.exit(EXIT_WITH_REJECTS)


def _pairs(columns: tuple[str, ...]) -> dict[str, str]:
    wrong = [pair for pair in columns if "=" not in pair]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is no pair; write it as street=addr_street.", param_hint="--column")
    return {ours: theirs for ours, _, theirs in (pair.partition("=") for pair in columns)}
