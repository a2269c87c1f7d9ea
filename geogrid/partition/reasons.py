"""Why a grid is out of its band, and what would do."""

import math
from collections.abc import Sequence
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
    part : str
        What a part is called: ``block``, or the name of the level below.
    load : (n,) float64
        Load of each part.
    grid : (n,) int64
        Grid of each part, 0 .. k-1.
    region : (n,) int64
        Connected land of each part, which its grid cannot leave.
    exempt : (k,) bool
        Grids that need not meet the band.
    """

    part: str
    load: FloatArray
    grid: IntArray
    region: IntArray
    exempt: BoolArray


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
        The grids in EPSG:4326.
    unit : str
        What is counted, e.g. ``households``.
    """
    low, high = band
    sums = np.bincount(grids.grid, weights=grids.load, minlength=len(names))
    missing = np.flatnonzero(((sums < low) | (sums > high)) & ~grids.exempt).tolist()
    problems = []
    for grid in missing:
        parts = grids.grid == grid
        land = float(grids.load[grids.region == grids.region[parts][0]].sum())
        kind, reason, remedy = _reason(float(sums[grid]), float(grids.load[parts].max()), land, band, part=grids.part)
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


def _reason(load: float, biggest: float, land: float, band: tuple[float, float], *, part: str) -> tuple[str, str, str]:
    low, high = band
    if biggest > high:
        return "block-over-band", f"one {part} alone has {biggest:g}.", f"A band up to {biggest:g} would take it."
    if land < low:
        reason = f"the land that it lies in, cut off by parents, dedicated grids or water, has {land:g} in all."
        return "too-little-load", reason, "Join it with its neighbour's parent, or accept it."
    if math.floor(land / low) < math.ceil(land / high):
        count = max(round(2 * land / (low + high)), 1)
        reason = f"no number of grids divides the {land:g} of its land."
        return "no-count-fits", reason, f"A number of {count}, with {land / count:g} on average, would do."
    return "band-missed", f"no division of the {part}s was found.", f"A band that includes {load:g} would do."
