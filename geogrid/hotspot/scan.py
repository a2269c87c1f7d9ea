"""The scan statistic: zones with more cases than expected, and how rarely chance gives as many."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from geogrid.errors import InvalidInputError, Problem
from geogrid.hotspot.rates import require_counts
from geogrid.hotspot.scan_kernels import LANES, best_masks, best_prefixes, scan_replicates, step_ends
from geogrid.hotspot.weights import SpatialWeights
from geogrid.hotspot.zones import FlexibleZones, Orders, flexible_zones, orders
from geogrid.types import FloatArray, IntArray

ZoneShape = Literal["circular", "elliptic", "flexible"]
_EULER: Final = 0.5772156649015329
_STEP: Final = 0.25
_BYTE: Final = 255
_SHORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Cluster:
    """A zone of more cases than expected.

    Parameters
    ----------
    members : tuple of int
        Positions of its places, the centre first.
    cases, expected : float
        In the zone.
    relative_risk : float
        Risk within over risk without; infinite where all cases are within.
    ratio : float
        Log likelihood ratio.
    p, gumbel_p : float
        By rank among the replicates, and by the Gumbel distribution that fits these; NaN without replicates.
    periods : (int, int), optional
        First and last period, both within; for clusters in space and time.
    """

    members: tuple[int, ...]
    cases: float
    expected: float
    relative_risk: float
    ratio: float
    p: float = np.nan
    gumbel_p: float = np.nan
    periods: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Clusters, the most likely first, none sharing a place with one before it.

    Parameters
    ----------
    clusters : tuple of Cluster
        Those with more cases than expected.
    replicates : (r,) float64
        Largest log likelihood ratio of each draw by chance.
    method : str
        Shape and model.
    """

    clusters: tuple[Cluster, ...]
    replicates: FloatArray
    method: str


@dataclass(frozen=True, slots=True)
class Zone:
    """What a search found round one centre, before overlaps are sorted out."""

    ratio: float
    members: Callable[[], IntArray]
    periods: tuple[int, int] | None = None


def scan(  # noqa: PLR0913 - each is one choice of the method
    xy: FloatArray,
    cases: FloatArray,
    population: FloatArray,
    *,
    rng: np.random.Generator,
    shape: ZoneShape = "circular",
    max_share: float = 0.5,
    max_radius_m: float | None = None,
    replicates: int = 999,
    weights: SpatialWeights | None = None,
    members: int = 10,
) -> ScanResult:
    """Return the clusters of cases in space by the Poisson model.

    Parameters
    ----------
    xy : (n, 2) float64, or (n, 3) for circles on the globe
        Places, metres; see `geogrid.hotspot.zones.on_sphere`.
    cases, population : (n,) float64
        By place.
    rng : numpy.random.Generator
        Draws the replicates.
    shape : {"circular", "elliptic", "flexible"}
        Of the zones; flexible ones need `weights`, and are of up to `members` places.
    max_share : float
        Share of the population in a circle or an ellipse at most, above 0 to 0.5.
    max_radius_m : float, optional
        Of a circle, or along the long axis of an ellipse.
    replicates : int
        Draws by chance; 999 tell p to the thousandth.

    Raises
    ------
    InvalidInputError
        Counts or limits are none.

    References
    ----------
    Kulldorff (1997), A spatial scan statistic. Kulldorff and others (2006), An elliptic spatial scan statistic. Tango
    and Takahashi (2005), A flexibly shaped spatial scan statistic. Abrams and others (2010), Gumbel based p-value
    approximations for spatial scan statistics.
    """
    require_scan(cases, population, max_share, replicates)
    # One layout in memory, so that the loops are compiled once.
    cases, population = np.ascontiguousarray(cases), np.ascontiguousarray(population)
    total = float(cases.sum())
    expected = total * population / population.sum()
    if shape == "flexible":
        if weights is None:
            raise InvalidInputError.of("weights", "Flexible zones need neighbours.", "Give weights.", subject="weights")
        found, chance = _scan_flexible(flexible_zones(xy, weights, members=members), cases, expected, rng, replicates)
    else:
        rows = orders(xy, population, max_share=max_share, max_radius_m=max_radius_m, is_elliptic=shape == "elliptic")
        found, chance = _scan_orders(rows, cases, expected, rng, replicates)
    return ScanResult(ranked(found, cases, expected, chance), chance, f"{shape} Poisson scan")


def require_scan(cases: FloatArray, population: FloatArray, max_share: float, replicates: int) -> None:
    """Raise `InvalidInputError` with all that keeps a scan from being made."""
    require_counts(cases, population)
    problems = []
    if not 0.0 < max_share <= 0.5:  # noqa: PLR2004 - above a half, it is the rest that is few
        message = f"A cluster of up to {max_share:g} of the population is none."
        problems.append(Problem("max_share", message, "Give a share above 0, at most 0.5.", subject="max_share"))
    if replicates < 0:
        message = f"{replicates} replicates cannot be drawn."
        problems.append(Problem("replicates", message, "Give 0 or more, e.g. 999.", subject="replicates"))
    if not cases.sum() > 0 or not population.sum() > 0:
        message = "There are no cases, or nobody who could have one."
        problems.append(Problem("no-cases", message, "Choose a longer period, or another base.", subject="cases"))
    if problems:
        raise InvalidInputError(problems)


def _scan_orders(
    rows: Iterable[Orders], cases: FloatArray, expected: FloatArray, rng: np.random.Generator, replicates: int
) -> tuple[list[Zone], FloatArray]:
    total = float(cases.sum())
    drawn = _draw(round(total), expected, rng, replicates)
    best = np.zeros((len(drawn), LANES))
    sums = np.zeros((2, LANES), dtype=np.uint16 if total <= _SHORT else np.int32)
    found = []
    for order in rows:
        ratios, sizes = best_prefixes(order.places, order.lengths, cases, expected, total)
        found += [
            Zone(float(ratio) * order.factor, partial(beginning, row, size))
            for row, ratio, size in zip(order.places, ratios, sizes.tolist(), strict=True)
            if ratio > 0
        ]
        if len(drawn):
            ends, starts = step_ends(order.places, order.lengths, expected, _STEP)
            for lanes, counts in zip(best, drawn, strict=True):
                scan_replicates(order.places, ends, starts, counts, expected, total, order.factor, sums, lanes)
    return found, best.reshape(-1)[:replicates]


def beginning(row: NDArray[np.int32], size: int) -> IntArray:
    """Return the first places of an order."""
    return row[:size].astype(np.int64)


def _draw(
    total: int, expected: FloatArray, rng: np.random.Generator, replicates: int
) -> list[NDArray[np.uint8 | np.int32]]:
    """Return counts by place of every replicate, `LANES` side by side; the last ones beyond `replicates` are spare."""
    shares = expected / expected.sum()
    batches = -(-replicates // LANES)
    drawn = (rng.multinomial(total, shares, LANES).T for _ in range(batches))
    return [np.ascontiguousarray(counts, dtype=np.uint8 if counts.max() <= _BYTE else np.int32) for counts in drawn]


def _scan_flexible(
    zones: FlexibleZones, cases: FloatArray, expected: FloatArray, rng: np.random.Generator, replicates: int
) -> tuple[list[Zone], FloatArray]:
    total = float(cases.sum())
    ratios, masks = best_masks(zones.near, zones.masks, zones.starts, cases, expected, total)
    found = [
        Zone(float(ratios[centre]), partial(zones.members, centre, mask))
        for centre, mask in enumerate(masks.tolist())
        if ratios[centre] > 0
    ]
    shares = expected / expected.sum()
    chance = np.zeros(replicates)
    for replicate in range(replicates):
        drawn = rng.multinomial(round(total), shares).astype(np.float64)
        chance[replicate] = best_masks(zones.near, zones.masks, zones.starts, drawn, expected, total)[0].max()
    return found, chance


def ranked(
    found: list[Zone], cases: FloatArray, expected: FloatArray, chance: FloatArray, *, most: int = 50
) -> tuple[Cluster, ...]:
    """Return the clusters among zones: the largest ratio first, then the next that shares no place with those before.

    Parameters
    ----------
    found : list of Zone
        The best of each centre.
    cases, expected : (n,) or (n, t) float64
        By place, or by place and period.
    chance : (r,) float64
        Largest ratios of the replicates.
    most : int
        Clusters at most.
    """
    taken = np.zeros(len(cases), dtype=bool)
    total = float(cases.sum())
    clusters: list[Cluster] = []
    for zone in sorted(found, key=lambda each: -each.ratio):
        members = zone.members()
        if taken[members].any():
            continue
        taken[members] = True
        span = slice(None) if zone.periods is None else slice(zone.periods[0], zone.periods[1] + 1)
        part = (members, span) if cases.ndim > 1 else (members,)
        inside, usual = float(cases[part].sum()), float(expected[part].sum())
        without = (total - inside) / (total - usual) if total > usual else 0.0
        risk = inside / usual / without if without > 0 else np.inf
        p, gumbel = monte_carlo_p(zone.ratio, chance), gumbel_p(zone.ratio, chance)
        clusters.append(Cluster(tuple(members.tolist()), inside, usual, risk, zone.ratio, p, gumbel, zone.periods))
        if len(clusters) == most:
            break
    return tuple(clusters)


def monte_carlo_p(ratio: float, chance: FloatArray) -> float:
    """Return the share of draws by chance, itself among them, that reach a ratio; NaN without any draw."""
    return float((1 + np.count_nonzero(chance >= ratio)) / (1 + len(chance))) if len(chance) else np.nan


def gumbel_p(ratio: float, chance: FloatArray) -> float:
    """Return how rare a ratio is by the Gumbel distribution with mean and spread of the draws; NaN for fewer than 2.

    References
    ----------
    Abrams, Kulldorff and Kleinman (2010), Gumbel based p-value approximations for spatial scan statistics.
    """
    if len(chance) < 2 or not chance.std() > 0:  # noqa: PLR2004 - a spread needs two
        return np.nan
    scale = chance.std(ddof=1) * np.sqrt(6.0) / np.pi
    place = chance.mean() - _EULER * scale
    return float(-np.expm1(-np.exp(-(ratio - place) / scale)))
