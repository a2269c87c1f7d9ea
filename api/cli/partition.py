"""``geogrid partition``: streets and buildings in, grids out; files only."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.output.progress import stage
from api.cli.town_options import count_layers, files_of, names_of, town_options, wishes_of

if TYPE_CHECKING:
    import geopandas as gpd

    from boundaries.files.towns import DividedTown, TownLayers, Wishes

_OUT = click.Path(dir_okay=False, path_type=Path)
_EPILOG = """\b
Examples:
  geogrid partition --osm town.osm.pbf --band 300:500 --out grids.gpkg
  geogrid partition --streets roads.shp --buildings houses.shp --limit town.geojson \\
      --band 300:500 --sites sites.gpkg --out grids.gpkg --map grids.html
  geogrid partition --streets town.gpkg --buildings town.gpkg --nested-in town.gpkg:communities \\
      --grids 115 --out grids.gpkg
  geogrid partition --streets town.gpkg --buildings town.gpkg --band 300:500 \\
      --levels "district,community=17,area=115,grid=988" --out grids.gpkg
  geogrid partition --streets town.gpkg --buildings town.gpkg --band 300:500 \\
      --previous grids.gpkg:grids --lock G003 --out new.gpkg

\b
Ranks: 9 administrative limit, 8 rail, water, motorway, 7 primary, 6 secondary, 5 tertiary,
       4 residential, 3 pedestrian, 2 service, 1 footpath, 0 no barrier

\b
Exit status: 0  grids were written; what misses a wish is listed with its reason
             1  refused: nothing is written
             2  the command line is wrong"""


@click.command(short_help="Cut a town into grids: streets and buildings in, grids out; no database.", epilog=_EPILOG)
@town_options
@click.option("--out", required=True, type=_OUT, metavar="FILE", help="GeoPackage (.gpkg) or GeoJSON (.geojson).")
@click.option("--map", "map_file", type=_OUT, metavar="FILE", help="Also a map as one HTML file without network.")
@click.option("--report", type=_OUT, metavar="FILE", help="Also every figure and problem as JSON.")
def command(**options: Any) -> None:
    """Cut a town into balanced, seamless grids along its streets.

    Any format that GDAL reads, in any coordinate system; the work is done in the local CGCS2000 zone, outside China in
    UTM. Where a file has several layers, the one named like the option is taken, or name it after a colon.

    Streets are ranked 0 to 9 by a column 'rank', else by their class (highway, fclass, class, 道路等级 ...). Households
    are summed from a column 'households', else estimated from footprint, levels and use.

    OUT has the layers 'grids' (every level), 'blocks' (the pieces of land between streets, each with its grid) and
    'problems' (what could not be met: kind, reason, remedy, place). As a GeoPackage it holds the whole town, with
    limit, streets, buildings, sites, levels and band, for geogrid import town.
    """
    from api.cli.output.problems import require_writable, show_problems
    from api.cli.partition_report import tell_partition, write_partition_map, write_partition_report
    from boundaries.files.towns import divide_town, read_town, write_layers
    from boundaries.files.towns.writing import require_output

    files, wishes = files_of(options), wishes_of(options)
    require_output(options["out"], files.paths())
    require_writable(options["report"])
    with stage("Reading", "layers") as advance:
        layers = read_town(files)
        advance(count_layers(layers))
    done = divide_town(layers, wishes, stage)
    with stage("Writing", "files") as advance:
        written = write_layers(options["out"], _layers(options, layers, done, wishes))
        if options["map_file"]:
            write_partition_map(options["map_file"], done, layers)
        if options["report"]:
            write_partition_report(options["report"], done, options)
        advance(len(written) + bool(options["map_file"]) + bool(options["report"]))
    show_problems(done.problems)
    tell_partition(done, written)


def _layers(
    options: dict[str, Any], layers: "TownLayers", done: "DividedTown", wishes: "Wishes"
) -> "dict[str, gpd.GeoDataFrame]":
    """Return the layers of the output: a GeoPackage takes the whole town, GeoJSON what was drawn."""
    from boundaries.files.towns.town import town_of

    if options["out"].suffix.lower() != ".gpkg":
        return done.layers()
    return done.layers() | town_of(layers, done, wishes, names_of(options)).layers()
