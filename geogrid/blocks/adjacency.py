"""Which polygons of a coverage share an edge (rook neighbours), and over which length of which barrier."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from geogrid.blocks.barriers import NO_BARRIER, RANK_COUNT
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

# Snap-rounded edges lie within a millimetre of the line that they came from; barriers of interest are metres apart.
_BARRIER_TOLERANCE_M = 0.01


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Rook neighbours of a coverage.

    Parameters
    ----------
    count : int
        Number of polygons.
    pairs : (m, 2) int64
        Neighbours, smaller index first, sorted, each pair once.
    length_by_rank_m : (m, 10) float64
        Length of the shared boundary, metres, by the rank of the barrier under it.
    """

    count: int
    pairs: IntArray
    length_by_rank_m: FloatArray

    @property
    def shared_m(self) -> FloatArray:
        """Shared boundary of each pair, metres, shape (m,)."""
        lengths: FloatArray = self.length_by_rank_m.sum(axis=1)
        return lengths

    def graph(self, weights: FloatArray | None = None) -> csr_array:
        """Return the symmetric sparse matrix of the neighbours, weighted by shared metres if nothing else is given."""
        values = self.shared_m if weights is None else weights
        left, right = self.pairs.T
        both = np.concatenate([left, right]), np.concatenate([right, left])
        return coo_array((np.concatenate([values, values]), both), shape=(self.count, self.count)).tocsr()

    def components(self, labels: IntArray | None = None) -> IntArray:
        """Return the contiguous component of each polygon, numbered from 0.

        Parameters
        ----------
        labels : (n,) int64, optional
            Only neighbours of the same label count as connected.
        """
        kept = self.pairs
        if labels is not None:
            kept = kept[labels[kept[:, 0]] == labels[kept[:, 1]]]
        ones = np.ones(len(kept), dtype=np.int8)
        matrix = coo_array((ones, (kept[:, 0], kept[:, 1])), shape=(self.count, self.count))
        component: IntArray = connected_components(matrix, directed=False)[1].astype(np.int64)
        return component

    def contracted(self, labels: IntArray) -> "Adjacency":
        """Return the adjacency of the groups that `labels` makes, shape (n,), values 0 .. k-1."""
        mapped = np.sort(labels[self.pairs], axis=1)
        apart = mapped[:, 0] != mapped[:, 1]
        return _aggregate(mapped[apart], self.length_by_rank_m[apart], int(labels.max(initial=-1)) + 1)

    def subset(self, kept: BoolArray) -> "Adjacency":
        """Return the adjacency among the polygons of a mask, renumbered in order."""
        renumbered = np.cumsum(kept) - 1
        inside = kept[self.pairs].all(axis=1)
        return Adjacency(int(kept.sum()), renumbered[self.pairs[inside]], self.length_by_rank_m[inside])


def rook_adjacency(
    polygons: GeometryArray, barriers: GeometryArray | None = None, ranks: Sequence[int] | IntArray | None = None
) -> Adjacency:
    """Return the rook neighbours of a coverage whose shared edges have the same vertices on both sides.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        A valid coverage, metres.
    barriers : (b,) LineString, optional
        Lines that the edges may follow, metres.
    ranks : (b,) int, optional
        Rank of each barrier, 0 .. 9. Where several run together, the highest counts.

    Returns
    -------
    Adjacency
        Polygons that touch in points only are not neighbours.
    """
    pairs, segments = shared_segments(polygons)
    lengths = np.hypot(*(segments[:, 2:] - segments[:, :2]).T)
    rank = np.full(len(pairs), NO_BARRIER)
    if barriers is not None and ranks is not None:
        rank = segment_ranks(segments, barriers, np.asarray(ranks, dtype=np.int64))
    by_rank = np.zeros((len(pairs), RANK_COUNT))
    by_rank[np.arange(len(pairs)), rank] = lengths
    return _aggregate(pairs, by_rank, len(polygons))


def shared_segments(polygons: GeometryArray) -> tuple[IntArray, FloatArray]:
    """Return the owners (m, 2) and the end points (m, 4) of the segments that two polygons have in common."""
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_owner = shapely.get_rings(parts, return_index=True)
    xy, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    inside_ring = ring_of_vertex[1:] == ring_of_vertex[:-1]
    start, end = xy[:-1][inside_ring], xy[1:][inside_ring]
    owner = part_owner[ring_owner[ring_of_vertex[:-1][inside_ring]]]
    swapped = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start[swapped], end[swapped] = end[swapped], start[swapped].copy()
    segments = np.hstack([start, end])
    order = np.lexsort((owner, *segments.T))
    segments, owner = segments[order], owner[order]
    twin = (segments[1:] == segments[:-1]).all(axis=1) & (owner[1:] != owner[:-1])
    pairs = np.column_stack([owner[:-1][twin], owner[1:][twin]])
    return np.sort(pairs, axis=1), segments[:-1][twin]


def segment_ranks(segments: FloatArray, barriers: GeometryArray, ranks: IntArray) -> IntArray:
    """Return the highest rank of the barriers that run under the middle of each segment."""
    middles = shapely.points((segments[:, :2] + segments[:, 2:]) / 2.0)
    segment, line = shapely.STRtree(barriers).query(middles, predicate="dwithin", distance=_BARRIER_TOLERANCE_M)
    rank = np.full(len(segments), NO_BARRIER)
    np.maximum.at(rank, segment, ranks[line])
    return rank


def _aggregate(pairs: IntArray, by_rank: FloatArray, count: int) -> Adjacency:
    keys, position = np.unique(pairs[:, 0] * max(count, 1) + pairs[:, 1], return_inverse=True)
    summed = np.zeros((len(keys), RANK_COUNT))
    np.add.at(summed, position, by_rank)
    return Adjacency(count, np.column_stack(np.divmod(keys, max(count, 1))).astype(np.int64), summed)
