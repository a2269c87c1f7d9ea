"""Change: two periods against each other, and many in a row: emerging, persistent, fading."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from geogrid.errors import InvalidInputError
from geogrid.hotspot.rates import require_counts
from geogrid.types import BoolArray, FloatArray

Course = Literal["emerging", "persistent", "fading", "none"]
COURSES: Final[tuple[Course, ...]] = get_args(Course)
_FEWEST: Final = 4


@dataclass(frozen=True, slots=True)
class PeriodChange:
    """How each place changed from one period to another.

    Parameters
    ----------
    ratio : (n,) float64
        Cases per day after over before, over the same ratio of the whole town; NaN where a place had none before.
    p : (n,) float64
        Two-sided and exact; NaN for a place without any case.
    is_more : (n,) bool
        A larger share of the town's cases than before.
    """

    ratio: FloatArray
    p: FloatArray
    is_more: BoolArray


def period_change(before: FloatArray, after: FloatArray, *, days: tuple[float, float] | None = None) -> PeriodChange:
    """Return where cases grew or shrank against the town as a whole, or against the same pace as before.

    Given how many cases a place had in both periods, those of the second are binomial.

    Parameters
    ----------
    before, after : (n,) float64
        Whole numbers by place.
    days : (float, float), optional
        Lengths of the periods: change is then told against an unchanged pace. Without them, against the town: where
        all of it has twice the cases, a place with twice the cases has not changed.

    Raises
    ------
    InvalidInputError
        Counts are none, or one period has no case at all.

    References
    ----------
    Przyborowski and Wilenski (1940), Homogeneity of results in testing samples from Poisson series.
    """
    from scipy.stats import binom

    require_counts(before, after)
    weights = days or (float(before.sum()), float(after.sum()))
    if min(weights) <= 0:
        raise InvalidInputError.of("period", "One of the two periods has no case.", "Choose periods that have some.")
    share = weights[1] / (weights[0] + weights[1])
    both = before + after
    lower, upper = binom.cdf(after, both, share), binom.sf(after - 1, both, share)
    p = np.where(both > 0, np.minimum(2.0 * np.minimum(lower, upper), 1.0), np.nan)
    pace = np.divide(after, before, out=np.full(len(before), np.nan), where=before > 0)
    return PeriodChange(pace * weights[0] / weights[1], p, after > both * share)


@dataclass(frozen=True, slots=True)
class Trend:
    """Mann and Kendall's test of a row of values, by place.

    Parameters
    ----------
    score, deviate, p : (n,) float64
        Pairs in order less pairs out of order, as a standard deviate, and its two-sided p.
    """

    score: FloatArray
    deviate: FloatArray
    p: FloatArray


def mann_kendall(values: FloatArray) -> Trend:
    """Return whether values rise or fall through time, with ties counted.

    Parameters
    ----------
    values : (n, t) float64
        By place and period, at least 4 periods.

    Raises
    ------
    InvalidInputError
        There are fewer periods.

    References
    ----------
    Mann (1945), Nonparametric tests against trend. Kendall (1975), Rank correlation methods.
    """
    from scipy.stats import norm

    periods = values.shape[1] if values.ndim > 1 else 0
    if periods < _FEWEST:
        raise InvalidInputError.of("periods", f"{periods} periods show no trend.", f"Give at least {_FEWEST}.")
    first, second = np.triu_indices(periods, 1)
    score = np.sign(values[:, second] - values[:, first]).sum(axis=1)
    tied = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    # Each value of a tie of t counts (t - 1)(2t + 5), so that the tie as a whole counts t(t - 1)(2t + 5).
    variance = (periods * (periods - 1) * (2 * periods + 5) - ((tied - 1) * (2 * tied + 5)).sum(axis=1)) / 18.0
    nearer = score - np.sign(score)
    deviate = np.divide(nearer, np.sqrt(variance), out=np.zeros(len(values)), where=variance > 0)
    return Trend(score, deviate, np.asarray(2.0 * norm.sf(np.abs(deviate))))


def courses(is_hot: BoolArray, trend: Trend, *, alpha: float = 0.05) -> list[Course]:
    """Return what became of each place through time.

    Emerging: hot in the last period, and either rising or never hot before it. Fading: hot once, not in the last
    period, or falling. Persistent: hot in the last and in most periods, neither rising nor falling. Else none.

    Parameters
    ----------
    is_hot : (n, t) bool
        Whether a place was a hotspot, by period.
    trend : Trend
        Of its values.
    alpha : float
        Level of the trend.
    """
    is_now, share = is_hot[:, -1], is_hot.mean(axis=1)
    is_new = is_now & ~is_hot[:, :-1].any(axis=1)
    rises, falls = (trend.p <= alpha) & (trend.score > 0), (trend.p <= alpha) & (trend.score < 0)
    chosen = np.select(
        [is_now & (rises | is_new), is_hot.any(axis=1) & (~is_now | falls), is_now & (share > 0.5)],  # noqa: PLR2004 - most
        [0, 2, 1],
        default=3,
    )
    return [COURSES[place] for place in chosen]
