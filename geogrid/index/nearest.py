"""The nearest line between different grids, and every grid within a radius.

Distances are rounded; which polygon contains a point is not.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from geogrid.index.boxes import FANOUT, STACK, next_leaf, push, squared_distance
from geogrid.index.covering import all_covers, entry_at, first_cover
from geogrid.index.layout import OUTSIDE, Parts
from geogrid.jit import ZERO, Array, borrowing, kernel

_UNKNOWN: Final = -2
# How far across a line to look for the grid there, by the size of the coordinates.
_STEP: Final = 2.0**-44
# A distance of 0 says that the polygon contains the point, so none may round to it.
_LEAST_SQUARED: Final = 1e-300


class ScaledPoints(NamedTuple):
    """Points, and for each the factors of differences in x and in y."""

    x: Array
    y: Array
    scale_x: Array
    scale_y: Array


@kernel
def nearest_boundaries(places: ScaledPoints, own: Array, parts: Parts, distance: Array, across: Array) -> None:
    """Write the distance of each point to the nearest edge that bounds its polygon, and the polygon across it."""
    vertices, left, right, rank = parts.vertices, parts.left, parts.right, parts.rank
    boxes, levels = parts.boxes, parts.box_levels
    stack, bounds = np.empty(STACK, np.int64), np.empty(STACK)
    for i in range(len(own)):
        px, py, sx, sy = places.x[i], places.y[i], places.scale_x[i], places.scale_y[i]
        best, edge, beyond = np.inf, ZERO - 1, ZERO + OUTSIDE
        size = push(boxes, len(boxes) - 1, len(levels) - 2, px, py, sx, sy, stack, bounds, ZERO)
        while True:
            leaf, size = next_leaf(boxes, levels, px, py, sx, sy, best, stack, bounds, size)
            if leaf < 0:
                break
            for e in range(leaf * FANOUT, min((leaf + 1) * FANOUT, len(left))):
                if _bounds_own(left[e], right[e], own[i], rank):
                    squared, _ = squared_distance(vertices, e, px, py, sx, sy)
                    other = _other_side(left[e], right[e], own[i], rank)
                    if squared < best or (squared == best and _comes_first(vertices, e, other, edge, beyond, rank)):
                        best, edge, beyond = squared, e, other
        if beyond == _UNKNOWN:
            _, along = squared_distance(vertices, edge, px, py, sx, sy)
            direction = 1.0 if left[edge] == own[i] else -1.0
            beyond = _face_across(parts, edge, along, direction)
        distance[i] = math.sqrt(best)
        across[i] = beyond if beyond != own[i] else OUTSIDE


@borrowing
def _bounds_own(left: int, right: int, own: int, rank: Array) -> bool:
    """Tell whether an edge can bound what belongs to a polygon: its own, or one of a polygon that comes first."""
    if own < 0:
        return left >= 0 or right >= 0
    return (left >= 0 and rank[left] <= rank[own]) or (right >= 0 and rank[right] <= rank[own])


@borrowing
def _other_side(left: int, right: int, own: int, rank: Array) -> int:
    """Return the polygon on the other side of an edge as seen from a polygon, or that it is unknown."""
    if own >= 0 and own in (left, right):
        other = right if left == own else left
        return other if other >= 0 else _UNKNOWN
    limit = rank[own] if own >= 0 else len(rank)
    other = _UNKNOWN
    for face in (left, right):
        if face >= 0 and rank[face] < limit:
            other, limit = face, rank[face]
    return other


@borrowing
def _comes_first(vertices: Array, edge: int, other: int, best: int, best_other: int, rank: Array) -> bool:
    """Tell which of two equally near edges answers: the one to the smaller rank, else the lower left one."""
    if other >= 0 and best_other >= 0:
        return rank[other] < rank[best_other]
    if other >= 0 or best_other >= 0:
        return other >= 0
    for vertex in range(2):
        for axis in range(2):
            if vertices[edge + vertex, axis] != vertices[best + vertex, axis]:
                return vertices[edge + vertex, axis] < vertices[best + vertex, axis]
    return False


@borrowing
def _face_across(parts: Parts, edge: int, along: float, direction: float) -> int:
    """Return the face just right (1) or left (-1) of an edge, beside the place `along` it and not beyond its ends."""
    vertices = parts.vertices
    ax, ay = vertices[edge, 0], vertices[edge, 1]
    dx, dy = vertices[edge + 1, 0] - ax, vertices[edge + 1, 1] - ay
    length = math.hypot(dx, dy)
    step = _STEP * max(abs(ax), abs(ay), abs(dx), abs(dy))
    inset = min(0.5, 4.0 * step / length)
    along = min(1.0 - inset, max(inset, along))
    side = direction * step / length
    x, y = ax + along * dx + side * dy, ay + along * dy - side * dx
    entry = entry_at(parts.frame, parts.coarse, parts.fine, parts.words, parts.doubles, x, y)
    return first_cover(entry, parts.words, parts.doubles, vertices, x, y)


@kernel
def polygons_within(
    begin: int, places: ScaledPoints, radius: Array, parts: Parts, rows: Array, candidates: tuple[Array, Array, Array]
) -> tuple[int, int]:
    """Write point, polygon and squared distance of all polygons within a radius of each point.

    Returns the point that found no room, and the rows written. `rows` remembers, for each polygon, one more
    than the row that it was last written to.
    """
    vertices, left, right, boxes, levels = parts.vertices, parts.left, parts.right, parts.boxes, parts.box_levels
    words, doubles, room = parts.words, parts.doubles, len(candidates[0])
    stack, bounds, covers = np.empty(STACK, np.int64), np.empty(STACK), np.empty(len(rows) + 1, np.int32)
    used = ZERO
    for i in range(begin, len(radius)):
        px, py, sx, sy, first = places.x[i], places.y[i], places.scale_x[i], places.scale_y[i], used
        limit = radius[i] * radius[i]
        entry = entry_at(parts.frame, parts.coarse, parts.fine, words, doubles, px, py)
        count = all_covers(entry, words, doubles, vertices, px, py, covers)
        if used + count > room:
            return i, first
        for k in range(count):
            used = _note(covers[k], 0.0, i, first, used, rows, candidates)
        size = push(boxes, len(boxes) - 1, len(levels) - 2, px, py, sx, sy, stack, bounds, ZERO)
        while True:
            leaf, size = next_leaf(boxes, levels, px, py, sx, sy, limit, stack, bounds, size)
            if leaf < 0:
                break
            if used + 2 * FANOUT > room:
                return i, first
            for e in range(leaf * FANOUT, min((leaf + 1) * FANOUT, len(left))):
                if left[e] >= 0 or right[e] >= 0:
                    squared, _ = squared_distance(vertices, e, px, py, sx, sy)
                    squared = max(squared, _LEAST_SQUARED)
                    if squared <= limit:
                        used = _note(left[e], squared, i, first, used, rows, candidates)
                        used = _note(right[e], squared, i, first, used, rows, candidates)
    return len(radius), used


@borrowing
def _note(
    face: int, squared: float, i: int, first: int, used: int, rows: Array, candidates: tuple[Array, Array, Array]
) -> int:
    """Write a polygon at a squared distance, or shorten the distance of its row; return the rows used."""
    if face < 0:
        return used
    points, positions, distances = candidates
    row = rows[face] - 1
    if first <= row < used and positions[row] == face:
        distances[row] = min(distances[row], squared)
        return used
    rows[face] = used + 1
    points[used], positions[used], distances[used] = i, face, squared
    return used + 1
