"""Why land cannot be divided within a band, as far as that can be proven, and the nearest wish that it can be."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from geogrid.partition.search.divide import Wish, divide
from geogrid.partition.search.graph import Graph
from geogrid.partition.search.sums import nearest_sums
from geogrid.partition.search.terms import ROUNDING
from geogrid.partition.search.windows import MOST_UNITS, Window, division_within, nearest_division, worst_miss
from geogrid.types import FloatArray, IntArray
from geogrid.wording import counted

_COUNTS_TRIED: Final = 6
_SEED: Final = 7
_MOST_SUMS: Final = 200


@dataclass(frozen=True, slots=True)
class Freed:
    """Land to be had by taking back one thing that was fixed.

    Parameters
    ----------
    what : str
        What was fixed.
    remedy : str
        How it is taken back.
    graph : Graph
        The land then.
    """

    what: str
    remedy: str
    graph: Graph


@dataclass(frozen=True, slots=True)
class Stuck:
    """Connected land that misses its band.

    Parameters
    ----------
    graph : Graph
        Its units.
    part : sequence of str
        What each unit is called.
    grid : (u,) int64
        Grid of each unit.
    count : int or None
        Number of grids, where it was given.
    """

    graph: Graph
    part: Sequence[str]
    grid: IntArray
    count: int | None


@dataclass(frozen=True, slots=True)
class Cause:
    """A kind of problem, the reason, and the remedy, which was tried."""

    kind: str
    reason: str
    remedy: str


def cause_of(land: Stuck, band: tuple[float, float], freed: Iterable[Freed]) -> Cause:
    """Return why no division of the land was within the band: what is proven, or that it was not found."""
    for other in freed:
        if meets(other.graph, band, None):
            return Cause("fixed-against-band", f"{other.what} leaves no division of its land within it.", other.remedy)
    wider, proven = _nearest_band(land, band)
    if wider == band:
        reason = "few households were to leave their grids of the earlier plan, but a division within it there is."
        return Cause("band-missed", reason, "Divide this land without the earlier plan.")
    remedy = f"A band of {_number(wider[0])}:{_number(wider[1])} would do{_other_count(land, band)}."
    sums = _without_sum(land, band)
    if sums is not None:
        return Cause("no-sum-fits", sums, remedy)
    if proven:
        reason = f"none of all divisions of its land, of {counted(len(land.graph), 'block')}, is within it."
        return Cause("no-division-fits", reason, remedy)
    reason = "the search found no division of its land within it, which does not prove that there is none."
    return Cause("band-missed", reason, remedy)


def meets(graph: Graph, band: tuple[float, float], count: int | None) -> bool:
    """Tell whether a division of a graph within a band is found."""
    component = graph.components()
    if component.max(initial=0) > 0:
        return count is None and all(meets(piece, band, None) for piece in graph.split(component))
    if graph.load_of.max() > band[1] or graph.total < band[0]:
        return False
    if len(graph) <= MOST_UNITS:
        return bool(len(division_within(graph, band, count).labels))
    labels = divide(graph, Wish(band, count), np.random.default_rng(_SEED))
    return worst_miss(graph, labels, band) <= 0.0


def _nearest_band(land: Stuck, band: tuple[float, float]) -> tuple[tuple[float, float], bool]:
    """Return the narrowest band around the wished one that a division meets, and whether none is nearer."""
    graph, loads, proven = land.graph, _loads(land.graph, land.grid), False
    if len(graph) <= MOST_UNITS:
        window = Window(*band, worst_miss(graph, land.grid, band) + 3.0 * ROUNDING, 0.0)
        nearest = nearest_division(graph, window, land.count or 0)
        proven = nearest.is_proven and nearest.miss > ROUNDING
        if len(nearest.labels):
            loads = _loads(graph, nearest.labels)
    return (min(band[0], float(loads.min())), max(band[1], float(loads.max()))), proven


def _other_count(land: Stuck, band: tuple[float, float]) -> str:
    """Return the nearest number of grids of which all are within the band, in words."""
    wanted = land.count
    if wanted is None:
        return ""
    possible = range(max(math.ceil(land.graph.total / band[1]), 1), math.floor(land.graph.total / band[0]) + 1)
    nearest = sorted((count for count in possible if count != wanted), key=lambda count: abs(count - wanted))
    for count in nearest[:_COUNTS_TRIED]:
        if count <= len(land.graph) and meets(land.graph, band, count):
            return f", or {counted(count, 'grid')} there instead of {wanted}"
    return ""


def _without_sum(land: Stuck, band: tuple[float, float]) -> str | None:
    """Return which unit no others can be joined to within the band, wherever they lie, in words."""
    loads = land.graph.load_of
    if len(loads) > _MOST_SUMS:
        return None
    for unit in range(len(loads)):
        below, above = nearest_sums(np.delete(loads, unit), band, float(loads[unit]))
        if below is None and above is None:
            continue
        if (below is None or below < band[0] - ROUNDING) and (above is None or above > band[1] + ROUNDING):
            sums = " or ".join(_number(load) for load in (below, above) if load is not None)
            return f"{land.part[unit]} has {_number(loads[unit])}, and with any others {sums} is the nearest."
    return None


def _loads(graph: Graph, labels: IntArray) -> FloatArray:
    loads: FloatArray = np.bincount(labels, weights=graph.load_of).astype(np.float64)[np.unique(labels)]
    return loads


def _number(value: float) -> str:
    """Return a number with all digits that it has, to a millionth."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
