"""From lines and buildings to blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from geogrid.blocks.adjacency import Adjacency, rook_adjacency
from geogrid.blocks.assembly import areas_holding, assemble_blocks
from geogrid.blocks.barriers import LIMIT, NO_BARRIER, PEDESTRIAN, RAIL_WATER_MOTORWAY
from geogrid.blocks.faces import PRECISION_M, dissolve, faces_between
from geogrid.blocks.gaps import GapRule
from geogrid.blocks.ground import NO_BARRIERS, NOWHERE, Ground, LoadLayer, load_points_of, ranked_barriers
from geogrid.blocks.records import Blocks
from geogrid.blocks.slivers import FaceFacts, MergeRule, merge_small_faces
from geogrid.blocks.water import wide_water
from geogrid.coordinates import metric_crs
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import Metric, to_metres
from geogrid.geometry.overlays import union
from geogrid.types import GeometryArray

_BOUNDING_SHARE: Final = 0.5
"""Where less of the length of the barriers bounds blocks, their ends do not meet."""


@dataclass(frozen=True, slots=True)
class BlockRule:
    """How blocks are made.

    Parameters
    ----------
    min_rank : int
        Barriers of a lower rank bound no block, and divide only heavy ones; see `geogrid.blocks.weak`.
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
    water: gpd.GeoDataFrame | None = None,
    load_columns: Sequence[str] = ("households", "population"),
    rule: BlockRule | None = None,
) -> Blocks:
    """Cut a limit into blocks along barriers, around buildings.

    Parameters
    ----------
    limit : GeoSeries or GeoDataFrame
        Area to tile; its rows are united.
    barriers : GeoDataFrame
        Lines with an integer column ``rank``, 0 .. 9, and perhaps ``kind``.
    buildings : GeoDataFrame, optional
        Footprints, with load columns or without; ``buildings`` counts them.
    loads : GeoDataFrame, optional
        Further points or lots with load columns. A lot counts at a point inside it.
    nested_in : GeoDataFrame, optional
        Areas that no block may straddle.
    water : GeoDataFrame, optional
        Areas of water. Where they are wide they part their shores unless a street crosses, as do barriers of the
        ``kind`` river; see `geogrid.blocks.water`.
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
    layers = {
        "limit": limit,
        "barriers": barriers,
        "buildings": buildings,
        "loads": loads,
        "areas to nest in": nested_in,
        "water": water,
    }
    given = {role: layer for role, layer in layers.items() if layer is not None}
    return _built(given, metric_crs(limit), load_columns, rule or BlockRule())


def _built(
    given: Mapping[str, gpd.GeoSeries | gpd.GeoDataFrame], crs: CRS, load_columns: Sequence[str], rule: BlockRule
) -> Blocks:
    """Return the blocks of layers by role; each is brought to metres once."""
    metric = {role: to_metres(layer, crs) for role, layer in given.items()}
    area = _limit(metric["limit"].geometry)
    whole = np.array([area, None], dtype=object)[:1]
    parents = metric["areas to nest in"].geometry if "areas to nest in" in metric else whole
    footprints = metric["buildings"].geometry if "buildings" in metric else np.empty(0, dtype=object)
    holders = [
        LoadLayer(given[role], metric[role].geometry) if role in given else None for role in ("buildings", "loads")
    ]
    points = load_points_of(*holders, columns=load_columns)
    limits = shapely.get_rings(shapely.get_parts(np.concatenate([whole, parents])))
    named = given.get("areas to nest in")
    names = () if named is None or "name" not in named else tuple(named["name"].astype(str))
    ground = Ground(crs, NO_BARRIERS, footprints, points, limits, parent_names=names)
    ground = _with_lines(ground, given["barriers"], metric, area, rule=rule)
    return _cut(ground, whole, parents, rule, count=len(given["barriers"]))


def _with_lines(
    ground: Ground, barriers: gpd.GeoDataFrame, metric: Mapping[str, Metric], area: shapely.Geometry, *, rule: BlockRule
) -> Ground:
    """Return the ground with barriers, weak ones and wide water, and what was mended or closed."""
    lines = metric["barriers"].geometry
    ranked = ranked_barriers(barriers, lines, area)
    wet = metric["water"].geometry if "water" in metric else np.empty(0, dtype=object)
    water = wide_water(wet, barriers, lines)
    banks = shapely.get_rings(water.areas)
    strong = ranked.ranked_from(rule.min_rank).beside(banks, np.full(len(banks), RAIL_WATER_MOTORWAY))
    closed = strong.with_gaps_closed(area, ground.buildings, ground.limits, rule=rule.gaps)
    mended = (problem for role, layer in metric.items() for problem in layer.problems(role))
    return replace(
        ground,
        barriers=closed.barriers,
        weak=ranked.ranked_from(0, rule.min_rank),
        water=water,
        problems=(*mended, *closed.problems(ground.crs, rule.gaps)),
    )


def _limit(parts: GeometryArray) -> shapely.Geometry:
    area = union(parts)
    if area.is_empty or area.area == 0:
        raise InvalidInputError.of("empty-limit", "The limit has no area.", "Give at least one polygon.")
    return area


def _cut(ground: Ground, area: GeometryArray, parents: GeometryArray, rule: BlockRule, *, count: int) -> Blocks:
    faces = faces_between(fixed=ground.limits, flexible=ground.barriers.lines, buildings=ground.buildings)
    inside = areas_holding(faces.polygons, area) != NOWHERE
    faces = replace(faces, polygons=faces.polygons[inside], in_building=faces.in_building[inside])
    parent = areas_holding(faces.polygons, parents)
    adjacency = rook_adjacency(faces.polygons, ground.edges.lines, ground.edges.ranks)
    occupied = ground.load_points.occupied(faces.polygons)
    facts = FaceFacts(groups=parent, occupied=occupied, settled=np.zeros(len(parent), dtype=np.bool_))
    labels = merge_small_faces(faces, adjacency, facts, rule=rule.merge)
    first = np.unique(labels, return_index=True)[1]
    told = _enclosure_problems(ground, adjacency, area[0], rule, count=count)
    return assemble_blocks(
        dissolve(faces.polygons, labels),
        replace(ground, problems=(*ground.problems, *told)),
        adjacency=adjacency.contracted(labels),
        parent=parent[first],
    )


def _enclosure_problems(
    ground: Ground, adjacency: Adjacency, area: shapely.Geometry, rule: BlockRule, *, count: int
) -> tuple[Problem, ...]:
    """Return a warning where the barriers, or most of them, bound no block."""
    lines = ground.barriers.lines
    if not count:
        return ()
    if not len(lines):
        message = f"None of the {count:,} lines ranks {rule.min_rank} or higher within the limit: it is one block."
        remedy = "Where that is too heavy, weaker lines divide it. Give streets that cross the limit, or --min-rank."
        return (Problem("nothing-enclosed", message, remedy, severity="warning"),)
    bounding_m = float(adjacency.length_by_rank_m[:, max(rule.min_rank, NO_BARRIER + 1) : LIMIT].sum())
    if bounding_m >= _BOUNDING_SHARE * float(shapely.length(lines).sum()):
        return ()  # the rule of towns, without half a minute of overlays for a hundred thousand lines
    drawn = shapely.intersection(shapely.union_all(lines, grid_size=PRECISION_M), area)
    limits = shapely.union_all(ground.limits, grid_size=PRECISION_M)
    drawn_m = float(shapely.length(shapely.difference(drawn, limits, grid_size=PRECISION_M)))
    if bounding_m >= _BOUNDING_SHARE * drawn_m:
        return ()
    what = "Nothing is enclosed by the" if not bounding_m else f"Only {bounding_m / drawn_m:.0%} of the length of the"
    message = (
        f"{what} {len(lines):,} barriers{' bounds blocks' if bounding_m else ''}: their ends do not meet. Ends up to "
        f"{rule.gaps.to_end_m:g} m from each other and up to {rule.gaps.to_line_m:g} m from a line ahead were closed."
    )
    remedy = "Join the lines where they cross, or widen the tolerances of `GapRule`."
    return (Problem("nothing-enclosed", message, remedy, severity="warning", size=bounding_m, unit="m"),)
