"""Polygons to edges: each line between two grids once, with the grid on either side."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.errors import InvalidInputError, Problem
from geogrid.index.orientation import orientation
from geogrid.jit import ZERO, Array, borrowing, kernel
from geogrid.types import FloatArray, GeometryArray, IntArray

NOBODY: Final = -1
_POLYGONAL: Final = (3, 6)
_MORTON_BITS: Final = 20
_MAX_PROBLEMS: Final = 50
_AHEAD: Final = 64
_LARGEST: Final = 1e150
_MOST_VERTICES: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Edges:
    """Lines between grids. Edge `i` runs from vertex `i` to vertex `i + 1`.

    Parameters
    ----------
    vertices : (v, 2) float64
        Vertices of all chains, one chain after the other.
    left, right : (v,) int32
        Polygon on either side of edge `i`, -1 for none. Both -1: there is no edge between these vertices.
    """

    vertices: FloatArray
    left: NDArray[np.int32]
    right: NDArray[np.int32]


def edges_of(polygons: GeometryArray) -> Edges:
    """Return the edges of polygons; those that two polygons share, vertex by vertex, are one.

    Raises
    ------
    InvalidInputError
        An element is no polygon, or has a coordinate that is not finite; or there are too many vertices.
    """
    _check_types(polygons)
    if len(polygons) == 0:
        return Edges(np.empty((0, 2)), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32))
    order = _spatial_order(polygons)
    kind, coords, offsets = _ragged(polygons[order])
    if len(coords) > _MOST_VERTICES:
        message = f"The polygons have {len(coords):,} vertices, more than the {_MOST_VERTICES:,} of one index."
        raise InvalidInputError.of("too-large", message, "Build several indexes, e.g. one for each province.")
    if not (np.abs(coords) <= _LARGEST).all():
        raise InvalidInputError(_misplaced(polygons))
    coords += 0.0  # one zero only: -0.0 and 0.0 are the same place
    rings = offsets[0].astype(np.int64)
    parts = offsets[1].astype(np.int64)
    is_shell = np.zeros(len(rings) - 1, dtype=np.bool_)
    is_shell[parts[:-1][parts[:-1] < parts[1:]]] = True
    firsts = parts if kind == shapely.GeometryType.POLYGON else parts[offsets[2]]
    polygon_of_ring = np.repeat(order, np.diff(firsts)).astype(np.int32)
    ends, left, right, count, _ = pair_edges(coords, coords.view(np.int64), rings, polygon_of_ring, is_shell)
    return Edges(*chains(coords, ends, left, right, count))


def _ragged(polygons: GeometryArray) -> tuple[shapely.GeometryType, FloatArray, tuple[IntArray, ...]]:
    ragged: Any = shapely.to_ragged_array(polygons, include_z=False)
    return ragged[0], ragged[1], ragged[2]


def _check_types(polygons: GeometryArray) -> None:
    wrong = np.flatnonzero(~np.isin(shapely.get_type_id(polygons), _POLYGONAL))
    if len(wrong):
        raise InvalidInputError(
            Problem(
                "not-a-polygon",
                f"Element {i} is {getattr(polygons[i], 'geom_type', None)}, not a Polygon or MultiPolygon.",
                "Remove or repair it.",
                subject=str(i),
            )
            for i in wrong[:_MAX_PROBLEMS]
        )


def _misplaced(polygons: GeometryArray) -> list[Problem]:
    coords, owner = shapely.get_coordinates(polygons, return_index=True)
    return [
        Problem(
            "coordinate",
            f"Polygon {i} has a coordinate that is not finite, or beyond {_LARGEST:g}.",
            "Repair it.",
            subject=str(i),
        )
        for i in np.unique(owner[~(np.abs(coords) <= _LARGEST).all(axis=1)])[:_MAX_PROBLEMS]
    ]


def _spatial_order(polygons: GeometryArray) -> IntArray:
    """Return polygons along a Z curve, so that neighbours in space are neighbours in memory."""
    bounds = shapely.bounds(polygons)
    with np.errstate(over="ignore", invalid="ignore"):
        centre = bounds[:, :2] / 2 + bounds[:, 2:] / 2
        low, high = np.nanmin(centre, axis=0, initial=0), np.nanmax(centre, axis=0, initial=0)
        unit = (centre - low) / np.where(high > low, high - low, 1.0)
    cell = (np.nan_to_num(unit).clip(0, 1) * ((1 << _MORTON_BITS) - 1)).astype(np.int64)
    order: IntArray = np.argsort(_spread(cell[:, 0]) | (_spread(cell[:, 1]) << 1), kind="stable")
    return order


def _spread(value: IntArray) -> IntArray:
    """Put a zero bit between the bits."""
    for shift, mask in ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F)):
        value = (value | (value << shift)) & mask
    value = (value | (value << 2)) & 0x3333333333333333
    return (value | (value << 1)) & 0x5555555555555555


@borrowing
def _hash(ax: int, ay: int, bx: int, by: int) -> int:
    """Mix the bits of two vertices, the same whichever comes first."""
    a = (np.uint64(ax) ^ (np.uint64(ay) * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xBF58476D1CE4E5B9)
    b = (np.uint64(bx) ^ (np.uint64(by) * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = ((a ^ (a >> np.uint64(29))) + (b ^ (b >> np.uint64(29)))) * np.uint64(0x94D049BB133111EB)
    return int(np.int64(mixed >> np.uint64(1)))


@borrowing
def _runs_clockwise(coords: Array, start: int, stop: int) -> bool:
    """Tell whether a closed ring has its inside on the right, from its lowest leftmost vertex."""
    count = stop - start - 1
    corner = start
    for i in range(start + 1, stop - 1):
        x, y = coords[i, 0], coords[i, 1]
        if x < coords[corner, 0] or (x == coords[corner, 0] and y < coords[corner, 1]):
            corner = i
    x, y = coords[corner, 0], coords[corner, 1]
    before = after = corner
    for _ in range(count):
        before = stop - 2 if before == start else before - 1
        if coords[before, 0] != x or coords[before, 1] != y:
            break
    for _ in range(count):
        after = start if after == stop - 2 else after + 1
        if coords[after, 0] != x or coords[after, 1] != y:
            break
    return orientation(coords[before, 0], coords[before, 1], x, y, coords[after, 0], coords[after, 1]) < 0


@kernel
def pair_edges(
    coords: Array, bits: Array, starts: Array, polygon_of_ring: Array, is_shell: Array
) -> tuple[Array, Array, Array, int, int]:
    """Return edges as (first, second) vertex with left and right polygon, in the order of the rings; their number.

    A polygon that has the same edge twice cancels itself: inside is where a ray crosses an odd number.
    The last number has no meaning, but that it is returned keeps the early reads of the table from being removed.
    """
    total = len(coords)
    size = 16
    while size < total + total // 2:
        size *= 2
    table, hashes = np.full(size, NOBODY, np.int64), np.empty(_AHEAD, np.int64)
    ends = np.empty((total, 2), np.int32)
    left, right = np.empty(total, np.int32), np.empty(total, np.int32)
    count, checksum = ZERO, ZERO
    for ring in range(len(starts) - 1):
        start, stop = starts[ring], starts[ring + 1]
        # Inside is on the left: shells run counter-clockwise, holes clockwise.
        step, origin = (1, start) if _runs_clockwise(coords, start, stop) != is_shell[ring] else (-1, stop - 1)
        for begin in range(0, stop - start - 1, _AHEAD):
            batch = min(_AHEAD, stop - start - 1 - begin)
            for i in range(batch):  # all table reads at once, so that their waits overlap
                a = origin + step * (begin + i)
                b = a + step
                hashes[i] = _hash(bits[a, 0], bits[a, 1], bits[b, 0], bits[b, 1])
                checksum ^= table[hashes[i] & (size - 1)]
            for i in range(batch):
                a = origin + step * (begin + i)
                count = _insert(bits, table, ends, left, right, count, a, a + step, hashes[i], polygon_of_ring[ring])
    return ends, left, right, count, checksum


@borrowing
def _insert(
    bits: Array,
    table: Array,
    ends: Array,
    left: Array,
    right: Array,
    count: int,
    a: int,
    b: int,
    mixed: int,
    polygon: int,
) -> int:
    """Put the edge from a to b, polygon on its left, into the table; return the number of edges."""
    ax, ay, bx, by = bits[a, 0], bits[a, 1], bits[b, 0], bits[b, 1]
    if ax == bx and ay == by:
        return count
    free, free_on_left = NOBODY, False
    slot, tag = mixed & (len(table) - 1), mixed >> 32
    while table[slot] != NOBODY:
        edge = table[slot] & 0xFFFFFFFF
        if table[slot] >> 32 != tag:
            slot = (slot + 1) & (len(table) - 1)
            continue
        p, q = ends[edge, 0], ends[edge, 1]
        same = bits[p, 0] == ax and bits[p, 1] == ay and bits[q, 0] == bx and bits[q, 1] == by
        if same or (bits[p, 0] == bx and bits[p, 1] == by and bits[q, 0] == ax and bits[q, 1] == ay):
            if left[edge] == polygon:
                left[edge] = NOBODY
                return count
            if right[edge] == polygon:
                right[edge] = NOBODY
                return count
            if free == NOBODY and (left[edge] if same else right[edge]) == NOBODY:
                free, free_on_left = edge, same
        slot = (slot + 1) & (len(table) - 1)
    if free != NOBODY:
        if free_on_left:
            left[free] = polygon
        else:
            right[free] = polygon
        return count
    table[slot] = (tag << 32) | count
    ends[count, 0], ends[count, 1] = a, b
    left[count], right[count] = polygon, NOBODY
    return count + 1


@kernel
def chains(coords: Array, ends: Array, edge_left: Array, edge_right: Array, count: int) -> tuple[Array, Array, Array]:
    """Lay edges that follow one another out as chains of vertices; return vertices, left and right."""
    total, last = 0, NOBODY
    for writing in range(2):
        if writing:
            vertices = np.empty((total, 2))
            left, right = np.full(total, NOBODY, np.int32), np.full(total, NOBODY, np.int32)
        total, last = 0, NOBODY
        for edge in range(count):
            if edge_left[edge] == NOBODY and edge_right[edge] == NOBODY:
                continue
            a, b = ends[edge, 0], ends[edge, 1]
            if last == NOBODY or coords[a, 0] != coords[last, 0] or coords[a, 1] != coords[last, 1]:
                if writing:
                    vertices[total, 0], vertices[total, 1] = coords[a, 0], coords[a, 1]
                total += 1
            if writing:
                left[total - 1], right[total - 1] = edge_left[edge], edge_right[edge]
                vertices[total, 0], vertices[total, 1] = coords[b, 0], coords[b, 1]
            total += 1
            last = b
    return vertices, left, right
