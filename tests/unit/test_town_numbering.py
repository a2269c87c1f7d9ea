"""Numbers on streets of towns where all streets that run one way count alike."""

import numpy as np
import pytest

from geogrid.addresses import GazetteerName, GazetteerPlace, Match, core_of, name_likeness, normalise, parse_query, rank
from geogrid.addresses.match import REVIEW_BELOW, Hit
from geogrid.addresses.numbering import TownNumbering, direction_of, learn_numbering
from geogrid.addresses.numbers import parse_number

LON, LAT = -111.9, 40.7
METRES_PER_NUMBER = 1.6
EAST, NORTH = 84_500.0, 111_050.0


def point(along_m: float, aside_m: float, *, turned: float) -> tuple[float, float]:
    """Return a point some way along and aside in a town whose streets are turned against the north."""
    east = along_m * np.cos(turned) - aside_m * np.sin(turned)
    north = along_m * np.sin(turned) + aside_m * np.cos(turned)
    return LON + east / EAST, LAT + north / NORTH


def town_of(turned: float, *, noise_m: float = 8.0) -> TownNumbering:
    rng = np.random.default_rng(6)
    numbers = rng.integers(0, 4_000, 900)
    aside_m = rng.integers(-20, 20, 900) * 100.0
    points = [
        point(number * METRES_PER_NUMBER + rng.normal(0, noise_m), aside, turned=turned)
        for number, aside in zip(numbers, aside_m, strict=True)
    ]
    return learn_numbering(["e"] * 900, numbers, np.array(points))


def known(number: int, aside_m: float, *, turned: float = 0.0, off_m: float = 0.0) -> GazetteerPlace:
    lon, lat = point(number * METRES_PER_NUMBER + off_m, aside_m, turned=turned)
    return GazetteerPlace(1, number, str(number), number, f"E Main Street {number}", "", lon, lat)


def asked(text: str, town: TownNumbering, *places: GazetteerPlace, street: str = "E Main Street") -> list[Match]:
    question = parse_query(text)
    key = normalise(street)
    name = GazetteerName(1, key, core_of(key), street)
    hits = [
        Hit(reading, name, reading.worth * name_likeness(reading.name, name))
        for reading in (*question.readings, *question.fuzzy)
    ]
    return rank(question, hits, {1: list(places)}, numbering=town)


@pytest.mark.parametrize("turned", [0.0, 0.3, -0.6])
def test_one_known_number_of_a_street_is_enough_where_the_town_counts_evenly(turned: float) -> None:
    best = asked("1200 E Main St", town_of(turned), known(600, 730.0, turned=turned))[0]
    lon, lat = point(1_200 * METRES_PER_NUMBER, 730.0, turned=turned)
    assert np.hypot((best.lon - lon) * EAST, (best.lat - lat) * NORTH) < best.error_m
    assert not best.needs_review
    assert best.error_m < 200.0
    assert "the town's streets" in best.why[1]


def test_neighbours_close_by_count_more_than_the_rule_of_the_town() -> None:
    best = asked("2400 E Main St", town_of(0.0), known(2_390, 0.0), known(2_410, 0.0))[0]
    assert best.text == "E Main Street 2390 – E Main Street 2410"


def test_a_street_that_counts_for_itself_is_not_put_on_the_grid_of_the_town() -> None:
    assert asked("2400 E Main St", town_of(0.0), known(600, 730.0, off_m=900.0))[0].needs_review


def test_where_numbers_follow_no_rule_there_is_none() -> None:
    assert not town_of(0.0, noise_m=600.0).axes


def test_a_number_far_beyond_all_known_ones_is_nowhere() -> None:
    number = parse_number("5600")
    assert number is not None
    assert town_of(0.0).spot(number, "e main st", "e main st", [known(600, 0.0)]) is None


def test_a_town_survives_being_stored() -> None:
    town = town_of(0.3)
    assert TownNumbering.from_document(town.to_document()) == town


@pytest.mark.parametrize(("key", "direction"), [("e main st", "e"), ("main st e", ""), ("n", ""), ("400 s", "")])
def test_the_direction_is_the_word_that_a_street_begins_with(key: str, direction: str) -> None:
    assert direction_of(key) == direction


def test_lettered_avenues_are_not_slips_of_each_other() -> None:
    key = normalise("S Avenue C")
    assert name_likeness(normalise("S Avenue F"), GazetteerName(1, key, core_of(key), "S Avenue C")) < REVIEW_BELOW
