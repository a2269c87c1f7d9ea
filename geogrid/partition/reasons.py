"""Why a grid is out of its band, and what would do."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.errors import Problem
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray


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
    """

    part: Callable[[int], str]
    load: FloatArray
    grid: IntArray
    region: IntArray
    parent: IntArray
    exempt: BoolArray
    locked: BoolArray
    fixed: bool = False


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
    for grid in np.flatnonzero(((sums < low) | (sums > high)) & ~grids.exempt).tolist():
        parts = np.flatnonzero(grids.grid == grid)
        region = grids.region[parts[0]]
        biggest = int(parts[grids.load[parts].argmax()])
        miss = _Miss(
            load=float(sums[grid]),
            biggest=float(grids.load[biggest]),
            biggest_name=grids.part(biggest),
            land=float(lands[region]),
            place=f" in parent {grids.parent[parts[0]]}" if several else "",
            grids=len(np.unique(grids.grid[grids.region == region])) if grids.fixed else None,
            locked=bool(grids.locked[grid]),
        )
        kind, reason, remedy = _reason(miss, band)
        place = shapely.point_on_surface(lonlat[grid])
        message = f"Grid {names[grid]} has {sums[grid]:g} {unit}, out of the band {low:g}:{high:g}: {reason}"
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


def _reason(miss: _Miss, band: tuple[float, float]) -> tuple[str, str, str]:
    """Return the kind, the reason and the nearest wish that can be met."""
    low, high = band
    land = f"its land{miss.place}, cut off by parents, dedicated or locked grids, barriers or water,"
    if miss.locked:
        return "locked-out-of-band", "it is locked.", f"Unlock it; a band that includes {miss.load:g} would do as well."
    if miss.biggest > high:
        remedy = f"A band up to {miss.biggest:g} would take it; between buildings, `max_load` divides blocks."
        return "block-over-band", f"{miss.biggest_name} alone has {miss.biggest:g}.", remedy
    if miss.land < low:
        remedy = f"Join it with its neighbour's parent; a band from {miss.land:g} would do as well."
        return "too-little-load", f"{land} has {miss.land:g} in all.", remedy
    if miss.grids is not None and not low * miss.grids <= miss.land <= high * miss.grids:
        return "number-against-band", *_number_against_band(miss.grids, miss.land, band)
    if math.floor(miss.land / low) < math.ceil(miss.land / high):
        count = max(round(2 * miss.land / (low + high)), 1)
        remedy = f"A number of {count}, with {miss.land / count:g} on average, would do."
        return "no-count-fits", f"no number of grids divides the {miss.land:g} of its land.", remedy
    return "band-missed", "no division of its land was found.", f"A band that includes {miss.load:g} would do."


def _number_against_band(grids: int, land: float, band: tuple[float, float]) -> tuple[str, str]:
    low, high = band
    fewest, most = math.ceil(land / high), math.floor(land / low)
    mean = land / grids
    instead = f"Ask for {fewest} to {most} there" if fewest <= most else "Ask for another number"
    reason = f"{grids} grids were asked for on land with {land:g}, {mean:g} on average."
    return reason, f"{instead}, or for a band that includes {mean:g}."
