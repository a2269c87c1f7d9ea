"""Rebalancing beside the best of all contiguous assignments, on towns small enough to try them all."""

from itertools import product

import numpy as np

from geogrid.blocks import rook_adjacency
from geogrid.partition.search.graph import Graph, graph_of
from geogrid.plans.operations.rebalance import balanced
from geogrid.plans.state import flat
from tests.property.town_drafts import grown, lattice

WIDTH, HEIGHT, LEAVES, TOWNS = 4, 2, 3, 100
N = WIDTH * HEIGHT


def graph(loads: np.ndarray) -> Graph:
    polygons = flat(lattice(np.random.default_rng(0), WIDTH, HEIGHT))[0]
    return graph_of(rook_adjacency(polygons), loads, np.ones(N, dtype=bool))


def is_contiguous(assignment: tuple[int, ...]) -> bool:
    """Tell by flooding cells of the lattice, not by the graph that the search uses."""
    cells = {(place % WIDTH, place // WIDTH): label for place, label in enumerate(assignment)}
    left, pieces = set(cells), 0
    while left:
        pieces += 1
        pending = [left.pop()]
        while pending:
            x, y = pending.pop()
            for beside in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
                if beside in left and cells[beside] == cells[x, y]:
                    left.remove(beside)
                    pending.append(beside)
    return pieces == LEAVES


def test_no_assignment_of_so_few_blocks_is_nearer_to_the_band_or_moves_fewer_households() -> None:
    every = [each for each in product(range(LEAVES), repeat=N) if len(set(each)) == LEAVES and is_contiguous(each)]
    choices = np.array(every)
    wanted, best, ratios = 0, 0, []
    for seed in range(TOWNS):
        rng = np.random.default_rng(seed)
        loads, home = rng.integers(5, 100, N).astype(float), grown(rng, WIDTH, HEIGHT, LEAVES)
        middle = loads.sum() / LEAVES
        low, high = 0.8 * middle, 1.2 * middle

        def miss(labels: np.ndarray, loads: np.ndarray = loads, low: float = low, high: float = high) -> np.ndarray:
            sums = np.stack([((labels == leaf) * loads).sum(axis=-1) for leaf in range(LEAVES)], axis=-1)
            return np.maximum(np.maximum(low - sums, sums - high), 0.0).sum(axis=-1).round(6)

        if miss(home) == 0:
            continue
        wanted += 1
        found = balanced(graph(loads), home.tolist(), (low, high), {})
        assert miss(found) <= miss(home)
        misses, moved = miss(choices), ((choices != home) * loads).sum(axis=1)
        if miss(found) == misses.min():
            best += 1
            fewest = moved[misses == misses.min()].min()
            ratios.append(((found != home) * loads).sum() / fewest if fewest else 1.0)
            assert fewest or (found == home).all()
    assert wanted > 50
    assert best == wanted
    assert max(ratios) == 1.0
