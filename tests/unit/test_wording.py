"""Numbers and counts as sentences tell them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.wording import amount, band_of, counted, distance


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0"),
        (1_240_000.0, "1,240,000"),
        (12.5, "12.5"),
        (1234.5678, "1,234.57"),
        (1_234_567.8, "1,234,568"),
        (0.0004, "0.0004"),
        (-1500, "-1,500"),
        (math.inf, "inf"),
    ],
)
def test_numbers_are_told_in_full(value: float, told: str) -> None:
    assert amount(value) == told


@pytest.mark.parametrize(
    ("metres", "told"),
    [
        (0.0, "0.0 m"), (4.23, "4.2 m"), (12.4, "12 m"), (999.4, "999 m"), (1_000.0, "1.0 km"), (1_440.0, "1.4 km"),
        (12_345.0, "12 km"), (1_283_400.0, "1,283 km"),
    ],
)  # fmt: skip
def test_distances_are_told_as_people_do(metres: float, told: str) -> None:
    assert distance(metres) == told


@given(st.floats(-1e15, 1e15))
def test_no_number_is_told_by_an_exponent_or_off_by_more_than_its_sixth_digit(value: float) -> None:
    told = amount(value)
    assert "e" not in told
    assert float(told.replace(",", "")) == pytest.approx(value, rel=5e-6, abs=1e-300)


def test_band_is_told_as_the_command_takes_it() -> None:
    assert band_of(800_000.0, 1_200_000.0) == "800000:1200000"


def test_one_is_one() -> None:
    assert (counted(1, "block"), counted(1240, "block"), counted(0, "city", "cities")) == (
        "1 block",
        "1,240 blocks",
        "0 cities",
    )
