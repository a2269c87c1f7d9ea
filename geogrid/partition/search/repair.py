"""Redrawing of grids that miss the band: split, merged, or drawn anew with one or two neighbours."""

import numpy as np

from geogrid.jit import inner, kernel
from geogrid.partition.search.state import Net, State, draw
from geogrid.partition.search.terms import Weights, grid_term
from geogrid.partition.search.trees import best_cut, members
from geogrid.types import IntArray

_CHAINS_TRIED = 16
_MOST_AROUND = 64
_PARTS = 3
_NOTICEABLE = 1e-9


@kernel
def repair(net: Net, state: State, weights: Weights, fixed_count: bool, least: int) -> int:  # noqa: FBT001 - kernels take no keywords
    """Redraw each grid that misses the band where that helps; return how many were.

    Parameters
    ----------
    net, state : Net, State
        The graph and the assignment that is changed.
    weights : Weights
        The objective.
    fixed_count : bool
        The number of grids must not change.
    least : int
        Before anything else the heaviest grids that can be split are, until there are so many.
    """
    anchor = np.full(len(state.nodes), -1)
    for node in range(len(state.label)):
        anchor[state.label[node]] = node
    changed = _split_heaviest(net, state, weights, anchor, least)
    for grid in range(len(state.nodes)):
        load = state.load[grid]
        if state.nodes[grid] and not weights.low - _NOTICEABLE <= load <= weights.high + _NOTICEABLE:
            changed += _redraw(net, state, weights, anchor, (grid, fixed_count))
    return changed


@inner
def _split_heaviest(net: Net, state: State, weights: Weights, anchor: IntArray, least: int) -> int:
    used = 0
    for grid in range(len(state.nodes)):
        used += state.nodes[grid] > 0
    splits = 0
    while used < least:
        heaviest = -1
        for grid in range(len(state.nodes)):
            if state.nodes[grid] > 1 and (heaviest < 0 or state.load[grid] > state.load[heaviest]):
                heaviest = grid
        if heaviest < 0:
            break
        nodes = members(net, state, anchor[heaviest])
        part = _halves(net, state, nodes, weights)
        _assign(net, state, anchor, nodes, part)
        used += 1
        splits += 1
    return splits


@inner
def _halves(net: Net, state: State, nodes: IntArray, weights: Weights) -> IntArray:
    """Return the part, 0 or 1, of each node."""
    chosen = best_cut(net, state, nodes, 0.5, weights)
    part = np.zeros(len(nodes), dtype=np.int64)
    for place in range(len(nodes)):
        part[place] = 1 if chosen[place] else 0
    return part


@inner
def _joined(one: IntArray, two: IntArray) -> IntArray:
    both = np.empty(len(one) + len(two), dtype=np.int64)
    both[: len(one)] = one
    both[len(one) :] = two
    return both


@inner
def _redraw(net: Net, state: State, weights: Weights, anchor: IntArray, wish: tuple[int, bool]) -> int:
    """Carry out the best change around a grid, a small one rather than a wide one; return whether there was one."""
    grid, fixed_count = wish
    own = members(net, state, anchor[grid])
    around = _around(net, state, own)
    best = -_NOTICEABLE
    best_nodes, best_part = own, np.zeros(0, dtype=np.int64)
    # At place -1 the grid alone, to be split; then each neighbour with it, to be merged or drawn anew.
    for place in range(-1, len(around)):
        nodes = own if place < 0 else _joined(own, members(net, state, anchor[around[place]]))
        if place >= 0 and not fixed_count:
            merged = np.zeros(len(nodes), dtype=np.int64)
            gain = _gain(net, state, weights, nodes, merged)
            if gain < best:
                best, best_nodes, best_part = gain, nodes, merged
        elif place < 0 and (fixed_count or state.load[grid] <= weights.high):
            continue
        if len(nodes) > 1:
            part = _halves(net, state, nodes, weights)
            gain = _gain(net, state, weights, nodes, part)
            if gain < best:
                best, best_nodes, best_part = gain, nodes, part
    if len(best_part) == 0:
        best_nodes, best_part = _best_chain(net, state, weights, anchor, own)
    if len(best_part) == 0:
        return 0
    _assign(net, state, anchor, best_nodes, best_part)
    return 1


@inner
def _best_chain(net: Net, state: State, weights: Weights, anchor: IntArray, own: IntArray) -> tuple[IntArray, IntArray]:
    """Return the nodes of three grids in a row and their best new parts; no parts where none is better."""
    around = _around(net, state, own)
    best = -_NOTICEABLE
    best_nodes, best_part = own, np.zeros(0, dtype=np.int64)
    for _ in range(_CHAINS_TRIED):
        nodes = _chain(net, state, anchor, own, around)
        if len(nodes) > len(own) + 1:
            part = _three_parts(net, state, nodes, weights)
            gain = _gain(net, state, weights, nodes, part)
            if gain < best:
                best, best_nodes, best_part = gain, nodes, part
    return best_nodes, best_part


@inner
def _around(net: Net, state: State, nodes: IntArray) -> IntArray:
    """Return the grids next to the grid of some nodes, in the order in which they are met."""
    own = state.label[nodes[0]]
    around = np.empty(_MOST_AROUND, dtype=np.int64)
    filled = 0
    for node in nodes:
        for edge in range(net.starts[node], net.starts[node + 1]):
            label = state.label[net.others[edge]]
            fresh = label != own and filled < _MOST_AROUND
            for place in range(filled):
                fresh = fresh and around[place] != label
            if fresh:
                around[filled] = label
                filled += 1
    return around[:filled].copy()


@inner
def _chain(net: Net, state: State, anchor: IntArray, own: IntArray, around: IntArray) -> IntArray:
    """Return the nodes of a grid, a random neighbour and a random one beside that; its own alone where none is."""
    if len(around) == 0:
        return own
    second = around[int(draw(state.random) * len(around))]
    middle = members(net, state, anchor[second])
    beside = _around(net, state, middle)
    third = beside[int(draw(state.random) * len(beside))]
    if third == state.label[own[0]]:
        return own
    return _joined(_joined(own, middle), members(net, state, anchor[third]))


@inner
def _three_parts(net: Net, state: State, nodes: IntArray, weights: Weights) -> IntArray:
    first = best_cut(net, state, nodes, 1.0 / 3.0, weights)
    rest_size = 0
    for place in range(len(nodes)):
        rest_size += 0 if first[place] else 1
    # Two parts are to come of the rest.
    divisible = rest_size >= 2  # noqa: PLR2004
    rest = np.empty(rest_size if divisible else len(nodes) - rest_size, dtype=np.int64)
    where = np.empty(len(rest), dtype=np.int64)
    filled = 0
    for place in range(len(nodes)):
        if first[place] != divisible:
            rest[filled] = nodes[place]
            where[filled] = place
            filled += 1
    second = best_cut(net, state, rest, 0.5, weights)
    part = np.zeros(len(nodes), dtype=np.int64)
    for place in range(len(rest)):
        part[where[place]] = 2 if second[place] else 1
    return part


@inner
def _gain(net: Net, state: State, weights: Weights, nodes: IntArray, part: IntArray) -> float:
    """Return the change of the objective if whole grids were redrawn so; negative is better."""
    state.clock[0] += 1
    walk = state.clock[0]
    for place in range(len(nodes)):
        state.visited[nodes[place]] = walk
        state.queue[nodes[place]] = place
    load, area, perimeter = np.zeros(_PARTS), np.zeros(_PARTS), np.zeros(_PARTS)
    parts = 0
    value = 0.0
    for place in range(len(nodes)):
        node, own = nodes[place], part[place]
        parts = max(parts, own + 1)
        load[own] += net.load[node]
        area[own] += net.area[node]
        perimeter[own] += net.perimeter[node]
        for edge in range(net.starts[node], net.starts[node + 1]):
            other = net.others[edge]
            if state.visited[other] != walk:
                continue
            apart = part[state.queue[other]] != own
            if not apart:
                perimeter[own] -= net.length[edge]
            was_apart = state.label[other] != state.label[node]
            value += 0.5 * weights.boundary * net.cost[edge] * (int(apart) - int(was_apart))
    for number in range(parts):
        value += grid_term(load[number], area[number], perimeter[number], weights)
    return value - _former(state, weights, nodes)


@inner
def _former(state: State, weights: Weights, nodes: IntArray) -> float:
    """Return the objective of the grids that the nodes are in, which come one after the other."""
    value, last = 0.0, -1
    for node in nodes:
        grid = state.label[node]
        if grid != last:
            value += grid_term(state.load[grid], state.area[grid], state.perimeter[grid], weights)
        last = grid
    return value


@inner
def _names(state: State, nodes: IntArray) -> tuple[IntArray, int]:
    """Return the grids of nodes that come one grid after the other, and their number."""
    name = np.full(_PARTS, -1)
    used = 0
    for node in nodes:
        if used == 0 or state.label[node] != name[used - 1]:
            name[used] = state.label[node]
            used += 1
    return name, used


@inner
def _assign(net: Net, state: State, anchor: IntArray, nodes: IntArray, part: IntArray) -> None:
    """Write parts down as grids: under the names that their nodes had, then under free ones."""
    name, used = _names(state, nodes)
    parts = 0
    for place in range(len(nodes)):
        parts = max(parts, part[place] + 1)
    free = 0
    while used < parts:
        while state.nodes[free] > 0:
            free += 1
        name[used] = free
        free += 1
        used += 1
    for number in range(used):
        state.nodes[name[number]] = 0
        state.load[name[number]] = 0.0
        state.area[name[number]] = 0.0
        state.perimeter[name[number]] = 0.0
    for place in range(len(nodes)):
        state.label[nodes[place]] = name[part[place]]
        anchor[name[part[place]]] = nodes[place]
    for node in nodes:
        label = state.label[node]
        state.nodes[label] += 1
        state.load[label] += net.load[node]
        state.area[label] += net.area[node]
        state.perimeter[label] += net.perimeter[node]
        for edge in range(net.starts[node], net.starts[node + 1]):
            if state.label[net.others[edge]] == label:
                state.perimeter[label] -= net.length[edge]
