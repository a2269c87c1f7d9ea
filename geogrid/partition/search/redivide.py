"""Grids redrawn with few changes against those of an earlier plan."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import coo_array

from geogrid.partition.search.anneal import anneal
from geogrid.partition.search.divide import Wish, edge_costs, unit_of, weights_of
from geogrid.partition.search.exact import MOST_BLOCKS, best_redivision
from geogrid.partition.search.flow import flow
from geogrid.partition.search.graph import Graph
from geogrid.partition.search.repair import repair
from geogrid.partition.search.seed import join_fragments
from geogrid.partition.search.state import Net, State, net_of, state_of, value_of
from geogrid.partition.search.terms import Objective, Weights
from geogrid.types import FloatArray, IntArray

_STEPS: Final = 2_000_000
_FEWEST_SWEEPS: Final = 30
_MOST_SWEEPS: Final = 400
_ATTEMPTS: Final = 8
_LARGE: Final = 4_000
_POLISH: Final = 30
_ROUNDS: Final = 24
_FROZEN: Final = (0.0, 0.0)
_STAY: Final = 20.0
_URGENCY: Final = 10.0
_SHAPE: Final = 0.1
_HEATS: Final = ((0.5, 0.02), (0.2, 0.02), (1.0, 0.02))
_ROUNDED: Final = 6


@dataclass(frozen=True, slots=True)
class _Case:
    """What is redrawn."""

    graph: Graph
    home: IntArray
    wish: Wish
    extra: FloatArray
    net: Net
    weights: Weights

    def state(self, labels: IntArray, rng: np.random.Generator, room: int = 0) -> State:
        """Return an assignment for kernels, with room for further grids."""
        state = state_of(self.net, labels, capacity=max(len(self.extra), int(labels.max()) + 1) + room, rng=rng)
        state.load[: len(self.extra)] = state.load[: len(self.extra)] + self.extra
        return state

    def score(self, labels: IntArray) -> tuple[int, float, float, float]:
        """Return grids out of the band, by how much, the load moved, and the objective; less is better."""
        count = max(len(self.extra), int(labels.max()) + 1)
        beside = np.zeros(count)
        beside[: len(self.extra)] = self.extra
        missed = misses(self.graph, labels, (self.weights.low, self.weights.high), beside)
        moved = float(self.graph.load_of[(self.home >= 0) & (labels != self.home)].sum())
        value = value_of(self.net, self.state(labels, np.random.default_rng(0)), self.weights)
        return *missed, round(moved, _ROUNDED), value


def misses(graph: Graph, labels: IntArray, band: tuple[float, float], beside: FloatArray) -> tuple[int, float]:
    """Return how many grids with land are out of the band, and by how much together; less is better.

    Parameters
    ----------
    graph : Graph
        Land and its loads.
    labels : (n,) int64
        Grid of each node.
    band : tuple of float
        Lower and upper limit of the load of a grid.
    beside : (k,) float64
        Load of each grid beside that of its nodes; every label is below k.
    """
    load = np.bincount(labels, weights=graph.load_of, minlength=len(beside)) + beside
    used = np.bincount(labels, minlength=len(beside)) > 0
    miss = np.where(used, np.maximum(np.maximum(band[0] - load, load - band[1]), 0.0), 0.0).round(_ROUNDED)
    return int((miss > 0).sum()), float(miss.sum())


def redivide(
    graph: Graph, home: IntArray, wish: Wish, rng: np.random.Generator, *, extra: FloatArray | None = None
) -> IntArray:
    """Return the grid of each node: the fewest out of the band, then nearest to it, then the least load moved.

    Parameters
    ----------
    graph : Graph
        Connected land.
    home : (n,) int64
        Former grid of each node, 0 .. k-1, or -1 for land that had none.
    wish : Wish
        The band, or the number of grids.
    rng : numpy.random.Generator
        Same state, same grids.
    extra : (k,) float64, optional
        Load of each former grid beside that of its nodes; with it the number of grids stays.

    Returns
    -------
    (n,) int64
        The number of a former grid where it goes on; numbers from k on are new grids. A grid that the band has no
        room for ends.

    Notes
    -----
    Up to 12 nodes every contiguous assignment is weighed. Beyond, loads flow along chains of grids, and an annealer
    to which every household away from home is a cost looks for less; only where both leave a grid out of the band are
    grids split, merged and drawn anew.
    """
    grids = int(home.max(initial=-1)) + 1
    stays = extra is not None
    case = _case(graph, home, wish, np.zeros(grids) if extra is None else extra)
    start = _settled(case, joined=not stays)
    if not stays and wish.count not in (None, len(np.unique(start))):
        return _recounted(case, start, rng)
    best = _least_moved(case, start, rng)
    if case.score(best)[0] and not stays and wish.count is None:
        best = min((best, _recounted(case, best, rng)), key=case.score)
    return best


def _case(graph: Graph, home: IntArray, wish: Wish, extra: FloatArray) -> _Case:
    count = max(len(extra), 1)
    costs = edge_costs(graph, wish, count) * _SHAPE
    weights = weights_of(graph, wish if wish.band or wish.count else replace(wish, count=count))
    mean = max((weights.low + weights.high) / 2.0, 1e-9)
    weights = weights._replace(
        evenness=0.0, compactness=weights.compactness * _SHAPE, urgency=_URGENCY, stay=_STAY / mean
    )
    return _Case(graph, home, wish, extra, net_of(graph, graph.load_of, costs, home), weights)


def _settled(case: _Case, *, joined: bool) -> IntArray:
    """Return an assignment near home in which every node has a grid, contiguous ones if wanted."""
    labels = case.home.copy()
    if not len(case.extra):
        return np.zeros(len(labels), dtype=np.int64)
    graph = case.graph
    while (labels < 0).any():
        here, there = labels[graph.owners], labels[graph.others]
        edge = np.flatnonzero((here < 0) & (there >= 0))
        if not len(edge):
            labels[labels < 0] = 0
            break
        edge = edge[np.argsort(graph.cost[edge], kind="stable")]
        # The costliest boundary is written last.
        labels[graph.owners[edge]] = there[edge]
    return join_fragments(graph, labels, costs=graph.cost) if joined else labels


def _least_moved(case: _Case, start: IntArray, rng: np.random.Generator) -> IntArray:
    """Return the best assignment with the grids that there are."""
    count = len(case.extra)
    if len(case.graph) <= MOST_BLOCKS and len(np.unique(start)) == count:
        labels = best_redivision(case.net, case.weights, case.extra)
        if _is_contiguous(case.graph, labels):
            return labels
    band = case.weights.low, case.weights.high
    flowed = flow(case.graph, case.home, start, band, case.extra)
    candidates = [start, flowed]
    size = len(case.graph)
    attempts = max(round((_ATTEMPTS if size < _LARGE else 1) * case.wish.effort), 1)
    sweeps = int(min(max(_STEPS // size, _FEWEST_SWEEPS), _MOST_SWEEPS))
    for attempt in range(attempts):
        state = case.state(start if attempt % 2 else flowed, rng)
        anneal(case.net, state, case.weights, sweeps, _HEATS[attempt % len(_HEATS)])
        anneal(case.net, state, case.weights, _POLISH, _FROZEN)
        candidates.append(flow(case.graph, case.home, state.label.copy(), band, case.extra))
    return min(candidates, key=case.score)


def _is_contiguous(graph: Graph, labels: IntArray) -> bool:
    return int(graph.components(labels).max()) + 1 == len(np.unique(labels))


def _recounted(case: _Case, start: IntArray, rng: np.random.Generator) -> IntArray:
    """Return an assignment with grids split and merged, to the wanted number or as the band needs it."""
    count = case.wish.count
    labels = start if count is None else _merged_down(case, start, count)
    state = case.state(labels, rng, room=max(count or 0, len(case.extra)) + 16)
    free = case.weights._replace(stay=0.0)
    repair(case.net, state, free, count is not None, count or 0)
    for _ in range(_ROUNDS):
        if not repair(case.net, state, free, count is not None, 0):
            break
        anneal(case.net, state, case.weights, _POLISH, _FROZEN)
    named = _named(case, state.label.copy())
    heat = unit_of(Objective()) * _HEATS[0][1]
    state = case.state(named, rng)
    anneal(case.net, state, case.weights, _POLISH, (heat, heat / 2))
    anneal(case.net, state, case.weights, _POLISH, _FROZEN)
    return min((named, state.label.copy()), key=case.score)


def _merged_down(case: _Case, labels: IntArray, count: int) -> IntArray:
    """Return the assignment with its lightest grids joined to their lightest neighbours until so many are left."""
    labels, graph = labels.copy(), case.graph
    while len(used := np.unique(labels)) > count:
        load = np.bincount(labels, weights=graph.load_of)
        for grid in used[np.argsort(load[used], kind="stable")].tolist():
            beside = np.unique(labels[graph.others[labels[graph.owners] == grid]])
            beside = beside[beside != grid]
            if len(beside):
                labels[labels == grid] = beside[load[beside].argmin()]
                break
        else:
            break
    return labels


def _named(case: _Case, labels: IntArray) -> IntArray:
    """Return the labels renumbered so that as much load as can be stays in the grid that it was in."""
    present, label = np.unique(labels, return_inverse=True)
    former = len(case.extra)
    if not former:
        return label.astype(np.int64)
    settled = case.home >= 0
    # A block without households still says which grid it was in.
    weight = case.graph.load_of[settled] + 1e-6 * max(case.graph.total, 1.0) / len(labels)
    kept = coo_array((weight, (label[settled], case.home[settled])), shape=(len(present), former)).toarray()
    from scipy.optimize import linear_sum_assignment  # a quarter of a second for every command

    grid, home = linear_sum_assignment(-kept)
    number = np.full(len(present), -1, dtype=np.int64)
    real = kept[grid, home] > 0
    number[grid[real]] = home[real]
    fresh = np.flatnonzero(number < 0)
    number[fresh] = former + np.arange(len(fresh))
    renumbered: IntArray = number[label]
    return renumbered
