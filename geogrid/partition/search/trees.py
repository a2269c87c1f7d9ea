"""Cuts of random spanning trees: contiguous parts of a set of nodes."""

from typing import NamedTuple

import numpy as np

from geogrid.jit import inner
from geogrid.partition.search.state import Net, State, draw
from geogrid.partition.search.terms import Weights, grid_term
from geogrid.types import BoolArray, FloatArray, IntArray

TREES = 8
CUTS_TRIED = 12
_FLAT = 1e-9


class Walk(NamedTuple):
    """A rooted spanning tree in preorder: what hangs under a node follows it.

    Parameters
    ----------
    order : (m,) int64
        Positions of the nodes.
    size : (m,) int64
        Number of nodes of the subtree at each place of `order`.
    """

    order: IntArray
    size: IntArray


@inner
def members(net: Net, state: State, start: int) -> IntArray:
    """Return the nodes of the grid of a node, in the order of a walk from it."""
    grid = state.label[start]
    state.clock[0] += 1
    walk = state.clock[0]
    state.visited[start] = walk
    state.queue[0] = start
    filled, at = 1, 0
    while at < filled:
        here = state.queue[at]
        at += 1
        for edge in range(net.starts[here], net.starts[here + 1]):
            other = net.others[edge]
            if state.visited[other] != walk and state.label[other] == grid:
                state.visited[other] = walk
                state.queue[filled] = other
                filled += 1
    return state.queue[:filled].copy()


@inner
def _others(part: BoolArray) -> BoolArray:
    rest = np.empty(len(part), dtype=np.bool_)
    for place in range(len(part)):
        rest[place] = not part[place]
    return rest


@inner
def ascending(key: FloatArray) -> IntArray:
    """Return the positions of numbers in ascending order (heapsort; numpy's takes seconds to compile)."""
    size = len(key)
    order = np.arange(size)
    start, end = size // 2, size
    while end > 1:
        if start > 0:
            start -= 1
        else:
            end -= 1
            order[end], order[0] = order[0], order[end]
        root = start
        while 2 * root + 1 < end:
            child = 2 * root + 1
            if child + 1 < end and key[order[child + 1]] > key[order[child]]:
                child += 1
            if key[order[root]] >= key[order[child]]:
                break
            order[root], order[child] = order[child], order[root]
            root = child
    return order


@inner
def _root(tree: IntArray, at: int) -> int:
    while tree[at] != at:
        tree[at] = tree[tree[at]]
        at = tree[at]
    return at


@inner
def _spanning_tree(net: Net, state: State, nodes: IntArray) -> Walk:
    """Return a random spanning tree that prefers to keep together what is costly to cut.

    Notes
    -----
    `state.queue` gives the place of each node in `nodes`, `state.visited` tells who is among them.
    """
    size = len(nodes)
    state.clock[0] += 1
    walk = state.clock[0]
    bound = 0
    for place in range(size):
        state.visited[nodes[place]] = walk
        state.queue[nodes[place]] = place
        bound += net.starts[nodes[place] + 1] - net.starts[nodes[place]]
    left, right = np.empty(bound, dtype=np.int64), np.empty(bound, dtype=np.int64)
    key = np.empty(bound)
    count = 0
    for place in range(size):
        for edge in range(net.starts[nodes[place]], net.starts[nodes[place] + 1]):
            other = net.others[edge]
            if other > nodes[place] and state.visited[other] == walk:
                left[count], right[count] = place, state.queue[other]
                key[count] = -draw(state.random) * max(net.cost[edge], _FLAT)
                count += 1
    joined = np.arange(size)
    head, after, end = np.full(size, -1), np.empty(2 * size, dtype=np.int64), np.empty(2 * size, dtype=np.int64)
    used = 0
    for edge in ascending(key[:count]):
        one, two = _root(joined, left[edge]), _root(joined, right[edge])
        if one == two:
            continue
        joined[one] = two
        end[used], after[used], head[left[edge]] = right[edge], head[left[edge]], used
        end[used + 1], after[used + 1], head[right[edge]] = left[edge], head[right[edge]], used + 1
        used += 2
    return _preorder(head, after, end, int(draw(state.random) * size))


@inner
def _preorder(head: IntArray, after: IntArray, end: IntArray, root: int) -> Walk:
    size = len(head)
    order, parent, place = np.empty(size, dtype=np.int64), np.full(size, -1), np.empty(size, dtype=np.int64)
    pending = np.empty(size, dtype=np.int64)
    pending[0] = root
    height, filled = 1, 0
    while height:
        height -= 1
        here = pending[height]
        place[here] = filled
        order[filled] = here
        filled += 1
        edge = head[here]
        while edge >= 0:
            if end[edge] != parent[here]:
                parent[end[edge]] = here
                pending[height] = end[edge]
                height += 1
            edge = after[edge]
    below = np.ones(size, dtype=np.int64)
    for at in range(size - 1, 0, -1):
        below[place[parent[order[at]]]] += below[at]
    return Walk(order, below)


@inner
def _inside_m(net: Net, state: State, nodes: IntArray, part: BoolArray) -> tuple[float, float]:
    """Return the length between nodes of the part, and the cost between it and the others.

    `state.visited` and `state.queue` are as `_spanning_tree` left them.
    """
    walk = state.clock[0]
    inside = cost = 0.0
    for place in range(len(nodes)):
        if not part[place]:
            continue
        for edge in range(net.starts[nodes[place]], net.starts[nodes[place] + 1]):
            other = net.others[edge]
            if state.visited[other] != walk:
                continue
            if part[state.queue[other]]:
                inside += net.length[edge]
            else:
                cost += net.cost[edge]
    return inside, cost


@inner
def best_cut(net: Net, state: State, nodes: IntArray, share: float, weights: Weights) -> BoolArray:
    """Return which of two or more connected nodes make the first of two contiguous parts.

    Parameters
    ----------
    nodes : (m,) int64
        Connected nodes.
    share : float
        Wanted share of their load in the first part.

    Returns
    -------
    (m,) bool
        The cut with the best objective among those near the share, of a few random trees.

    References
    ----------
    DeFord, D., Duchin, M., Solomon, J. (2021). Recombination: a family of Markov chains for redistricting.
    """
    size = len(nodes)
    load = area = perimeter = 0.0
    for node in nodes:
        load += net.load[node]
        area += net.area[node]
        perimeter += net.perimeter[node]
    best, chosen = np.inf, np.zeros(size, dtype=np.bool_)
    for _ in range(TREES):
        tree = _spanning_tree(net, state, nodes)
        running = np.zeros(size + 1)
        for at in range(size):
            running[at + 1] = running[at] + net.load[nodes[tree.order[at]]]
        off = np.empty(size - 1)
        for at in range(1, size):
            below = running[at + tree.size[at]] - running[at]
            off[at - 1] = min(abs(below - load * share), abs(load - below - load * share))
        nearest = ascending(off)
        for candidate in nearest[:CUTS_TRIED]:
            at = candidate + 1
            part = np.zeros(size, dtype=np.bool_)
            for place in tree.order[at : at + tree.size[at]]:
                part[place] = True
            value, first_is_nearer = _cut_value(net, state, nodes, part, (load, area, perimeter, share), weights)
            if value < best:
                best = value
                chosen = part if first_is_nearer else _others(part)
    return chosen


@inner
def _cut_value(  # noqa: PLR0913, PLR0917 - kernels take no keywords
    net: Net,
    state: State,
    nodes: IntArray,
    part: BoolArray,
    whole: tuple[float, float, float, float],
    weights: Weights,
) -> tuple[float, bool]:
    """Return the objective of two parts, and whether the first is nearer to the share."""
    load, area, perimeter, share = whole
    part_load = part_area = part_perimeter = 0.0
    for place in range(len(nodes)):
        if part[place]:
            part_load += net.load[nodes[place]]
            part_area += net.area[nodes[place]]
            part_perimeter += net.perimeter[nodes[place]]
    inside, cost = _inside_m(net, state, nodes, part)
    rest_inside = 0.0
    if weights.compactness > 0.0:
        rest_inside = _inside_m(net, state, nodes, _others(part))[0]
    first_is_nearer = abs(part_load - load * share) <= abs(load - part_load - load * share)
    value = weights.boundary * cost
    # Where more than two parts are to come, only the first has to fit yet.
    first = grid_term(part_load, part_area, part_perimeter - inside, weights)
    rest = grid_term(load - part_load, area - part_area, perimeter - part_perimeter - rest_inside, weights)
    if abs(share - 0.5) < 1e-9:  # noqa: PLR2004 - halves
        value += first + rest
    else:
        value += first if first_is_nearer else rest
    return value, first_is_nearer
