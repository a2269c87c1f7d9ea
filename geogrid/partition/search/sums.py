"""Which loads some units can have together, wherever they lie."""

import math
from typing import Final

import numpy as np

from geogrid.partition.search.terms import ROUNDING
from geogrid.types import FloatArray

_MOST: Final = 4_000_000


def unit_of_loads(loads: FloatArray) -> float:
    """Return the largest number that all loads are whole multiples of, 0 where they are no whole numbers."""
    whole = np.rint(loads)
    if len(loads) == 0 or (np.abs(whole - loads) > ROUNDING).any() or whole.max() > np.iinfo(np.int64).max / 2:
        return 0.0
    return float(np.gcd.reduce(whole.astype(np.int64)))


def least_deviation(loads: FloatArray, count: int) -> float:
    """Return what the worst of so many grids differs from their mean at least, by the loads alone."""
    mean, step = float(loads.sum()) / count, unit_of_loads(loads)
    apart = max(float(loads.max()) - mean, 0.0)
    if step <= 0.0:
        return apart
    below = math.floor(mean / step + ROUNDING) * step
    return apart if mean - below <= ROUNDING else max(apart, mean - below, below + step - mean, 0.0)


def nearest_sums(
    loads: FloatArray, band: tuple[float, float], beside: float = 0.0
) -> tuple[float | None, float | None]:
    """Return the largest sum of some loads up to a band, and the smallest from its lower end on.

    Parameters
    ----------
    loads : (n,) float64
        Loads; a sum takes any of them.
    band : tuple of float
        Lower and upper limit.
    beside : float
        What every sum has besides.

    Returns
    -------
    tuple of float or None
        The largest at most the upper limit and the smallest at least the lower one: two sums within the band where
        there are any, else those on either side. None where there is none, or where loads are no whole numbers, or
        too large ones to be listed.
    """
    step = unit_of_loads(np.append(loads, beside))
    if step <= 0.0 or (float(loads.sum()) + beside) / step > _MOST:
        return None, None
    sums = 1 << round(beside / step)
    for load in loads.tolist():
        sums |= sums << round(load / step)
    upper, lower = math.floor(band[1] / step + ROUNDING), math.ceil(band[0] / step - ROUNDING)
    below = (sums & ((1 << upper + 1) - 1)).bit_length() - 1
    above = sums >> max(lower, 0)
    smallest = max(lower, 0) + (above & -above).bit_length() - 1 if above else None
    return None if below < 0 else below * step, None if smallest is None else smallest * step


def is_out_of_reach(loads: FloatArray, band: tuple[float, float]) -> bool:
    """Tell whether it is certain that no sum of some loads lies in a band."""
    below, above = nearest_sums(loads, band)
    if below is None and above is None:
        return False
    return (below is None or below < band[0] - ROUNDING) and (above is None or above > band[1] + ROUNDING)
