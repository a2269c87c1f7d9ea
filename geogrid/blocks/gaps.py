"""Streets that stop short: of the next street by a gap, of the limit because the data end there."""

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray, IntArray

_JUST_BEYOND_M = 0.02
_DIRECTION_OVER_M = 10.0
_SAME_PLACE_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class GapRule:
    """How far a loose end is continued.

    Parameters
    ----------
    to_line_m : float
        To the next barrier straight ahead.
    to_limit_m : float
        To the limit, where extracts cut streets off.
    """

    to_line_m: float = 15.0
    to_limit_m: float = 150.0


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
    reach = np.where(line_m <= rule.to_line_m, line_m, np.where(edge_m < line_m, edge_m, np.inf))
    reach[~((reach <= rule.to_line_m) | (reach <= rule.to_limit_m))] = np.inf
    reached = np.isfinite(reach)
    # A little further, so that snapping cannot leave the end short again; what sticks out bounds nothing.
    links = _rays(ends[reached], directions[reached], reach[reached] + _JUST_BEYOND_M, start=0.0)
    blocked = np.zeros(len(links), dtype=np.bool_)
    blocked[shapely.STRtree(obstacles).query(links, predicate="intersects")[0]] = True
    return links[~blocked], line[reached][~blocked]


def _loose_ends(lines: GeometryArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return end points that no other line has as a vertex, the direction out of each, and its line."""
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
    return xy[vertex][loose], outward[loose] / size[loose, None], np.tile(np.arange(len(lines)), 2)[loose]


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
