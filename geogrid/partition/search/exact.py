"""Few blocks divided as well as can be: every contiguous division is weighed."""

from typing import Final

import numpy as np

from geogrid.jit import inner, kernel
from geogrid.partition.search.state import Net
from geogrid.partition.search.terms import Weights, grid_term, is_missed, miss_of
from geogrid.types import BoolArray, FloatArray, IntArray

MOST_BLOCKS: Final = 12
"""Up to so many blocks the best division is found by weighing all: 3 to this power sets and rests of them."""

_SAME: Final = 1e-9


@inner
def _table(net: Net, weights: Weights) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return for each set of nodes, as bits, its load, its part of the objective, and whether it is contiguous."""
    size = len(net.load)
    beside = np.zeros(size, dtype=np.int64)
    length = np.zeros((size, size))
    cost = np.zeros((size, size))
    for node in range(size):
        for edge in range(net.starts[node], net.starts[node + 1]):
            beside[node] |= 1 << net.others[edge]
            length[node, net.others[edge]] = net.length[edge]
            cost[node, net.others[edge]] = net.cost[edge]
    sets = 1 << size
    load, value, whole = np.zeros(sets), np.zeros(sets), np.zeros(sets, dtype=np.bool_)
    for chosen in range(1, sets):
        total = area = perimeter = cut = 0.0
        for node in range(size):
            if not chosen >> node & 1:
                continue
            total += net.load[node]
            area += net.area[node]
            perimeter += net.perimeter[node]
            for other in range(size):
                if chosen >> other & 1:
                    perimeter -= length[node, other]
                else:
                    cut += cost[node, other]
        load[chosen] = total
        value[chosen] = grid_term(total, area, perimeter, weights) + 0.5 * weights.boundary * cut
        whole[chosen] = _is_whole(beside, chosen)
    return load, value, whole


@inner
def _is_whole(beside: IntArray, chosen: int) -> bool:
    """Tell whether a set of nodes, as bits, is contiguous; `beside` holds the neighbours of each node."""
    reached, fresh = 0, chosen & -chosen
    while fresh:
        reached |= fresh
        around = 0
        for node in range(len(beside)):
            if fresh >> node & 1:
                around |= beside[node]
        fresh = around & chosen & ~reached
    return reached == chosen


@kernel
def best_division(net: Net, weights: Weights, count: int) -> IntArray:  # noqa: C901 - one loop, as kernels are
    """Return the grid of each node: the fewest grids out of the band, then the best objective.

    Parameters
    ----------
    net : Net
        At most `MOST_BLOCKS` connected nodes.
    weights : Weights
        The objective.
    count : int
        Exact number of grids, 0 for any.

    Notes
    -----
    The best division of a set is the best of its contiguous parts that hold the first node, with the best division
    of the rest.
    """
    size = len(net.load)
    load, value, whole = _table(net, weights)
    sets = 1 << size
    rounds = count if count > 0 else 1
    misses = np.full((rounds + 1, sets), size + 1)
    best = np.full((rounds + 1, sets), np.inf)
    chosen = np.zeros((rounds + 1, sets), dtype=np.int64)
    misses[0, 0], best[0, 0] = 0, 0.0
    if count <= 0:
        misses[1, 0], best[1, 0] = 0, 0.0
    for number in range(1, rounds + 1):
        before = number - 1 if count > 0 else number
        for all_ in range(1, sets):
            first = all_ & -all_
            rest = all_ ^ first
            others = rest
            while True:
                part = first | others
                left = all_ ^ part
                if whole[part] and misses[before, left] <= size:
                    missed = misses[before, left] + int(is_missed(load[part], weights))
                    sum_ = best[before, left] + value[part]
                    if missed < misses[number, all_] or (missed == misses[number, all_] and sum_ < best[number, all_]):
                        misses[number, all_], best[number, all_], chosen[number, all_] = missed, sum_, part
                if others == 0:
                    break
                others = (others - 1) & rest
    label = np.zeros(size, dtype=np.int64)
    all_, number, grid = sets - 1, rounds, 0
    while all_:
        part = chosen[number, all_]
        for node in range(size):
            if part >> node & 1:
                label[node] = grid
        all_ ^= part
        grid += 1
        number -= 1 if count > 0 else 0
    return label


@kernel
def best_redivision(net: Net, weights: Weights, extra: FloatArray) -> IntArray:  # noqa: C901 - one loop, as kernels are
    """Return the grid of each node, with the fewest grids out of the band, then nearest to it, then least load moved.

    Parameters
    ----------
    net : Net
        At most `MOST_BLOCKS` nodes with a former grid in `home`.
    weights : Weights
        The objective, which decides between equals.
    extra : (k,) float64
        Load of each grid beside that of its nodes. Every grid keeps a node.
    """
    size, grids = len(net.load), len(extra)
    load, value, whole = _table(net, weights)
    sets = 1 << size
    score = np.full((grids + 1, sets, 4), np.inf)
    chosen = np.zeros((grids + 1, sets), dtype=np.int64)
    score[0, 0] = 0.0
    trial = np.empty(4)
    for grid in range(grids):
        moved = np.zeros(sets)
        for part in range(1, sets):
            low = part & -part
            node = 0
            while not low >> node & 1:
                node += 1
            away = net.home[node] >= 0 and net.home[node] != grid
            moved[part] = moved[part ^ low] + (net.load[node] if away else 0.0)
        for all_ in range(1, sets):
            part = all_
            while part:
                left = all_ ^ part
                if whole[part] and score[grid, left, 0] <= size:
                    held = load[part] + extra[grid]
                    trial[0] = score[grid, left, 0] + int(is_missed(held, weights))
                    trial[1] = score[grid, left, 1] + miss_of(held, weights)
                    trial[2] = score[grid, left, 2] + moved[part]
                    trial[3] = score[grid, left, 3] + value[part]
                    if _is_less(trial, score[grid + 1, all_]):
                        score[grid + 1, all_] = trial
                        chosen[grid + 1, all_] = part
                part = (part - 1) & all_
    label = np.zeros(size, dtype=np.int64)
    all_ = sets - 1
    for grid in range(grids, 0, -1):
        part = chosen[grid, all_]
        for node in range(size):
            if part >> node & 1:
                label[node] = grid - 1
        all_ ^= part
    return label


@inner
def _is_less(one: FloatArray, two: FloatArray) -> bool:
    """Compare figures one after the other; those that differ by rounding alone are equal."""
    for place in range(len(one)):
        if one[place] < two[place] - _SAME:
            return True
        if one[place] > two[place] + _SAME:
            return False
    return False
