"""``geogrid import town``: from anybody's files to a town that planners can work on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.imports.drawn_grids import drawn_grid_options, has_drawn_grids, takes_grid_file, town_with_drawn_grids
from api.cli.imports.moments import accepting_backdated, moment_of, since
from api.cli.output.progress import stage
from api.cli.town_options import count_layers, files_of, names_of, town_options, wishes_of
from geogrid.errors import InvalidInputError

if TYPE_CHECKING:
    import geopandas as gpd

    from boundaries.files.towns.town import Town

_FILE = click.Path(dir_okay=False, path_type=Path)
_EPILOG = """\b
Examples:
  geogrid import town town.osm.pbf --jurisdiction mytown --band 300:500 --publish
  geogrid import town cut.gpkg --jurisdiction mytown --name "My Town" --publish
  geogrid import town --jurisdiction mytown --streets roads.shp --buildings houses.shp \\
      --limit town.geojson --band 300:500 --levels "district/区,community/社区=17,grid/网格"
  geogrid import town --jurisdiction mytown --grids communities.shp --code COMMUID \\
      --streets roads.shp --buildings houses.shp

\b
Exit status: 0  stored, or with --dry-run only tried; what misses a wish is listed
             1  refused: nothing is stored
             2  the command line is wrong"""


@takes_grid_file
@click.command(short_help="Import a whole town: streets, buildings, sites, blocks and grids.", epilog=_EPILOG)
@click.argument("file", required=False, type=_FILE)
@click.option("--jurisdiction", required=True, metavar="CODE", help="Its short name, in addresses and commands.")
@click.option("--name", metavar="TEXT", help="Its name for people. Without it, the code.")
@click.option("--time-zone", default="UTC", show_default=True, metavar="ZONE", help="IANA name, e.g. Asia/Shanghai.")
@click.option("--plan-name", metavar="TEXT", help="Name of the plan, and of the edition that it becomes.")
@click.option("--addresses", metavar="FILE[:LAYER]", help="Addresses to find complaints by. Extracts have them.")
@town_options
@drawn_grid_options
@click.option("--update", is_flag=True, help="Of a town that is stored: new streets, buildings and blocks for drafts.")
@click.option("--by", default="", metavar="NAME", help="With --update: who.")
@click.option("--publish", is_flag=True, help="Make it the edition in force.")
@since
@accepting_backdated
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--report", type=_FILE, metavar="FILE", help="Write everything found as JSON.")
def town(**options: Any) -> None:
    """Import a whole town, in one transaction.

    FILE is an OpenStreetMap extract (.osm.pbf, .osm, .gz, .bz2, .xz) or a GeoPackage that geogrid partition wrote.
    Without it, give the layers one by one: --streets and --buildings at least.

    With --grids FILE the grids are those that exist: they stay exactly as they are, and blocks are cut within them,
    along streets, between buildings, or in pieces where there is neither. Only --code is needed.

    With --update the town is stored already: its streets, buildings and sites are replaced, and blocks are cut anew.
    Drafts are carried over to these, each block to the grid that holds most of it; editions stay as they are. Load and
    band are those that the town has, unless you give others.

    Stored are the limit, streets and other barriers, buildings, sites, blocks, the levels, the band, loads, and a plan
    of the grids, which can be redrawn from then on; with --publish it is the edition in force.
    """
    from api.cli.imports.town_update import run_update, with_stored_wish
    from api.cli.output.problems import problem_records, require_writable, show_problems, write_report

    if options["update"] and options["publish"]:
        raise click.UsageError("--update changes no edition: publish a draft when it is ready.")
    valid_from = moment_of(options["valid_from"], publish=options["publish"])
    require_writable(options["report"])
    try:
        # Before the long work: what is wrong with them is told at once.
        addresses = None if options["update"] else _addresses(options)
        if options["update"]:
            options = with_stored_wish(options)
        drawn = _town(options)
        if options["update"]:
            run_update(drawn, options)
            return
        outcome = None if options["dry_run"] else _store(drawn, addresses, options, valid_from)
    except InvalidInputError as error:
        if options["report"] is not None:
            write_report(options["report"], {"outcome": "refused", "problems": problem_records(error.problems)})
        raise
    show_problems(drawn.problems)
    leaves = int((drawn.grids["kind"] != "parent").sum())
    click.echo(
        f"{options['jurisdiction']}: {len(drawn.barriers):,} lines, {len(drawn.buildings):,} buildings, "
        f"{len(drawn.sites):,} sites, {len(drawn.blocks):,} blocks, {leaves:,} grids on {len(drawn.levels)} levels; "
        + ("could be stored; nothing is (--dry-run)." if outcome is None else outcome)
    )
    if options["report"] is not None:
        facts = {"outcome": "importable" if outcome is None else "imported", "jurisdiction": options["jurisdiction"]}
        write_report(options["report"], facts | {"problems": problem_records(tuple(drawn.problems))})


def _town(options: dict[str, Any]) -> "Town":
    """Return the town of the files, cut where it is not cut yet."""
    from boundaries.files.towns import LayerSource, divide_town, read_town
    from boundaries.files.towns.town import is_cut_town, read_cut_town, town_of

    file, has_grids = options["file"], has_drawn_grids(options)
    if file is not None and not file.is_file():
        raise InvalidInputError.of("no-file", f"There is no file {file}.", "Check the name.")
    if file is not None and not has_grids and is_cut_town(file):
        with stage("Reading", "layers") as advance:
            drawn = read_cut_town(file)
            advance(len(drawn.layers()))
    else:
        if file is not None and not LayerSource(file).is_osm:
            raise InvalidInputError.of(
                "not-a-town",
                f"{file.name} is neither an OpenStreetMap extract nor a town that `geogrid partition --out` wrote.",
                "Give its layers one by one, e.g. --streets FILE:LAYER --buildings FILE:LAYER.",
            )
        given = options | {"osm": file or options["osm"]}
        if has_grids:
            return _checked(town_with_drawn_grids(given), options)
        files, wishes = files_of(given), wishes_of(given)
        with stage("Reading", "layers") as advance:
            layers = read_town(files)
            advance(count_layers(layers))
        drawn = town_of(layers, divide_town(layers, wishes, stage), wishes, names_of(options))
    return _checked(drawn, options)


def _checked(drawn: "Town", options: dict[str, Any]) -> "Town":
    """Return the town with a load that plans know; a dry run checks its land, as storing does else."""
    from boundaries.files.towns.storing import land_problems
    from boundaries.files.towns.town import with_known_load

    drawn = with_known_load(drawn)
    if options["dry_run"]:
        with stage("Checking", "grids") as advance:
            problems = land_problems(drawn)
            advance(len(drawn.grids))
        if problems:
            raise InvalidInputError(problems)
    return drawn


def _addresses(options: dict[str, Any]) -> "gpd.GeoDataFrame | None":
    from boundaries.files.addresses.opening import AddressFile
    from boundaries.files.addresses.reading import read_address_file
    from boundaries.files.towns import LayerSource
    from boundaries.files.towns.sources import in_its_encoding

    file = options["osm"] or options["file"]
    if options["addresses"] is None and (file is None or not file.is_file() or not LayerSource(file).is_osm):
        return None
    source = (
        LayerSource(file)
        if options["addresses"] is None
        else LayerSource.parse(options["addresses"], encoding=options["encoding"])
    )
    with stage("Addresses", "places") as advance:
        rows = in_its_encoding(
            source.encoding,
            lambda encoding: read_address_file(AddressFile(source.path, layer=source.layer, encoding=encoding)),
        )
        addresses = rows.frame[[not wrong for wrong in rows.faults]].reset_index(drop=True)
        advance(len(addresses))
    if len(addresses) < len(rows.frame):
        left = len(rows.frame) - len(addresses)
        first = next(wrong for wrong in rows.faults if wrong)
        click.echo(f"{left:,} rows of {source.path.name} are no addresses; of the first: {'; '.join(first)}.", err=True)
    return addresses


def _store(
    drawn: "Town", addresses: "gpd.GeoDataFrame | None", options: dict[str, Any], valid_from: datetime | None
) -> str:
    """Store the town, and return what is said of it."""
    from boundaries.addresses.storing import import_addresses
    from boundaries.files.towns.storing import TownChoice, store_town
    from boundaries.publishing.rules import publish_import
    from boundaries.store.engine import open_engine, unit_of_work
    from boundaries.store.settings import StoreSettings

    source = options["file"] or options["osm"]
    choice = TownChoice(
        code=options["jurisdiction"],
        name=options["name"] or options["jurisdiction"],
        plan_name=options["plan_name"] or f"{options['name'] or options['jurisdiction']} {datetime.now(UTC):%Y-%m-%d}",
        time_zone=options["time_zone"],
        source="" if source is None else source.name,
    )
    engine = open_engine(StoreSettings())
    try:
        with stage("Storing", "grids") as advance, unit_of_work(engine) as session:
            jurisdiction, plan = store_town(session, drawn, choice)
            if addresses is not None and len(addresses):
                import_addresses(session, jurisdiction.id, addresses, choice.source or "addresses")
            if valid_from is not None:
                publish_import(session, plan, valid_from=valid_from, backdated=options["backdated"])
            advance(len(drawn.grids))
            number, name = plan.id, plan.name
    finally:
        engine.dispose()
    if valid_from is None:
        return f"stored as plan {number}, {name!r}, a draft. Look at it: geogrid plan show {number}."
    return f"stored as plan {number}, {name!r}, the edition in force since {valid_from.isoformat(timespec='seconds')}."
