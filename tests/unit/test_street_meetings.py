"""Whether two streets cross, by their addresses alone."""

import numpy as np
import pytest

from geogrid.addresses.meeting import meeting_of
from geogrid.coordinates import metres_per_degree

LON, LAT = 10.0, 50.0
SCALE = np.array([length[0] for length in metres_per_degree(np.array([LAT]))])


def street(start: tuple[float, float], end: tuple[float, float], *, every_m: float = 25.0) -> np.ndarray:
    """Return addresses along a street, 12 m beside it in turns."""
    along = np.array(end, dtype=np.float64) - start
    length = float(np.hypot(*along))
    steps = np.arange(0.0, length + 1, every_m)
    sides = np.where(np.arange(len(steps)) % 2, 12.0, -12.0)[:, None] * np.array([-along[1], along[0]]) / length
    xy: np.ndarray = np.array(start) + steps[:, None] * along / length + sides
    return np.array([LON, LAT]) + xy / SCALE


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [
        (((-500, 0), (500, 0)), ((0, -400), (0, 400)), (0, 0)),
        (((-500, 0), (500, 0)), ((0, 30), (0, 400)), (0, 0)),
        (((-500, -500), (500, 500)), ((-300, 300), (300, -300)), (0, 0)),
    ],
)
def test_streets_cross_where_their_lines_do(
    one: tuple[tuple[float, float], tuple[float, float]],
    other: tuple[tuple[float, float], tuple[float, float]],
    place: tuple[float, float],
) -> None:
    met = meeting_of(street(*one), street(*other))
    assert met is not None
    assert met.is_sure
    assert ((np.array([met.lon, met.lat]) - (LON, LAT)) * SCALE).tolist() == pytest.approx(place, abs=12)


@pytest.mark.parametrize("gap_m", [50.0, 90.0, 140.0])
def test_streets_beside_each_other_never_meet(gap_m: float) -> None:
    assert meeting_of(street((-500, 0), (500, 0)), street((-500, gap_m), (500, gap_m))) is None


def test_a_street_that_ends_before_another_is_not_surely_met() -> None:
    met = meeting_of(street((-500, 0), (500, 0)), street((0, 110), (0, 500)))
    assert met is not None
    assert not met.is_sure


def test_one_address_alone_tells_no_direction() -> None:
    met = meeting_of(street((-500, 0), (500, 0)), np.array([[LON, LAT + 30 / SCALE[1]]]))
    assert met is not None
    assert not met.is_sure


def test_streets_far_apart_have_no_meeting() -> None:
    assert meeting_of(street((-500, 0), (500, 0)), street((0, 300), (0, 600))) is None
