"""Blocks that meet their limit and parents exactly, not to the millimetre that noding rounds to."""

from typing import Final

import numpy as np
import shapely

from geogrid.blocks.faces import BESIDE_M, PRECISION_M
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

_REACH_M: Final = BESIDE_M + PRECISION_M


def onto_lines(polygons: GeometryArray, lines: GeometryArray) -> GeometryArray:
    """Return polygons with the vertices that rounding took off some lines put back onto them.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        A valid coverage with every vertex on the precision grid, metres.
    lines : (m,) LineString
        Lines that it was made from. A vertex of theirs gets its own place back, another one on them the nearest.

    Returns
    -------
    (n,) Polygon or MultiPolygon
        Again a valid coverage: a vertex moves in all polygons that share it, or, where that would make two edges cross
        or touch, in none.
    """
    if not len(lines):
        return polygons
    xy, owner = shapely.get_coordinates(polygons, return_index=True)
    places, vertex = np.unique(xy, axis=0, return_inverse=True)
    vertex = vertex.ravel().astype(np.int64)
    target, moved = _targets(places, vertex, owner.astype(np.int64), lines)
    while True:
        changed = target[vertex]
        touched = np.unique(owner[moved[vertex]])
        inside = np.isin(owner, touched)
        snapped = polygons.copy()
        snapped[touched] = shapely.set_coordinates(polygons[touched].copy(), changed[inside])
        bad = touched[
            ~shapely.is_valid(snapped[touched]) | ~shapely.is_empty(shapely.coverage_invalid_edges(snapped[touched]))
        ]
        if not len(bad):
            return snapped
        stuck = np.unique(vertex[np.isin(owner, bad)])
        target[stuck], moved[stuck] = places[stuck], False


def _targets(
    places: FloatArray, vertex: IntArray, owner: IntArray, lines: GeometryArray
) -> tuple[FloatArray, BoolArray]:
    """Return where each place belongs, and which are to move; `vertex` and `owner` tell the rings through them."""
    segments = segments_of(lines)
    points = np.asarray(shapely.points(places), dtype=object)
    segment, place = _within_reach(segments, points)
    near = np.zeros(len(places), dtype=np.bool_)
    near[place] = True
    start, end = vertex[:-1], vertex[1:]
    both = (owner[:-1] == owner[1:]) & near[start] & near[end]
    start, end = start[both], end[both]
    middles = np.asarray(shapely.points((places[start] + places[end]) / 2.0), dtype=object)
    along = np.zeros(len(middles), dtype=np.bool_)
    along[_within_reach(segments, middles)[1]] = True
    # What comes near a line without running along it stays.
    near[:] = False
    near[start[along]] = near[end[along]] = True
    kept = near[place]
    segment, place = segment[kept], place[kept]
    apart = shapely.distance(points[place], segments[segment])
    order = np.lexsort((segment, apart, place))
    place, segment = place[order], segment[order]
    first = np.unique(place, return_index=True)[1]
    place, segment = place[first], segment[first]
    target = places.copy()
    position = shapely.line_locate_point(segments[segment], points[place])
    target[place] = shapely.get_coordinates(shapely.line_interpolate_point(segments[segment], position))
    _restore(places, lines, place, target)
    moved: BoolArray = (target != places).any(axis=1)
    return target, moved


def _within_reach(segments: GeometryArray, points: GeometryArray) -> tuple[IntArray, IntArray]:
    pairs = shapely.STRtree(points).query(segments, predicate="dwithin", distance=_REACH_M)
    return pairs[0].astype(np.int64), pairs[1].astype(np.int64)


def on_grid(polygons: GeometryArray) -> GeometryArray:
    """Return polygons with every vertex rounded to the precision grid: what they are cut on."""
    per_m = round(1.0 / PRECISION_M)
    rounded: GeometryArray = shapely.transform(polygons, lambda xy: np.rint(xy * per_m) / per_m)
    return rounded


def segments_of(lines: GeometryArray) -> GeometryArray:
    """Return the straight pieces of lines."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    pairs = np.stack([xy[:-1][joined], xy[1:][joined]], axis=1)
    return np.asarray(shapely.linestrings(pairs), dtype=object)


def _restore(places: FloatArray, lines: GeometryArray, near: IntArray, target: FloatArray) -> None:
    """Give the vertices of the lines their own places back, in place."""
    own = np.unique(shapely.get_coordinates(lines), axis=0)
    per_m = round(1.0 / PRECISION_M)
    keys = {(x, y): number for number, (x, y) in enumerate(np.rint(own * per_m).astype(np.int64).tolist())}
    for place, (x, y) in zip(near.tolist(), np.rint(places[near] * per_m).astype(np.int64).tolist(), strict=True):
        number = keys.get((x, y))
        if number is not None:
            target[place] = own[number]
