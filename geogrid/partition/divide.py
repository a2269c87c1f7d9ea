"""One connected piece of land divided into grids."""

import math
from dataclasses import dataclass

import numpy as np

from geogrid.partition.graph import Graph
from geogrid.partition.improve import Search, Target
from geogrid.partition.seed import seed_labels
from geogrid.types import IntArray

_ROUNDS = 12
_ATTEMPTS = 8
_LARGE = 2_000
_EVENNESS = 0.1


@dataclass(frozen=True, slots=True)
class Wish:
    """A band of the load, or a number of grids.

    Parameters
    ----------
    band : tuple of float, optional
        Lower and upper limit of each grid.
    count : int, optional
        Exact number of grids, at most the number of blocks.
    """

    band: tuple[float, float] | None
    count: int | None


def divide(graph: Graph, wish: Wish, rng: np.random.Generator) -> IntArray:
    """Return the grid of each node of a connected graph, numbered from 0 without a hole.

    Notes
    -----
    Starts from METIS partitions of several sizes, improves each and keeps the one with the fewest grids out of
    the band, then the least boundary. Large graphs get fewer starts.
    """
    best: tuple[int, float, list[int]] | None = None
    counts = _counts(graph, wish)
    for count in counts[: _ATTEMPTS if len(graph) < _LARGE else 2]:
        search = Search(graph, seed_labels(graph, count, rng), _target(graph, wish), rng)
        search.split_worst(count)
        labels = search.run(_ROUNDS)
        rating = (len(search.misses()), search.value())
        if best is None or rating < best[:2]:
            best = (*rating, labels)
        if not rating[0]:
            break
    return np.unique(best[2] if best else [], return_inverse=True)[1].astype(np.int64)


def _target(graph: Graph, wish: Wish) -> Target:
    if wish.band is not None:
        return Target(*wish.band, fixed_count=False)
    mean = graph.total / (wish.count or 1)
    return Target(mean * (1 - _EVENNESS), mean * (1 + _EVENNESS), fixed_count=True)


def _counts(graph: Graph, wish: Wish) -> list[int]:
    """Return the numbers of grids to start from, the likeliest first."""
    if wish.band is None:
        return [wish.count or 1] * _ATTEMPTS
    low, high = wish.band
    # A block over the band is one grid, however heavy.
    total = sum(min(load, high) for load in graph.loads)
    likely = min(max(round(2 * total / (low + high)), 1), len(graph))
    fewest = max(math.ceil(total / high), 1)
    most = max(min(math.floor(total / low), len(graph)), 1)
    feasible = sorted(range(min(fewest, most), max(fewest, most) + 1), key=lambda count: (abs(count - likely), count))
    return (feasible[: _ATTEMPTS // 2] * _ATTEMPTS)[:_ATTEMPTS]
