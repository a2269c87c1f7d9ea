import numpy as np
import pytest
import shapely

from geogrid.coordinates import from_wgs84, guess_datum
from geogrid.errors import InvalidInputError
from geogrid.types import CoordType, GeometryArray


def streets(lon: float, lat: float) -> GeometryArray:
    """Return streets 200 to 400 m apart, as irregular as in a town."""
    rng = np.random.default_rng(4)
    east, north = np.cumsum(rng.uniform(0.002, 0.004, 20)), np.cumsum(rng.uniform(0.002, 0.004, 20))
    across = [shapely.LineString([(lon + x, lat), (lon + x, lat + 0.06)]) for x in east]
    along = [shapely.LineString([(lon, lat + y), (lon + 0.06, lat + y)]) for y in north]
    return np.array([*across, *along], dtype=object)


def beside(lines: GeometryArray, count: int, offset_deg: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    chosen = lines[rng.integers(len(lines), size=count)]
    points = shapely.line_interpolate_point(chosen, rng.uniform(0.1, 0.9, count), normalized=True)
    return (
        shapely.get_x(points) + rng.normal(0, offset_deg, count),
        shapely.get_y(points) + rng.normal(0, offset_deg, count),
    )


@pytest.mark.parametrize("coord_type", ["wgs84", "gcj02", "bd09"])
def test_points_beside_streets_tell_their_datum(coord_type: CoordType) -> None:
    lines = streets(121.4, 31.2)
    lon, lat = from_wgs84(*beside(lines, 200, 0.0001), coord_type)
    guess = guess_datum(lon, lat, lines)
    assert guess.coord_type == coord_type
    assert guess.confidence > 0.95
    assert guess.distances_m[coord_type] == min(guess.distances_m.values())


def test_points_anywhere_tell_little() -> None:
    lines = streets(121.4, 31.2)
    rng = np.random.default_rng(1)
    guess = guess_datum(121.41 + rng.uniform(0, 0.04, 300), 31.21 + rng.uniform(0, 0.04, 300), lines)
    assert guess.confidence < 0.8


def test_outside_china_wgs84_is_named_with_the_confidence_of_a_choice_of_two() -> None:
    lines = streets(24.9, 60.1)
    guess = guess_datum(*beside(lines, 200, 0.0001), lines)
    assert guess.coord_type == "wgs84"
    assert guess.confidence == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("count", "known"), [(5, True), (50, False)])
def test_too_little_to_judge_by_is_refused(count: int, known: bool) -> None:  # noqa: FBT001 - a parameter of the test
    lines = streets(121.4, 31.2)
    with pytest.raises(InvalidInputError):
        guess_datum(*beside(lines, count, 0.0001), lines if known else lines[:0])
