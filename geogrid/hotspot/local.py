"""Local statistics: where high values lie together, told from chance by conditional permutations."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from geogrid.errors import InvalidInputError, Problem
from geogrid.hotspot.weights import SpatialWeights
from geogrid.types import BoolArray, FloatArray, IntArray

LocalMethod = Literal["gi_star", "local_moran"]
Quadrant = Literal["high-high", "low-high", "low-low", "high-low"]
QUADRANTS: Final[tuple[Quadrant, ...]] = ("high-high", "low-high", "low-low", "high-low")

_ROWS_AT_ONCE: Final = 512
_TOLERANCE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class LocalStatistic:
    """A local statistic by place.

    Parameters
    ----------
    method : {"gi_star", "local_moran"}
        Which.
    value : (n,) float64
        Gi* as a standard deviate, or local Moran's I.
    p : (n,) float64
        Two-sided, from permutations; NaN for a place without neighbours.
    is_high : (n,) bool
        Gi*: above what is expected. Local Moran: the place itself is above the mean.
    quadrant : (n,) int64
        Position in `QUADRANTS`: the place against its neighbours.
    weights : str
        What made a neighbour.
    permutations : int
        How many.
    """

    method: LocalMethod
    value: FloatArray
    p: FloatArray
    is_high: BoolArray
    quadrant: IntArray
    weights: str
    permutations: int


def gi_star(
    values: FloatArray, weights: SpatialWeights, *, rng: np.random.Generator, permutations: int = 9999
) -> LocalStatistic:
    """Return Getis and Ord's Gi*: whether a place and its neighbours together hold more than chance gives them.

    Chance deals out the neighbours' values, as is usual. Where they pull one way and the place itself tips the sum the
    other, nothing is told: p is 1.

    Parameters
    ----------
    values : (n,) float64
        Counts or rates by place, finite, not all alike.
    weights : SpatialWeights
        Neighbours; the place itself is added.
    rng : numpy.random.Generator
        Draws the permutations.
    permutations : int
        At least 1.

    Raises
    ------
    InvalidInputError
        Values are missing, all alike, too few, or not as many as places.

    References
    ----------
    Getis and Ord (1992), The analysis of spatial association by use of distance statistics. Ord and Getis (1995), Local
    spatial autocorrelation statistics, equation 14.
    """
    _require(values, weights, permutations)
    n, near = len(values), weights.counts + 1
    total = values + weights.sums(values)
    spread = np.sqrt((n * near - near**2) / (n - 1.0))
    above = total - near * values.mean()
    deviate = np.divide(above, values.std() * spread, out=np.zeros(n), where=spread > 0)
    p = permutation_p(values, weights, rng=rng, permutations=permutations)
    others = (n * values.mean() - values) / (n - 1)
    p[((deviate > 0) != (weights.averages(values) > others)) & ~weights.islands] = 1.0
    return LocalStatistic("gi_star", deviate, p, deviate > 0, _quadrants(values, weights), weights.name, permutations)


def local_moran(
    values: FloatArray, weights: SpatialWeights, *, rng: np.random.Generator, permutations: int = 9999
) -> LocalStatistic:
    """Return local Moran's I: whether a place is like its neighbours, high among high, or unlike them.

    Parameters and errors as `gi_star`; weights are divided by the number of neighbours.

    References
    ----------
    Anselin (1995), Local indicators of spatial association.
    """
    _require(values, weights, permutations)
    apart = values - values.mean()
    near = weights.averages(apart)
    value = (len(values) - 1.0) * apart * near / (apart**2).sum()
    p = permutation_p(values, weights, rng=rng, permutations=permutations)
    return LocalStatistic("local_moran", value, p, apart > 0, _quadrants(values, weights), weights.name, permutations)


def moran(values: FloatArray, weights: SpatialWeights) -> float:
    """Return Moran's I of the whole: from -1, neighbours unlike, over about 0, chance, to 1, neighbours alike.

    References
    ----------
    Moran (1950), Notes on continuous stochastic phenomena. Weights are divided by the number of neighbours.
    """
    _require(values, weights, 1)
    apart = values - values.mean()
    scale = len(values) / np.count_nonzero(~weights.islands)
    return float(scale * (apart * weights.averages(apart)).sum() / (apart**2).sum())


def permutation_p(
    values: FloatArray, weights: SpatialWeights, *, rng: np.random.Generator, permutations: int
) -> FloatArray:
    """Return how rarely chance gives a place neighbours as extreme as its own.

    A place keeps its value; its k neighbours are drawn from all others without replacement, `permutations` times.
    All places share the draws: the sums of the first k of each draw are sorted once for each k, and where a draw holds
    the place itself, the next one in the draw stands in for it. So the cost is that of a binary search a place.

    Returns
    -------
    (n,) float64
        Two-sided, at least 1 / (permutations + 1); NaN for a place without neighbours.
    """
    n, counts = len(values), weights.counts
    draws = _draws(n, int(counts.max(initial=0)) + 1, permutations, rng)
    observed = weights.sums(values)
    p = np.full(n, np.nan)
    for count in np.unique(counts[counts > 0]).tolist():
        places = np.flatnonzero(counts == count)
        p[places] = _tails(values, places, observed[places], draws[:, : count + 1])
    return p


def _tails(values: FloatArray, places: IntArray, observed: FloatArray, draws: IntArray) -> FloatArray:
    """Return two-sided p-values of places with equally many neighbours.

    Parameters
    ----------
    draws : (permutations, k + 1) int64
        Distinct places; the last of a draw stands in for the place that is asked about.
    """
    permutations = len(draws)
    drawn = values[draws]
    sums = drawn[:, :-1].sum(axis=1)
    slack = _TOLERANCE * max(float(np.abs(sums).max()), 1.0)
    ordered = np.sort(sums)
    above = permutations - np.searchsorted(ordered, observed - slack, side="left")
    below = np.searchsorted(ordered, observed + slack, side="right")
    rank = np.full(len(values), -1)
    rank[places] = np.arange(len(places))
    held = rank[draws[:, :-1]]
    row, column = np.nonzero(held >= 0)
    owner = held[row, column]
    instead = sums[row] - drawn[row, column] + drawn[row, -1]
    goal = observed[owner]
    more = (instead >= goal - slack).astype(np.int64) - (sums[row] >= goal - slack)
    less = (instead <= goal + slack).astype(np.int64) - (sums[row] <= goal + slack)
    above = above + np.bincount(owner, weights=more, minlength=len(places))
    below = below + np.bincount(owner, weights=less, minlength=len(places))
    return np.asarray(np.minimum(2.0 * (np.minimum(above, below) + 1.0) / (permutations + 1.0), 1.0))


def _draws(n: int, size: int, permutations: int, rng: np.random.Generator) -> IntArray:
    """Return (permutations, size) int64: distinct places by row, in random order.

    Few of many are drawn again until they are distinct; else whole rows are shuffled, some at a time.
    """
    size = min(size, n)
    if size * size <= n:
        draws = rng.integers(0, n, (permutations, size))
        while len(again := np.flatnonzero((np.diff(np.sort(draws, axis=1), axis=1) == 0).any(axis=1))):
            draws[again] = rng.integers(0, n, (len(again), size))
        return draws
    rows = np.tile(np.arange(n), (min(_ROWS_AT_ONCE, permutations), 1))
    parts = [rng.permuted(rows, axis=1)[:, :size] for _ in range(-(-permutations // len(rows)))]
    return np.concatenate(parts)[:permutations]


def _quadrants(values: FloatArray, weights: SpatialWeights) -> IntArray:
    apart = values - values.mean()
    is_high, is_near_high = apart > 0, weights.averages(apart) > 0
    return np.select([is_high & is_near_high, ~is_high & is_near_high, ~is_high], [0, 1, 2], default=3)


def _require(values: FloatArray, weights: SpatialWeights, permutations: int) -> None:
    problems = []
    if len(values) != len(weights):
        message = f"There are {len(values)} values and {len(weights)} places."
        problems.append(Problem("length", message, "Give one value by place."))
    if not np.isfinite(values).all():
        wrong = np.flatnonzero(~np.isfinite(values))
        message = f"{len(wrong)} values are no number, the first at position {wrong[0]}."
        problems.append(Problem("values", message, "Leave these places out, or give their values."))
    elif len(values) < 3 or np.ptp(values) == 0:  # noqa: PLR2004 - fewer have no spread to speak of
        message = f"{len(values)} values that are all alike or too few have no spots."
        problems.append(Problem("values", message, "Give at least 3 places, not all with the same value."))
    if permutations < 1:
        problems.append(Problem("permutations", f"{permutations} permutations tell nothing.", "Give 999 or 9999."))
    if problems:
        raise InvalidInputError(problems)
