"""Finding hotspots: one method chosen by name, its result told alike for all of them."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely

from geogrid.errors import InvalidInputError, Problem
from geogrid.hotspot.change import courses, mann_kendall, period_change
from geogrid.hotspot.correction import CORRECTIONS, corrected
from geogrid.hotspot.density import plane_density
from geogrid.hotspot.hotspots import Hotspots
from geogrid.hotspot.local import gi_star, local_moran
from geogrid.hotspot.rates import FEW_CASES, global_bayes_rates, local_bayes_rates, rates
from geogrid.hotspot.records import HOTSPOT_METHODS, HotspotChoice, HotspotState, Places
from geogrid.hotspot.scan import ScanResult, ZoneShape, scan
from geogrid.hotspot.space_time import scan_space_time
from geogrid.types import BoolArray, FloatArray

_NEEDS_BASE: Final = frozenset({"rate", "bayes", "local_bayes"})
_SHAPES: Final[dict[str, ZoneShape]] = {"scan": "circular", "elliptic_scan": "elliptic", "flexible_scan": "flexible"}
_CORRECTED: Final = {"by": "Benjamini-Yekutieli", "bh": "Benjamini-Hochberg", "none": "none"}
_MOST_PERMUTATIONS: Final = 999_999
_FEWEST_PLACES: Final = 3
_BY_SCAN: Final = "largest of each replicate"


@dataclass(frozen=True, slots=True)
class _Question:
    places: Places
    counts: FloatArray
    cases: FloatArray
    points: FloatArray
    choice: HotspotChoice
    rng: np.random.Generator

    def base(self) -> FloatArray:
        """Return the base, or one of each place where there is none: counts are then compared as they are."""
        return np.ones(len(self.places)) if self.places.base is None else self.places.base

    def steadied(self) -> FloatArray:
        """Return steadied rates, or counts where there is no base."""
        return self.cases if self.places.base is None else global_bayes_rates(self.cases, self.places.base)


def find_hotspots(  # noqa: PLR0913 - what is looked at, how, and what it is called
    places: Places,
    counts: FloatArray,
    choice: HotspotChoice,
    *,
    points: FloatArray | None = None,
    periods: tuple[str, ...] = (),
    edition: str = "",
) -> Hotspots:
    """Return where cases pile up by one method, told from chance where it can be.

    Parameters
    ----------
    places : Places
        Grids.
    counts : (n, t) float64
        Cases by grid and period.
    choice : HotspotChoice
        Method and what goes with it.
    points : (m, 2) float64, optional
        Cases, metres; for the density.
    periods : tuple of str
        Labels of the periods.
    edition : str
        Name of the edition.

    Raises
    ------
    InvalidInputError
        What was chosen cannot be done, with every problem.
    """
    _require(places, choice)
    cases = counts.sum(axis=1)
    if not cases.sum() > 0:
        return replace(_without_cases(places, choice, cases), edition=edition, base=places.base_name)
    lonely = np.empty((0, 2)) if points is None else points
    question = _Question(places, counts, cases, lonely, choice, np.random.default_rng(choice.seed))
    if choice.method in _SHAPES or choice.method == "space_time_scan":
        result = _of_scan(question)
    elif choice.method in _NEEDS_BASE:
        result = _of_rates(question)
    elif choice.method in {"gi_star", "local_moran"}:
        result = _of_neighbors(question)
    elif choice.method == "density":
        result = _of_density(question)
    else:
        result = _of_change(question)
    return replace(result, periods=periods, edition=edition, base=places.base_name)


def _without_cases(places: Places, choice: HotspotChoice, cases: FloatArray) -> Hotspots:
    nothing = np.full(len(places), np.nan)
    state = tuple[HotspotState, ...](["small"] * len(places))
    return Hotspots(choice, places.codes, cases, nothing, nothing, nothing, state, "", correction="none")


def _require(places: Places, choice: HotspotChoice) -> None:
    problems = []

    def add(subject: str, message: str, remedy: str) -> None:
        problems.append(Problem("hotspots", message, remedy, subject=subject))

    if choice.method not in HOTSPOT_METHODS:
        add("method", f"Method {choice.method!r} is unknown.", f"Use one of {', '.join(HOTSPOT_METHODS)}.")
    if choice.correction not in CORRECTIONS:
        add("correction", f"Correction {choice.correction!r} is unknown.", f"Use one of {', '.join(CORRECTIONS)}.")
    if not 0.0 < choice.alpha < 1.0:
        add("alpha", f"A level of {choice.alpha:g} is no share.", "Give one above 0 and below 1, e.g. 0.05.")
    if not 1 <= choice.permutations <= _MOST_PERMUTATIONS:
        limit = f"Give 1 to {_MOST_PERMUTATIONS:,}."
        add("permutations", f"{choice.permutations:,} permutations cannot be drawn.", limit)
    if choice.method in _NEEDS_BASE and (places.base is None or not np.nansum(places.base) > 0):
        what = places.base_name or "base"
        add("base", f"The grids have no {what} to make rates of.", "Choose another base, or gi_star on counts.")
    if problems:
        raise InvalidInputError(problems)


def _of_rates(question: _Question) -> Hotspots:
    """Tell each rate against that of the town: exact, two-sided."""
    from scipy.stats import poisson

    base, cases = question.base(), question.cases
    raw = rates(cases, base)
    value = raw.rate
    if question.choice.method == "bayes":
        value = global_bayes_rates(cases, base)
    elif question.choice.method == "local_bayes":
        value = local_bayes_rates(cases, base, question.places.weights)
    expected = cases.sum() * base / base.sum()
    tails = np.minimum(poisson.sf(cases - 1, expected), poisson.cdf(cases, expected))
    p = np.where(base > 0, np.minimum(2.0 * tails, 1.0), np.nan)
    # Few cases where many are expected are no small number: they are few.
    is_small = (base <= 0) | (np.maximum(cases, expected) < FEW_CASES)
    unit = f"cases per 1,000 {question.places.base_name}"
    return _tested(question, value, p, cases > expected, is_small, unit)


def _of_neighbors(question: _Question) -> Hotspots:
    values, choice = question.steadied(), question.choice
    if len(values) < _FEWEST_PLACES or np.ptp(values) == 0:
        nothing = np.full(len(values), np.nan)
        return _tested(
            question, nothing, nothing, nothing > 0, np.zeros(len(values), dtype=bool), "grids are all alike"
        )
    local = (gi_star if choice.method == "gi_star" else local_moran)(
        values, question.places.weights, rng=question.rng, permutations=choice.permutations
    )
    is_small = question.cases + question.places.weights.sums(question.cases) < FEW_CASES
    expected = question.cases.mean() * (question.places.weights.counts + 1)
    is_small &= expected < FEW_CASES
    of = "steadied rates" if question.places.base is not None else "counts"
    unit = f"standard deviate of {of}" if choice.method == "gi_star" else f"local Moran's I of {of}"
    near_high = np.isin(local.quadrant, (0, 1))
    is_high = local.is_high if choice.method == "gi_star" else near_high
    return _tested(question, local.value, local.p, is_high, is_small, unit)


def _of_change(question: _Question) -> Hotspots:
    if question.choice.method == "trend":
        return _of_trend(question)
    periods = question.counts.shape[1]
    if periods < 2:  # noqa: PLR2004 - before and after
        raise InvalidInputError.of(
            "periods", "Change needs two periods, and the cases fill one.", "Choose a longer stretch.", subject="since"
        )
    middle = periods // 2
    before, after = question.counts[:, :middle].sum(axis=1), question.counts[:, middle:].sum(axis=1)
    change = period_change(before, after)
    return _tested(
        question, change.ratio, change.p, change.is_more, before + after < FEW_CASES, "times the town's own change"
    )


def _of_trend(question: _Question) -> Hotspots:
    trend = mann_kendall(question.counts)
    choice, columns = question.choice, []
    for period in question.counts.T:
        if np.ptp(period) == 0:
            columns.append(np.zeros(len(period), dtype=bool))
            continue
        local = gi_star(period, question.places.weights, rng=question.rng, permutations=choice.permutations)
        columns.append((corrected(local.p, choice.correction) <= choice.alpha) & local.is_high)
    course = courses(np.column_stack(columns), trend, alpha=choice.alpha)
    state = tuple[HotspotState, ...]("even" if each == "none" else each for each in course)
    result = _tested(
        question, trend.deviate, trend.p, trend.score > 0, np.zeros(len(state), dtype=bool), "standard deviate of trend"
    )
    return replace(result, state=state)


def _of_density(question: _Question) -> Hotspots:
    middle = shapely.get_coordinates(shapely.point_on_surface(question.places.polygons))
    value = plane_density(question.points, middle, bandwidth_m=question.choice.bandwidth_m)
    nothing = np.full(len(value), np.nan)
    unit = f"cases per km2 within {question.choice.bandwidth_m:g} m"
    state = tuple[HotspotState, ...](["even"] * len(value))
    return Hotspots(question.choice, question.places.codes, question.cases, value, nothing, nothing, state, unit)


def _of_scan(question: _Question) -> Hotspots:
    found = _scanned(question)
    n, alpha = len(question.places), question.choice.alpha
    value, p = np.full(n, np.nan), np.full(n, np.nan)
    for cluster in found.clusters:
        members = list(cluster.members)
        value[members], p[members] = cluster.relative_risk, cluster.p
    state = tuple[HotspotState, ...]("high" if each <= alpha else "even" for each in p)
    return Hotspots(
        *(question.choice, question.places.codes, question.cases, value, p, p, state, "relative risk of the cluster"),
        weights=question.places.weights.name if question.choice.method == "flexible_scan" else "",
        correction=_BY_SCAN,
        clusters=tuple(each for each in found.clusters if each.p <= alpha),
    )


def _scanned(question: _Question) -> ScanResult:
    choice, places = question.choice, question.places
    xy = shapely.get_coordinates(shapely.centroid(places.polygons))
    replicates = max(choice.permutations // 100, 1)
    if choice.method == "space_time_scan":
        return scan_space_time(
            xy,
            question.counts,
            places.base,
            rng=question.rng,
            max_share=choice.max_share,
            replicates=replicates,
        )
    return scan(
        xy,
        question.cases,
        question.base(),
        rng=question.rng,
        shape=_SHAPES[choice.method],
        max_share=choice.max_share,
        replicates=replicates,
        weights=places.weights,
        members=min(10, len(places)),
    )


def _tested(  # noqa: PLR0913, PLR0917 - what each test comes to, in one order
    question: _Question, value: FloatArray, p: FloatArray, is_high: BoolArray, is_small: BoolArray, unit: str
) -> Hotspots:
    """Return a result with its tests corrected; where numbers are small nothing is told, though it was tested."""
    adjusted = corrected(p, question.choice.correction)
    stands = adjusted <= question.choice.alpha
    chosen = np.select([is_small, stands & is_high, stands], ["small", "high", "low"], default="even")
    state = tuple[HotspotState, ...](chosen.tolist())
    return Hotspots(
        *(question.choice, question.places.codes, question.cases, value, p, adjusted, state, unit),
        weights=question.places.weights.name,
        correction=_CORRECTED[question.choice.correction],
    )
