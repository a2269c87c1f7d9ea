"""Why a grid is out of its band, and what would do."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Final

import numpy as np
import shapely

from geogrid.errors import Problem
from geogrid.partition.remedies import Cause, Freed, Stuck, cause_of, meets
from geogrid.partition.search.graph import Graph
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray
from geogrid.wording import amount, band_of

_MOST_CAUSES: Final = 12
_BY_WHAT_IS_FIXED: Final = frozenset({"block-over-band", "too-little-load", "no-count-fits"})
_NOT_FOUND: Final = (
    "band-missed",
    "the search found no division of its land within it, which does not prove that there is none.",
    "Widen the band, divide blocks between buildings with `max_load`, or search with more effort.",
)


@dataclass(frozen=True, slots=True)
class Banded:
    """Grids of one level, with what they are made of.

    Parameters
    ----------
    part : callable
        What a part is called, by its number: ``block 7``, or a grid of the level below.
    load : (n,) float64
        Load of each part.
    grid : (n,) int64
        Grid of each part, 0 .. k-1.
    region : (n,) int64
        Connected land of each part, which its grid cannot leave.
    parent : (n,) int64
        Parent of each part.
    exempt : (k,) bool
        Grids that need not meet the band.
    locked : (k,) bool
        Grids that had to stay as they are.
    fixed : bool
        The number of grids was given.
    graph : Graph, optional
        The parts with their neighbours; without it no reason is looked for where none is plain.
    parent_names : mapping of int to str
        What parents are called, where that is known.
    freed : callable, optional
        What was fixed on the land of a region and could be taken back.
    houses : (n,) int64, optional
        Buildings and lots with a load in each part.
    """

    part: Callable[[int], str]
    load: FloatArray
    grid: IntArray
    region: IntArray
    parent: IntArray
    exempt: BoolArray
    locked: BoolArray
    fixed: bool = False
    graph: Graph | None = None
    parent_names: Mapping[int, str] = field(default_factory=dict)
    freed: Callable[[int], Sequence[Freed]] | None = None
    houses: IntArray | None = None


@dataclass(frozen=True, slots=True)
class _Miss:
    """One grid out of the band."""

    load: float
    biggest: float
    biggest_name: str
    land: float
    place: str
    grids: int | None
    locked: bool
    houses: int | None


def band_problems(
    grids: Banded, band: tuple[float, float], *, names: Sequence[str], lonlat: GeometryArray, unit: str
) -> list[Problem]:
    """Return a problem for each grid out of the band.

    Parameters
    ----------
    grids : Banded
        The grids.
    band : tuple of float
        Lower and upper limit.
    names : sequence of str
        What each grid is called.
    lonlat : (k,) Polygon or MultiPolygon
        The grids in EPSG:4326, at least those out of the band.
    unit : str
        What is counted, e.g. ``households``.
    """
    low, high = band
    sums = np.bincount(grids.grid, weights=grids.load, minlength=len(names))
    lands = np.bincount(grids.region, weights=grids.load)
    several = len(np.unique(grids.parent)) > 1
    problems = []
    causes: dict[int, Cause] = {}
    for grid in np.flatnonzero(((sums < low) | (sums > high)) & ~grids.exempt).tolist():
        parts = np.flatnonzero(grids.grid == grid)
        region = grids.region[parts[0]]
        biggest = int(parts[grids.load[parts].argmax()])
        miss = _Miss(
            load=float(sums[grid]),
            biggest=float(grids.load[biggest]),
            biggest_name=grids.part(biggest),
            land=float(lands[region]),
            place=f" in {_parent(grids, int(grids.parent[parts[0]]))}" if several else "",
            grids=len(np.unique(grids.grid[grids.region == region])) if grids.fixed else None,
            locked=bool(grids.locked[grid]),
            houses=None if grids.houses is None else int(grids.houses[biggest]),
        )
        kind, reason, remedy = _reason(miss, band)
        if kind == "band-missed" and grids.graph is not None and len(causes) < _MOST_CAUSES:
            if int(region) not in causes:
                causes[int(region)] = _cause(grids, int(region), band)
            kind, reason, remedy = astuple(causes[int(region)])
        elif kind in _BY_WHAT_IS_FIXED:
            remedy = _without_fixed(grids, biggest, band, remedy)
        place = shapely.point_on_surface(lonlat[grid])
        message = f"Grid {names[grid]} has {amount(sums[grid])} {unit}, out of the band {band_of(low, high)}: {reason}"
        problems.append(
            Problem(
                kind,
                message,
                remedy,
                severity="warning",
                subject=names[grid],
                lonlat=(place.x, place.y),
                size=float(sums[grid]),
                unit=unit,
            )
        )
    return problems


def _parent(grids: Banded, parent: int) -> str:
    name = grids.parent_names.get(parent)
    return f"parent {parent}" if name is None else name


def _cause(grids: Banded, region: int, band: tuple[float, float]) -> Cause:
    """Return why no grids of a region's land were within the band."""
    members = np.flatnonzero(grids.region == region)
    if grids.graph is None or not len(members):
        return Cause(*_NOT_FOUND)
    grid = np.unique(grids.grid[members], return_inverse=True)[1]
    count = int(grid.max()) + 1 if grids.fixed else None
    freed = () if grids.freed is None else grids.freed(region)
    part = [grids.part(member) for member in members.tolist()]
    return cause_of(Stuck(grids.graph.part(members), part, grid, count), band, freed)


def _without_fixed(grids: Banded, part: int, band: tuple[float, float], remedy: str) -> str:
    """Return the remedy, led by what of the things fixed could be taken back, where that helps."""
    for freed in () if grids.freed is None else grids.freed(int(grids.region[part])):
        if meets(freed.graph, band, None):
            return f"{freed.remedy} {remedy}"
    return remedy


def _reason(miss: _Miss, band: tuple[float, float]) -> tuple[str, str, str]:
    """Return the kind, the reason and the nearest wish that can be met."""
    low, high = band
    land = f"its land{miss.place}, cut off by parents, dedicated or locked grids, barriers or water,"
    if miss.locked:
        return (
            "locked-out-of-band",
            "it is locked.",
            f"Unlock it; a band that includes {amount(miss.load)} would do as well.",
        )
    if miss.biggest > high:
        remedy = f"A band up to {amount(miss.biggest)} would take it"
        remedy += "." if miss.houses == 1 else "; between buildings, `max_load` divides blocks."
        reason = (
            f"{miss.biggest_name} alone has {amount(miss.biggest)}{', in one building or lot' * (miss.houses == 1)}."
        )
        return "block-over-band", reason, remedy
    if miss.land < low:
        remedy = f"Join it with its neighbour's parent; a band from {amount(miss.land)} would do as well."
        return "too-little-load", f"{land} has {amount(miss.land)} in all.", remedy
    if miss.grids is not None and not low * miss.grids <= miss.land <= high * miss.grids:
        return "number-against-band", *_number_against_band(miss.grids, miss.land, band)
    if math.floor(miss.land / low) < math.ceil(miss.land / high):
        count = max(round(2 * miss.land / (low + high)), 1)
        remedy = f"A number of {count}, with {amount(miss.land / count)} on average, would do."
        return "no-count-fits", f"no number of grids divides the {amount(miss.land)} of its land.", remedy
    return _NOT_FOUND


def _number_against_band(grids: int, land: float, band: tuple[float, float]) -> tuple[str, str]:
    low, high = band
    fewest, most = math.ceil(land / high), math.floor(land / low)
    mean = land / grids
    instead = f"Ask for {fewest} to {most} there" if fewest <= most else "Ask for another number"
    reason = f"it is one of {grids} asked for on land with {amount(land)}, {amount(mean)} on average."
    return reason, f"{instead}, or for a band that includes {amount(mean)}."
