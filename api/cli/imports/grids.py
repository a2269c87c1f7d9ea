"""``geogrid import grids``: a file of polygons becomes a plan, or an edition, of a jurisdiction."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.imports.moments import accepting_backdated, moment_of, since
from api.cli.plans.bands import banded
from geogrid.errors import InvalidInputError
from geogrid.types import COORD_TYPES

if TYPE_CHECKING:
    from boundaries.files.grids.importing import GridFile, GridImport, JurisdictionChoice

EXIT_REFUSED = 1
EXIT_WITH_WARNINGS = 3

_FILE = click.Path(path_type=Path)
_EXIT_STATUSES = """\b
Exit status: 0  imported
             1  refused: nothing is stored
             2  the command line is wrong
             3  imported, with warnings to look at"""


@click.command(short_help="Import a file of polygons as grids.", epilog=_EXIT_STATUSES)
@click.argument("file", type=_FILE)
@click.option("--jurisdiction", required=True, metavar="CODE", help="Where to; created if it is new.")
@click.option("--jurisdiction-name", metavar="TEXT", help="Its name for people.")
@click.option("--time-zone", metavar="ZONE", help="Its IANA time zone, e.g. Asia/Shanghai. New ones: UTC.")
@click.option("--attribution", multiple=True, metavar="TEXT", help="Line that every map of it shows. Repeatable.")
@click.option("--level-names", metavar="LIST", help="Names of the levels, top first: district,community,grid")
@click.option("--code", required=True, metavar="COLUMN", help="Code of the grid.")
@click.option("--name", metavar="COLUMN", help="Its name. Without it, the code.")
@click.option("--parent", multiple=True, metavar="COLUMN", help="Code of its parent; again for the grandparent.")
@click.option("--parent-name", multiple=True, metavar="COLUMN", help="Name of a parent that has no row of its own.")
@click.option("--level", metavar="COLUMN|N", help="Level, 1 is the top, or its name; or one number for all rows.")
@click.option("--kind", metavar="COLUMN", help="comprehensive 综合网格 or dedicated 专属网格.")
@click.option("--category", metavar="COLUMN", help="What a dedicated grid is for: school 学校, hospital 医院 ...")
@click.option("--households", metavar="COLUMN", help="Number of households.")
@click.option("--population", metavar="COLUMN", help="Number of residents.")
@click.option("--buildings", metavar="COLUMN", help="Number of buildings.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Another column to store. Repeatable.")
@click.option("--crs", metavar="EPSG:CODE", help="Counts in place of what the file says.")
@click.option("--coord-type", type=click.Choice(COORD_TYPES), default="wgs84", show_default=True, help="Datum.")
@click.option("--swap-xy", is_flag=True, help="The file has latitude first, or northing first.")
@click.option("--layer", metavar="NAME", help="Layer, where the file has several.")
@click.option("--encoding", metavar="NAME", help="Of the text, where the file does not say: gbk, big5 ...")
@click.option("--dissolve", is_flag=True, help="Rows with the same code are parts of one grid.")
@banded
@click.option("--publish", is_flag=True, help="Make it the edition in force.")
@since
@accepting_backdated
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--report", type=_FILE, metavar="FILE", help="Write everything found as JSON.")
@click.pass_context
def grids(ctx: click.Context, /, **options: Any) -> None:
    """Import a file of polygons as the grids of a jurisdiction.

    FILE is a Shapefile, GeoPackage, GeoJSON, KML, FlatGeobuf, GeoParquet or whatever else GDAL reads. Several levels
    may be in one file: name the column of the parent's code; parents without a polygon become the union of their
    children.
    """
    from api.cli.output.problems import require_writable
    from boundaries.files.grids.importing import import_grids
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

    valid_from = moment_of(options["valid_from"], publish=options["publish"])
    file, choice = _grid_file(options), _choice(options)
    require_writable(options["report"])
    engine = open_engine(StoreSettings())
    try:
        with unit_of_work(engine) as session:
            done = import_grids(
                session,
                file,
                choice,
                valid_from=valid_from,
                backdated=options["backdated"],
                dry_run=options["dry_run"],
            )
    except InvalidInputError as error:
        _report_refusal(error, options)
        raise
    finally:
        engine.dispose()
    _tell(ctx, done, options)


def _grid_file(options: dict[str, Any]) -> "GridFile":
    from boundaries.files.grids.fields import GridFields
    from boundaries.files.grids.importing import GridFile
    from geogrid.editions.fields import LOADS

    single = ("code", "name", "level", "kind", "category", *LOADS)
    fields = GridFields(
        **{name: options[name] for name in single},
        parents=options["parent"],
        parent_names=options["parent_name"],
        keep=options["keep"],
    )
    how = ("layer", "encoding", "crs", "swap_xy", "coord_type", "dissolve")
    return GridFile(options["file"], fields, **{name: options[name] for name in how})


def _choice(options: dict[str, Any]) -> "JurisdictionChoice":
    from boundaries.files.grids.importing import JurisdictionChoice
    from boundaries.files.grids.levels import Levels

    return JurisdictionChoice(
        code=options["jurisdiction"],
        name=options["jurisdiction_name"],
        time_zone=options["time_zone"],
        levels=Levels.parse(options["level_names"] or ""),
        attribution=options["attribution"] or None,
        band=options["band"],
        load=options["load"] or "households",
    )


def _report_refusal(error: InvalidInputError, options: dict[str, Any]) -> None:
    from api.cli.output.problems import problem_records, write_report

    if options["report"] is not None:
        refused = {"file": options["file"].name, "jurisdiction": options["jurisdiction"], "outcome": "refused"}
        write_report(options["report"], refused | {"problems": problem_records(error.problems)})


def _tell(ctx: click.Context, done: "GridImport", options: dict[str, Any]) -> None:
    from api.cli.output.problems import problem_records, show_problems, write_report

    show_problems(done.problems)
    outcome = "refused" if done.is_refused else "importable" if done.plan is None else "imported"
    if options["report"] is not None:
        write_report(options["report"], _report(done, options, outcome) | {"problems": problem_records(done.problems)})
    errors = sum(problem.severity == "error" for problem in done.problems)
    warnings = len(done.problems) - errors
    found = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    if done.is_refused:
        click.echo(f"Error: {options['file'].name} is refused: {found}. Nothing is stored.", err=True)
        ctx.exit(EXIT_REFUSED)
    levels = ", ".join(
        f"{count:,} {level.name}" for count, level in zip(done.grids_by_level.values(), done.level_names, strict=True)
    )
    if done.plan is None:
        said = "could be imported; nothing is stored (--dry-run)"
    else:
        said = f"imported as plan {done.plan.id}" + (", published" if options["publish"] else ", a draft")
    click.echo(f"{options['file'].name}: {levels}; {said}. {found}.")
    if warnings:
        ctx.exit(EXIT_WITH_WARNINGS)


def _report(done: "GridImport", options: dict[str, Any], outcome: str) -> dict[str, Any]:
    from geogrid.coverage.plausible import crs_name

    return {
        "file": options["file"].name,
        "layer": done.layer.name,
        "crs": crs_name(done.layer.crs),
        "jurisdiction": options["jurisdiction"],
        "outcome": outcome,
        "plan": None if done.plan is None else done.plan.id,
        "published": bool(options["publish"]) and done.plan is not None,
        "grids": [
            {"level": position, "name": level.name, "name_zh": level.name_zh, "count": count}
            for (position, count), level in zip(done.grids_by_level.items(), done.level_names, strict=False)
        ],
    }


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
