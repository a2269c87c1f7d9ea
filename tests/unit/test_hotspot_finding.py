"""Hotspots by every method: what each tells of a planted spot, with how it was found, in both languages."""

from dataclasses import replace

import numpy as np
import pytest

from geogrid.errors import InvalidInputError
from geogrid.hotspot import (
    HOTSPOT_METHODS,
    HotspotChoice,
    HotspotMethod,
    Hotspots,
    Places,
    contiguity_weights,
    counts_by_period,
    find_hotspots,
    grids_of_points,
    sentence,
)
from geogrid.hotspot.scan import scan
from geogrid.types import FloatArray
from tests.unit.squares import middles, squares

SPOT = [44, 45, 54, 55]
PERIODS = tuple(f"2026-{month:02}" for month in range(1, 9))


def town(*, has_base: bool = True) -> tuple[Places, FloatArray]:
    """Return a hundred grids and eight months, four grids of which have ever more cases."""
    polygons = squares(10)
    base = np.full(100, 400.0)
    base[0] = 0.0
    codes = np.array([f"G{place:03}" for place in range(100)], dtype=object)
    places = Places(codes, polygons, contiguity_weights(polygons), base if has_base else None, "households")
    counts = np.random.default_rng(1).poisson(2.0, (100, 8)).astype(float)
    counts[SPOT] += np.arange(8) * 3.0
    counts[99] = 0.0
    return places, counts


def found(method: HotspotMethod, **members: object) -> Hotspots:
    places, counts = town()
    choice = replace(HotspotChoice(method=method, permutations=19_999, seed=7), **members)  # type: ignore[arg-type]
    points = np.repeat(middles(10), counts.sum(axis=1).astype(int), axis=0)
    return find_hotspots(places, counts, choice, points=points, periods=PERIODS, edition="2026-1")


@pytest.mark.parametrize("method", [method for method in HOTSPOT_METHODS if method != "density"])
def test_each_method_finds_the_planted_spot_and_little_else(method: HotspotMethod) -> None:
    result = found(method)
    hot = set(np.flatnonzero(result.is_hot).tolist())
    assert len(hot & set(SPOT)) >= 3, hot
    assert len(hot) <= 16
    assert (result.n, result.edition, len(result)) == (int(result.cases.sum()), "2026-1", 100)
    assert result.correction
    assert result.unit


def test_density_is_highest_on_the_spot_and_claims_nothing() -> None:
    result = found("density", bandwidth_m=150.0)
    assert set(np.argsort(result.value)[-4:].tolist()) == set(SPOT)
    assert set(result.state) == {"even"}
    assert np.isnan(result.p).all()


def test_same_seed_tells_the_same_and_the_level_decides_how_many() -> None:
    assert found("gi_star").p.tolist() == found("gi_star").p.tolist() != found("gi_star", seed=8).p.tolist()
    assert found("gi_star", alpha=0.5).is_hot.sum() > found("gi_star", alpha=0.01).is_hot.sum()


def test_corrections_tell_of_fewer_grids_the_stricter_they_are() -> None:
    strict, less, none = (found("rate", correction=name).is_hot.sum() for name in ("by", "bh", "none"))
    assert strict <= less <= none
    assert found("rate", correction="by").correction == "Benjamini-Yekutieli"


def test_grid_without_a_base_is_told_as_small_and_one_without_cases_as_low() -> None:
    result = found("rate")
    assert result.state[0] == "small"
    assert np.isnan(result.value[0])
    assert result.state[99] == "low"


def test_planted_spot_that_grows_is_emerging() -> None:
    assert {found("trend").state[place] for place in SPOT} <= {"emerging", "persistent"}
    assert found("trend").count("emerging") >= 3


@pytest.mark.parametrize("method", HOTSPOT_METHODS)
def test_sentence_tells_counts_method_and_level_in_both_languages(method: HotspotMethod) -> None:
    result = found(method)
    english, chinese = sentence(result, "en"), sentence(result, "zh")
    assert f"{result.n:,} cases" in english
    assert f"{result.n:,} 件" in chinese
    if method != "density":
        assert "level 0.05" in english
        assert "水平 0.05" in chinese


def test_sentence_tells_how_many_have_more_than_chance_explains() -> None:
    result = found("rate")
    assert sentence(result, "en").startswith(f"{result.count('high')} grids have more than chance explains, ")
    assert f"{result.count('small')} grid had too few cases to tell." in sentence(result, "en")
    assert sentence(result, "zh").startswith(f"{result.count('high')} 个网格的诉求多于偶然所能解释")


def test_no_case_and_no_difference_are_told_and_claim_nothing() -> None:
    places, counts = town(has_base=False)
    for method in HOTSPOT_METHODS[3:]:
        nothing = find_hotspots(places, counts * 0, HotspotChoice(method))
        assert set(nothing.state) == {"small"}
        assert sentence(nothing, "en") == "No case that was asked for lies in a grid."
        assert "没有" in sentence(nothing, "zh")
    alike = find_hotspots(places, np.ones((100, 4)), HotspotChoice("gi_star"))
    assert not alike.is_hot.any()


def test_place_where_nobody_lives_hides_no_cluster_from_the_replicates() -> None:
    xy, population = middles(9), np.full(81, 100.0)
    population[::2] = 0.0
    cases = np.where(population > 0, 3.0, 0.0)
    result = scan(xy, cases, population, rng=np.random.default_rng(4), replicates=20)
    drawn = np.random.default_rng(4).multinomial(int(cases.sum()), population / population.sum(), 64)[:20]
    alone = [scan(xy, row.astype(float), population, rng=np.random.default_rng(0), replicates=0) for row in drawn]
    assert result.replicates == pytest.approx([each.clusters[0].ratio for each in alone])


def test_everything_that_is_wrong_with_a_choice_is_told_at_once() -> None:
    places, counts = town(has_base=False)
    choice = HotspotChoice("rate", correction="all", alpha=2.0, permutations=0)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError) as refused:
        find_hotspots(places, counts, choice)
    assert [problem.subject for problem in refused.value.problems] == [
        *("correction", "alpha", "permutations", "base"),
    ]


def test_point_on_a_shared_edge_is_in_the_first_grid_and_one_outside_in_none() -> None:
    import shapely

    points = np.array([*shapely.points([[100.0, 50.0], [100.0, 100.0], [-5.0, 0.0], [150.0, 150.0]]), None])
    assert grids_of_points(squares(3), points).tolist() == [0, 0, -1, 4, -1]


def test_cases_without_grid_or_period_are_not_counted() -> None:
    counts = counts_by_period(np.array([0, 0, 1, -1, 1]), np.array([0, 1, 1, 0, -1]), grids=2, periods=2)
    assert counts.tolist() == [[1.0, 1.0], [0.0, 1.0]]
