"""The scan statistic against the printed output of SaTScan 9.3 and 9.6 and of FleXScan 3.1.2."""

from pathlib import Path

import numpy as np
import pytest

from geogrid.errors import InvalidInputError
from geogrid.hotspot.scan import ScanResult, gumbel_p, monte_carlo_p, scan
from geogrid.hotspot.space_time import scan_space_time
from geogrid.hotspot.weights import SpatialWeights, contiguity_weights
from geogrid.hotspot.zones import on_sphere
from geogrid.types import FloatArray
from tests.unit.squares import middles, squares

Leukemia = tuple[FloatArray, FloatArray, FloatArray]


@pytest.fixture(scope="module")
def leukemia(shared_data: Path) -> Leukemia:
    """Return longitude and latitude, cases and population of the 281 tracts."""
    folder = shared_data / "ny_leukemia_satscan"
    cases, population, places = (np.loadtxt(folder / f"satscan_ny_{name}.txt") for name in ("cases", "pop", "coords"))
    assert (places[:, 0] == np.arange(1, 282)).all()
    return places[:, [2, 1]], cases[:, 1], population[:, 2]


def numbers(result: ScanResult, place: int) -> list[int]:
    return [member + 1 for member in result.clusters[place].members]


@pytest.mark.shared_data
def test_circles_on_the_globe_find_satscans_clusters(leukemia: Leukemia) -> None:
    lonlat, cases, population = leukemia
    result = scan(on_sphere(lonlat), cases, population, rng=np.random.default_rng(1))
    first, second = result.clusters[:2]
    assert first.ratio == pytest.approx(14.780276, abs=5e-7)
    assert (first.cases, round(first.expected, 2), round(first.relative_risk, 2)) == (106, 62.13, 1.87)
    assert sorted(numbers(result, 0)) == [
        *(1, 2, 3, 5, *range(10, 18), *range(35, 41), *range(43, 56)),
    ]
    assert second.ratio == pytest.approx(8.287056, abs=5e-7)
    assert numbers(result, 1) == [88, 87, 92, 86, 89, 91, 93, 85, 90]
    ratios = [cluster.ratio for cluster in result.clusters[2:6]]
    assert ratios == pytest.approx([7.199672, 4.651839, 3.773422, 3.209485], abs=5e-7)
    # Printed: 0.000087, 0.033, 0.105, 0.653; each by its own draws.
    assert first.p == pytest.approx(0.001)
    assert 3e-5 < first.gumbel_p < 3e-4
    assert [cluster.p for cluster in result.clusters[1:4]] == pytest.approx([0.033, 0.105, 0.653], abs=0.05)


@pytest.mark.shared_data
def test_circles_in_the_plane_up_to_a_tenth_of_the_population_find_satscans_clusters(leukemia: Leukemia) -> None:
    plane, cases, population = leukemia
    result = scan(plane, cases, population, rng=np.random.default_rng(1), max_share=0.1)
    assert result.clusters[0].ratio == pytest.approx(11.577255, abs=5e-7)
    assert numbers(result, 0) == [
        *(49, 48, 50, 47, 1, 15, 51, 2, 13, 14, 3, 35, 16, 52, 36, 37, 12, 11, 5, 17, 10, 4, 6, 38, 18, 9),
    ]
    assert numbers(result, 1) == [89, 88, 87, 84, 90, 86, 92, 85]
    assert [cluster.ratio for cluster in result.clusters[1:4]] == pytest.approx(
        [9.019716, 6.114140, 4.651839], abs=5e-7
    )
    assert result.clusters[1].p == pytest.approx(0.013, abs=0.015)


@pytest.mark.shared_data
def test_connected_sets_find_flexscans_nine_clusters(leukemia: Leukemia, shared_data: Path) -> None:
    plane, cases, population = leukemia
    lines = (shared_data / "ny_leukemia_satscan" / "flexscan_ny_w.txt").read_text().splitlines()
    near = {int(line.split()[0]): [int(word) - 1 for word in line.split()[1:]] for line in lines}
    weights = SpatialWeights.from_neighbors([near[tract] for tract in range(1, 282)], name="tracts that touch")
    result = scan(
        plane, cases, population, rng=np.random.default_rng(1), shape="flexible", weights=weights, replicates=199
    )
    ratios = [11.6713, 8.62939, 8.14694, 7.629, 6.15408, 4.65184, 4.61008, 3.82013, 3.00674]
    assert [cluster.ratio for cluster in result.clusters[:9]] == pytest.approx(ratios, abs=6e-5)
    assert sorted(numbers(result, 0)) == [85, 86, 88, 89, 90, 92, 93]
    assert sorted(numbers(result, 1)) == [1, 2, 13, 15, 47, 49, 51]
    assert result.clusters[0].p == pytest.approx(0.006, abs=0.015)


@pytest.mark.shared_data
def test_ellipses_find_at_least_the_best_circle(leukemia: Leukemia) -> None:
    plane, cases, population = leukemia
    result = scan(plane, cases, population, rng=np.random.default_rng(1), shape="elliptic", max_share=0.1, replicates=0)
    assert result.clusters[0].ratio >= 11.577255 - 5e-7
    assert np.isnan(result.clusters[0].p)


def test_a_long_cluster_is_found_whole_by_an_ellipse_and_not_by_a_circle() -> None:
    xy = middles(12)
    row = set(np.flatnonzero(np.isclose(xy[:, 1], xy[6, 1])).tolist())
    cases = np.array([30.0 if place in row else 10.0 for place in range(len(xy))])
    found = {
        shape: scan(xy, cases, np.ones(len(xy)), rng=np.random.default_rng(1), shape=shape, replicates=0).clusters[0]
        for shape in ("circular", "elliptic")
    }
    assert found["elliptic"].cases / found["elliptic"].expected > 1.3 * (
        found["circular"].cases / found["circular"].expected
    )


def test_replicates_passed_over_in_steps_have_the_largest_ratio_of_every_zone() -> None:
    xy, population = middles(9), np.linspace(50.0, 500.0, 81)
    cases = np.random.default_rng(3).poisson(population / 20.0).astype(float)
    result = scan(xy, cases, population, rng=np.random.default_rng(4), replicates=20)
    drawn = np.random.default_rng(4).multinomial(int(cases.sum()), population / population.sum(), 64)[:20]
    alone = [
        scan(xy, row.astype(float), population, rng=np.random.default_rng(0), replicates=0).clusters[0].ratio
        for row in drawn
    ]
    assert result.replicates == pytest.approx(alone)


def planted(periods: int = 8) -> tuple[FloatArray, FloatArray]:
    """Return places, and counts with four neighbours that have more in the last two periods."""
    xy = middles(8)
    cases = np.random.default_rng(5).poisson(4.0, (64, periods)).astype(float)
    cases[[27, 28, 35, 36], -2:] += 12.0
    return xy, cases


@pytest.mark.parametrize("population", [None, np.ones(64)])
def test_a_cluster_in_space_and_time_is_found_with_its_periods(population: FloatArray | None) -> None:
    xy, cases = planted()
    result = scan_space_time(xy, cases, population, rng=np.random.default_rng(1), replicates=99)
    first = result.clusters[0]
    assert len({27, 28, 35, 36} & set(first.members)) >= 3
    assert len(first.members) <= 6
    assert first.periods == (6, 7)
    assert first.p == pytest.approx(0.01)


def test_permutation_passes_over_places_that_always_have_many_cases() -> None:
    xy, cases = planted()
    cases[:, -2:] = cases[:, :2]
    cases[0] += 40.0
    by_population = scan_space_time(xy, cases, np.ones(64), rng=np.random.default_rng(1), replicates=39)
    by_permutation = scan_space_time(xy, cases, rng=np.random.default_rng(1), replicates=39)
    assert 0 in by_population.clusters[0].members
    assert by_population.clusters[0].p < 0.05 < by_permutation.clusters[0].p


def test_expected_cases_of_a_permutation_are_those_of_the_margins() -> None:
    xy, cases = planted()
    first = scan_space_time(xy, cases, rng=np.random.default_rng(1), replicates=0).clusters[0]
    members = list(first.members)
    assert first.expected == pytest.approx(cases[members].sum() * cases[:, 6:].sum() / cases.sum())


def test_only_clusters_that_last_are_told_where_asked() -> None:
    xy, cases = planted()
    alive = scan_space_time(xy, cases[:, ::-1], rng=np.random.default_rng(1), replicates=0, only_alive=True)
    assert {cluster.periods[1] for cluster in alive.clusters if cluster.periods} == {7}


def test_rank_and_gumbel_tell_how_rare_a_ratio_is() -> None:
    chance = np.random.default_rng(1).gumbel(5.0, 1.0, 9_999)
    assert monte_carlo_p(100.0, chance) == pytest.approx(1e-4)
    assert monte_carlo_p(0.0, chance) == 1.0
    assert gumbel_p(12.0, chance) == pytest.approx(-np.expm1(-np.exp(-7.0)), rel=0.15)


def test_all_that_keeps_a_scan_from_being_made_is_told_at_once() -> None:
    with pytest.raises(InvalidInputError) as refused:
        scan(middles(2), np.zeros(4), np.ones(4), rng=np.random.default_rng(1), max_share=0.7, replicates=-1)
    assert {problem.subject for problem in refused.value.problems} == {"max_share", "replicates", "cases"}


def test_connected_sets_of_too_many_grids_are_refused() -> None:
    weights = contiguity_weights(squares(5))
    with pytest.raises(InvalidInputError, match="doubles"):
        scan(
            *(middles(5), np.ones(25), np.ones(25)),
            rng=np.random.default_rng(1),
            shape="flexible",
            weights=weights,
            members=20,
        )
