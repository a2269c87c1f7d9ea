"""Streets that stop short: of a crossing, of the next street by a gap, of the limit because the data end there."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

_JUST_BEYOND_M = 0.02
_DIRECTION_OVER_M = 10.0
_SAME_PLACE_DECIMALS = 3
_TOUCHES_M = 0.01
_ROUNDING_M = 1e-6
_AROUND = 10.0


@dataclass(frozen=True, slots=True)
class GapRule:
    """How far a loose end is continued.

    Parameters
    ----------
    to_line_m : float
        To the next barrier straight ahead.
    to_limit_m : float
        To the limit, where extracts cut streets off.
    to_end_m : float
        To other loose ends, in any direction: each may stop half of this short of their crossing.
    beside_m : float
        To a barrier beside the end, in any direction.
    """

    to_line_m: float = 15.0
    to_limit_m: float = 150.0
    to_end_m: float = 6.0
    beside_m: float = 3.0


@dataclass(frozen=True, slots=True)
class Joined:
    """Loose ends that were joined to each other.

    Parameters
    ----------
    links : (m,) LineString
        From end to end.
    sides : (m, 2) int64
        The lines that each link joins.
    crossing : (m,) int64
        Links of one crossing have one number.
    """

    links: GeometryArray
    sides: IntArray
    crossing: IntArray


def join_ends(
    lines: GeometryArray, area: shapely.Geometry, *, obstacles: GeometryArray, limits: GeometryArray, rule: GapRule
) -> Joined:
    """Return links between loose ends that are near each other, as few as join them.

    Parameters
    ----------
    lines : (n,) LineString
        Barriers, metres.
    area : Polygon or MultiPolygon
        Only ends inside it are joined.
    obstacles : (b,) Polygon
        Buildings, over which no link leads.
    limits : (l,) LineString
        Outlines that no link crosses.
    rule : GapRule
        How near.

    Notes
    -----
    Both ends of one line are joined only where it is long enough to go around something: ten times the gap.
    """
    none = np.empty(0, dtype=np.int64)
    if not len(lines):
        return Joined(lines, none.reshape(0, 2), none)
    ends, _, line = _loose_ends(lines)
    inside = shapely.contains_xy(area, *ends.T)
    ends, line = ends[inside], line[inside]
    points = np.asarray(shapely.points(ends), dtype=object)
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=rule.to_end_m + _ROUNDING_M)
    once = one < other
    one, other = one[once], other[once]
    gap = np.hypot(*(ends[one] - ends[other]).T)
    apart = (line[one] != line[other]) | (shapely.length(lines)[line[one]] > _AROUND * gap)
    one, other, gap = one[apart & (gap > 0)], other[apart & (gap > 0)], gap[apart & (gap > 0)]
    links = np.asarray(shapely.linestrings(np.stack([ends[one], ends[other]], axis=1)), dtype=object)
    free = ~_meets(links, obstacles) & ~_meets(links, limits)
    graph = coo_array((gap[free], (one[free], other[free])), shape=(len(ends), len(ends)))
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    order = np.lexsort((tree.col, tree.row))
    start, end = tree.row[order].astype(np.int64), tree.col[order].astype(np.int64)
    crossing = connected_components(graph, directed=False)[1].astype(np.int64)
    chosen = np.asarray(shapely.linestrings(np.stack([ends[start], ends[end]], axis=1)), dtype=object)
    return Joined(chosen, np.column_stack([line[start], line[end]]), crossing[start])


def _meets(links: GeometryArray, others: GeometryArray) -> BoolArray:
    met: BoolArray = np.zeros(len(links), dtype=np.bool_)
    met[shapely.STRtree(others).query(links, predicate="intersects")[0]] = True
    return met


def close_gaps(
    lines: GeometryArray, limit: shapely.Geometry, *, obstacles: GeometryArray, rule: GapRule
) -> tuple[GeometryArray, IntArray]:
    """Return straight continuations of loose ends, and the line that each continues.

    Parameters
    ----------
    lines : (n,) LineString
        Barriers, metres.
    limit : Polygon or MultiPolygon
        Area of interest; only ends inside it are continued.
    obstacles : (b,) Polygon
        Buildings: an end that looks at one stays as it is.
    rule : GapRule
        How far to look.

    Returns
    -------
    continuations : (m,) LineString
        From the loose end to the first line or the limit straight ahead.
    line : (m,) int64
        Positions in `lines`.
    """
    if not len(lines):
        return lines, np.empty(0, dtype=np.int64)
    ends, directions, line = _loose_ends(lines)
    inside = shapely.contains_xy(limit, *ends.T)
    ends, directions, line = ends[inside], directions[inside], line[inside]
    edge = shapely.get_parts(shapely.boundary(limit))
    rays = _rays(ends, directions, max(rule.to_line_m, rule.to_limit_m))
    line_m = _first_hit_m(ends, rays, lines)
    edge_m = _first_hit_m(ends, rays, np.atleast_1d(edge))
    reach = np.where(line_m <= np.minimum(rule.to_line_m, edge_m), line_m, np.inf)
    reach = np.where((edge_m < line_m) & (edge_m <= max(rule.to_line_m, rule.to_limit_m)), edge_m, reach)
    reached = np.isfinite(reach)
    # A little further, so that snapping cannot leave the end short again; what sticks out bounds nothing.
    links = _rays(ends[reached], directions[reached], reach[reached] + _JUST_BEYOND_M, start=0.0)
    aside, aside_line = _links_aside(lines, ends[~reached], line[~reached], rule.beside_m)
    links, line = np.concatenate([links, aside]), np.concatenate([line[reached], aside_line])
    free = ~_meets(links, obstacles)
    return links[free], line[free]


def _links_aside(
    lines: GeometryArray, ends: FloatArray, line: IntArray, beside_m: float
) -> tuple[GeometryArray, IntArray]:
    """Return links from ends to the nearest place on another line, and the line of each end."""
    points = np.asarray(shapely.points(ends), dtype=object)
    end, other = shapely.STRtree(lines).query(points, predicate="dwithin", distance=beside_m)
    apart = (line[end] != other) & (shapely.length(lines)[line[end]] > 2.0 * beside_m)
    end, other = end[apart], other[apart]
    order = np.lexsort((other, shapely.distance(points[end], lines[other]), end))
    end, other = end[order], other[order]
    end, first = np.unique(end, return_index=True)
    target = lines[other[first]]
    place = shapely.get_coordinates(
        shapely.line_interpolate_point(target, shapely.line_locate_point(target, points[end]))
    )
    way = place - ends[end]
    length = np.hypot(*way.T)
    usable = length > 0
    beyond = place[usable] + way[usable] / length[usable, None] * _JUST_BEYOND_M
    links = np.asarray(shapely.linestrings(np.stack([ends[end][usable], beyond], axis=1)), dtype=object)
    return links, line[end][usable]


def _loose_ends(lines: GeometryArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return end points that touch no other line, the direction out of each, and its line."""
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    _, place, count = np.unique(xy.round(_SAME_PLACE_DECIMALS), axis=0, return_inverse=True, return_counts=True)
    alone = count[place] == 1
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    last = np.append(first[1:], len(xy)) - 1
    length = shapely.length(lines)
    back = np.minimum(_DIRECTION_OVER_M, length)
    inner = np.concatenate(
        [shapely.line_interpolate_point(lines, back), shapely.line_interpolate_point(lines, length - back)]
    )
    vertex = np.concatenate([first, last])
    outward = xy[vertex] - shapely.get_coordinates(inner)
    size = np.hypot(*outward.T)
    loose = alone[vertex] & (size > 0)
    ends, line = xy[vertex], np.tile(np.arange(len(lines)), 2)
    end, other = shapely.STRtree(lines).query(shapely.points(ends), predicate="dwithin", distance=_TOUCHES_M)
    loose[end[line[end] != other]] = False
    return ends[loose], outward[loose] / size[loose, None], line[loose]


def _rays(
    ends: FloatArray, directions: FloatArray, length_m: FloatArray | float, *, start: float = _JUST_BEYOND_M
) -> GeometryArray:
    far = ends + directions * np.reshape(length_m, (-1, 1))
    rays = shapely.linestrings(np.stack([ends + directions * start, far], axis=1))
    return np.asarray(rays, dtype=object)


def _first_hit_m(ends: FloatArray, rays: GeometryArray, targets: GeometryArray) -> FloatArray:
    """Return the distance from each end to the first target on its ray, infinity for none."""
    ray, target = shapely.STRtree(targets).query(rays, predicate="intersects")
    crossing = shapely.intersection(rays[ray], targets[target])
    distance = np.full(len(ends), np.inf)
    np.minimum.at(distance, ray, shapely.distance(shapely.points(ends[ray]), crossing))
    return distance
