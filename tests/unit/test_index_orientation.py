"""The orientation test against rational arithmetic."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geogrid.index.orientation import orientation

finite = st.floats(allow_nan=False, allow_infinity=False)
town = st.floats(min_value=116.0, max_value=117.0) | st.floats(min_value=-1.0, max_value=1.0)
small_grid = st.integers(-4, 4).map(float)


def rational_side(*coordinates: float) -> int:
    ax, ay, bx, by, px, py = (Fraction(value) for value in coordinates)
    determinant = (ax - px) * (by - py) - (ay - py) * (bx - px)
    return (determinant > 0) - (determinant < 0)


@given(st.tuples(*[finite] * 6))
@example((5e-324, 0.0, 0.0, 5e-324, 0.0, 0.0))
@example((1.7e308, -1.7e308, -1.7e308, 1.7e308, 5e-324, 0.0))
@example((1e-310, 1e-310, 3e-310, 3e-310, 2e-310, 2e-310))
@settings(max_examples=2000)
def test_side_equals_rational_arithmetic_for_any_doubles(coordinates: tuple[float, ...]) -> None:
    assert orientation(*coordinates) == rational_side(*coordinates)


@given(st.tuples(*[small_grid] * 6))
def test_side_equals_rational_arithmetic_where_many_points_are_collinear(coordinates: tuple[float, ...]) -> None:
    assert orientation(*coordinates) == rational_side(*coordinates)


@given(st.tuples(*[town] * 4), st.floats(0, 1), st.integers(-3, 3), st.integers(-3, 3))
@settings(max_examples=1000)
def test_side_equals_rational_arithmetic_a_few_ulps_beside_the_line(
    ends: tuple[float, ...], along: float, ulps_x: int, ulps_y: int
) -> None:
    ax, ay, bx, by = ends
    px, py = ax + along * (bx - ax), ay + along * (by - ay)
    px += ulps_x * math.ulp(px)
    py += ulps_y * math.ulp(py)
    assert orientation(ax, ay, bx, by, px, py) == rational_side(ax, ay, bx, by, px, py)


def test_side_is_antisymmetric_in_the_ends_of_the_line() -> None:
    rng = np.random.default_rng(3)
    for ax, ay, bx, by, px, py in rng.integers(-3, 4, (500, 6)) * 0.1:
        assert orientation(ax, ay, bx, by, px, py) == -orientation(bx, by, ax, ay, px, py)
