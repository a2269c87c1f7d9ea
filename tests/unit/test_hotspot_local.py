"""Rates and local statistics against published digits and those of esda 2.9, and by hand."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from geogrid.errors import InvalidInputError
from geogrid.hotspot.correction import corrected
from geogrid.hotspot.local import gi_star, local_moran, moran, permutation_p
from geogrid.hotspot.rates import global_bayes_rates, local_bayes_rates, rates
from geogrid.hotspot.weights import SpatialWeights, contiguity_weights, distance_weights, nearest_weights
from geogrid.types import FloatArray
from tests.unit.squares import middles, squares

Counties = tuple[gpd.GeoDataFrame, SpatialWeights]


def gal_weights(path: Path) -> tuple[list[str], SpatialWeights]:
    lines = path.read_text().split("\n")[1:]
    rows = {head.split()[0]: near.split() for head, near in zip(lines[::2], lines[1::2], strict=False) if head.strip()}
    names = list(rows)
    place = {name: position for position, name in enumerate(names)}
    return names, SpatialWeights.from_neighbors([[place[each] for each in rows[name]] for name in names], name="file")


@pytest.fixture(scope="module")
def carolina(shared_data: Path) -> Counties:
    """Return sudden infant deaths in the counties of North Carolina, in the order of their weights."""
    folder = shared_data / "moran_reference"
    names, weights = gal_weights(folder / "sids2.gal")
    table = gpd.read_file(folder / "sids2.shp").set_index("FIPS").loc[names]
    return table, weights


def column(table: gpd.GeoDataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=float)


@pytest.mark.shared_data
def test_moran_has_the_published_digits(carolina: Counties, shared_data: Path) -> None:
    table, weights = carolina
    assert moran(column(table, "SIDR74"), weights) == pytest.approx(0.24772519320480, abs=5e-14)
    _, of_homicides = gal_weights(shared_data / "moran_reference" / "stl.gal")
    homicides = gpd.read_file(shared_data / "moran_reference" / "stl_hom.shp")
    assert moran(column(homicides, "HR8893"), of_homicides) == pytest.approx(0.24365582621772, abs=5e-14)


@pytest.mark.shared_data
def test_local_statistics_have_esdas_digits(carolina: Counties) -> None:
    table, weights = carolina
    values = column(table, "SIDR74")
    rng = np.random.default_rng(1)
    spots, local = gi_star(values, weights, rng=rng), local_moran(values, weights, rng=rng)
    assert spots.value.sum() == pytest.approx(2.0809824564621646)
    assert local.value.sum() == pytest.approx(24.524794127275324)
    spots_of_esda = [
        -1.6990928211663148,
        -1.4355522568710857,
        -1.9221475534087824,
        -1.5530599968002856,
        4.251772568816774,
    ]
    local_of_esda = [0.6247641298503459, 0.6556865771199983, 0.258516040357654, 0.06370655725278863, 4.456789139949075]
    assert spots.value[:5] == pytest.approx(spots_of_esda)
    assert local.value[:5] == pytest.approx(local_of_esda)


@pytest.mark.shared_data
def test_p_values_are_twice_esdas_to_what_draws_differ_by(carolina: Counties) -> None:
    table, weights = carolina
    local = local_moran(column(table, "SIDR74"), weights, rng=np.random.default_rng(1))
    # esda tells the smaller tail alone.
    theirs = np.array([0.0314, 0.1739, 0.0093, 0.0158, 0.0033, 0.0499, 0.1811, 0.4919, 0.036, 0.4794])
    assert local.p[:10] == pytest.approx(2 * theirs, abs=0.03)
    assert local.quadrant[:10].tolist() == [2, 2, 2, 2, 0, 0, 2, 2, 0, 2]


@pytest.mark.shared_data
def test_steadied_rates_have_esdas_digits(carolina: Counties) -> None:
    table, weights = carolina
    deaths, births = column(table, "SID74"), column(table, "BIR74")
    steadied = global_bayes_rates(deaths, births)
    assert steadied.sum() == pytest.approx(206.84533445542434)
    assert steadied[:5] == pytest.approx([1.6972973309, 1.7053776808, 1.7730870221, 2.0128680842, 3.5349131492])
    near = local_bayes_rates(deaths, births, weights)
    assert near.sum() == pytest.approx(209.84567846409146)
    assert near[:5] == pytest.approx([0.9922275509, 1.2639029323, 0.974025974, 0.7604562738, 5.0153881226])


def test_interval_of_a_rate_is_exact() -> None:
    # Garwood's interval of 10 cases is 4.795 to 18.390, of none 0 to 3.689.
    told = rates(np.array([10.0, 0.0, 3.0]), np.array([1000.0, 1000.0, 0.0]))
    assert told.rate[:2] == pytest.approx([10.0, 0.0])
    assert told.low[:2] == pytest.approx([4.7954, 0.0], abs=1e-4)
    assert told.high[:2] == pytest.approx([18.3904, 3.6889], abs=1e-4)
    assert np.isnan(told.rate[2])
    assert told.is_small.tolist() == [False, True, True]


def test_rate_of_a_small_base_is_drawn_to_the_mean_and_of_none_is_the_mean() -> None:
    cases, base = np.array([4.0, 400.0, 900.0, 0.0]), np.array([10.0, 10_000.0, 10_000.0, 0.0])
    steadied = global_bayes_rates(cases, base)
    mean = 1000 * cases.sum() / base.sum()
    assert steadied[3] == pytest.approx(mean)
    assert abs(steadied[0] - mean) < 0.1 * abs(400.0 - mean)
    assert steadied[2] == pytest.approx(90.0, rel=0.02)


def test_all_that_is_wrong_with_counts_is_told_at_once() -> None:
    with pytest.raises(InvalidInputError) as refused:
        rates(np.array([-1.0, 2.0]), np.array([np.nan]))
    assert {problem.subject for problem in refused.value.problems} == {"cases", "base"}
    assert len(refused.value.problems) == 3


def test_shared_draws_give_the_distribution_of_every_draw() -> None:
    values = np.array([9.0, 1.0, 7.0, 2.0, 5.0, 3.0])
    weights = SpatialWeights.from_neighbors([[1, 2], [0], [0, 3], [2], [5], [4]], name="by hand")
    p = permutation_p(values, weights, rng=np.random.default_rng(1), permutations=60_000)
    # Place 0 has 1 + 7 = 8 of the ten pairs among 1, 7, 2, 5, 3: six are at least 8, five at most 8.
    pairs = [a + b for i, a in enumerate(values[1:]) for b in values[2 + i :]]
    above, below = np.mean([pair >= 8 for pair in pairs]), np.mean([pair <= 8 for pair in pairs])
    assert p[0] == pytest.approx(min(2 * min(above, below), 1), abs=0.02)
    # Place 1 has 9, the largest of the five others.
    assert p[1] == pytest.approx(2 / 5, abs=0.01)
    assert p[5] == pytest.approx(min(2 * min(3 / 5, 3 / 5), 1.0), abs=0.02)


def test_few_of_many_and_shuffled_rows_tell_the_same() -> None:
    values = np.random.default_rng(2).poisson(3.0, 900).astype(float)
    few = contiguity_weights(squares(30))
    many = distance_weights(middles(30), within_m=450.0)
    assert few.counts.max() == 8
    assert many.counts.max() > 30
    for weights in (few, many):
        local = gi_star(values, weights, rng=np.random.default_rng(1), permutations=1999)
        assert 0.02 < (local.p <= 0.05).mean() < 0.08


def test_planted_spot_is_found_and_chance_is_not() -> None:
    values = np.random.default_rng(1).poisson(5.0, 400).astype(float)
    spot = np.flatnonzero(np.hypot(*(middles(20) - [1050.0, 1050.0]).T) < 220.0)
    values[spot] += 15.0
    local = gi_star(values, contiguity_weights(squares(20)), rng=np.random.default_rng(1))
    hot = np.flatnonzero((corrected(local.p, "bh") <= 0.05) & local.is_high)
    assert len(set(spot) & set(hot)) >= 0.6 * len(spot)
    assert np.hypot(*(middles(20)[hot] - [1050.0, 1050.0]).T).max() < 400.0


def test_high_place_among_low_ones_is_no_spot() -> None:
    values = np.full(400, 5.0) + np.arange(400) % 3
    middle = 10 * 20 + 10
    values[[middle + step for step in (-21, -20, -19, -1, 1, 19, 20, 21)]] = 0.0
    values[middle] = 500.0
    local = gi_star(values, contiguity_weights(squares(20)), rng=np.random.default_rng(1), permutations=999)
    assert local.value[middle] > 3.0
    assert local.p[middle] == 1.0


def test_same_seed_gives_the_same_and_another_gives_others() -> None:
    values, weights = np.random.default_rng(1).poisson(5.0, 100).astype(float), contiguity_weights(squares(10))
    first, again, other = (
        gi_star(values, weights, rng=np.random.default_rng(seed), permutations=99).p for seed in (1, 1, 2)
    )
    assert first.tolist() == again.tolist() != other.tolist()


def test_place_without_neighbours_is_not_tested() -> None:
    weights = SpatialWeights.from_neighbors([[1], [0], [], [1]], name="by hand")
    p = gi_star(np.array([1.0, 2.0, 3.0, 9.0]), weights, rng=np.random.default_rng(1), permutations=99).p
    assert np.isnan(p).tolist() == [False, False, True, False]


def test_corrections_have_the_values_of_their_authors() -> None:
    p = np.array([0.01, 0.02, 0.03, np.nan, 0.5])
    assert corrected(p, "bh")[[0, 1, 2, 4]] == pytest.approx([0.04, 0.04, 0.04, 0.5])
    harmonic = 1 + 1 / 2 + 1 / 3 + 1 / 4
    assert corrected(p, "by")[[0, 1, 2, 4]] == pytest.approx([0.04 * harmonic] * 3 + [1.0])
    assert np.isnan(corrected(p, "by")[3])
    assert corrected(p, "none")[0] == 0.01


def test_squares_touch_by_edges_or_by_corners_too() -> None:
    assert contiguity_weights(squares(3), contiguity="rook").of(4).tolist() == [1, 3, 5, 7]
    assert contiguity_weights(squares(3)).of(4).tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    assert nearest_weights(middles(3), count=2).of(0).tolist() == [1, 3]
    assert distance_weights(middles(3), within_m=100.0).of(4).tolist() == [1, 3, 5, 7]


def test_values_that_are_missing_alike_or_too_many_are_refused() -> None:
    weights = contiguity_weights(squares(2))
    for values, told in (([1, 1, 1, 1], "alike"), ([1, np.nan, 2, 3], "position 1"), ([1, 2, 3], "4 places")):
        with pytest.raises(InvalidInputError, match=told):
            gi_star(np.array(values, dtype=float), weights, rng=np.random.default_rng(1))
