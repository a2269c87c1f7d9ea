import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.address import Candidate, best_match, normalise, parse_query
from geogrid.address.match import Match
from geogrid.address.misspell import misspell
from geogrid.address.normalise import house_number_of

LON, LAT = 24.94, 60.17
STEP = 0.0004


def known(street: str, *numbers: str, name: str = "", lat: float = LAT) -> list[Candidate]:
    """Return addresses along a street, 22 m from number to number."""
    return [Candidate(street, number, name, "Helsinki", LON + STEP * i, lat) for i, number in enumerate(numbers)]


def ask(text: str, candidates: list[Candidate]) -> Match | None:
    return best_match(parse_query(text), candidates)


def found(text: str, candidates: list[Candidate]) -> Match:
    match = ask(text, candidates)
    assert match is not None
    return match


MAIN = known("Mannerheimintie", "10", "12", "14", "16 B", "22-26")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  MANNERHEIMINTIE,10 ", "mannerheimintie 10"),
        ("Ｍａｉｎ Ｓｔ １２", "main street 12"),  # noqa: RUF001 - full width on purpose
        ("Töölönlahdenkatu", "toolonlahdenkatu"),
        ("217–14 Hempstead Ave.", "217-14 hempstead avenue"),
        ("解放路12號", "解放路12號"),
    ],
)
def test_spellings_become_one(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(max_size=40))
def test_any_text_can_be_asked(text: str) -> None:
    match = ask(text, MAIN)
    assert match is None or 0 < match.score <= 1


@pytest.mark.parametrize(
    ("text", "street", "number", "house_number"),
    [
        ("Mannerheimintie 10", "mannerheimintie", 10, "10"),
        ("Mannerheimintie 10 b, Helsinki", "mannerheimintie", 10, "10b"),
        ("10 Mannerheimintie", "mannerheimintie", 10, "10"),
        ("217-14 Hempstead Ave", "hempstead avenue", 217, "217-14"),
        ("near Kaivokatu 1", "kaivokatu", 1, "1"),
        ("Boulevard Albert 1er 4bis", "boulevard albert 1er", 4, "4bis"),
        ("Kaivokatu, 00100 Helsinki", "kaivokatu 00100 helsinki", None, ""),
        ("解放路12号3单元", "解放路", 12, "12"),
        ("Mannerheimintie 10号", "mannerheimintie", 10, "10"),
        ("Stockmann", "stockmann", None, ""),
    ],
)
def test_street_and_number_are_told_apart(text: str, street: str, number: int | None, house_number: str) -> None:
    query = parse_query(text)
    assert (query.street, query.number, query.house_number) == (street, number, house_number)


@pytest.mark.parametrize(
    ("written", "number", "whole"),
    [("33 B", 33, "33b"), ("22-24", 22, "22-24"), ("2, 2. krs./Floor 2", 2, "2"), ("1;3;5", 1, "1"), ("A", None, "")],
)
def test_house_numbers_of_a_gazetteer_are_read(written: str, number: int | None, whole: str) -> None:
    assert house_number_of(written) == (number, whole)


def test_the_exact_number_is_the_answer() -> None:
    match = found("mannerheimintie 12", MAIN)
    assert (match.level, match.score, match.lon) == ("house_number", 1.0, LON + STEP)


def test_a_slip_in_the_street_lowers_the_score_only() -> None:
    match = found("Manerheimintie 12", MAIN)
    assert (match.level, match.lon) == ("house_number", LON + STEP)
    assert 0.9 < match.score < 1


def test_another_letter_of_the_number_is_near_enough() -> None:
    assert found("Mannerheimintie 16 A", MAIN).lon == LON + 3 * STEP


def test_a_range_has_the_numbers_of_its_side() -> None:
    assert found("Mannerheimintie 24", MAIN).level == "house_number"
    assert found("Mannerheimintie 25", MAIN).level != "house_number"


def test_a_missing_number_lies_between_its_neighbours() -> None:
    match = found("Mannerheimintie 20", known("Mannerheimintie", "18", "19", "22"))
    assert match.level == "between_numbers"
    assert match.lon == pytest.approx(LON + STEP)
    # The neighbours are 44 m apart: the place is within half of that of their middle.
    assert match.error_m == pytest.approx(22, abs=2)


def test_a_number_off_the_end_is_near_the_last_one() -> None:
    match = found("Mannerheimintie 28", MAIN)
    assert (match.level, match.lon) == ("nearest_number", LON + 4 * STEP)
    assert match.error_m >= 30


def test_a_number_far_off_the_end_says_the_street_only() -> None:
    assert found("Mannerheimintie 999", MAIN).level == "street"


def test_a_street_without_number_is_its_middle() -> None:
    match = found("Mannerheimintie", MAIN)
    assert (match.level, match.lon) == ("street", LON + 2 * STEP)
    assert match.error_m == pytest.approx(2 * 22.3, abs=2)


def test_a_place_is_found_by_its_name() -> None:
    shops = [*MAIN, *known("Aleksanterinkatu", "52", name="Stockmann", lat=LAT + 0.01)]
    match = found("stockmann", shops)
    assert (match.level, match.lat) == ("name", LAT + 0.01)
    assert match.text == "Stockmann, Aleksanterinkatu 52, Helsinki"


def test_the_error_takes_in_every_place_of_the_same_number() -> None:
    entrances = known("Kaivokatu", "1", "1", "1")
    assert found("Kaivokatu 1", entrances).error_m == pytest.approx(22.3, abs=1)


def test_unlike_words_have_no_answer() -> None:
    assert ask("Rue des Roses 12", MAIN) is None
    assert ask("", MAIN) is None
    assert ask("Mannerheimintie 12", []) is None


def test_the_order_of_the_candidates_does_not_matter() -> None:
    twins = [*known("Kirkkokatu", "3", "5"), *known("Kirkkokatu", "3", "5", lat=LAT + 0.002)]
    assert found("Kirkkokatu 3", twins) == found("Kirkkokatu 3", twins[::-1])


@given(st.integers(0, 2**32 - 1))
def test_every_spelling_that_is_written_is_understood(seed: int) -> None:
    spelled = misspell("Mannerheimintie", "12", "Helsinki", rng=np.random.default_rng(seed))
    assert found(spelled, MAIN).lon == LON + STEP
