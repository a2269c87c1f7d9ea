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
    edges = shapely.coverage_invalid_edges(polygons)
    segments = _segments(edges)
    if not len(segments):
        return polygons
    inserted = _points_on(segments, np.unique(segments.reshape(-1, 2), axis=0), tolerance_m)
    if not inserted:
        return polygons
    noded = polygons.copy()
    for which in np.flatnonzero(~shapely.is_empty(edges)):
        led = _with_points(polygons[which], inserted)
        noded[which] = led if shapely.is_valid(led) else polygons[which]
    return noded


def _segments(lines: GeometryArray) -> FloatArray:
    """Return the distinct segments of lines as x, y, x, y, shape (m, 4), each with its smaller end first."""
    xy, line = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    joined = line[1:] == line[:-1]
    start, end = xy[:-1][joined], xy[1:][joined]
    turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    both = np.hstack([np.where(turned[:, None], end, start), np.where(turned[:, None], start, end)])
    return np.unique(both, axis=0)


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
    found, starts = np.unique(segment, return_index=True)
    groups: list[IntArray] = np.split(point, starts[1:])
    return {tuple(segments[which].tolist()): xy[members] for which, members in zip(found, groups, strict=False)}


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
