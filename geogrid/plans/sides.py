"""Blocks as columns for drawing: corners that blocks share, their rings, and the edges between them."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.types import FloatArray, GeometryArray, IntArray

NOBODY: Final = -1
"""The other side of an edge that has no block there."""

UNIT_DEGREES: Final = 1e-7
"""What corners are rounded to, about a centimetre."""

_BITS: Final = 32
_ENDS: Final = 2
_Small = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class BlockSides:
    """The land of blocks, each corner once.

    Parameters
    ----------
    origin : (2,) float64
        Longitude and latitude of the south-west corner, degrees.
    corners : (v, 2) int32
        In `UNIT_DEGREES` from the origin.
    ring_points : (p,) uint32
        Corners of the rings, one after the other, each ring without its last point, which is its first.
    ring_starts : (r + 1,) uint32
        Where each ring begins among them.
    block_rings : (n + 1,) uint32
        Where the rings of each block begin; the first is the outer one.
    edge_points, edge_starts : uint32
        Corners of the edges, and where each of the `e` edges begins.
    edge_one, edge_other : (e,) int32
        Positions of the two blocks, the smaller first; `NOBODY` as the other where there is none.
    """

    origin: FloatArray
    corners: _Small
    ring_points: npt.NDArray[np.uint32]
    ring_starts: npt.NDArray[np.uint32]
    block_rings: npt.NDArray[np.uint32]
    edge_points: npt.NDArray[np.uint32]
    edge_starts: npt.NDArray[np.uint32]
    edge_one: _Small
    edge_other: _Small


def block_sides(polygons: GeometryArray) -> BlockSides:
    """Return the land of blocks as columns.

    Parameters
    ----------
    polygons : (n,) object
        Polygons, degrees. A corner of one block on the side of another counts for both.
    """
    rings, owner = shapely.get_rings(polygons, return_index=True)
    origin = shapely.total_bounds(polygons)[:_ENDS] if len(rings) else np.zeros(_ENDS)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    units = np.rint((points - origin) / UNIT_DEGREES).astype(np.int64)
    units, ring = _without_repeats(units, ring)
    corner, xy = _numbered(units)
    other = _others(corner, ring, owner)
    loose = np.flatnonzero(other == NOBODY)
    corner, ring, has_more = _with_corners_of_neighbours(corner, ring, loose, xy)
    if has_more:
        other = _others(corner, ring, owner)
    is_last = np.append(ring[1:] != ring[:-1], True) if len(ring) else np.zeros(0, dtype=bool)
    sides = _edges(corner, ring, owner, other, is_last)
    return BlockSides(
        origin,
        xy.astype(np.int32),
        corner[~is_last].astype(np.uint32),
        _starts(np.bincount(ring[~is_last], minlength=len(rings))),
        _starts(np.bincount(owner, minlength=len(polygons))),
        *sides,
    )


def _without_repeats(units: IntArray, ring: IntArray) -> tuple[IntArray, IntArray]:
    """Drop points that rounding put onto the one before."""
    kept = np.ones(len(units), dtype=bool)
    kept[1:] = (units[1:] != units[:-1]).any(axis=1) | (ring[1:] != ring[:-1])
    return units[kept], ring[kept]


def _numbered(units: IntArray) -> tuple[IntArray, IntArray]:
    """Return the number of each point's corner, and the corners."""
    keys, corner = np.unique((units[:, 0] << _BITS) | units[:, 1], return_inverse=True)
    return corner.reshape(-1), np.column_stack([keys >> _BITS, keys & (2**_BITS - 1)])


def _others(corner: IntArray, ring: IntArray, owner: IntArray) -> IntArray:
    """Return for each point the block on the other side of the segment that begins there; `NOBODY` for none."""
    other: IntArray = np.full(len(corner), NOBODY, dtype=np.int64)
    begins = np.flatnonzero(ring[1:] == ring[:-1])
    one, two = corner[begins], corner[begins + 1]
    key = (np.minimum(one, two) << _BITS) | np.maximum(one, two)
    order = np.argsort(key, kind="stable")
    pair = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    left, right = begins[order[pair]], begins[order[pair + 1]]
    block = owner[ring]
    differ = block[left] != block[right]
    left, right = left[differ], right[differ]
    other[left], other[right] = block[right], block[left]
    return other


def _with_corners_of_neighbours(
    corner: IntArray, ring: IntArray, loose: IntArray, xy: IntArray
) -> tuple[IntArray, IntArray, bool]:
    """Put corners of others into the segments without neighbour on which they lie; return points, rings, if any."""
    loose = loose[ring[np.minimum(loose + 1, len(ring) - 1)] == ring[loose]] if len(loose) else loose
    loose = loose[loose + 1 < len(ring)]
    if not len(loose):
        return corner, ring, False
    ends = np.stack([xy[corner[loose]], xy[corner[loose + 1]]], axis=1).astype(float)
    segments: Any = shapely.linestrings(ends)
    known = np.unique(np.concatenate([corner[loose], corner[loose + 1]]))
    places = shapely.points(xy[known].astype(float))
    point, segment = shapely.STRtree(segments).query(places, predicate="dwithin", distance=1.0)
    within = (known[point] != corner[loose[segment]]) & (known[point] != corner[loose[segment] + 1])
    point, segment = known[point[within]], segment[within]
    if not len(point):
        return corner, ring, False
    along = np.hypot(*(xy[point] - ends[segment, 0]).T)
    order = np.lexsort((along, segment))
    at = loose[segment[order]] + 1
    return np.insert(corner, at, point[order]), np.insert(ring, at, ring[at - 1]), True


def _edges(corner: IntArray, ring: IntArray, owner: IntArray, other: IntArray, is_last: Any) -> tuple[Any, ...]:
    """Return runs of segments between the same two blocks: points, where each begins, one block, the other."""
    block = owner[ring]
    kept = np.flatnonzero(~is_last & ((other == NOBODY) | (block < other)))
    follows = np.zeros(len(kept), dtype=bool)
    before, here = kept[:-1], kept[1:]
    follows[1:] = (here == before + 1) & (ring[here] == ring[before]) & (other[here] == other[before])
    number = np.cumsum(~follows) - 1
    first = np.flatnonzero(~follows)
    count = len(first)
    points = np.zeros(len(kept) + count, dtype=np.uint32)
    points[np.arange(len(kept)) + number] = corner[kept]
    last = np.append(first[1:], len(kept))[:count] - 1
    points[last + np.arange(count) + 1] = corner[kept[last] + 1]
    starts = np.append(first + np.arange(count), len(points)).astype(np.uint32)
    return points, starts, block[kept[first]].astype(np.int32), other[kept[first]].astype(np.int32)


def _starts(counts: IntArray) -> npt.NDArray[np.uint32]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)
