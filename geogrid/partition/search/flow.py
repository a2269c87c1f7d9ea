"""Loads that flow from grid to grid in chains, block by block, until all are in the band."""

from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from geogrid.partition.search.graph import Graph, reachable
from geogrid.types import FloatArray, IntArray

_LONGEST_CHAIN: Final = 4
_CHAINS_TRIED: Final = 24
_BLOCKS_TRIED: Final = 5
_NOTICEABLE: Final = 1e-9


def flow(graph: Graph, home: IntArray, labels: IntArray, band: tuple[float, float], extra: FloatArray) -> IntArray:
    """Return an assignment of blocks that is nearer to the band, with few households moved.

    Parameters
    ----------
    graph : Graph
        Blocks with loads and neighbours.
    home : (n,) int64
        Former grid of each block, -1 for none.
    labels : (n,) int64
        Grid of each block to start from.
    band : tuple of float
        Limits of the load of each grid.
    extra : (k,) float64
        Load of each grid beside that of its blocks.

    Notes
    -----
    Loads flow from grid to grid along chains of at most four neighbours, each step a block whose grid stays as
    contiguous as it was. In the end every block that may go home without harm goes home.
    """
    search = _Flow(graph, home.tolist(), labels.tolist(), band, extra.tolist())
    while search.improve():
        pass
    search.send_home()
    return np.array(search.labels, dtype=np.int64)


class _Flow:
    """An assignment under change."""

    def __init__(
        self, graph: Graph, home: list[int], labels: list[int], band: tuple[float, float], extra: list[float]
    ) -> None:
        self.graph = graph
        self.home = home
        self.labels = labels
        self.low, self.high = band
        self.members: dict[int, set[int]] = {}
        for node, label in enumerate(labels):
            self.members.setdefault(label, set()).add(node)
        self.loads = {
            label: extra[label] + sum(graph.loads[node] for node in sorted(nodes))
            for label, nodes in self.members.items()
        }

    def miss(self, label: int, change: float = 0.0) -> float:
        """Return how far a leaf is out of the band, after a change of its load."""
        load = self.loads[label] + change
        return max(self.low - load, load - self.high, 0.0)

    def improve(self) -> bool:
        """Carry out the best chain of moves for the worst leaf that has one; tell whether there was one."""
        out = sorted((label for label in self.members if self.miss(label) > _NOTICEABLE), key=self._worst_first)
        for label in out:
            best: tuple[float, list[tuple[int, int]]] | None = None
            for chain in self._chains(label):
                steps = self._steps(chain)
                if steps is not None and (best is None or steps[0] > best[0]):
                    best = steps
            if best is not None:
                for node, target in best[1]:
                    self._move(node, target)
                return True
        return False

    def send_home(self) -> None:
        """Send blocks back where that brings no leaf further out of the band."""
        moved = [
            node
            for node, label in enumerate(self.labels)
            if label != self.home[node] and self.members.get(self.home[node])
        ]
        for node in sorted(moved, key=lambda node: (-self.graph.loads[node], node)):
            here, home = self.labels[node], self.home[node]
            beside = any(self.labels[other] == home for other in self.graph.neighbors[node])
            load = self.graph.loads[node]
            worse = self.miss(here, -load) + self.miss(home, load) - self.miss(here) - self.miss(home)
            if beside and worse <= _NOTICEABLE and self._is_removable(node):
                self._move(node, home)

    def _worst_first(self, label: int) -> tuple[float, int]:
        return -self.miss(label), label

    def _chains(self, label: int) -> Iterator[list[int]]:
        """Yield chains of neighbouring leaves from a giver to a taker, the shortest first."""
        gives = self.loads[label] > self.high
        pending = deque([[label]])
        reached = {label}
        count = 0
        while pending and count < _CHAINS_TRIED:
            chain = pending.popleft()
            for other in self._around(chain[-1]):
                if other in reached:
                    continue
                reached.add(other)
                longer = [*chain, other]
                count += 1
                yield longer if gives else longer[::-1]
                if len(longer) < _LONGEST_CHAIN:
                    pending.append(longer)

    def _around(self, label: int) -> list[int]:
        around = {self.labels[other] for node in self.members[label] for other in self.graph.neighbors[node]}
        return sorted(around - {label})

    def _steps(self, chain: list[int]) -> tuple[float, list[tuple[int, int]]] | None:
        """Return the gain for each household moved, and the moves, one from each leaf to the next."""
        before = sum(self.miss(label) for label in chain)
        taken: list[tuple[int, int]] = []
        moved = 0.0
        needed = self._needed(chain)
        for giver, taker in pairwise(chain):
            node = self._best_block(giver, taker, needed)
            if node is None:
                break
            taken.append((node, giver))
            moved += self.graph.loads[node]
            self._move(node, taker)
        whole = len(taken) == len(chain) - 1
        gain = before - sum(self.miss(label) for label in chain)
        steps = [(node, self.labels[node]) for node, _ in taken]
        for node, giver in reversed(taken):
            self._move(node, giver)
        if not whole or gain <= _NOTICEABLE:
            return None
        return gain / max(moved, _NOTICEABLE), steps

    def _needed(self, chain: list[int]) -> float:
        """Return the load that should flow along a chain."""
        surplus, shortage = self.loads[chain[0]] - self.high, self.low - self.loads[chain[-1]]
        return max(surplus, shortage)

    def _best_block(self, giver: int, taker: int, needed: float) -> int | None:
        """Return the block whose move leaves both leaves nearest to the band; blocks near what is needed are tried."""
        if len(self.members[giver]) == 1:
            return None
        border = [
            node
            for node in sorted(self.members[giver])
            if any(self.labels[other] == taker for other in self.graph.neighbors[node])
        ]
        border.sort(key=lambda node: (abs(self.graph.loads[node] - needed), node))
        removable = (node for node in border if self.graph.loads[node] > 0 and self._is_removable(node))
        tried = [node for node, _ in zip(removable, range(_BLOCKS_TRIED), strict=False)]

        def out_of_band(node: int) -> tuple[float, float, int]:
            load = self.graph.loads[node]
            return self.miss(giver, -load) + self.miss(taker, load), load, node

        return min(tried, key=out_of_band, default=None)

    def _is_removable(self, node: int) -> bool:
        """Tell whether the neighbours of a block stay connected without it, inside its leaf."""
        rest = self.members[self.labels[node]] - {node}
        around = [other for other in self.graph.neighbors[node] if other in rest]
        if not around:
            return False
        return len(around) == 1 or set(around) <= reachable(self.graph, around[0], rest)

    def _move(self, node: int, label: int) -> None:
        own, load = self.labels[node], self.graph.loads[node]
        self.members[own].remove(node)
        self.members[label].add(node)
        self.labels[node] = label
        self.loads[own] -= load
        self.loads[label] += load
