"""Rates: cases per thousand households or residents, with intervals, and steadied where numbers are small."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from geogrid.errors import InvalidInputError, Problem
from geogrid.hotspot.weights import SpatialWeights
from geogrid.types import BoolArray, FloatArray

PER: Final = 1000.0
FEW_CASES: Final = 5
"""A rate of fewer cases than this is told as a small number and not coloured."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Cases per thousand by grid.

    Parameters
    ----------
    rate, low, high : (n,) float64
        Cases per thousand of the base, and the ends of the exact interval; NaN where the base is 0.
    is_small : (n,) bool
        Too few cases, or no base: the rate says little.
    confidence : float
        Share that the intervals are made for.
    """

    rate: FloatArray
    low: FloatArray
    high: FloatArray
    is_small: BoolArray
    confidence: float


def rates(cases: FloatArray, base: FloatArray, *, confidence: float = 0.95) -> Rates:
    """Return cases per thousand with exact Poisson intervals.

    Parameters
    ----------
    cases : (n,) float64
        Whole numbers from 0.
    base : (n,) float64
        Households, residents or whatever could have a case; not negative.
    confidence : float
        Between 0 and 1.

    Raises
    ------
    InvalidInputError
        Something is negative, not finite, or not of one length.

    References
    ----------
    Garwood (1936), Fiducial limits for the Poisson distribution.
    """
    from scipy.stats import chi2

    require_counts(cases, base)
    if not 0.0 < confidence < 1.0:
        raise InvalidInputError.of(
            "confidence", f"The confidence {confidence:g} is no share.", "Give one between 0 and 1, e.g. 0.95."
        )
    tail = (1.0 - confidence) / 2.0
    low = np.where(cases > 0, chi2.ppf(tail, 2.0 * np.maximum(cases, 1.0)) / 2.0, 0.0)
    high = chi2.ppf(1.0 - tail, 2.0 * (cases + 1.0)) / 2.0
    scale = np.divide(PER, base, out=np.full(len(base), np.nan), where=base > 0)
    return Rates(cases * scale, low * scale, high * scale, (cases < FEW_CASES) | (base <= 0), confidence)


def global_bayes_rates(cases: FloatArray, base: FloatArray) -> FloatArray:
    """Return rates drawn towards the mean of the town, the more the smaller their base.

    Returns
    -------
    (n,) float64
        Cases per thousand; the mean of the town where the base is 0.

    References
    ----------
    Marshall (1991), Mapping disease and mortality rates using empirical Bayes estimators.
    """
    require_counts(cases, base)
    total = base.sum()
    mean = _share(cases.sum(), total)
    raw = np.divide(cases, base, out=np.full(len(base), mean), where=base > 0)
    between = _share((base * (raw - mean) ** 2).sum(), total) - mean / (total / len(base)) if total else 0.0
    return _drawn(raw, base, np.full(len(base), mean), np.full(len(base), between))


def local_bayes_rates(cases: FloatArray, base: FloatArray, weights: SpatialWeights) -> FloatArray:
    """Return rates drawn towards the mean of each grid and its neighbours; see `global_bayes_rates`.

    References
    ----------
    Marshall (1991), Mapping disease and mortality rates using empirical Bayes estimators.
    """
    require_counts(cases, base)
    near_base = base + weights.sums(base)
    near_cases = cases + weights.sums(cases)
    mean = np.divide(near_cases, near_base, out=np.zeros(len(base)), where=near_base > 0)
    raw = np.divide(cases, base, out=np.zeros(len(base)), where=base > 0)
    owner = np.repeat(np.arange(len(base)), weights.counts)
    apart = np.bincount(
        owner,
        weights=base[weights.neighbors] * (raw[weights.neighbors] - mean[owner]) ** 2,
        minlength=len(base),
    )
    apart += base * (raw - mean) ** 2
    average_base = near_base / (weights.counts + 1)
    between = np.divide(apart, near_base, out=np.zeros(len(base)), where=near_base > 0)
    between -= np.divide(mean, average_base, out=np.zeros(len(base)), where=average_base > 0)
    return _drawn(np.where(base > 0, raw, mean), base, mean, between)


def _drawn(raw: FloatArray, base: FloatArray, mean: FloatArray, between: FloatArray) -> FloatArray:
    """Return (n,) cases per thousand; a variance below 0 counts as 0, which leaves the mean alone."""
    between = np.maximum(between, 0.0)
    within = np.divide(mean, base, out=np.zeros(len(base)), where=base > 0)
    spread = between + within
    share = np.divide(between, spread, out=np.zeros(len(base)), where=(spread > 0) & (base > 0))
    return PER * (mean + share * (raw - mean))


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0


def require_counts(cases: FloatArray, base: FloatArray | None = None) -> None:
    """Raise `InvalidInputError` with all that is wrong with counts and the numbers under them."""
    problems = []
    for name, values in (("cases", cases), ("base", base)):
        if values is None:
            continue
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(wrong):
            message = f"{len(wrong)} values of {name} are negative or no number, the first at position {wrong[0]}."
            problems.append(Problem("counts", message, "Give numbers from 0.", subject=name))
        if len(values) != len(cases):
            message = f"There are {len(cases)} counts of cases and {len(values)} of {name}."
            problems.append(Problem("length", message, "Give one of each by grid.", subject=name))
    if problems:
        raise InvalidInputError(problems)
