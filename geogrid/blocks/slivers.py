"""Faces too small or narrow to be a block: which they are, and the neighbour that each joins."""

import heapq
from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.blocks.adjacency import Adjacency
from geogrid.blocks.barriers import crossing_cost_weights
from geogrid.blocks.faces import Faces
from geogrid.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class MergeRule:
    """Which faces are too small to stand alone.

    Parameters
    ----------
    min_area_m2, min_width_m : float
        Faces below either are merged with a neighbour; the mean width is twice the area over the perimeter.
    min_empty_width_m : float
        The same for faces without a building: medians, land between rails.
    """

    min_area_m2: float = 1_000.0
    min_width_m: float = 12.0
    min_empty_width_m: float = 25.0

    def is_small(self, area_m2: FloatArray, perimeter_m: FloatArray, *, occupied: BoolArray) -> BoolArray:
        """Tell which faces of these sizes are to be merged."""
        min_width_m = np.where(occupied, self.min_width_m, self.min_empty_width_m)
        small: BoolArray = (area_m2 < self.min_area_m2) | (2.0 * area_m2 / perimeter_m < min_width_m)
        return small


@dataclass(frozen=True, slots=True)
class FaceFacts:
    """What decides whether and where a face is merged.

    Parameters
    ----------
    groups : (n,) int64
        Faces of different groups never merge, e.g. of different parents.
    occupied : (n,) bool
        Faces with a building.
    settled : (n,) bool
        Faces that stand alone however small they are; others may still join them.
    """

    groups: IntArray
    occupied: BoolArray
    settled: BoolArray


def merge_small_faces(faces: Faces, adjacency: Adjacency, facts: FaceFacts, *, rule: MergeRule) -> IntArray:
    """Return for each face the block that it ends in, numbered from 0 in the order of the faces.

    Parameters
    ----------
    faces : Faces
        The faces. Those in a building are always merged.
    adjacency : Adjacency
        Their rook neighbours.
    facts : FaceFacts
        Their groups and states.
    rule : MergeRule
        What is small.

    Notes
    -----
    The smallest goes first, to the neighbour with which it shares the costliest boundary, by
    `geogrid.blocks.barriers.crossing_cost_weights`. A small face without a neighbour in its group stays.
    """
    merger = _Merger(faces, adjacency, facts, rule)
    pending = [(float(merger.area[face]), face) for face in np.flatnonzero(merger.is_to_merge).tolist()]
    heapq.heapify(pending)
    while pending:
        area, face = heapq.heappop(pending)
        if merger.label[face] != face or area != merger.area[face] or not merger.is_to_merge[face]:
            continue
        target = merger.best_neighbor(face)
        if target is not None:
            kept = merger.merge(face, target)
            heapq.heappush(pending, (float(merger.area[kept]), kept))
    return np.unique(merger.final_labels(), return_inverse=True)[1].astype(np.int64)


class _Merger:
    """Union of faces with running area, perimeter and neighbours."""

    def __init__(self, faces: Faces, adjacency: Adjacency, facts: FaceFacts, rule: MergeRule) -> None:
        self.rule = rule
        self.area = shapely.area(faces.polygons)
        self.perimeter = shapely.length(faces.polygons)
        self.must_merge = faces.in_building.copy()
        self.occupied = facts.occupied | faces.in_building
        self.settled = facts.settled & ~faces.in_building
        self.is_to_merge = self._to_merge(slice(None))
        self.label = np.arange(adjacency.count)
        self.neighbors: list[dict[int, tuple[float, float]]] = [{} for _ in range(adjacency.count)]
        if not self.is_to_merge.any():
            return
        cost = adjacency.length_by_rank_m @ crossing_cost_weights()
        same = facts.groups[adjacency.pairs[:, 0]] == facts.groups[adjacency.pairs[:, 1]]
        for (left, right), edge_cost, length in zip(
            adjacency.pairs[same].tolist(), cost[same].tolist(), adjacency.shared_m[same].tolist(), strict=True
        ):
            self.neighbors[left][right] = self.neighbors[right][left] = (edge_cost, length)

    def _to_merge(self, chosen: slice) -> BoolArray:
        """Tell which of some faces cannot stand alone."""
        small = self.rule.is_small(self.area[chosen], self.perimeter[chosen], occupied=self.occupied[chosen])
        to_merge: BoolArray = (small & ~self.settled[chosen]) | self.must_merge[chosen]
        return to_merge

    def best_neighbor(self, face: int) -> int | None:
        """Return the neighbour over the costliest boundary, ordinary land before another building."""
        around = self.neighbors[face]
        if not around:
            return None
        return max(around, key=lambda other: (not self.must_merge[other], around[other][0], -other))

    def merge(self, face: int, target: int) -> int:
        """Join two faces under the smaller number and return it."""
        kept, gone = min(face, target), max(face, target)
        self.must_merge[kept] = bool(self.must_merge[face] and self.must_merge[target])
        self.occupied[kept] = bool(self.occupied[face] or self.occupied[target])
        self.settled[kept] = bool(self.settled[face] or self.settled[target])
        self.area[kept] += self.area[gone]
        self.perimeter[kept] += self.perimeter[gone] - 2.0 * self.neighbors[kept].pop(gone)[1]
        self.is_to_merge[kept] = self._to_merge(slice(kept, kept + 1))[0]
        del self.neighbors[gone][kept]
        self.label[gone] = kept
        for other, (cost, length) in self.neighbors[gone].items():
            old_cost, old_length = self.neighbors[kept].get(other, (0.0, 0.0))
            joined = (old_cost + cost, old_length + length)
            self.neighbors[kept][other] = self.neighbors[other][kept] = joined
            del self.neighbors[other][gone]
        self.neighbors[gone] = {}
        return kept

    def final_labels(self) -> IntArray:
        """Return the surviving number of every face."""
        label = self.label.copy()
        while (label[label] != label).any():
            label = label[label]
        return label.astype(np.int64)
