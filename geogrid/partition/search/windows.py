"""Every contiguous division whose grids have loads within a window is weighed: found, or proven not to be."""

from typing import Final, NamedTuple

import numpy as np

from geogrid.jit import borrowing, inner, kernel
from geogrid.partition.search.graph import Graph
from geogrid.partition.search.sums import is_out_of_reach
from geogrid.partition.search.terms import ROUNDING
from geogrid.types import FloatArray, IntArray

MOST_UNITS: Final = 56
"""Sets of so many units, and the number of grids that are to come of them, fit one whole number."""

_STEPS: Final = 3_000_000
_SMALL: Final = 40
_STEPS_BEYOND: Final = 600_000

_FRAMES: Final = 2_048
_KEPT: Final = 1 << 20
_TRIED: Final = 8
_MIXED: Final = 0x2545F4914F6CDD1D
_CLOSED: Final = 1
_PLACES: Final = np.array([{pow(2, n, 67): n for n in range(66)}.get(rest, 0) for rest in range(67)])


class Window(NamedTuple):
    """Which loads a grid may have, and how far beside them is still of use.

    Parameters
    ----------
    low, high : float
        What is wanted.
    slack : float
        Divisions whose worst grid misses by less are looked for, nearer ones once one is found.
    enough : float
        A worst miss that is near enough to stop.
    """

    low: float
    high: float
    slack: float
    enough: float


class Division(NamedTuple):
    """What was found.

    Parameters
    ----------
    labels : (n,) int64
        Grid of each node; empty where nothing was found.
    miss : float
        How far its worst grid is out of the window; the slack that was given where nothing was found.
    is_proven : bool
        No division is nearer: all were weighed, or nearer than enough is not asked for.
    """

    labels: IntArray
    miss: float
    is_proven: bool


def nearest_division(graph: Graph, window: Window, count: int) -> Division:
    """Return the contiguous division whose worst grid is nearest to a window.

    Parameters
    ----------
    graph : Graph
        At most `MOST_UNITS` nodes.
    window : Window
        Limits of the load of each grid.
    count : int
        Exact number of grids, 0 for any.

    Notes
    -----
    After some million steps, a second or two, the search gives up; up to about 40 nodes it seldom needs so many.
    A grid is grown from the tightest corner of the land that is left, node by node: taken in, or left out for good.
    It is given up as soon as what it leaves over could be no whole number of grids. Land that was left over before,
    and could not be divided, is not tried again.
    """
    beside = np.zeros(len(graph), dtype=np.int64)
    np.bitwise_or.at(beside, graph.owners, np.int64(1) << graph.others)
    labels = np.full(len(graph), -1)
    steps = _STEPS if len(graph) <= _SMALL else _STEPS_BEYOND
    miss, proven = _nearest(beside, graph.load_of, Window(*map(float, window)), (count, steps), labels)
    found = bool(len(labels)) and labels[0] >= 0
    return Division(labels if found else labels[:0], float(miss), bool(proven))


def division_within(graph: Graph, band: tuple[float, float], count: int | None) -> Division:
    """Return the first division of at most `MOST_UNITS` nodes with every grid within a band; without labels if none."""
    if graph.total < band[0] or is_out_of_reach(graph.load_of, band):
        return Division(np.empty(0, dtype=np.int64), 0.0, is_proven=True)
    return nearest_division(graph, Window(*band, 3.0 * ROUNDING, 0.0), count or 0)


def worst_miss(graph: Graph, labels: IntArray, band: tuple[float, float]) -> float:
    """Return how far the worst grid is out of a band; rounding is nothing."""
    load = np.bincount(labels, weights=graph.load_of)[np.unique(labels)]
    worst = float(np.maximum(band[0] - load, load - band[1]).max())
    return worst if worst > ROUNDING else 0.0


class Stack(NamedTuple):
    """Parts that are to be grown on.

    Parameters
    ----------
    frames : (h, 6) int64
        The part, what is left out of it, the land, grids to come, number of closed parts, and what kind of frame it is.
    sums : (h, 3) float64
        Load of the part, load of the land, worst miss of the closed parts.
    """

    frames: IntArray
    sums: FloatArray


@borrowing
def _place(bit: int) -> int:
    """Return the number of the only node in a set."""
    place: int = _PLACES[bit % 67]
    return place


@borrowing
def _reached(beside: IntArray, start: int, allowed: int) -> int:
    """Return the nodes of a set that a walk inside it reaches."""
    reached, fresh = start, start
    while fresh:
        around = 0
        while fresh:
            low = fresh & -fresh
            fresh ^= low
            around |= beside[_place(low)]
        fresh = around & allowed & ~reached
        reached |= fresh
    return reached


@borrowing
def _load(load: FloatArray, chosen: int) -> float:
    total = 0.0
    while chosen:
        low = chosen & -chosen
        chosen ^= low
        total += load[_place(low)]
    return total


@borrowing
def _size(chosen: int) -> int:
    count = 0
    while chosen:
        chosen &= chosen - 1
        count += 1
    return count


@borrowing
def _may_divide(beside: IntArray, load: FloatArray, rest: int, limits: tuple[float, float], count: int) -> int:
    """Return the smallest piece of some land, or 0 where its pieces have loads that no number of grids divides."""
    low, high = limits
    smallest, least, fewest, most = rest, len(load) + 1, 0, 0
    while rest:
        piece = _reached(beside, rest & -rest, rest)
        rest ^= piece
        total, size = _load(load, piece), _size(piece)
        fewer = max(int(np.ceil(total / high - ROUNDING)), 1)
        more = size if low <= 0.0 else min(int(total / low + ROUNDING), size)
        if fewer > more:
            return 0
        fewest += fewer
        most += more
        if size < least:
            smallest, least = piece, size
    return smallest if count <= 0 or fewest <= count <= most else 0


@borrowing
def _leaves_room(beside: IntArray, load: FloatArray, rest: int, out: int, wish: tuple[float, int]) -> bool:
    """Tell whether the pieces of land that nodes left out are in can be grids: heavy enough, and not too many."""
    low, most = wish
    pieces = 0
    while out:
        piece = _reached(beside, out & -out, rest)
        out &= ~piece
        pieces += 1
        if pieces > most or _load(load, piece) < low:
            return False
    return True


@borrowing
def _tightest(beside: IntArray, load: FloatArray, piece: int) -> int:
    """Return the node with the fewest neighbours in its piece of land; between equals the heaviest."""
    best, fewest, heaviest = 0, 99, -1.0
    left = piece
    while left:
        low = left & -left
        left ^= low
        node = _place(low)
        degree = _size(beside[node] & piece)
        if degree < fewest or (degree == fewest and load[node] > heaviest):
            best, fewest, heaviest = low, degree, load[node]
    return best


@borrowing
def _slot(kept: IntArray, key: int) -> int:
    """Return where a key is kept or would be; -1 where there is no room for it."""
    at = ((key ^ (key >> 31)) * _MIXED >> 20) & (_KEPT - 1)
    for _ in range(_TRIED):
        if kept[at] == key or kept[at] == 0:
            return at
        at = (at + 1) & (_KEPT - 1)
    return -1


@inner
def _around(beside: IntArray, chosen: int) -> int:
    around = 0
    while chosen:
        low = chosen & -chosen
        chosen ^= low
        around |= beside[_place(low)]
    return around


@inner
def _write(parts: IntArray, depth: int, labels: IntArray) -> None:
    for grid in range(depth):
        left = parts[grid]
        while left:
            low = left & -left
            left ^= low
            labels[_place(low)] = grid


@inner
def _push(
    stack: Stack, height: int, frame: tuple[int, int, int, int, int, int], sums: tuple[float, float, float]
) -> int:
    """Put a frame on the stack; return the new height."""
    for place in range(len(frame)):
        stack.frames[height, place] = frame[place]
    for place in range(len(sums)):
        stack.sums[height, place] = sums[place]
    return height + 1


@inner
def _grow(  # noqa: PLR0913, PLR0917 - kernels take no keywords
    beside: IntArray, load: FloatArray, stack: Stack, height: int, limits: tuple[float, float, float], beyond: int
) -> int:
    """Put the two ways on with the part at a height in its place: without its next neighbour, and with it."""
    part, out, land, left, depth, _ = stack.frames[height]
    own, whole, worst = stack.sums[height]
    low, least, most = limits
    free = _around(beside, part) & land & ~part & ~out
    if free == 0:
        return height
    near = free & -free
    # Left out: is what is within reach still enough, and what is out still a grid?
    within = own + _load(load, _reached(beside, part, land & ~(out | near)) & ~part)
    if within >= least and _leaves_room(beside, load, land & ~part, out | near, (low, beyond)):
        height = _push(stack, height, (part, out | near, land, left, depth, 0), (own, whole, worst))
    heavier = own + load[_place(near)]
    if heavier <= most and (out == 0 or _leaves_room(beside, load, land & ~part & ~near, out, (low, beyond))):
        height = _push(stack, height, (part | near, out, land, left, depth, 0), (heavier, whole, worst))
    return height


@kernel
def _nearest(  # noqa: C901 - one loop, as kernels are
    beside: IntArray, load: FloatArray, window: Window, wish: tuple[int, int], labels: IntArray
) -> tuple[float, bool]:
    """Write down the nearest division; return how far its worst grid is out, and whether that is proven."""
    count, steps = wish
    size, bound = len(load), window.slack
    everything = (1 << size) - 1
    stack = Stack(np.zeros((_FRAMES, 6), dtype=np.int64), np.zeros((_FRAMES, 3)))
    parts, kept = np.zeros(size + 1, dtype=np.int64), np.zeros(_KEPT, dtype=np.int64)
    start = _tightest(beside, load, everything)
    height = _push(stack, 0, (start, 0, everything, count, 0, 0), (load[_place(start)], load.sum(), -1.0))
    while height and steps > 0 and bound > window.enough + ROUNDING and load.max() <= window.high + bound - ROUNDING:
        steps -= 1
        height -= 1
        part, _, land, left, depth, kind = stack.frames[height]
        own, whole, worst = stack.sums[height]
        if worst >= bound - ROUNDING:
            continue
        if kind == _CLOSED:
            # All that this land allows was tried, or better than the best: it is not worth another visit.
            slot = _slot(kept, land | left << MOST_UNITS)
            if slot >= 0:
                kept[slot] = land | left << MOST_UNITS
            continue
        low, high = window.low - bound + ROUNDING, window.high + bound - ROUNDING
        least, most = low, high
        if count > 0:
            # Sums in another order differ by rounding.
            least = max(low, whole - (left - 1) * high - ROUNDING)
            most = min(high, whole - (left - 1) * low + ROUNDING)
        if own > most:
            continue
        height = _grow(beside, load, stack, height, (low, least, most), left - 1 if count > 0 else size)
        if own < least:
            continue
        rest, after = land & ~part, left - 1 if count > 0 else 0
        missed = max(window.low - own, own - window.high, 0.0, worst)
        parts[depth] = part
        if rest == 0:
            if after == 0:
                _write(parts, depth + 1, labels)
                bound = missed
            continue
        piece = 0 if count > 0 and after == 0 else _may_divide(beside, load, rest, (low, high), after)
        slot = _slot(kept, rest | after << MOST_UNITS)
        if piece == 0 or (slot >= 0 and kept[slot] != 0):
            continue
        start = _tightest(beside, load, piece)
        for kind in range(_CLOSED, -1, -1):
            sums = (load[_place(start)], whole - own, missed)
            height = _push(stack, height, (start, 0, rest, after, depth + 1, kind), sums)
    return bound, height == 0 or steps > 0
