"""Scanning space and time together: cylinders, whose height is a stretch of periods."""

from collections.abc import Callable
from functools import partial
from typing import Final, Literal

import numpy as np

from geogrid.errors import InvalidInputError
from geogrid.hotspot.scan import ScanResult, Zone, beginning, ranked, require_scan
from geogrid.hotspot.scan_kernels import best_cylinders
from geogrid.hotspot.zones import Orders, orders
from geogrid.types import FloatArray

ScanModel = Literal["poisson", "permutation"]
LONGEST_SHARE: Final = 0.5


def scan_space_time(  # noqa: PLR0913 - each is one choice of the method
    xy: FloatArray,
    cases: FloatArray,
    population: FloatArray | None = None,
    *,
    rng: np.random.Generator,
    max_share: float = 0.1,
    max_radius_m: float | None = None,
    only_alive: bool = False,
    replicates: int = 999,
) -> ScanResult:
    """Return the clusters of cases in space and time.

    Parameters
    ----------
    xy : (n, 2) float64
        Places, metres.
    cases : (n, t) float64
        Whole numbers by place and period; periods of equal length.
    population : (n,) float64, optional
        With it, cases are expected by population, in all periods alike (Poisson). Without it, by how many cases a
        place and a period have (space-time permutation): what needs no population and passes over places that always
        have many cases and seasons that have many everywhere.
    rng : numpy.random.Generator
        Draws the replicates.
    max_share : float
        Share of the population, or of the cases, in a circle at most.
    max_radius_m : float, optional
        Of a circle.
    only_alive : bool
        Only clusters that last to the last period.
    replicates : int
        Draws by chance.

    Raises
    ------
    InvalidInputError
        Counts or limits are none, or periods fewer than 2.

    References
    ----------
    Kulldorff (2001), Prospective time periodic geographical disease surveillance using a scan statistic. Kulldorff and
    others (2005), A space-time permutation scan statistic for disease outbreak detection.
    """
    if cases.ndim != 2 or cases.shape[1] < 2:  # noqa: PLR2004 - places by periods
        raise InvalidInputError.of("periods", "A scan in time needs at least 2 periods.", "Choose a longer stretch.")
    base = cases.sum(axis=1) if population is None else population
    require_scan(cases.sum(axis=1), base, max_share, replicates)
    cases = np.ascontiguousarray(cases)  # one layout in memory, so that the loops are compiled once
    by_period = cases.sum(axis=0) if population is None else np.ones(cases.shape[1])
    expected = cases.sum() * np.outer(base / base.sum(), by_period / by_period.sum())
    rows = list(orders(xy, base, max_share=max_share, max_radius_m=max_radius_m))
    longest = max(int(cases.shape[1] * LONGEST_SHARE), 1)
    found, _ = _best(rows, cases, expected, longest, only_alive=only_alive)
    draw = _permuted(cases, rng) if population is None else _multinomial(cases, expected, rng)
    chance = np.array(
        [_best(rows, draw(), expected, longest, only_alive=only_alive)[1] for _ in range(replicates)], dtype=np.float64
    )
    name = "permutation" if population is None else "Poisson"
    return ScanResult(ranked(found, cases, expected, chance), chance, f"space-time {name} scan")


def _best(
    rows: list[Orders], cases: FloatArray, expected: FloatArray, longest: int, *, only_alive: bool
) -> tuple[list[Zone], float]:
    found, largest = [], 0.0
    for order in rows:
        ratios, sizes, begins, ends = best_cylinders(
            order.places, order.lengths, cases, expected, float(cases.sum()), longest, only_alive
        )
        largest = max(largest, float(ratios.max(initial=0.0)))
        found += [
            Zone(float(ratio), partial(beginning, row, size), (begin, end - 1))
            for row, ratio, size, begin, end in zip(
                order.places, ratios, sizes.tolist(), begins.tolist(), ends.tolist(), strict=True
            )
            if ratio > 0
        ]
    return found, largest


def _permuted(cases: FloatArray, rng: np.random.Generator) -> Callable[[], FloatArray]:
    """Return draws in which every case keeps its place and gets the period of another."""
    whole = cases.astype(np.int64)
    periods = np.repeat(np.tile(np.arange(cases.shape[1]), len(cases)), whole.ravel())
    places = np.repeat(np.arange(len(cases)), whole.sum(axis=1))

    def draw() -> FloatArray:
        cells = places * cases.shape[1] + rng.permutation(periods)
        return np.bincount(cells, minlength=cases.size).reshape(cases.shape).astype(np.float64)

    return draw


def _multinomial(cases: FloatArray, expected: FloatArray, rng: np.random.Generator) -> Callable[[], FloatArray]:
    shares = (expected / expected.sum()).ravel()
    total = int(cases.sum())
    return lambda: rng.multinomial(total, shares).reshape(cases.shape).astype(np.float64)
