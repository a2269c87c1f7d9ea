from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from boundaries.addresses.geocoding import geocode, geocode_many, import_addresses
from boundaries.addresses.tables import Address
from boundaries.files.osm import helsinki_extract, read_extract
from boundaries.jurisdictions.storing import save_jurisdiction
from geogrid.cases.complaints import write_complaints
from geogrid.errors import InvalidInputError
from geogrid.types import LevelName

LON, LAT = 24.94, 60.17


@pytest.fixture
def town(session: Session) -> int:
    return save_jurisdiction(session, code="town", name="Town", levels=[LevelName("grid")]).id


def frame(*rows: tuple[str, str, str]) -> gpd.GeoDataFrame:
    """Return addresses of street, house number and name, 22 m from one to the next."""
    streets, numbers, names = zip(*rows, strict=True)
    points = gpd.points_from_xy(LON + 0.0004 * np.arange(len(rows)), np.full(len(rows), LAT))
    words = {"street": streets, "house_number": numbers, "name": names, "city": "Helsinki"}
    return gpd.GeoDataFrame(words, geometry=points, crs="EPSG:4326")


def stored(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Address)) or 0


def test_an_address_is_found_in_another_spelling(session: Session, town: int) -> None:
    import_addresses(session, town, frame(("Yrjönkatu", "10", ""), ("Yrjönkatu", "12", "")), "osm")
    answer = geocode(session, town, "12 YRJONKATU, Helsinki")
    assert answer is not None
    assert (answer.matched_level, answer.address) == ("house_number", "Yrjönkatu 12, Helsinki")
    assert answer.lon == pytest.approx(LON + 0.0004)


def test_a_chinese_address_is_found(session: Session, town: int) -> None:
    import_addresses(session, town, frame(("解放路", "12号", ""), ("朝阳路", "12号", "")), "osm")
    answer = geocode(session, town, "解放路12号3单元")
    assert answer is not None
    assert answer.lon == LON


def test_a_place_without_street_is_found_by_name(session: Session, town: int) -> None:
    import_addresses(session, town, frame(("", "", "Old Market Hall"), ("Kaivokatu", "1", "")), "osm")
    answer = geocode(session, town, "old market hal")
    assert answer is not None
    assert (answer.matched_level, answer.lon) == ("name", LON)


def test_an_unknown_address_has_no_answer(session: Session, town: int) -> None:
    import_addresses(session, town, frame(("Kaivokatu", "1", "")), "osm")
    assert geocode_many(session, town, ["Rue des Roses 3", "", "12"]) == [None, None, None]


def test_addresses_of_another_jurisdiction_are_not_found(session: Session, town: int) -> None:
    other = save_jurisdiction(session, code="other", name="Other", levels=[LevelName("grid")]).id
    import_addresses(session, other, frame(("Kaivokatu", "1", "")), "osm")
    assert geocode(session, town, "Kaivokatu 1") is None


def test_importing_a_source_again_replaces_it(session: Session, town: int) -> None:
    rows = frame(("Kaivokatu", "1", ""), ("Kaivokatu", "3", ""))
    assert import_addresses(session, town, rows, "osm") == 2
    assert import_addresses(session, town, rows.head(1), "osm") == 1
    import_addresses(session, town, rows, "cadastre")
    assert stored(session) == 3


def test_addresses_in_metres_are_stored_in_degrees(session: Session, town: int) -> None:
    import_addresses(session, town, frame(("Kaivokatu", "1", "")).to_crs("EPSG:32635"), "osm")
    answer = geocode(session, town, "Kaivokatu 1")
    assert answer is not None
    assert (answer.lon, answer.lat) == pytest.approx((LON, LAT), abs=1e-8)


def test_rows_without_place_or_words_are_all_named_and_nothing_is_stored(session: Session, town: int) -> None:
    rows = frame(("Kaivokatu", "1", ""), ("", "2", ""), ("Kaivokatu", "3", ""))
    rows.loc[2, "geometry"] = None
    with pytest.raises(InvalidInputError) as refused:
        import_addresses(session, town, rows, "osm")
    assert [problem.subject for problem in refused.value.problems] == ["1", "2"]
    assert stored(session) == 0


def test_two_thousand_complaints_find_their_place_in_a_few_statements(session: Session, town: int) -> None:
    addresses = read_extract(helsinki_extract()).addresses
    import_addresses(session, town, addresses, "osm")
    period = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    complaints = write_complaints(addresses, 2_000, rng=np.random.default_rng(4), period=period)
    statements: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *execution: statements.append(execution[2]))
    answers = geocode_many(session, town, complaints["address"].tolist())
    assert len(statements) < 20
    meant = addresses.geometry.iloc[complaints["address_row"]].to_crs("EPSG:32635").reset_index(drop=True)
    got = gpd.GeoSeries(
        gpd.points_from_xy(*zip(*[(a.lon, a.lat) if a else (0, 0) for a in answers], strict=True)), crs="EPSG:4326"
    )
    off_m = meant.distance(got.to_crs("EPSG:32635")).to_numpy()
    stated_m = np.array([answer.positional_error_m if answer else 0 for answer in answers])
    assert (off_m <= 50).mean() >= 0.97
    assert (off_m <= stated_m + 1).mean() >= 0.99


def test_a_name_that_goes_on_is_found_by_its_beginning_but_not_in_place_of_other_words(
    session: Session, town: int
) -> None:
    known = (("Epsom Course", "9", ""), ("Garden City Road", "12", ""), ("Route 66", "7", ""))
    import_addresses(session, town, frame(*known), "survey")
    found = geocode(session, town, "9 Epsom, Helsinki")
    assert found is not None
    assert (found.address, found.needs_review) == ("Epsom Course 9, Helsinki", False)
    for other in ("12 Garden Park Lane", "7 Route 67", "7 Route"):
        answer = geocode(session, town, other)
        assert answer is None or answer.needs_review, other


def test_the_kind_of_a_building_in_an_extract_is_no_building_of_an_address(session: Session, town: int) -> None:
    rows = frame(("Kaivokatu", "1", ""), ("Kaivokatu", "3", ""), ("Kaivokatu", "5", ""))
    import_addresses(session, town, rows.assign(building=["yes", "apartments", "B"]), "osm")
    known = session.scalars(select(Address.building).order_by(Address.house_number)).all()
    assert known == ["", "", "B"]


def test_a_street_listed_with_a_leading_zero_is_found_as_people_say_it(session: Session, town: int) -> None:
    import_addresses(session, town, frame(("03rd Street", "12", ""), ("13th Street", "12", "")), "osm")
    asked = ["12 3rd St", "12 Third Street", "12 03RD STREET", "123rd Street", "12 Third"]
    answers = geocode_many(session, town, asked)
    assert [answer is not None and answer.lon == LON for answer in answers] == [True, True, True, False, True]
