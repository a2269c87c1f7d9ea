"""Crossings by the streets' lines, where two streets may meet more than once."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy.orm import Session

from boundaries.addresses.answers import ANYWHERE, Context, GeocodeAnswer
from boundaries.addresses.geocoding import candidates_many, import_addresses
from boundaries.basemap.storing import save_barriers
from boundaries.jurisdictions.storing import save_jurisdiction
from geogrid.types import LevelName

LON, LAT = 113.0, 28.2
METRES = np.array([111_000 * np.cos(np.radians(LAT)), 111_000])
LINES = {
    "Ring Road": [[(0, 0), (2_000, 0), (2_000, 2_000), (0, 2_000), (0, 0)]],
    "Long Street": [[(-500, 1_000), (1_000, 1_000)], [(1_000, 1_000), (2_500, 1_000)]],
    "Broad Avenue": [[(500, -300), (500, 300)], [(530, -300), (530, 300)]],
    "Short Lane": [[(1_000, 25), (1_000, 400)]],
}


def degrees(xy: list[tuple[int, int]]) -> np.ndarray:
    found: np.ndarray = np.array([LON, LAT]) + np.array(xy, dtype=np.float64) / METRES
    return found


@pytest.fixture
def town(session: Session) -> int:
    town = save_jurisdiction(session, code="town", name="Town", levels=[LevelName("grid")]).id
    pieces = [(name, shapely.LineString(degrees(piece))) for name, of in LINES.items() for piece in of]
    names, shapes = zip(*pieces, strict=True)
    barriers = {"name": names, "kind": "highway", "rank": 1}
    save_barriers(session, town, gpd.GeoDataFrame(barriers, geometry=list(shapes), crs=4326))
    points = gpd.points_from_xy(*degrees([of[0][0] for of in LINES.values()]).T)
    import_addresses(session, town, gpd.GeoDataFrame({"street": list(LINES)}, geometry=points, crs=4326), "streets")
    return town


def asked(session: Session, town: int, text: str, context: Context = ANYWHERE) -> list[GeocodeAnswer]:
    (found,) = candidates_many(session, town, [text], context)
    return found


def places(answers: list[GeocodeAnswer]) -> list[tuple[int, int]]:
    xy = (np.array([(answer.lon, answer.lat) for answer in answers]) - (LON, LAT)) * METRES
    return [(round(x, -1), round(y, -1)) for x, y in xy.tolist()]


def test_streets_that_meet_twice_have_two_crossings_and_wait_for_a_person(session: Session, town: int) -> None:
    answers = asked(session, town, "Ring Rd & Long St")
    assert places(answers) == [(0, 1_000), (2_000, 1_000)]
    assert [answer.matched_level for answer in answers] == ["crossing"] * 2
    assert answers[0].needs_review


def test_of_two_crossings_the_one_where_the_caller_is_is_sure(session: Session, town: int) -> None:
    east = Context(inside=lambda lon, _lat: lon > LON + 1_000 / METRES[0])
    (only,) = asked(session, town, "corner of Long Street and Ring Road", east)
    assert (places([only]), only.needs_review) == ([(2_000, 1_000)], False)


def test_two_carriageways_are_one_crossing(session: Session, town: int) -> None:
    (only,) = asked(session, town, "Broad Ave & Ring Rd")
    assert not only.needs_review
    assert places([only]) == [(520, 0)]
    assert only.positional_error_m == pytest.approx(40, abs=2)


def test_streets_that_nearly_touch_meet_where_they_are_nearest(session: Session, town: int) -> None:
    (only,) = asked(session, town, "Short Lane / Ring Road")
    assert only.lat == pytest.approx(LAT + 25 / METRES[1], abs=1e-5)
    assert only.positional_error_m == pytest.approx(50, abs=2)


def test_streets_that_never_meet_have_no_crossing(session: Session, town: int) -> None:
    assert not any(answer.matched_level == "crossing" for answer in asked(session, town, "Short Lane & Long Street"))


def test_a_stretch_lies_between_the_nearest_of_the_crossings(session: Session, town: int) -> None:
    (best, *_) = asked(session, town, "Ring Road between Broad Avenue and Short Lane")
    (x, y), *_ = places([best])
    assert (x, y) == (760, 0)
