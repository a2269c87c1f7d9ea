import numpy as np

from geogrid.blocks.households import estimate_households


def test_floor_area_is_shared_out_to_dwellings() -> None:
    found = estimate_households(np.array([450.0]), np.array([4.0]), ["apartments"])
    assert found.tolist() == [20.0]


def test_a_house_is_one_household_whatever_its_size() -> None:
    found = estimate_households(np.array([50.0, 800.0]), np.array([1.0, 3.0]), ["house", "detached"])
    assert found.tolist() == [1.0, 1.0]


def test_offices_have_none_and_unknown_uses_a_part() -> None:
    found = estimate_households(np.full(2, 900.0), np.full(2, 5.0), ["office", "yes"])
    assert found.tolist() == [0.0, 30.0]


def test_unknown_levels_take_the_median_of_the_town() -> None:
    levels = np.array([3.0, 5.0, 9.0, np.nan])
    assert estimate_households(np.full(4, 900.0), levels, ["apartments"] * 4)[3] == 50.0


def test_small_footprints_of_unknown_height_are_low() -> None:
    levels = np.array([8.0, np.nan])
    assert estimate_households(np.array([900.0, 180.0]), levels, ["apartments"] * 2)[1] == 4.0


def test_three_levels_where_the_town_says_none() -> None:
    assert estimate_households(np.array([900.0]), np.array([np.nan]), ["apartments"]).tolist() == [30.0]


def test_a_shed_called_residential_is_no_dwelling() -> None:
    assert estimate_households(np.array([12.0, 40.0]), np.ones(2), ["residential"] * 2).tolist() == [0.0, 1.0]
