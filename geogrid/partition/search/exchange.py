"""Near misses mended: a block given, two exchanged, or one passed on through a neighbour."""

import numpy as np

from geogrid.jit import inner, kernel
from geogrid.partition.search.state import Net, State, is_removable, sum_up
from geogrid.partition.search.terms import Weights, is_missed, miss_of
from geogrid.partition.search.trees import members
from geogrid.types import IntArray

_NOTICEABLE = 1e-9
_MOST_STEPS = 4
_NONE = -1


@kernel
def exchange(net: Net, state: State, weights: Weights) -> int:  # noqa: C901 - one loop, as kernels are
    """Move, swap and pass on blocks of grids out of the band, the best first, while that helps; return how often.

    Notes
    -----
    Each time the grids concerned miss the band by less together. Every grid stays contiguous and keeps a node. A grid
    gives to a neighbour or takes from it; the neighbour may give a block back, or pass one on to a third, or take one.
    """
    anchor = np.full(len(state.nodes), _NONE)
    for node in range(len(state.label)):
        anchor[state.label[node]] = node
    steps = 0
    again = True
    while again and steps < _MOST_STEPS * len(state.nodes):
        again = False
        for grid in range(len(state.nodes)):
            if state.nodes[grid] == 0 or not is_missed(state.load[grid], weights):
                continue
            first, second = _best(net, state, weights, anchor, grid)
            for node, label in (first, second):
                if node >= 0:
                    own = state.label[node]
                    _give(net, state, node, label)
                    anchor[label] = node
                    for edge in range(net.starts[node], net.starts[node + 1]):
                        if state.label[net.others[edge]] == own:
                            anchor[own] = net.others[edge]
            if first[0] >= 0:
                steps += 1
                again = True
    if steps:
        sum_up(net, state)
    return steps


@inner
def _give(net: Net, state: State, node: int, grid: int) -> None:
    """Change the label and the sums that the search for exchanges reads."""
    own = state.label[node]
    state.label[node] = grid
    state.nodes[own] -= 1
    state.nodes[grid] += 1
    state.load[own] -= net.load[node]
    state.load[grid] += net.load[node]


@inner
def _best(
    net: Net, state: State, weights: Weights, anchor: IntArray, grid: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the one or two moves, each a node and its new grid, that bring a grid and those beside it nearest."""
    gives = state.load[grid] > weights.high
    own = members(net, state, anchor[grid])
    tried = np.zeros(len(state.nodes), dtype=np.bool_)
    best = (_NOTICEABLE, (_NONE, 0), (_NONE, 0))
    for node in own:
        for edge in range(net.starts[node], net.starts[node + 1]):
            other = state.label[net.others[edge]]
            if other == grid or tried[other]:
                continue
            tried[other] = True
            beside = members(net, state, anchor[other])
            giving, taker = (own, other) if gives else (beside, grid)
            for given in giving:
                best = _with_second(net, state, weights, (given, taker, other), beside, best)
    return best[1], best[2]


@inner
def _with_second(  # noqa: PLR0913, PLR0917 - kernels take no keywords
    net: Net,
    state: State,
    weights: Weights,
    move: tuple[int, int, int],
    beside: IntArray,
    best: tuple[float, tuple[int, int], tuple[int, int]],
) -> tuple[float, tuple[int, int], tuple[int, int]]:
    """Return the best of a first move alone, with a second one out of or into the neighbour, and of what was best."""
    node, taker, middle = move
    giver = state.label[node]
    if giver == taker or state.nodes[giver] == 1 or not _touches(net, state, node, taker):
        return best
    if not is_removable(net, state, node):
        return best
    before = miss_of(state.load[giver], weights) + miss_of(state.load[taker], weights)
    _give(net, state, node, taker)
    after = miss_of(state.load[giver], weights) + miss_of(state.load[taker], weights)
    if before - after > best[0] + _NOTICEABLE:
        best = (before - after, (node, taker), (_NONE, 0))
    out = middle == taker
    for here in beside:
        if here == node:
            continue
        for edge in range(net.starts[here], net.starts[here + 1]):
            other = net.others[edge]
            # Out of the middle the node goes itself; into it comes a neighbour of the node.
            second, to = (here, state.label[other]) if out else (other, middle)
            own = state.label[second]
            if own == to or second == node or state.label[here] != middle or state.nodes[own] == 1:
                continue
            third = to if out else own
            flowing = -net.load[second] if out else net.load[second]
            gain = before - after + miss_of(state.load[third], weights) + miss_of(state.load[middle], weights)
            gain -= miss_of(state.load[third] - flowing, weights) + miss_of(state.load[middle] + flowing, weights)
            if gain > best[0] + _NOTICEABLE and is_removable(net, state, second):
                best = (gain, (node, taker), (second, to))
    _give(net, state, node, giver)
    return best


@inner
def _touches(net: Net, state: State, node: int, grid: int) -> bool:
    touching = 0
    for edge in range(net.starts[node], net.starts[node + 1]):
        touching += state.label[net.others[edge]] == grid
    return touching > 0
