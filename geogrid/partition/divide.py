"""One connected piece of land divided into grids."""

import math
from dataclasses import dataclass, field

import numpy as np

from geogrid.partition.anneal import anneal
from geogrid.partition.graph import Graph
from geogrid.partition.repair import repair
from geogrid.partition.seed import seed_labels
from geogrid.partition.state import State, net_of, state_of, value_of
from geogrid.partition.terms import Objective, Weights
from geogrid.types import FloatArray, IntArray

_STEPS = 4_000_000
_FEWEST_SWEEPS = 60
_MOST_SWEEPS = 400
_ATTEMPTS = 8
_LARGE = 4_000
_ROUNDS = 24
_POLISH = 30
_SHAKE = 10
_WARM = 0.02
_HOT = 0.05
_COLD = 0.002
_FROZEN = (0.0, 0.0)
_EVENNESS = 0.1
_WORST_COST_PER_M = 10.0
_EDGES_OF_A_GRID = 10.0


@dataclass(frozen=True, slots=True)
class Wish:
    """A band of the load, or a number of grids.

    Parameters
    ----------
    band : tuple of float, optional
        Lower and upper limit of each grid.
    count : int, optional
        Exact number of grids, at most the number of blocks. With a band too, both are wanted.
    objective : Objective
        What counts besides.
    effort : float
        Multiplies the search.
    """

    band: tuple[float, float] | None
    count: int | None
    objective: Objective = field(default_factory=Objective)
    effort: float = 1.0


def divide(graph: Graph, wish: Wish, rng: np.random.Generator) -> IntArray:
    """Return the grid of each node of a connected graph, numbered from 0 without a hole.

    Notes
    -----
    Starts from METIS partitions of several sizes, improves each and keeps the one with the fewest grids out of
    the band, then the best objective. Large graphs get fewer starts.
    """
    best: tuple[int, float, IntArray] | None = None
    counts = _counts(graph, wish)
    attempts = max(round((_ATTEMPTS if len(graph) < _LARGE else 2) * wish.effort), 1)
    enough = max(attempts // 4, 1)
    for attempt in range(attempts):
        missed, value, labels = _attempt(graph, wish, counts[attempt % len(counts)], rng)
        if best is None or (missed, value) < best[:2]:
            best = (missed, value, labels)
        if not best[0] and attempt + 1 >= enough:
            break
    return np.unique(best[2] if best else [], return_inverse=True)[1].astype(np.int64)


def _attempt(graph: Graph, wish: Wish, count: int, rng: np.random.Generator) -> tuple[int, float, IntArray]:
    """Return the number of grids out of the band, the objective and the labels of one search."""
    costs = edge_costs(graph, wish, count)
    weights = _weights(graph, wish)
    loads = graph.load_of if wish.band is None else np.minimum(graph.load_of, wish.band[1])
    net = net_of(graph, loads)._replace(cost=costs)
    capacity = count if wish.band is None or wish.count is not None else min(len(graph), 2 * count + 16)
    seeds = seed_labels(graph, count, costs=graph.cost, rng=rng)
    state = state_of(net, seeds, capacity=max(capacity, 1), rng=rng)
    fixed = wish.band is None or wish.count is not None
    repair(net, state, weights, fixed, count)
    unit = _unit(wish.objective)
    sweeps = int(min(max(_STEPS // max(len(graph), 1), _FEWEST_SWEEPS), _MOST_SWEEPS))
    anneal(net, state, weights, sweeps, (_HOT * unit, _COLD * unit))
    anneal(net, state, weights, _POLISH, _FROZEN)
    for _ in range(_ROUNDS):
        if not len(misses(state, weights)):
            break
        if not repair(net, state, weights, fixed, 0):
            anneal(net, state, weights, _SHAKE, (_WARM * unit, _COLD * unit))
        anneal(net, state, weights, _POLISH, _FROZEN)
    return len(misses(state, weights)), value_of(net, state, weights), state.label.copy()


def misses(state: State, weights: Weights) -> IntArray:
    """Return the grids out of the band."""
    load = state.load
    return np.flatnonzero((state.nodes > 0) & ((load < weights.low - 1e-9) | (load > weights.high + 1e-9)))


def edge_costs(graph: Graph, wish: Wish, count: int) -> FloatArray:
    """Return what cutting each edge costs in units of the objective, shape (e,).

    Notes
    -----
    Half of the perimeter of a square grid of mean area, without a barrier under it, costs half of 1: the other half
    is the neighbour's. Without areas the total of all costs stands for the size of the town.
    """
    usual_m = 4.0 * math.sqrt(float(graph.area_m2.sum()) / max(count, 1))
    unit = 2.0 / (_WORST_COST_PER_M * usual_m) if usual_m else max(count, 1) / max(float(graph.cost.sum()), 1e-9)
    costs: FloatArray = wish.objective.barriers * unit * graph.cost + wish.objective.cut_edges
    return costs


def _weights(graph: Graph, wish: Wish) -> Weights:
    mean = graph.total / (wish.count or 1)
    low, high = wish.band or (mean * (1 - _EVENNESS), mean * (1 + _EVENNESS))
    objective = wish.objective
    compactness = objective.compactness if float(graph.area_m2.sum()) else 0.0
    return Weights(low, high, objective.evenness, compactness, 1.0, _unit(objective))


def _unit(objective: Objective) -> float:
    """Return the size of a usual change of the objective: what temperatures and the urgency of the band scale with."""
    return objective.compactness + objective.barriers + _EDGES_OF_A_GRID * objective.cut_edges


def _counts(graph: Graph, wish: Wish) -> list[int]:
    """Return the numbers of grids to start from, the likeliest first."""
    if wish.band is None or wish.count is not None:
        return [wish.count or 1]
    low, high = wish.band
    # A block over the band is one grid, however heavy.
    total = float(np.minimum(graph.load_of, high).sum())
    likely = min(max(round(2 * total / (low + high)), 1), len(graph))
    fewest = max(math.ceil(total / high), 1)
    most = max(min(math.floor(total / low), len(graph)), 1)
    feasible = sorted(range(min(fewest, most), max(fewest, most) + 1), key=lambda count: (abs(count - likely), count))
    return feasible[: _ATTEMPTS // 2]
