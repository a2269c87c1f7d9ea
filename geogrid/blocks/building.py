"""From lines and buildings to blocks."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import shapely

from geogrid.blocks.adjacency import rook_adjacency
from geogrid.blocks.assembly import areas_holding, assemble_blocks
from geogrid.blocks.barriers import PEDESTRIAN
from geogrid.blocks.faces import FaceFacts, MergeRule, dissolve, faces_between, merge_small_faces
from geogrid.blocks.gaps import GapRule
from geogrid.blocks.ground import NOWHERE, Ground, load_points_of, ranked_barriers
from geogrid.blocks.records import Blocks
from geogrid.coordinates import metric_crs
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import to_metres
from geogrid.geometry.overlays import union
from geogrid.types import GeometryArray


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
    nested_in: gpd.GeoDataFrame | None = None,
    load_columns: Sequence[str] = ("households", "population"),
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
    nested_in : GeoDataFrame, optional
        Areas that no block may straddle.
    load_columns : sequence of str
        Columns to sum where a layer has them.
    rule : BlockRule, optional
        How fine the blocks are.

    Returns
    -------
    Blocks
        In a metric CRS: that of `limit` if it is metric, else its UTM zone.

    Raises
    ------
    InvalidInputError
        A layer without CRS, an empty limit, barriers without ``rank``, a load that is no number of 0 or more.

    Notes
    -----
    The union of the blocks is the limit: inner vertices lie on a grid of a millimetre, those on the limit and on
    parents stay on them, to the rounding of coordinates. No block boundary cuts a building, but for the limit and the
    parents, which stay where they are: such a building belongs where the point inside it lies.
    """
    rule = rule or BlockRule()
    crs = metric_crs(limit)
    given = {"limit": limit, "barriers": barriers, "buildings": buildings, "areas to nest in": nested_in}
    metric = {role: to_metres(layer, crs) for role, layer in given.items() if layer is not None}
    area = _limit(metric["limit"].geometry)
    whole = np.array([area, None], dtype=object)[:1]
    parents = whole if nested_in is None else metric["areas to nest in"].geometry
    footprints = np.empty(0, dtype=object) if buildings is None else metric["buildings"].geometry
    ranked = ranked_barriers(barriers, area, crs=crs, min_rank=rule.min_rank)
    closed = ranked.with_gaps_closed(area, footprints, rule.gaps)
    points = load_points_of(buildings, loads, crs=crs, columns=load_columns)
    limits = shapely.get_rings(shapely.get_parts(np.concatenate([whole, parents])))
    problems = tuple(problem for role, layer in metric.items() for problem in layer.problems(role))
    return _cut(Ground(crs, closed, footprints, points, limits), whole, parents, rule.merge, problems)


def _limit(parts: GeometryArray) -> shapely.Geometry:
    area = union(parts)
    if area.is_empty or area.area == 0:
        raise InvalidInputError.of("empty-limit", "The limit has no area.", "Give at least one polygon.")
    return area


def _cut(
    ground: Ground, area: GeometryArray, parents: GeometryArray, rule: MergeRule, problems: tuple[Problem, ...]
) -> Blocks:
    faces = faces_between(fixed=ground.limits, flexible=ground.barriers.lines, buildings=ground.buildings)
    inside = areas_holding(faces.polygons, area) != NOWHERE
    faces = replace(faces, polygons=faces.polygons[inside], in_building=faces.in_building[inside])
    parent = areas_holding(faces.polygons, parents)
    adjacency = rook_adjacency(faces.polygons, ground.barriers.lines, ground.barriers.ranks)
    occupied = ground.load_points.occupied(faces.polygons)
    facts = FaceFacts(groups=parent, occupied=occupied, settled=np.zeros(len(parent), dtype=np.bool_))
    labels = merge_small_faces(faces, adjacency, facts, rule=rule)
    first = np.unique(labels, return_index=True)[1]
    return assemble_blocks(
        dissolve(faces.polygons, labels),
        ground,
        adjacency=adjacency.contracted(labels),
        parent=parent[first],
        problems=problems,
    )
