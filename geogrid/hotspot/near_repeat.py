"""Repeat and near-repeat: whether one case makes another nearby soon after more likely."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from geogrid.errors import InvalidInputError
from geogrid.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class NearRepeat:
    """Pairs of cases by how near they are in place and in time.

    Parameters
    ----------
    pairs, usual : (a, b) int64, float64
        Observed, and on average when the times are dealt out anew; bands of distance by bands of time.
    p : (a, b) float64
        How often as many pairs come by chance.
    """

    pairs: IntArray
    usual: FloatArray
    p: FloatArray


def near_repeat(  # noqa: PLR0913 - each is one choice of the method
    xy: FloatArray,
    days: FloatArray,
    *,
    distances_m: tuple[float, ...],
    lags_days: tuple[float, ...],
    rng: np.random.Generator,
    permutations: int = 999,
) -> NearRepeat:
    """Return Knox's table of pairs of cases that are near in place and time, against chance.

    Parameters
    ----------
    xy : (n, 2) float64
        Metres.
    days : (n,) float64
        Time of each case, days.
    distances_m, lags_days : tuple of float
        Ascending upper ends of the bands. A pair on an end belongs to the band below it; the first band begins at 0,
        itself within.
    rng : numpy.random.Generator
        Deals out the times.
    permutations : int
        How often.

    Raises
    ------
    InvalidInputError
        The bands do not ascend from above or at 0.

    References
    ----------
    Knox (1964), The detection of space-time interactions. Townsley, Homel and Chaseling (2003), Infectious burglaries.
    """
    for name, ends in (("distances_m", distances_m), ("lags_days", lags_days)):
        if not ends or ends[0] < 0 or any(a >= b for a, b in pairwise(ends)):
            raise InvalidInputError.of("bands", f"The bands of {name} do not ascend from 0.", "Give ascending ends.")
    pairs = cKDTree(xy).query_pairs(distances_m[-1], output_type="ndarray")
    near = np.searchsorted(distances_m, np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T), side="left")

    def table(times: FloatArray) -> IntArray:
        lag = np.searchsorted(lags_days, np.abs(times[pairs[:, 0]] - times[pairs[:, 1]]), side="left")
        cells = np.where(near < len(distances_m), near, 0) * (len(lags_days) + 1) + lag
        counts = np.bincount(cells[near < len(distances_m)], minlength=len(distances_m) * (len(lags_days) + 1))
        return counts.reshape(len(distances_m), -1)[:, :-1].astype(np.int64)

    observed = table(days)
    total, reached = np.zeros(observed.shape), np.zeros(observed.shape)
    for _ in range(permutations):
        drawn = table(rng.permutation(days))
        total += drawn
        reached += drawn >= observed
    return NearRepeat(observed, total / max(permutations, 1), (reached + 1.0) / (permutations + 1.0))
