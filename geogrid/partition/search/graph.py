"""The graph that is partitioned: blocks as nodes with loads and shapes, shared boundaries as edges with a cost."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geogrid.blocks import Adjacency
from geogrid.blocks.barriers import crossing_cost_weights
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray


@dataclass(frozen=True)
class Graph:
    """A graph with loads on its nodes; the edges of a node lie together.

    Parameters
    ----------
    starts : (n + 1,) int64
        Node `i` has the edges ``starts[i]`` to ``starts[i + 1]``; each edge is there once for either end.
    others : (e,) int64
        The node at the other end, ascending within a node.
    cost : (e,) float64
        Cost of a grid boundary there.
    length_m : (e,) float64
        Its length, metres.
    load_of : (n,) float64
        Load of each node.
    area_m2, perimeter_m : (n,) float64
        Area and perimeter of each node; zeros where shapes do not matter.
    """

    starts: IntArray
    others: IntArray
    cost: FloatArray
    length_m: FloatArray
    load_of: FloatArray
    area_m2: FloatArray
    perimeter_m: FloatArray

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.load_of)

    @property
    def total(self) -> float:
        """Sum of the loads."""
        return float(self.load_of.sum())

    @property
    def owners(self) -> IntArray:
        """The node that each edge starts from, shape (e,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @cached_property
    def loads(self) -> list[float]:
        """The loads as a list, for walks in Python."""
        return [float(load) for load in self.load_of]

    @cached_property
    def neighbors(self) -> list[dict[int, float]]:
        """For each node its neighbours with the cost of a grid boundary between them, for walks in Python."""
        costs: list[dict[int, float]] = [{} for _ in range(len(self))]
        for node, other, cost in zip(self.owners.tolist(), self.others.tolist(), self.cost.tolist(), strict=True):
            costs[node][other] = cost
        return costs

    def components(self, labels: IntArray | None = None) -> IntArray:
        """Return the contiguous component of each node, numbered from 0; of nodes of the same label, if given."""
        owners, others = self.owners, self.others
        if labels is not None:
            same = labels[owners] == labels[others]
            owners, others = owners[same], others[same]
        matrix = coo_array((np.ones(len(owners), dtype=np.int8), (owners, others)), shape=(len(self), len(self)))
        component: IntArray = connected_components(matrix, directed=False)[1].astype(np.int64)
        return component

    def part(self, members: IntArray) -> "Graph":
        """Return the graph of some nodes, given ascending, renumbered in order."""
        outside = np.ones(len(self), dtype=np.int64)
        outside[members] = 0
        return self.split(outside)[0]

    def split(self, labels: IntArray) -> "list[Graph]":
        """Return the graph of the nodes of each label 0 .. k-1, each present, renumbered in order."""
        order = np.argsort(labels, kind="stable")
        sizes = np.bincount(labels)
        bounds = np.concatenate([[0], np.cumsum(sizes)])
        place = np.empty(len(self), dtype=np.int64)
        place[order] = np.arange(len(self)) - np.repeat(bounds[:-1], sizes)
        owners = self.owners
        edges = np.flatnonzero(labels[owners] == labels[self.others])
        # Stable: within a label the edges stay in the order of their nodes.
        edges = edges[np.argsort(labels[owners[edges]], kind="stable")]
        degree = np.bincount(owners[edges], minlength=len(self))[order]
        ends = np.concatenate([[0], np.cumsum(degree)])
        others = place[self.others[edges]]
        graphs = []
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            own, members = slice(int(ends[first]), int(ends[last])), order[first:last]
            graphs.append(
                Graph(
                    starts=ends[first : last + 1] - ends[first],
                    others=others[own],
                    cost=self.cost[edges[own]],
                    length_m=self.length_m[edges[own]],
                    load_of=self.load_of[members],
                    area_m2=self.area_m2[members],
                    perimeter_m=self.perimeter_m[members],
                )
            )
        return graphs


@dataclass(frozen=True, slots=True)
class Shapes:
    """Area and perimeter of each block, metres; what compactness is computed from."""

    area_m2: FloatArray
    perimeter_m: FloatArray

    @classmethod
    def of(cls, polygons: GeometryArray) -> "Shapes":
        """Return the shapes of polygons."""
        return cls(shapely.area(polygons), shapely.length(polygons))


def graph_of(
    adjacency: Adjacency,
    loads: FloatArray,
    kept: BoolArray,
    *,
    shapes: Shapes | None = None,
    edge_costs: FloatArray | None = None,
) -> Graph:
    """Return the graph of the kept nodes, renumbered in order.

    Parameters
    ----------
    adjacency : Adjacency
        Neighbours among all nodes.
    loads : (n,) float64
        Their loads.
    kept : (n,) bool
        Which nodes are wanted.
    shapes : Shapes, optional
        Their areas and perimeters.
    edge_costs : (m,) float64, optional
        Cost of a boundary between each pair; by default its length, weighted by the barrier under it: a metre
        costs less along high-ranked ones.
    """
    costs = adjacency.length_by_rank_m @ crossing_cost_weights() if edge_costs is None else edge_costs
    inside = kept[adjacency.pairs].all(axis=1)
    renumbered = np.cumsum(kept) - 1
    left, right = renumbered[adjacency.pairs[inside]].T
    count = int(kept.sum())
    owners, others = np.concatenate([left, right]), np.concatenate([right, left])
    order = np.lexsort((others, owners))
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(owners, minlength=count), out=starts[1:])
    nothing = np.zeros(count)
    return Graph(
        starts=starts,
        others=others[order].astype(np.int64),
        cost=np.tile(costs[inside], 2)[order],
        length_m=np.tile(adjacency.shared_m[inside], 2)[order],
        load_of=np.asarray(loads, dtype=np.float64)[kept],
        area_m2=nothing if shapes is None else shapes.area_m2[kept],
        perimeter_m=nothing if shapes is None else shapes.perimeter_m[kept],
    )


def reachable(graph: Graph, start: int, allowed: set[int]) -> set[int]:
    """Return the nodes of `allowed` that a walk inside `allowed` reaches from `start`."""
    reached = {start}
    pending = [start]
    while pending:
        for other in graph.neighbors[pending.pop()]:
            if other in allowed and other not in reached:
                reached.add(other)
                pending.append(other)
    return reached
