"""A partition under change, on arrays that kernels share."""

from typing import NamedTuple

import numpy as np

from geogrid.jit import inner, kernel
from geogrid.partition.search.graph import Graph
from geogrid.partition.search.terms import Weights, grid_term
from geogrid.types import FloatArray, IntArray

UNIT = 1.0 / 9007199254740992.0


class Net(NamedTuple):
    """A `Graph` as kernels take it. `home` is the former grid of a node, or -1."""

    starts: IntArray
    others: IntArray
    cost: FloatArray
    length: FloatArray
    load: FloatArray
    area: FloatArray
    perimeter: FloatArray
    home: IntArray


class State(NamedTuple):
    """An assignment and its sums by grid; grids without a node are free places.

    Parameters
    ----------
    label : (n,) int64
        Grid of each node.
    nodes, load, area, perimeter : (c,)
        Nodes, load, area, perimeter of each grid.
    visited, queue : (n,) int64
        For walks; `visited` holds the number of the last walk that came by.
    clock : (1,) int64
        Number of the last walk.
    random : (1,) uint64
        State of the random numbers.
    """

    label: IntArray
    nodes: IntArray
    load: FloatArray
    area: FloatArray
    perimeter: FloatArray
    visited: IntArray
    queue: IntArray
    clock: IntArray
    random: "np.ndarray[tuple[int], np.dtype[np.uint64]]"


def net_of(graph: Graph, loads: FloatArray, costs: FloatArray, home: IntArray | None = None) -> Net:
    """Return a graph as kernels take it, with loads and costs of its own."""
    home = np.full(len(graph), -1, dtype=np.int64) if home is None else home
    return Net(graph.starts, graph.others, costs, graph.length_m, loads, graph.area_m2, graph.perimeter_m, home)


def state_of(net: Net, labels: IntArray, *, capacity: int, rng: np.random.Generator) -> State:
    """Return the state of an assignment with room for `capacity` grids."""
    size = len(net.load)
    state = State(
        label=labels.astype(np.int64),
        nodes=np.zeros(capacity, dtype=np.int64),
        load=np.zeros(capacity),
        area=np.zeros(capacity),
        perimeter=np.zeros(capacity),
        visited=np.zeros(size, dtype=np.int64),
        queue=np.empty(size, dtype=np.int64),
        clock=np.zeros(1, dtype=np.int64),
        random=rng.integers(2**63, size=1, dtype=np.uint64),
    )
    sum_up(net, state)
    return state


@kernel
def sum_up(net: Net, state: State) -> None:
    """Compute the sums of every grid from its nodes."""
    state.nodes[:] = 0
    state.load[:] = 0.0
    state.area[:] = 0.0
    state.perimeter[:] = 0.0
    for node in range(len(state.label)):
        grid = state.label[node]
        state.nodes[grid] += 1
        state.load[grid] += net.load[node]
        state.area[grid] += net.area[node]
        state.perimeter[grid] += net.perimeter[node]
        for edge in range(net.starts[node], net.starts[node + 1]):
            if state.label[net.others[edge]] == grid:
                state.perimeter[grid] -= net.length[edge]


@kernel
def value_of(net: Net, state: State, weights: Weights) -> float:
    """Return the objective, smaller is better."""
    value = 0.0
    for grid in range(len(state.nodes)):
        if state.nodes[grid]:
            value += grid_term(state.load[grid], state.area[grid], state.perimeter[grid], weights)
    for node in range(len(state.label)):
        if net.home[node] >= 0 and net.home[node] != state.label[node]:
            value += weights.stay * net.load[node]
        for edge in range(net.starts[node], net.starts[node + 1]):
            if state.label[net.others[edge]] != state.label[node]:
                value += 0.5 * weights.boundary * net.cost[edge]
    return value


@inner
def draw(random: "np.ndarray[tuple[int], np.dtype[np.uint64]]") -> float:
    """Return the next random number in [0, 1).

    References
    ----------
    Steele, G., Lea, D., Flood, C. (2014). Fast splittable pseudorandom number generators (SplitMix64).
    """
    random[0] += np.uint64(0x9E3779B97F4A7C15)
    bits = random[0]
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits = bits ^ (bits >> np.uint64(31))
    return float(bits >> np.uint64(11)) * UNIT


@inner
def is_removable(net: Net, state: State, node: int) -> bool:
    """Tell whether a node's grid stays contiguous, and stays, without it."""
    grid = state.label[node]
    state.clock[0] += 1
    clock = state.clock[0]
    state.clock[0] += 1
    walk = state.clock[0]
    missing, first = 0, -1
    for edge in range(net.starts[node], net.starts[node + 1]):
        other = net.others[edge]
        if state.label[other] == grid:
            missing += 1
            state.visited[other] = clock
            first = other
    if missing <= 1:
        return missing == 1
    state.visited[node] = walk
    state.visited[first] = walk
    state.queue[0] = first
    filled, at = 1, 0
    missing -= 1
    while at < filled:
        here = state.queue[at]
        at += 1
        for edge in range(net.starts[here], net.starts[here + 1]):
            other = net.others[edge]
            mark = state.visited[other]
            if mark == walk or state.label[other] != grid:
                continue
            if mark == clock:
                missing -= 1
                if missing == 0:
                    return True
            state.visited[other] = walk
            state.queue[filled] = other
            filled += 1
    return False
