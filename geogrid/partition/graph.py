"""The graph that is partitioned: blocks as nodes with loads, shared boundaries as edges with a cost of cutting them."""

from dataclasses import dataclass

import numpy as np

from geogrid.adjacency import Adjacency
from geogrid.barriers import crossing_cost_weights
from geogrid.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph with loads on its nodes.

    Parameters
    ----------
    loads : list of float
        Load of each node.
    neighbors : list of dict of int to float
        For each node its neighbours with the cost of a grid boundary between them.
    """

    loads: list[float]
    neighbors: list[dict[int, float]]

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.loads)

    @property
    def total(self) -> float:
        """Sum of the loads."""
        return float(sum(self.loads))


def graph_of(adjacency: Adjacency, loads: FloatArray, kept: BoolArray) -> Graph:
    """Return the graph of the kept nodes, renumbered in order; cutting costs less along high-ranked barriers."""
    part = adjacency.subset(kept)
    costs = part.length_by_rank_m @ crossing_cost_weights()
    neighbors: list[dict[int, float]] = [{} for _ in range(part.count)]
    for (left, right), cost in zip(part.pairs.tolist(), costs.tolist(), strict=True):
        neighbors[left][right] = neighbors[right][left] = cost
    return Graph(np.asarray(loads, dtype=np.float64)[kept].tolist(), neighbors)


def reachable(graph: Graph, start: int, allowed: set[int]) -> set[int]:
    """Return the nodes of `allowed` that a walk inside `allowed` reaches from `start`."""
    found = {start}
    pending = [start]
    while pending:
        for other in graph.neighbors[pending.pop()]:
            if other in allowed and other not in found:
                found.add(other)
                pending.append(other)
    return found


def fragments(graph: Graph, members: set[int]) -> list[set[int]]:
    """Return the contiguous parts of a set of nodes, the one with the smallest node first."""
    left = set(members)
    found = []
    for node in sorted(members):
        if node in left:
            part = reachable(graph, node, left)
            left -= part
            found.append(part)
    return found
