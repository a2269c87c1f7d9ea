"""One connected piece of land divided into grids."""

import math
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from geogrid.partition.search.anneal import anneal
from geogrid.partition.search.exact import MOST_BLOCKS, best_division
from geogrid.partition.search.exchange import exchange
from geogrid.partition.search.graph import Graph
from geogrid.partition.search.pool import at_once
from geogrid.partition.search.repair import repair
from geogrid.partition.search.seed import seed_labels
from geogrid.partition.search.shares import share_out
from geogrid.partition.search.state import Net, State, net_of, state_of, value_of
from geogrid.partition.search.sums import least_deviation
from geogrid.partition.search.terms import ROUNDING, Objective, Weights
from geogrid.partition.search.windows import MOST_UNITS, Window, division_within, nearest_division, worst_miss
from geogrid.types import FloatArray, IntArray

_STEPS: Final = 4_000_000
_FEWEST_SWEEPS: Final = 60
_MOST_SWEEPS: Final = 400
_ATTEMPTS: Final = 8
_LARGE: Final = 4_000
_ROUNDS: Final = 24
_FEW_ROUNDS: Final = 3
_POLISH: Final = 30
_SHAKE: Final = 10
_WARM: Final = 0.02
_HOT: Final = 0.05
_COLD: Final = 0.002
_FROZEN: Final = (0.0, 0.0)
_EVENNESS: Final = 0.1
_WORST_COST_PER_M: Final = 10.0
_EDGES_OF_A_GRID: Final = 10.0
_QUARTER: Final = 8_000
_IN_VAIN: Final = 10
_THOROUGH_BELOW: Final = 1_600
_MOST_THOROUGH: Final = 20.0
_EVENED_BELOW: Final = 20_000
_SEARCHED_BELOW: Final = 1_000
_SEARCHED_GRIDS: Final = 30
_EVENING_EFFORT: Final = 0.25
_EVEN_ENOUGH: Final = 0.005
_STRICT: Final = 1e6
_SURVEY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Wish:
    """A band of the load, or a number of grids.

    Parameters
    ----------
    band : tuple of float, optional
        Lower and upper limit of each grid.
    count : int, optional
        Exact number of grids, at most the number of blocks. With a band too, both are wanted; the number comes first.
    objective : Objective
        What counts besides.
    effort : float
        Multiplies the search.
    """

    band: tuple[float, float] | None
    count: int | None
    objective: Objective = field(default_factory=Objective)
    effort: float = 1.0


def thoroughness(blocks: int) -> float:
    """Return what to multiply the search by in a town of so many blocks: small ones can afford more."""
    return min(max(_THOROUGH_BELOW / max(blocks, 1), 1.0), _MOST_THOROUGH)


def divide(graph: Graph, wish: Wish, rng: np.random.Generator) -> IntArray:
    """Return the grid of each node of a connected graph, numbered from 0 without a hole.

    Notes
    -----
    Up to 12 nodes the best division is found for certain. Beyond, the search starts from METIS partitions of several
    sizes, improves each and keeps the one with the fewest grids out of the band, then the best objective. Large
    graphs get fewer starts; very large ones are divided in quarters first, each searched by itself, at once where
    there are processors, and then mended along their seams. The result does not depend on the processors.

    Without a band even loads come first. Up to 56 nodes the most even division, or one within the band where the
    search finds none, is looked for among all there are: up to about 40 for certain.
    """
    labels = _divided(graph, wish, rng)
    if wish.band is None and wish.count is not None and 1 < wish.count < len(graph) and graph.total:
        labels = _evened(graph, wish, wish.count, labels=labels, rng=rng)
    if wish.band is not None and wish.count is None:
        labels = _absorbed(graph, labels, wish.band)
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _divided(graph: Graph, wish: Wish, rng: np.random.Generator) -> IntArray:
    if len(graph) <= MOST_BLOCKS:
        return _weighed(graph, wish)
    if len(graph) > 2 * _QUARTER:
        return _divide_in_quarters(graph, wish, rng)
    if len(graph) <= MOST_UNITS and wish.band is not None and _may_be_met(graph, wish):
        return _surveyed(graph, wish, wish.band, rng)
    return _search(graph, wish, rng)


def _surveyed(graph: Graph, wish: Wish, band: tuple[float, float], rng: np.random.Generator) -> IntArray:
    """Return a division within the band where there is one; all are weighed once a few searches have missed it."""
    capped = replace(graph, load_of=np.minimum(graph.load_of, band[1]))
    labels = _search(graph, replace(wish, effort=min(wish.effort, _SURVEY)), rng)
    if not worst_miss(capped, labels, band):
        return _search(graph, wish, rng)
    division = division_within(capped, band, wish.count)
    if len(division.labels):
        return _shaped(graph, wish, division.labels)
    return labels if division.is_proven else _search(graph, wish, rng)


def _evened(graph: Graph, wish: Wish, count: int, *, labels: IntArray, rng: np.random.Generator) -> IntArray:
    """Return the most even division that is found, of a good shape among those as even."""
    mean = graph.total / count
    worst, least = _unevenness(graph, labels, count), least_deviation(graph.load_of, count)
    if len(graph) <= MOST_UNITS:
        division = nearest_division(graph, Window(mean, mean, worst, least), count)
        if len(division.labels):
            labels, worst = division.labels, division.miss
    elif len(graph) <= _EVENED_BELOW:
        return _narrowed(graph, wish, labels, least=least, rng=rng)
    else:
        return labels
    narrow = replace(wish, band=(mean - worst - ROUNDING, mean + worst + ROUNDING))
    if len(graph) <= MOST_BLOCKS:
        return _weighed(graph, narrow)
    return _shaped(graph, narrow, labels)


def _narrowed(graph: Graph, wish: Wish, labels: IntArray, *, least: float, rng: np.random.Generator) -> IntArray:
    """Return a division within ever narrower bands around the mean, as far as the search follows."""
    count = wish.count or 1
    mean, worst = graph.total / count, _unevenness(graph, labels, count)
    while worst > max(least, _EVEN_ENOUGH * mean) + ROUNDING:
        aim = max(least, worst / 2.0) + ROUNDING
        narrow = replace(wish, band=(mean - aim, mean + aim), effort=_EVENING_EFFORT)
        few = len(graph) <= _SEARCHED_BELOW and count <= _SEARCHED_GRIDS
        candidate = _search(graph, narrow, rng) if few else _exchanged(graph, narrow, labels)
        reached = _unevenness(graph, candidate, count)
        if reached < worst:
            labels = candidate
        if reached > aim:
            break
        worst = reached
    return labels


def _exchanged(graph: Graph, wish: Wish, labels: IntArray) -> IntArray:
    """Return the labels with blocks moved, swapped and passed on towards the band."""
    count = int(labels.max()) + 1
    net, state, weights = _prepared(graph, wish, labels, (count, count), np.random.default_rng(0))
    exchange(net, state, weights)
    return state.label.copy()


def _unevenness(graph: Graph, labels: IntArray, count: int) -> float:
    """Return how far the worst grid is from the mean of so many; all of the load where there are not so many."""
    if len(np.unique(labels)) != count:
        return graph.total
    mean = graph.total / count
    return worst_miss(graph, labels, (mean, mean))


def _shaped(graph: Graph, wish: Wish, labels: IntArray) -> IntArray:
    """Return a division within its band with its shapes improved as far as it stays within."""
    count = int(labels.max()) + 1
    net, state, weights = _prepared(graph, wish, labels, (count, count), np.random.default_rng(0))
    anneal(net, state, weights._replace(urgency=_STRICT * weights.urgency), _POLISH, _FROZEN)
    return labels if len(misses(state, weights)) else state.label.copy()


def _weighed(graph: Graph, wish: Wish) -> IntArray:
    net = net_of(graph, graph.load_of, edge_costs(graph, wish, _counts(graph, wish)[0]))
    return best_division(net, weights_of(graph, wish), wish.count or 0)


def _search(graph: Graph, wish: Wish, rng: np.random.Generator) -> IntArray:
    counts = _counts(graph, wish)
    attempts = max(round((_ATTEMPTS if len(graph) < _LARGE else 2) * wish.effort), 1)
    enough = max(attempts // 4, 1) if _may_be_met(graph, wish) else 1
    best, fewer_at = _attempt(graph, wish, counts[0], rng), 0
    for attempt in range(1, attempts):
        if attempt >= enough and not best[0]:
            break
        if best[0] and attempt - fewer_at >= min(enough + len(counts), _IN_VAIN):
            break
        candidate = _attempt(graph, wish, counts[attempt % len(counts)], rng)
        if candidate[0] < best[0]:
            fewer_at = attempt
        best = min(best, candidate, key=lambda result: result[:2])
    return best[2]


def _may_be_met(graph: Graph, wish: Wish) -> bool:
    """Tell whether the band has room for the load of the land at all."""
    if wish.band is None:
        return False
    low, high = wish.band
    total = float(np.minimum(graph.load_of, high).sum())
    if total < low - ROUNDING:
        return False
    if wish.count is not None:
        return low * wish.count <= total + ROUNDING and total <= high * wish.count + ROUNDING
    return low <= 0.0 or math.ceil(total / high - ROUNDING) <= math.floor(total / low + ROUNDING)


def _attempt(graph: Graph, wish: Wish, count: int, rng: np.random.Generator) -> tuple[int, float, IntArray]:
    """Return the number of grids out of the band, the objective and the labels of one search."""
    seeds = seed_labels(graph, count, costs=graph.cost, rng=rng)
    capacity = count if _is_fixed(wish) else min(len(graph), 2 * count + 16)
    net, state, weights = _prepared(graph, wish, seeds, (count, max(capacity, 1)), rng)
    repair(net, state, weights, _is_fixed(wish), count)
    unit = unit_of(wish.objective)
    sweeps = int(min(max(_STEPS // max(len(graph), 1), _FEWEST_SWEEPS), _MOST_SWEEPS))
    anneal(net, state, weights, sweeps, (_HOT * unit, _COLD * unit))
    anneal(net, state, weights, _POLISH, _FROZEN)
    _mend(net, state, weights, wish, _ROUNDS if _may_be_met(graph, wish) else _FEW_ROUNDS)
    return len(misses(state, weights)), value_of(net, state, weights), state.label.copy()


def _prepared(
    graph: Graph, wish: Wish, labels: IntArray, room: tuple[int, int], rng: np.random.Generator
) -> tuple[Net, State, Weights]:
    """Return what kernels take; `room` is the likely number of grids, and how many there may be."""
    count, capacity = room
    # A block over the band counts as full: it is out however it is joined, and should not outweigh all else.
    loads = graph.load_of if wish.band is None else np.minimum(graph.load_of, wish.band[1])
    net = net_of(graph, loads, edge_costs(graph, wish, count))
    return net, state_of(net, labels, capacity=capacity, rng=rng), weights_of(graph, wish)


def _mend(net: Net, state: State, weights: Weights, wish: Wish, rounds: int) -> None:
    """Redraw grids out of the band, round by round, in place."""
    unit = unit_of(wish.objective)
    for _ in range(rounds):
        if not len(misses(state, weights)):
            break
        if not repair(net, state, weights, _is_fixed(wish), 0):
            anneal(net, state, weights, _SHAKE, (_WARM * unit, _COLD * unit))
        anneal(net, state, weights, _POLISH, _FROZEN)
    if len(misses(state, weights)):
        exchange(net, state, weights)


def _divide_in_quarters(graph: Graph, wish: Wish, rng: np.random.Generator) -> IntArray:
    quarter = seed_labels(graph, math.ceil(len(graph) / _QUARTER), costs=graph.cost, rng=rng)
    quarter = np.unique(quarter, return_inverse=True)[1].astype(np.int64)
    sizes = np.bincount(quarter)
    lots = np.split(np.argsort(quarter, kind="stable"), np.cumsum(sizes)[:-1])
    wishes = [wish] * len(lots)
    if wish.count is not None:
        totals = np.bincount(quarter, weights=graph.load_of).tolist()
        shares = share_out(wish.count, totals, sizes.tolist(), band=wish.band)
        wishes = [replace(wish, count=share) for share in shares]
    parts = at_once(lambda lot, chance: divide(*lot, chance), list(zip(graph.split(quarter), wishes, strict=True)), rng)
    labels = np.empty(len(graph), dtype=np.int64)
    used = 0
    for members, part in zip(lots, parts, strict=True):
        labels[members] = used + part
        used += int(part.max()) + 1
    room = used if _is_fixed(wish) else used + len(lots)
    net, state, weights = _prepared(graph, wish, labels, (used, room), rng)
    anneal(net, state, weights, _SHAKE, _FROZEN)
    _mend(net, state, weights, wish, _ROUNDS if wish.band else _FEW_ROUNDS)
    return state.label.copy()


def _absorbed(graph: Graph, labels: IntArray, band: tuple[float, float]) -> IntArray:
    """Return the labels with grids below the band joined to a neighbour that is over it for a single block's sake."""
    low, high = band
    load = np.bincount(labels, weights=graph.load_of)
    short = (load < low - ROUNDING) & (np.bincount(labels) > 0)
    over = np.zeros(len(load), dtype=np.bool_)
    over[labels[graph.load_of > high + ROUNDING]] = True
    if not short.any() or not over.any():
        return labels
    here, there = labels[graph.owners], labels[graph.others]
    useful = short[here] & over[there]
    target = np.arange(len(load))
    order = np.argsort(graph.cost[useful], kind="stable")
    # The costliest boundary is written last.
    target[here[useful][order]] = there[useful][order]
    joined: IntArray = target[labels]
    return joined


def misses(state: State, weights: Weights) -> IntArray:
    """Return the grids out of the band."""
    load = state.load
    return np.flatnonzero((state.nodes > 0) & ((load < weights.low - ROUNDING) | (load > weights.high + ROUNDING)))


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


def weights_of(graph: Graph, wish: Wish) -> Weights:
    """Return the objective as kernels take it."""
    mean = graph.total / (wish.count or 1)
    low, high = wish.band or (mean * (1 - _EVENNESS), mean * (1 + _EVENNESS))
    objective = wish.objective
    compactness = objective.compactness if float(graph.area_m2.sum()) else 0.0
    terms = (low, high, objective.evenness, compactness, 1.0, unit_of(objective), 0.0)
    return Weights(*map(float, terms))  # whole numbers would make kernels of their own: half a minute to compile


def unit_of(objective: Objective) -> float:
    """Return the size of a usual change of the objective: what temperatures and the urgency of the band scale with."""
    return objective.compactness + objective.barriers + _EDGES_OF_A_GRID * objective.cut_edges


def _is_fixed(wish: Wish) -> bool:
    return wish.count is not None


def _counts(graph: Graph, wish: Wish) -> list[int]:
    """Return the numbers of grids to start from, the likeliest first."""
    if wish.band is None or wish.count is not None:
        return [wish.count or 1]
    low, high = wish.band
    # A block over the band is one grid, however heavy.
    total = float(np.minimum(graph.load_of, high).sum())
    likely = min(max(round(2 * total / (low + high)), 1), len(graph))
    fewest = max(math.ceil(total / high), 1)
    most = len(graph) if low <= 0.0 else max(min(math.floor(total / low), len(graph)), 1)
    feasible = sorted(range(min(fewest, most), max(fewest, most) + 1), key=lambda count: (abs(count - likely), count))
    return feasible[: _ATTEMPTS // 2]
