"""Pieces of land to blocks: their loads summed, what falls in none of them listed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from geogrid.blocks.adjacency import Adjacency, rook_adjacency
from geogrid.blocks.ground import (
    NOWHERE,
    Barriers,
    Ground,
    LoadLayer,
    LoadPoints,
    load_points_of,
)
from geogrid.blocks.land_loads import AREA, LAND_LOADS
from geogrid.blocks.limits import onto_lines
from geogrid.blocks.records import Blocks, Site
from geogrid.blocks.water import Kept, Water, are_water, over_land
from geogrid.coordinates import metric_crs
from geogrid.errors import Problem
from geogrid.geometry.metres import to_lonlat, to_metres
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray
from geogrid.wording import amount


def assemble_blocks(  # noqa: PLR0913 - the fields of Blocks that are not derived
    polygons: GeometryArray,
    ground: Ground,
    *,
    adjacency: Adjacency,
    parent: IntArray,
    site: IntArray | None = None,
    sites: tuple[Site, ...] = (),
    problems: tuple[Problem, ...] = (),
) -> Blocks:
    """Return blocks with their loads summed from the points in them; see `Blocks` for the parameters."""
    polygons = onto_lines(polygons, ground.limits)
    owner = ground.load_points.owners(polygons)
    inside = owner != NOWHERE
    dedicated = np.full(len(polygons), NOWHERE) if site is None else site
    wet = water_blocks(polygons, ground, dedicated)
    columns = ground.load_points.columns
    loads = {name: _sums(owner[inside], values[inside], len(polygons)) for name, values in columns.items()}
    unassigned = {name: float(values[~inside].sum()) for name, values in columns.items()}
    if AREA in loads:  # its points say where land is; how much there is, the outlines say
        loads[AREA], unassigned[AREA] = shapely.area(polygons), 0.0
    return Blocks(
        polygons=polygons,
        ground=ground,
        adjacency=over_land(adjacency, polygons, Kept(wet, parent, dedicated), ground.water),
        parent=parent,
        site=dedicated,
        sites=sites,
        loads=loads,
        unassigned=unassigned,
        building_block=owner[: len(ground.buildings)],
        problems=(
            *ground.problems,
            *problems,
            *_unassigned_problems(unassigned),
            *_orphan_problems(polygons, parent, ground.crs),
        ),
    )


def ready_blocks(areas: gpd.GeoDataFrame, *, load_columns: Sequence[str], barriers: Barriers | None = None) -> Blocks:
    """Return blocks from areas that tile the land already: census blocks, counties, lots.

    Parameters
    ----------
    areas : GeoDataFrame
        A valid coverage; neighbours share their vertices.
    load_columns : sequence of str
        Columns that hold loads.
    barriers : Barriers, optional
        What the edges may follow, in the metric CRS of the areas.

    Raises
    ------
    InvalidInputError
        A layer without CRS, or a load that is no number of 0 or more.
    """
    crs = metric_crs(areas)
    polygons = to_metres(areas, crs).geometry
    lines = barriers or Barriers(np.empty(0, dtype=object), np.empty(0, dtype=np.int64))
    points = load_points_of(None, LoadLayer(areas, polygons), columns=load_columns)
    return Blocks(
        polygons=polygons,
        ground=Ground(crs, lines, np.empty(0, dtype=object), points),
        adjacency=rook_adjacency(polygons, lines.lines, lines.ranks),
        parent=np.zeros(len(polygons), dtype=np.int64),
        site=np.full(len(polygons), NOWHERE),
        sites=(),
        loads=points.columns,
        unassigned={},
        building_block=np.empty(0, dtype=np.int64),
    )


def beside_water(blocks: Blocks, water: Water) -> Blocks:
    """Return blocks that know of wide water: shores that no street joins are apart, and water decides no shape."""
    ground = replace(blocks.ground, water=water)
    kept = Kept(water_blocks(blocks.polygons, ground, blocks.site), blocks.parent, blocks.site)
    return replace(blocks, ground=ground, adjacency=over_land(blocks.adjacency, blocks.polygons, kept, water))


def water_blocks(polygons: GeometryArray, ground: Ground, site: IntArray) -> BoolArray:
    """Return which blocks are wide water on which nothing stands, and no land of a site."""
    if not len(ground.water):
        return np.zeros(len(polygons), dtype=np.bool_)
    return are_water(polygons, ground.load_points.holding(polygons, but=LAND_LOADS) | (site != NOWHERE), ground.water)


def areas_holding(polygons: GeometryArray, areas: GeometryArray) -> IntArray:
    """Return the area that holds a point inside each polygon, -1 for none."""
    return LoadPoints(shapely.point_on_surface(polygons), {}).owners(areas)


def _sums(owner: IntArray, values: FloatArray, count: int) -> FloatArray:
    sums: FloatArray = np.bincount(owner, weights=values, minlength=count).astype(np.float64)
    return sums


def _unassigned_problems(unassigned: Mapping[str, float]) -> list[Problem]:
    return [
        Problem(
            "load-outside",
            f"{amount(left)} {name} lie in no block: they are outside the limit.",
            "Widen the limit or leave them out.",
            severity="warning",
            subject=name,
            size=left,
            unit=name,
        )
        for name, left in unassigned.items()
        if left
    ]


def _orphan_problems(polygons: GeometryArray, parent: IntArray, crs: CRS) -> list[Problem]:
    orphans = np.flatnonzero(parent == NOWHERE)
    places = shapely.get_coordinates(to_lonlat(shapely.point_on_surface(polygons[orphans]), crs))
    return [
        Problem(
            "block-without-parent",
            f"Block {block} lies in none of the areas to nest in.",
            "Extend a parent over it or take it out of the limit.",
            severity="warning",
            subject=str(block),
            lonlat=(float(lon), float(lat)),
            size=float(polygons[block].area),
            unit="m2",
        )
        for block, (lon, lat) in zip(orphans.tolist(), places, strict=True)
    ]
