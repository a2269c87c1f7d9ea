"""Blocks (街区): the atomic pieces of land between barriers that grids are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from geogrid.blocks.adjacency import Adjacency, rook_adjacency
from geogrid.blocks.barriers import PEDESTRIAN
from geogrid.blocks.faces import FaceFacts, MergeRule, dissolve, faces_between, merge_small_faces
from geogrid.blocks.gaps import GapRule
from geogrid.blocks.ground import (
    NOWHERE,
    Barriers,
    Ground,
    LoadPoints,
    MaxLoad,
    load_points_of,
    metric_geometry,
    ranked_barriers,
    to_lonlat,
)
from geogrid.blocks.limits import onto_lines
from geogrid.coordinates.crs import WGS84, metric_crs
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import DedicatedCategory, FloatArray, GeometryArray, IntArray


@dataclass(frozen=True, slots=True)
class Site:
    """An institution that a dedicated grid is carved for."""

    name: str
    category: DedicatedCategory


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks that tile a limit, with their loads and neighbours.

    Parameters
    ----------
    polygons : (n,) Polygon
        A valid coverage in the CRS of `ground`, metres.
    ground : Ground
        What they were made from.
    adjacency : Adjacency
        Rook neighbours with the rank of the barrier between them.
    parent : (n,) int64
        Row of `nested_in` that the block lies in; 0 where no parents were given, -1 outside all of them.
    site : (n,) int64
        Position in `sites` for dedicated land, -1 for ordinary land.
    sites : tuple of Site
        Institutions with dedicated land.
    loads : mapping of str to (n,) float64
        Sums by block; always has ``buildings``.
    unassigned : mapping of str to float
        What of each load falls in no block.
    building_block : (b,) int64
        Block of each building, -1 for outside.
    problems : tuple of Problem
        What a planner should know; never fatal.
    """

    polygons: GeometryArray
    ground: Ground
    adjacency: Adjacency
    parent: IntArray
    site: IntArray
    sites: tuple[Site, ...]
    loads: Mapping[str, FloatArray]
    unassigned: Mapping[str, float]
    building_block: IntArray
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self.polygons)

    @property
    def crs(self) -> CRS:
        """Projected CRS of the geometry, metres."""
        return self.ground.crs

    def lonlat(self) -> GeometryArray:
        """Return the blocks in EPSG:4326: each vertex transformed by itself, so that shared ones stay identical."""
        return to_lonlat(self.polygons, self.crs)

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return the blocks with their loads, in EPSG:4326; the index is the block number."""
        columns = {"parent": self.parent, "site": self.site, **self.loads}
        return gpd.GeoDataFrame(columns, geometry=self.lonlat(), crs=WGS84)


@dataclass(frozen=True, slots=True)
class BlockRule:
    """How blocks are made.

    Parameters
    ----------
    min_rank : int
        Barriers of a lower rank bound no block; see `geogrid.blocks.barriers`.
    merge : MergeRule
        Which faces are slivers.
    gaps : GapRule
        How far streets that stop short are continued.
    """

    min_rank: int = PEDESTRIAN
    merge: MergeRule = field(default_factory=MergeRule)
    gaps: GapRule = field(default_factory=GapRule)


def build_blocks(  # noqa: PLR0913 - every layer of a town is one argument, by keyword
    limit: gpd.GeoSeries | gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame,
    *,
    buildings: gpd.GeoDataFrame | None = None,
    loads: gpd.GeoDataFrame | None = None,
    sites: gpd.GeoDataFrame | None = None,
    nested_in: gpd.GeoDataFrame | None = None,
    load_columns: Sequence[str] = ("households", "population"),
    max_load: MaxLoad | None = None,
    rule: BlockRule | None = None,
) -> Blocks:
    """Cut a limit into blocks along barriers, around buildings.

    Parameters
    ----------
    limit : GeoSeries or GeoDataFrame
        Area to tile; its rows are united.
    barriers : GeoDataFrame
        Lines with an integer column ``rank``, 0 .. 9.
    buildings : GeoDataFrame, optional
        Footprints, with load columns or without; ``buildings`` counts them.
    loads : GeoDataFrame, optional
        Further points or lots with load columns. A lot counts at a point inside it.
    sites : GeoDataFrame, optional
        Institutions to carve out, as by `geogrid.partition.carve_dedicated`.
    nested_in : GeoDataFrame, optional
        Areas that no block may straddle.
    load_columns : sequence of str
        Columns to sum where a layer has them.
    max_load : MaxLoad, optional
        Blocks with more are divided between buildings.
    rule : BlockRule, optional
        How fine the blocks are.

    Returns
    -------
    Blocks
        In a metric CRS: that of `limit` if it is metric, else its UTM zone.

    Raises
    ------
    InvalidInputError
        A layer without CRS, an empty limit, barriers without ``rank``, a load that is no number of 0 or more, a
        limit of a load that is not there.

    Notes
    -----
    The union of the blocks is the limit: inner vertices lie on a grid of a millimetre, those on the limit and on
    parents stay on them, to the rounding of coordinates. No block boundary cuts a
    building, but for the limit and the parents, which stay where they are: such a building belongs where the
    point inside it lies.
    """
    rule = rule or BlockRule()
    crs = metric_crs(limit)
    area = shapely.union_all(metric_geometry(limit, crs))
    if area.is_empty or area.area == 0:
        raise InvalidInputError.of("empty-limit", "The limit has no area.", "Give at least one polygon.")
    footprints = np.empty(0, dtype=object) if buildings is None else metric_geometry(buildings, crs)
    ranked = ranked_barriers(barriers, area, crs=crs, min_rank=rule.min_rank)
    parents = np.array([area], dtype=object) if nested_in is None else metric_geometry(nested_in, crs)
    ground = Ground(
        crs,
        ranked.with_gaps_closed(area, footprints, rule.gaps),
        footprints,
        load_points_of(buildings, loads, crs=crs, columns=load_columns),
        shapely.get_rings(np.concatenate([[area], parents])),
    )
    blocks = _cut(ground, area, parents, rule.merge)
    # What follows divides and carves blocks, and so knows them: hence imported here.
    if max_load is not None:
        from geogrid.partition.tessellation import divide_heavy

        blocks = divide_heavy(blocks, max_load, rule=rule.merge)
    if sites is not None:
        from geogrid.partition.dedicated import carve_dedicated

        blocks = carve_dedicated(blocks, sites)
    return blocks


def _cut(ground: Ground, area: shapely.Geometry, parents: GeometryArray, rule: MergeRule) -> Blocks:
    faces = faces_between(fixed=ground.limits, flexible=ground.barriers.lines, buildings=ground.buildings)
    inside = areas_holding(faces.polygons, np.array([area], dtype=object)) != NOWHERE
    faces = replace(faces, polygons=faces.polygons[inside], in_building=faces.in_building[inside])
    parent = areas_holding(faces.polygons, parents)
    adjacency = rook_adjacency(faces.polygons, ground.barriers.lines, ground.barriers.ranks)
    occupied = ground.load_points.occupied(faces.polygons)
    facts = FaceFacts(groups=parent, occupied=occupied, settled=np.zeros(len(parent), dtype=np.bool_))
    labels = merge_small_faces(faces, adjacency, facts, rule=rule)
    first = np.unique(labels, return_index=True)[1]
    return assemble_blocks(
        dissolve(faces.polygons, labels), ground, adjacency=adjacency.contracted(labels), parent=parent[first]
    )


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
    found = owner != NOWHERE
    columns = ground.load_points.columns
    loads = {name: _sums(owner[found], values[found], len(polygons)) for name, values in columns.items()}
    unassigned = {name: float(values[~found].sum()) for name, values in columns.items()}
    return Blocks(
        polygons=polygons,
        ground=ground,
        adjacency=adjacency,
        parent=parent,
        site=np.full(len(polygons), NOWHERE) if site is None else site,
        sites=sites,
        loads=loads,
        unassigned=unassigned,
        building_block=owner[: len(ground.buildings)],
        problems=(*problems, *_unassigned_problems(unassigned), *_orphan_problems(polygons, parent, ground.crs)),
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
    polygons = metric_geometry(areas, crs)
    lines = barriers or Barriers(np.empty(0, dtype=object), np.empty(0, dtype=np.int64))
    points = load_points_of(None, areas, crs=crs, columns=load_columns)
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


def _sums(owner: IntArray, values: FloatArray, count: int) -> FloatArray:
    sums: FloatArray = np.bincount(owner, weights=values, minlength=count).astype(np.float64)
    return sums


def areas_holding(polygons: GeometryArray, areas: GeometryArray) -> IntArray:
    """Return the area that holds a point inside each polygon, -1 for none."""
    return LoadPoints(shapely.point_on_surface(polygons), {}).owners(areas)


def _unassigned_problems(unassigned: Mapping[str, float]) -> list[Problem]:
    return [
        Problem(
            "load-outside",
            f"{amount:g} {name} lie in no block: they are outside the limit.",
            "Widen the limit or leave them out.",
            severity="warning",
            subject=name,
            size=amount,
            unit=name,
        )
        for name, amount in unassigned.items()
        if amount
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
