"""Grids that miss the band by little, mended by one or two blocks."""

import numpy as np
import pytest

from geogrid.blocks import Adjacency
from geogrid.partition.search.divide import Wish, edge_costs, weights_of
from geogrid.partition.search.exchange import exchange
from geogrid.partition.search.graph import Graph, graph_of
from geogrid.partition.search.state import net_of, state_of


def line(loads: list[float]) -> Graph:
    pairs = np.array([(n, n + 1) for n in range(len(loads) - 1)])
    return graph_of(Adjacency(len(loads), pairs, np.ones((len(pairs), 10))), np.array(loads), np.ones(len(loads), bool))


def ladder(upper: list[float], lower: list[float]) -> Graph:
    """Return two rows of blocks, one above the other."""
    size = len(upper)
    pairs = [(n, n + 1) for row in (0, size) for n in range(row, row + size - 1)] + [(n, n + size) for n in range(size)]
    loads = np.array(upper + lower)
    return graph_of(Adjacency(2 * size, np.array(pairs), np.ones((len(pairs), 10))), loads, np.ones(2 * size, bool))


def exchanged(graph: Graph, labels: list[int], band: tuple[float, float]) -> list[float]:
    """Return the loads of the grids afterwards."""
    wish = Wish(band, None)
    count = max(labels) + 1
    net = net_of(graph, graph.load_of, edge_costs(graph, wish, count))
    state = state_of(net, np.array(labels), capacity=count, rng=np.random.default_rng(0))
    exchange(net, state, weights_of(graph, wish))
    assert int(graph.components(state.label).max()) + 1 == count
    loads = np.bincount(state.label, weights=graph.load_of).tolist()
    assert state.load.tolist() == pytest.approx(loads)
    return loads


def test_a_block_is_given_by_a_grid_over_the_band() -> None:
    assert exchanged(line([5.0, 4.0, 2.0, 5.0]), [0, 0, 0, 1], (7.0, 9.0)) == [9.0, 7.0]


def test_a_block_is_taken_by_a_grid_below_the_band() -> None:
    assert exchanged(line([5.0, 4.0, 2.0, 5.0]), [0, 1, 1, 1], (7.0, 9.0)) == [9.0, 7.0]


def test_one_household_short_is_mended_by_two_blocks_that_change_places() -> None:
    graph = ladder([99.0, 700.0, 700.0], [700.0, 701.0, 100.0])
    assert exchanged(graph, [0, 0, 0, 1, 1, 1], (1_500.0, 1_500.0)) == [1_500.0, 1_500.0]


def test_a_surplus_goes_through_a_full_neighbour() -> None:
    loads = [4.0, 3.0, 2.0, 4.0, 3.0, 3.0, 2.0]
    assert exchanged(line(loads), [0, 0, 0, 1, 1, 1, 2], (5.0, 9.0)) == [9.0, 7.0, 5.0]
    assert exchanged(line([5.0, 3.0, 3.0, 4.0, 3.0, 3.0]), [0, 0, 1, 1, 1, 2], (5.0, 8.0)) == [8.0, 7.0, 6.0]


def test_what_nothing_mends_stays() -> None:
    assert exchanged(line([9.0, 9.0]), [0, 1], (1.0, 5.0)) == [9.0, 9.0]
