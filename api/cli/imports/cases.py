"""``geogrid import cases``: a table of complaints becomes cases, each in its grid."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.errors import InvalidInputError
from geogrid.types import COORD_TYPES

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from boundaries.files.cases.fields import CaseFields
    from boundaries.files.cases.importing import CaseCounts, CaseImport
    from boundaries.jurisdictions.records import JurisdictionRecord

EXIT_REFUSED = 1
EXIT_WITH_REJECTS = 3
_MOST_REASONS = 20
_FILE = click.Path(path_type=Path)
_EXIT_STATUSES = """\b
Exit status: 0  every row is stored
             1  refused: nothing is stored
             2  the command line is wrong
             3  stored, some rows are in the rejects file"""


@click.command(short_help="Import a table of complaints as cases.", epilog=_EXIT_STATUSES)
@click.argument("file", type=_FILE)
@click.option("--jurisdiction", metavar="CODE", help="Whose cases; not needed where there is one.")
@click.option("--id", metavar="COLUMN", help="Number of the case in its system.")
@click.option("--time", metavar="COLUMN", help="When it was reported.")
@click.option("--closed", metavar="COLUMN", help="When it was closed; empty while it is open.")
@click.option("--status", metavar="COLUMN", help="Status, in words of your system.")
@click.option("--lon", metavar="COLUMN", help="Longitude, degrees.")
@click.option("--lat", metavar="COLUMN", help="Latitude, degrees.")
@click.option("--x", metavar="COLUMN", help="Easting, with --crs.")
@click.option("--y", metavar="COLUMN", help="Northing, with --crs.")
@click.option("--address", metavar="COLUMN", help="Address; looked up where there is no point.")
@click.option("--text", metavar="COLUMN", help="What is complained of.")
@click.option("--channel", metavar="COLUMN", help="How it came in: hotline, app ...")
@click.option("--category", metavar="COLUMN", help="What it is about.")
@click.option("--reporter-name", metavar="COLUMN", help="Who reported it; sealed, as are the next three.")
@click.option("--reporter-telephone", metavar="COLUMN", help="His telephone.")
@click.option("--reporter-email", metavar="COLUMN", help="His mail address.")
@click.option("--reporter-identity-number", metavar="COLUMN", help="His identity number.")
@click.option("--map", "mapped", multiple=True, metavar="FIELD=COLUMN", help="The same as --FIELD COLUMN. Repeatable.")
@click.option("--set", "constants", multiple=True, metavar="FIELD=TEXT", help="Channel or category of all rows.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Another column to store. Nothing else is. Repeatable.")
@click.option(
    "--status-value", multiple=True, metavar="WORD=STATUS", help="What a word means: open, in_progress, closed."
)
@click.option("--source", default="import", show_default=True, metavar="NAME", help="System the numbers are of.")
@click.option("--crs", metavar="EPSG:CODE", help="Of --x and --y.")
@click.option("--coord-type", type=click.Choice(COORD_TYPES), default="wgs84", show_default=True, help="Datum.")
@click.option("--time-zone", metavar="ZONE", help="Of times without offset. Without it, the jurisdiction's.")
@click.option("--time-format", metavar="FORMAT", help="'%m/%d/%Y %I:%M:%S %p', excel ... Without it, year-month-day.")
@click.option("--encoding", metavar="NAME", help="Of a CSV file that is not UTF-8: gbk, big5 ...")
@click.option("--sheet", metavar="NAME", help="Of a workbook with several.")
@click.option("--missing", multiple=True, metavar="WORD", help="Word for an empty cell, e.g. NULL. Repeatable.")
@click.option(
    "--rejects", type=_FILE, metavar="FILE", help="Rows that were not imported. Default: FILE.rejects.csv here."
)
@click.option("--report", type=_FILE, metavar="FILE", help="Write the counts as JSON.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen; the rejects file is written.")
@click.pass_context
def cases(ctx: click.Context, /, **options: Any) -> None:
    """Import a table of complaints, each in its grid of the edition in force.

    FILE is CSV (plain or .gz), Parquet or XLSX; the first line names the columns. Good rows are stored, bad rows go to
    the rejects file with their line and the reason. Importing a file again adds nothing; a case that a later file
    says is closed is closed.
    """
    from api.cli.output.problems import require_writable
    from boundaries.store.engine import open_engine
    from boundaries.store.settings import StoreSettings

    fields = _case_fields(options)
    require_writable(options["report"])
    engine = open_engine(StoreSettings())
    try:
        counts, rejects = _import(engine, fields, options)
    except InvalidInputError as error:
        _report_refusal(error, options)
        raise
    finally:
        engine.dispose()
    _tell(ctx, counts, rejects, options)


def _import(engine: "Engine", fields: "CaseFields", options: Mapping[str, Any]) -> tuple["CaseCounts", Path | None]:
    """Return what became of the rows, and the rejects file if there is one."""
    from api.cli.output.progress import progress
    from boundaries.files.rejects import open_rejects
    from boundaries.files.table_reader import open_table
    from boundaries.jurisdictions.reading import the_jurisdiction
    from boundaries.store.engine import unit_of_work

    file: Path = options["file"]
    path: Path = options["rejects"] or Path(f"{file.name}.rejects.csv")
    how = {"encoding": options["encoding"], "sheet": options["sheet"], "missing": options["missing"]}
    wanted = (*fields.columns.values(), *fields.keep)
    with open_table(file, wanted=wanted, **how) as table, open_rejects(path) as rejects:
        for note in table.notes:
            click.echo(note, err=True)
        with unit_of_work(engine) as session, progress("cases", total=table.total) as advance:
            job = _case_import(the_jurisdiction(session, options["jurisdiction"]), fields, options)
            counts = job.run(session, table, rejects, advance=advance)
            if options["dry_run"]:
                session.rollback()
        if counts.rejected or options["rejects"] or path.exists():
            rejects.keep()
    return counts, path if path.exists() else None


def _case_fields(options: Mapping[str, Any]) -> "CaseFields":
    from boundaries.files.cases.fields import CONSTANTS, FIELDS, CaseFields

    columns = {name: options[name] for name in FIELDS if options[name] is not None}
    columns |= _pairs(options["mapped"], "--map", FIELDS)
    return CaseFields(columns, _pairs(options["constants"], "--set", CONSTANTS), options["keep"])


def _pairs(options: tuple[str, ...], option: str, allowed: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for pair in options:
        name, sign, value = pair.partition("=")
        if not sign or name not in allowed:
            raise click.BadParameter(
                f"{pair!r}: write FIELD=..., FIELD one of {', '.join(allowed)}.", param_hint=option
            )
        pairs[name] = value
    return pairs


def _case_import(jurisdiction: "JurisdictionRecord", fields: "CaseFields", options: Mapping[str, Any]) -> "CaseImport":
    from boundaries.files.cases.fields import CaseReading
    from boundaries.files.cases.importing import CaseImport
    from boundaries.files.cases.statuses import StatusReader
    from boundaries.files.polygons import parse_crs
    from boundaries.files.times import TimeReader, time_zone

    if "x" in fields.columns and options["crs"] is None:
        raise click.UsageError("--x and --y need --crs, e.g. --crs EPSG:4547.")
    reading = CaseReading(
        times=TimeReader(time_zone(options["time_zone"] or jurisdiction.time_zone), options["time_format"]),
        statuses=StatusReader(_status_words(options["status_value"])),
        crs=parse_crs(options["crs"] or "EPSG:4326"),
        coord_type=options["coord_type"],
    )
    return CaseImport(jurisdiction, fields, reading, options["source"], options["file"], datetime.now(UTC))


def _status_words(options: tuple[str, ...]) -> dict[str, Any]:
    from geogrid.types import CASE_STATUSES

    words = {}
    for pair in options:
        word, _, status = pair.rpartition("=")
        if not word or status not in CASE_STATUSES:
            raise click.BadParameter(
                f"{pair!r}: write WORD=STATUS, STATUS one of {', '.join(CASE_STATUSES)}.", param_hint="--status-value"
            )
        words[word] = status
    return words


def _report_refusal(error: InvalidInputError, options: Mapping[str, Any]) -> None:
    from api.cli.output.problems import problem_records, write_report

    if options["report"] is not None:
        refused = {"file": options["file"].name, "outcome": "refused", "problems": problem_records(error.problems)}
        write_report(options["report"], refused)


def _tell(ctx: click.Context, counts: "CaseCounts", rejects: Path | None, options: Mapping[str, Any]) -> None:
    from api.cli.output.problems import write_report

    stored = "would be added" if options["dry_run"] else "added"
    parts = {
        stored: counts.added,
        "stored before": counts.known,
        "of them moved on": counts.moved_on,
        "repeated in the file": counts.repeated,
        "rejected": counts.rejected,
    }
    shown = [f"{number:,} {what}" for what, number in parts.items() if number or what == stored]
    click.echo(f"{options['file'].name}: {counts.rows:,} rows: {', '.join(shown)}.")
    details = {
        "have a number that an earlier row has with other content; each is a case of its own": counts.further,
        "lie outside every grid and have none": counts.outside,
        "were placed by their address": counts.by_address,
    }
    for what, number in details.items():
        if number:
            click.echo(f"{number:,} {what}.")
    for note in counts.notes:
        click.echo(note, err=True)
    if options["report"] is not None:
        outcome = "importable" if options["dry_run"] else "imported"
        report = {"file": options["file"].name, "outcome": outcome, "rejects": rejects and str(rejects)}
        write_report(options["report"], report | asdict(counts))
    if counts.rejected:
        by_number = sorted(counts.reasons.items(), key=lambda pair: -pair[1])
        for reason, number in by_number[:_MOST_REASONS]:
            click.echo(f"{number:>9,} rejected: {reason}", err=True)
        click.echo(f"They are in {rejects}, with their lines.", err=True)
        ctx.exit(EXIT_WITH_REJECTS if counts.rejected < counts.rows else EXIT_REFUSED)
