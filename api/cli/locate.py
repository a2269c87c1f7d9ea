"""``geogrid locate``: the grid of each point in a file, from files alone."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.output.progress import progress
from geogrid.types import COORD_TYPES

if TYPE_CHECKING:
    from boundaries.files.points import GridChoice, PointChoice

_FILE = click.Path(path_type=Path)


@click.command(short_help="Find the grid of each point in a file; no database.")
@click.option("--grids", required=True, type=_FILE, help="Polygons: GeoPackage, Shapefile, GeoJSON, GeoParquet ...")
@click.option("--code", required=True, metavar="COLUMN", help="Code of the grid.")
@click.option("--points", required=True, type=_FILE, help="Points: CSV (also .gz), Parquet, Arrow or GeoPackage.")
@click.option("--x", metavar="COLUMN", help="Longitude or easting. A GeoPackage has points without it.")
@click.option("--y", metavar="COLUMN", help="Latitude or northing.")
@click.option("--out", required=True, type=_FILE, help="Output, of the format of the points.")
@click.option("--column", default="grid", show_default=True, metavar="NAME", help="Column to add.")
@click.option(
    "--coord-type", type=click.Choice(COORD_TYPES), default="wgs84", show_default=True, help="Datum of points."
)
@click.option("--crs", metavar="EPSG:CODE", help="CRS of the points. Without it what their file says, else EPSG:4326.")
@click.option("--encoding", metavar="NAME", help="Of the text of the points: gbk, big5 ... Without it UTF-8.")
@click.option("--points-layer", metavar="NAME", help="Layer of the points, where the file has several.")
@click.option("--grids-layer", metavar="NAME", help="Layer of the grids, where the file has several.")
@click.option("--grids-crs", metavar="EPSG:CODE", help="CRS of the grids, in place of what their file says.")
@click.option("--grids-encoding", metavar="NAME", help="Of the text of the grids, where the file does not say.")
@click.option("--threads", type=click.IntRange(1), help="Without it, one for each processor.")
def command(**options: Any) -> None:
    """Find the grid of each point in a file.

    The output has the rows of POINTS in their order and a column with the code of the grid, empty outside every grid.
    A point on the line between grids goes to the smaller code. Files may be larger than memory.
    """
    from boundaries.files.points import locate_file

    with ExitStack() as stack:

        def start(total: int | None) -> Callable[[int], None]:
            return stack.enter_context(progress("Locating", total=total))

        done = locate_file(_grids(options), _points(options), options["out"], threads=_threads(options), start=start)
    outside = done.rows - done.located - done.unusable
    told = f"{done.rows:,} rows: {done.located:,} in a grid, {outside:,} outside"
    if done.unusable:
        told += f", {done.unusable:,} without usable coordinates (the first is row {done.first_unusable:,})"
    click.echo(f"{told}. Written to {options['out']}", err=True)
    if done.hint:
        click.echo(done.hint, err=True)


def _grids(options: Mapping[str, Any]) -> "GridChoice":
    from boundaries.files.points import GridChoice

    return GridChoice(
        options["grids"],
        options["code"],
        layer=options["grids_layer"],
        encoding=options["grids_encoding"],
        crs=options["grids_crs"],
    )


def _points(options: Mapping[str, Any]) -> "PointChoice":
    from boundaries.files.points import PointChoice

    return PointChoice(
        options["points"],
        x=options["x"],
        y=options["y"],
        column=options["column"],
        crs=options["crs"],
        coord_type=options["coord_type"],
        encoding=options["encoding"],
        layer=options["points_layer"],
    )


def _threads(options: Mapping[str, Any]) -> int:
    return options["threads"] or os.cpu_count() or 1
