"""Change, trends, near-repeats, densities and predictions by hand."""

import numpy as np
import pytest
import shapely
from scipy.stats import binomtest, kendalltau

from geogrid.errors import InvalidInputError
from geogrid.hotspot.change import courses, mann_kendall, period_change
from geogrid.hotspot.density import StreetNet, plane_density, street_density
from geogrid.hotspot.near_repeat import near_repeat
from geogrid.hotspot.prediction import predictive_accuracy


def test_change_is_told_against_the_town_and_is_exact() -> None:
    before, after = np.array([10.0, 20.0, 0.0, 0.0]), np.array([40.0, 20.0, 60.0, 0.0])
    change = period_change(before, after)
    assert change.ratio[:2] == pytest.approx([40 / 10 / 4, 20 / 20 / 4])
    assert np.isnan(change.ratio[2:]).all()
    assert change.p[0] == 1.0
    lower = binomtest(20, 40, 0.8, alternative="less").pvalue
    assert change.p[1] == pytest.approx(2 * lower)
    assert change.is_more.tolist()[1:3] == [False, True]
    assert np.isnan(change.p[3])


def test_change_against_an_unchanged_pace_minds_the_lengths_of_periods() -> None:
    change = period_change(np.array([10.0]), np.array([20.0]), days=(30.0, 60.0))
    assert change.ratio.tolist() == [1.0]
    assert change.p.tolist() == [1.0]


def test_period_without_any_case_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no case"):
        period_change(np.array([0.0]), np.array([3.0]))


def test_mann_kendall_has_the_values_of_the_formula() -> None:
    # Of 1 2 2 3 5 nine pairs ascend and one is tied: the variance is (5 * 4 * 15 - 2 * 1 * 9) / 18.
    trend = mann_kendall(np.array([[1.0, 2.0, 2.0, 3.0, 5.0], [4.0, 4.0, 4.0, 4.0, 4.0]]))
    assert trend.score.tolist() == [9.0, 0.0]
    assert trend.deviate[0] == pytest.approx(8.0 / np.sqrt((300.0 - 18.0) / 18.0))
    assert trend.p[1] == 1.0
    values = np.random.default_rng(1).normal(size=(1, 40))
    assert mann_kendall(values).p[0] == pytest.approx(kendalltau(np.arange(40), values[0]).pvalue, abs=0.03)


def test_courses_are_emerging_persistent_fading_or_none() -> None:
    is_hot = np.array([[0, 0, 0, 0, 1], [1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 1]], dtype=bool)
    flat = mann_kendall(np.tile([3.0, 1.0, 4.0, 1.0, 3.0], (5, 1)))
    assert courses(is_hot, flat) == ["emerging", "persistent", "fading", "none", "none"]
    rising = mann_kendall(np.tile([1.0, 2.0, 3.0, 4.0, 5.0], (5, 1)))
    assert courses(is_hot, rising)[1] == "emerging"


def test_pairs_near_in_place_and_time_are_counted_by_band() -> None:
    xy = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 100.0], [0.0, 5000.0]])
    days = np.array([0.0, 3.0, 7.0, 7.0])
    table = near_repeat(xy, days, distances_m=(0.0, 100.0), lags_days=(3.0, 7.0), rng=np.random.default_rng(1))
    assert table.pairs.tolist() == [[1, 0], [0, 2]]


def test_cases_that_bring_others_stand_out_and_those_by_chance_do_not() -> None:
    rng = np.random.default_rng(1)
    first, days = rng.uniform(0, 5000, (150, 2)), rng.uniform(0, 365, 150)
    xy = np.concatenate([first, first + rng.normal(0, 30, (150, 2))])
    bands = {"distances_m": (100.0, 400.0), "lags_days": (7.0, 14.0)}
    soon = near_repeat(xy, np.concatenate([days, days + rng.uniform(0, 6, 150)]), **bands, rng=rng, permutations=199)
    late = near_repeat(xy, rng.permutation(np.concatenate([days, days])), **bands, rng=rng, permutations=199)
    assert soon.p[0, 0] == pytest.approx(1 / 200)
    assert soon.pairs[0, 0] > 5 * soon.usual[0, 0]
    assert late.p[0, 0] > 0.01


def test_density_in_the_plane_is_the_kernel_at_a_point_and_one_case_in_all() -> None:
    case = np.array([[500.0, 500.0]])
    top = plane_density(case, case, bandwidth_m=200.0)[0]
    assert top == pytest.approx(2 / np.pi / 0.2**2)
    places = np.stack(np.meshgrid(np.arange(5.0, 1000.0, 10.0), np.arange(5.0, 1000.0, 10.0)), axis=-1).reshape(-1, 2)
    assert plane_density(case, places, bandwidth_m=200.0).sum() * 0.01**2 == pytest.approx(1.0, rel=1e-3)
    assert plane_density(case, np.array([[701.0, 500.0]]), bandwidth_m=200.0)[0] == 0.0


def test_density_along_streets_divides_at_junctions_and_crosses_no_river() -> None:
    west, east = [shapely.LineString([(0, 0), (100, 0)])], [shapely.LineString([(100, 0), (200, 0)])]
    north = [shapely.LineString([(100, 0), (100, 100)])]
    beyond = [shapely.LineString([(0, 10), (200, 10)])]
    net = StreetNet.of(np.array(west + east + north + beyond, dtype=object))
    density = street_density(net, shapely.points([[50.0, 1.0]]), bandwidth_m=200.0)
    kernel = 0.75 / 200.0 * 1000.0
    assert density == pytest.approx([kernel, 0.5 * kernel * 0.75, 0.5 * kernel * 0.75, 0.0])


def test_density_along_a_street_counts_each_case_once() -> None:
    pieces = [shapely.LineString([(x, 0), (x + 10, 0)]) for x in range(0, 2000, 10)]
    net = StreetNet.of(np.array(pieces, dtype=object))
    density = street_density(net, shapely.points([[1001.0, 0.0], [905.0, 3.0]]), bandwidth_m=300.0)
    assert density.sum() * 0.01 == pytest.approx(2.0, rel=1e-3)


def test_bandwidth_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="bandwidth"):
        plane_density(np.zeros((1, 2)), np.zeros((1, 2)), bandwidth_m=0.0)


def test_accuracy_of_a_map_is_hits_over_land() -> None:
    score, area, later = np.array([9.0, np.nan, 5.0, 1.0]), np.ones(4), np.array([4.0, 2.0, 8.0, 2.0])
    told = predictive_accuracy(score, area, later, area_share=0.25)
    assert (told.hit_rate, told.area_share, told.pai, told.pei) == (0.25, 0.25, 1.0, 0.5)
    assert predictive_accuracy(later, area, later, area_share=0.5).pei == 1.0
