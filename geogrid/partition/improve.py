"""Local search: moves that bring grids into their band and their boundaries onto barriers."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from geogrid.partition.graph import Graph, reachable

# An out-of-band grid outweighs any gain in boundary; inside the band the middle is preferred, gently.
_OUTSIDE = 5.0
_EXCESS = 50.0
_OFF_MIDDLE = 0.5
_NOTICEABLE = 1e-9
_TREES = 6
_CUTS_TRIED = 4
_CHAINS_TRIED = 12


@dataclass(frozen=True, slots=True)
class Target:
    """What the search aims at.

    Parameters
    ----------
    low, high : float
        Band of the load.
    fixed_count : bool
        The number of grids must not change.
    """

    low: float
    high: float
    fixed_count: bool

    def penalty(self, load: float) -> float:
        """Return how bad a load is; 0 in the middle of the band."""
        middle = (self.low + self.high) / 2.0 or 1.0
        miss = max(self.low - load, load - self.high, 0.0) / middle
        off = (load - middle) / middle
        return _OFF_MIDDLE * off * off + (_OUTSIDE + _EXCESS * miss * miss if miss > _NOTICEABLE else 0.0)

    def holds(self, load: float) -> bool:
        """Tell whether a load is in the band."""
        return self.low - _NOTICEABLE <= load <= self.high + _NOTICEABLE


class Search:
    """A partition under change; every state it passes through is contiguous.

    Parameters
    ----------
    graph : Graph
        Connected.
    labels : list of int
        A contiguous assignment.
    target : Target
        What to aim at.
    rng : numpy.random.Generator
        Draws the spanning trees.
    """

    def __init__(self, graph: Graph, labels: list[int], target: Target, rng: np.random.Generator) -> None:
        self.graph = graph
        self.labels = list(labels)
        self.target = target
        self.rng = rng
        self.members: dict[int, set[int]] = {}
        self.loads: dict[int, float] = {}
        for node, label in enumerate(labels):
            self.members.setdefault(label, set()).add(node)
        for label, nodes in self.members.items():
            self.loads[label] = self._load(nodes)
        cost = sum(sum(around.values()) for around in graph.neighbors)
        # The boundary of an average grid costs about 1.
        self.cost_scale = max(len(self.members), 1) / cost if cost else 0.0

    def run(self, rounds: int) -> list[int]:
        """Return the assignment after moves of blocks and of whole boundaries, until nothing helps."""
        for _ in range(rounds):
            changed = self._move_blocks()
            changed |= self._recombine()
            if not changed:
                break
        return self.labels

    def value(self) -> float:
        """Return the objective, smaller is better."""
        return self._value([self.members[label] for label in sorted(self.members)])

    def misses(self) -> list[int]:
        """Return the grids out of the band that a redrawing could mend: all but blocks that alone exceed it."""
        return sorted(
            label
            for label, load in self.loads.items()
            if not self.target.holds(load) and not (load > self.target.high and len(self.members[label]) == 1)
        )

    def around(self, label: int) -> list[int]:
        """Return the grids next to a grid."""
        found = {self.labels[other] for node in self.members[label] for other in self.graph.neighbors[node]}
        return sorted(found - {label})

    def split_worst(self, count: int) -> None:
        """Split the heaviest grids that can be split until there are `count`."""
        while len(self.members) < count:
            heaviest = sorted(self.members, key=lambda label: (-self.loads[label], label))
            divisible = [label for label in heaviest if len(self.members[label]) > 1]
            if not divisible:
                return
            halves = self._best_split(self.members[divisible[0]])
            self._replace([divisible[0]], halves)

    def _load(self, nodes: Iterable[int]) -> float:
        return float(sum(self.graph.loads[node] for node in sorted(nodes)))

    def _move_blocks(self) -> bool:
        """Move single blocks across boundaries while that helps; tell whether one moved."""
        pending = list(range(len(self.graph)))
        moved = False
        budget = 20 * len(self.graph)
        while pending and budget:
            budget -= 1
            node = pending.pop()
            target = self._best_move(node)
            if target is None:
                continue
            self._move(node, target)
            moved = True
            pending.extend(sorted(self.graph.neighbors[node]))
        return moved

    def _best_move(self, node: int) -> int | None:
        own = self.labels[node]
        pull: dict[int, float] = {}
        for other, cost in self.graph.neighbors[node].items():
            pull[self.labels[other]] = pull.get(self.labels[other], 0.0) + cost
        if len(self.members[own]) == 1 or not pull.keys() - {own}:
            return None
        gains = {
            label: self._move_gain(node, label, pull.get(own, 0.0) - pull[label]) for label in pull if label != own
        }
        best = min(gains, key=lambda label: (gains[label], label))
        return best if gains[best] < -_NOTICEABLE and self._is_removable(node) else None

    def _move_gain(self, node: int, label: int, cost: float) -> float:
        """Return the change of the objective if the node went to that grid; negative is better."""
        load, own = self.graph.loads[node], self.labels[node]
        penalty = self.target.penalty
        source, sink = self.loads[own], self.loads[label]
        change = penalty(source - load) + penalty(sink + load) - penalty(source) - penalty(sink)
        return change + cost * self.cost_scale

    def _is_removable(self, node: int) -> bool:
        """Tell whether the node's grid stays contiguous without it."""
        rest = self.members[self.labels[node]] - {node}
        around = [other for other in self.graph.neighbors[node] if other in rest]
        return bool(around) and (len(around) == 1 or len(reachable(self.graph, around[0], rest)) == len(rest))

    def _move(self, node: int, label: int) -> None:
        own = self.labels[node]
        self.members[own].remove(node)
        self.members[label].add(node)
        self.labels[node] = label
        self.loads[own] = self._load(self.members[own])
        self.loads[label] = self._load(self.members[label])

    def _recombine(self) -> bool:
        """Redraw the boundary of each grid that misses the band with a neighbour; tell whether one changed."""
        changed = False
        for label in self.misses():
            if label in self.members and not self.target.holds(self.loads[label]):
                changed |= self._recombine_grid(label)
        return changed

    def _recombine_grid(self, label: int) -> bool:
        for proposals in (self._small_changes(label), self._wide_changes(label)):
            best: tuple[float, list[int], list[set[int]]] | None = None
            for group, parts in proposals:
                gain = self._value(parts) - self._value([self.members[member] for member in group])
                if gain < -_NOTICEABLE and (best is None or gain < best[0]):
                    best = (gain, group, parts)
            if best is not None:
                self._replace(best[1], best[2])
                return True
        return False

    def _small_changes(self, label: int) -> Iterable[tuple[list[int], list[set[int]]]]:
        """Yield groups of grids and what to make of them: two from one, one from two, two redrawn."""
        alone = self.members[label]
        if not self.target.fixed_count and len(alone) > 1 and self.loads[label] > self.target.high:
            yield [label], self._best_split(alone)
        for other in self.around(label):
            both = alone | self.members[other]
            if not self.target.fixed_count:
                yield [label, other], [both]
            yield [label, other], self._best_split(both)

    def _wide_changes(self, label: int) -> Iterable[tuple[list[int], list[set[int]]]]:
        """Yield three grids redrawn: the grid, a neighbour and one beyond it; a few of the many, drawn at random."""
        chains = [(other, third) for other in self.around(label) for third in self.around(other) if third != label]
        drawn = self.rng.permutation(len(chains))[:_CHAINS_TRIED].tolist()
        for other, third in (chains[number] for number in drawn):
            group = [label, other, third]
            yield group, self._three_way(set().union(*(self.members[member] for member in group)))

    def _three_way(self, nodes: set[int]) -> list[set[int]]:
        """Return three contiguous parts of at least three nodes."""
        first, rest = self._best_split(nodes, share=1 / 3)
        if len(rest) == 1:
            first, rest = rest, first
        return [first, *self._best_split(rest)]

    def _value(self, parts: list[set[int]]) -> float:
        """Return the objective of some grids: penalties of their loads and the cost of the boundary around each."""
        total = 0.0
        for part in parts:
            border = sum(
                cost for node in sorted(part) for other, cost in self.graph.neighbors[node].items() if other not in part
            )
            total += self.target.penalty(self._load(part)) + border * self.cost_scale / 2.0
        return total

    def _replace(self, old: list[int], parts: list[set[int]]) -> None:
        fresh = max(self.members) + 1
        names = [*old, *range(fresh, fresh + len(parts))][: len(parts)]
        for label in old:
            del self.members[label], self.loads[label]
        for label, part in zip(names, parts, strict=True):
            self.members[label] = set(part)
            self.loads[label] = self._load(part)
            for node in part:
                self.labels[node] = label

    def _best_split(self, nodes: set[int], share: float = 0.5) -> list[set[int]]:
        """Return two contiguous parts, the first with about `share` of the load, by cuts of random spanning trees.

        References
        ----------
        DeFord, D., Duchin, M., Solomon, J. (2021). Recombination: a family of Markov chains for redistricting.
        """
        wanted = self._load(nodes) * share
        best: tuple[float, set[int]] | None = None
        for _ in range(_TREES):
            order, parent = self._tree(nodes)
            below = {node: self.graph.loads[node] for node in order}
            for node in reversed(order[1:]):
                below[parent[node]] += below[node]
            closest = sorted(order[1:], key=lambda node: (abs(below[node] - wanted), node))
            for root in closest[:_CUTS_TRIED]:
                part = _subtree(root, order, parent)
                value = self._value([part, nodes - part])
                if best is None or value < best[0]:
                    best = (value, part)
        if best is None:
            raise ValueError("A single block cannot be split.")
        return [best[1], nodes - best[1]]

    def _tree(self, nodes: set[int]) -> tuple[list[int], dict[int, int]]:
        """Return a random spanning tree that prefers to keep together what is costly to cut, root first."""
        ordered = sorted(nodes)
        root = ordered[int(self.rng.integers(len(ordered)))]
        order, parent = [], {}
        pending = [(0.0, root, root)]
        reached: set[int] = set()
        while pending:
            _, node, origin = heapq.heappop(pending)
            if node in reached:
                continue
            reached.add(node)
            order.append(node)
            parent[node] = origin
            for other, cost in self.graph.neighbors[node].items():
                if other in nodes and other not in reached:
                    heapq.heappush(pending, (-cost * float(self.rng.random()), other, node))
        return order, parent


def _subtree(root: int, order: list[int], parent: dict[int, int]) -> set[int]:
    found = {root}
    for node in order[order.index(root) + 1 :]:
        if parent[node] in found:
            found.add(node)
    return found
