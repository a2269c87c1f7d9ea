"""Vertices that a neighbour has on a shared edge and a polygon has not: added, so that both have the same edge."""

import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray, IntArray

_Segment = tuple[float, float, float, float]


def add_missing_nodes(polygons: GeometryArray, tolerance_m: float) -> GeometryArray:
    """Return polygons that have, on each edge, the vertices which other polygons have there.

    Without them an edge that is straight in one projection parts from its neighbour's in another.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Valid, metres.
    tolerance_m : float
        Vertices that are this near to an edge are on it; the edge is led through them.

    Returns
    -------
    (n,) Polygon or MultiPolygon
        Polygons without a missing vertex are returned as they are, and so is one that would become invalid.
    """
    segments, owners = _unmatched_segments(polygons)
    inserted = _points_on(segments, np.unique(segments.reshape(-1, 2), axis=0), tolerance_m)
    if not inserted:
        return polygons
    noded = polygons.copy()
    for which in np.unique(owners[[tuple(segment) in inserted for segment in segments.tolist()]]).tolist():
        led = _with_points(polygons[which], inserted)
        noded[which] = led if shapely.is_valid(led) else polygons[which]
    return noded


def _unmatched_segments(polygons: GeometryArray) -> tuple[FloatArray, IntArray]:
    """Return the segments that only one polygon has, as x, y, x, y with the smaller end first, and their polygons.

    GEOS is not asked: it lists edges that overlap, and leaves out those that a gap of a rounding error parts.
    """
    parts, polygon = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    start, end = xy[:-1][joined], xy[1:][joined]
    turned = ((start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1])))[:, None]
    segments = np.hstack([np.where(turned, end, start), np.where(turned, start, end)])
    order = np.lexsort(segments.T)
    segments, owners = segments[order], polygon[part[ring[:-1][joined]]][order]
    same = (segments[1:] == segments[:-1]).all(axis=1)
    alone = ~np.append(same, [False]) & ~np.insert(same, 0, [False])
    return segments[alone], owners[alone]


def _points_on(segments: FloatArray, xy: FloatArray, tolerance_m: float) -> dict[_Segment, FloatArray]:
    """Return, for each segment that passes through points, those points in the order from its smaller end."""
    lines: GeometryArray = np.asarray(shapely.linestrings(segments.reshape(-1, 2, 2)), dtype=object)
    points: GeometryArray = np.asarray(shapely.points(xy), dtype=object)
    point, segment = shapely.STRtree(lines).query(points, predicate="dwithin", distance=tolerance_m)
    along: FloatArray = np.asarray(shapely.line_locate_point(lines[segment], points[point]))
    within = (along > tolerance_m) & (along < np.asarray(shapely.length(lines[segment])) - tolerance_m)
    point, segment, along = point[within], segment[within], along[within]
    order = np.lexsort((along, segment))
    point, segment = point[order], segment[order]
    noded, starts = np.unique(segment, return_index=True)
    groups: list[IntArray] = np.split(point, starts[1:])
    return {tuple(segments[which].tolist()): xy[members] for which, members in zip(noded, groups, strict=False)}


def _with_points(polygon: shapely.Geometry, inserted: dict[_Segment, FloatArray]) -> shapely.Geometry:
    parts = [
        shapely.Polygon(
            _led_through(part.exterior, inserted), [_led_through(ring, inserted) for ring in part.interiors]
        )
        for part in shapely.get_parts(polygon)
    ]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _led_through(ring: shapely.LinearRing, inserted: dict[_Segment, FloatArray]) -> FloatArray:
    xy = shapely.get_coordinates(ring)
    led = [xy[:1]]
    for start, end in zip(xy[:-1].tolist(), xy[1:].tolist(), strict=True):
        is_turned = start > end
        points = inserted.get((*end, *start) if is_turned else (*start, *end))
        if points is not None:
            led.append(points[::-1] if is_turned else points)
        led.append(np.array([end]))
    return np.concatenate(led)
