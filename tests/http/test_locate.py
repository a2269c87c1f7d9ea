"""``GET /locate``: one point, everything a caller needs, and every bad value by name."""

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.locate.schemas import LocateAnswer
from geogrid.coordinates import from_wgs84
from tests.fixtures_db import lost
from tests.http.conftest import Town, publish_second, store_town

INSIDE = {"lon": 10.25, "lat": 50.5}
ANY_LON = "a number from -180 to 180"
ANY_MOMENT = "a time with its offset, as in 2026-03-01T08:00:00+08:00 or 2026-03-01T00:00:00Z"


def test_point_is_answered_with_grid_chain_duties_and_edition(reader: TestClient) -> None:
    answer = reader.get("/locate", params=INSIDE).json()
    LocateAnswer.model_validate(answer)
    assert answer["point"] == {"lon": 10.25, "lat": 50.5}
    assert answer["grid"] == {
        "code": "D-a",
        "name": "Grid a",
        "level": 2,
        "level_name": "grid",
        "parent": "D",
        "kind": "comprehensive",
        "category": None,
        "key": answer["chain"][0]["key"],
    }
    assert len({grid["key"] for grid in answer["chain"]} - {0}) == 2
    assert [grid["code"] for grid in answer["chain"]] == ["D-a", "D"]
    assert answer["duties"] == [
        {"grid": "D-a", "role": "网格长", "holder": "王芳", "phone": "12345"},
        {"grid": "D-a", "role": "gridder", "holder": "O'Neil <b>", "phone": ""},
        {"grid": "D", "role": "chief", "holder": "Li", "phone": ""},
    ]
    assert answer["edition"]["name"] == "first"
    assert answer["edition"]["valid_from"] == "2026-01-01T00:00:00+00:00"
    assert answer["reason"] is None


def test_distance_to_the_boundary_is_in_metres(reader: TestClient) -> None:
    # A quarter of a degree of longitude at 50.5 north, after Snyder 4-20: 70,950 m a degree.
    answer = reader.get("/locate", params={"lon": 10.75, "lat": 50.5}).json()
    assert answer["boundary_distance_m"] == pytest.approx(17_737, abs=20)


def test_grids_within_the_positional_error_are_neighbours(reader: TestClient) -> None:
    point = {"lon": 10.999, "lat": 50.5}
    near = reader.get("/locate", params={**point, "error_m": 100}).json()["neighbours"]
    assert [each["grid"]["code"] for each in near] == ["D-b"]
    assert near[0]["distance_m"] == pytest.approx(71, abs=1)
    assert reader.get("/locate", params={**point, "error_m": 70}).json()["neighbours"] == []


def test_point_on_a_shared_edge_goes_to_the_smaller_code(reader: TestClient) -> None:
    assert reader.get("/locate", params={"lon": 11, "lat": 50.5}).json()["grid"]["code"] == "D-a"


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_point_of_a_chinese_datum_is_found_where_it_is(engine: Engine, client: TestClient, datum: str) -> None:
    store_town(engine, "wuhan", west=114.0)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    # 200 m west of a boundary: the shift of some 500 m east would cross it.
    lon, lat = from_wgs84([114.9972], [50.5], datum)  # type: ignore[arg-type]
    params = {"lon": float(lon[0]), "lat": float(lat[0]), "jurisdiction": "wuhan"}
    told = client.get("/locate", params={**params, "coord_type": datum}).json()
    assert told["grid"]["code"] == "D-a"
    assert told["point"]["lon"] == pytest.approx(114.9972, abs=1e-7)
    assert client.get("/locate", params=params).json()["grid"]["code"] == "D-b"


def test_point_outside_is_answered_with_the_reason(reader: TestClient) -> None:
    reply = reader.get("/locate", params={"lon": 9.999, "lat": 50.5})
    answer = reply.json()
    LocateAnswer.model_validate(answer)
    assert reply.status_code == 200
    assert answer["grid"] is None
    assert answer["reason"]["code"] == "outside"
    assert "The nearest is D-a Grid a, 71 m away." in answer["reason"]["detail"]


def test_exchanged_longitude_and_latitude_are_noticed(reader: TestClient) -> None:
    reason = reader.get("/locate", params={"lon": 50.5, "lat": 10.25}).json()["reason"]
    assert reason["detail"].endswith("With longitude and latitude exchanged it would be inside: lon comes first.")


def test_outside_point_still_names_the_grids_within_its_error(reader: TestClient) -> None:
    near = reader.get("/locate", params={"lon": 9.999, "lat": 50.5, "error_m": 100}).json()["neighbours"]
    assert [each["grid"]["code"] for each in near] == ["D-a"]


def test_each_moment_is_answered_by_its_own_edition(engine: Engine, client: TestClient, town: Town) -> None:
    publish_second(engine, town)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]

    def grid_at(moment: str) -> tuple[str, str]:
        answer = client.get("/locate", params={"lon": 11.25, "lat": 50.5, "at": moment}).json()
        return answer["edition"]["name"], answer["grid"]["code"]

    assert grid_at("2026-02-28T23:59:59Z") == ("first", "D-b")
    assert grid_at("2026-03-01T00:00:00Z") == ("second", "D-x")
    # The same wall clock six hours east is still the day before.
    assert grid_at("2026-03-01T05:59:59+06:00") == ("first", "D-b")
    now = client.get("/locate", params={"lon": 11.25, "lat": 50.5}).json()
    assert now["grid"]["code"] == "D-x"


def test_former_edition_says_when_it_ended(engine: Engine, client: TestClient, town: Town) -> None:
    publish_second(engine, town)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    answer = client.get("/locate", params={**INSIDE, "at": "2026-02-01T00:00:00Z"}).json()
    assert answer["edition"]["valid_to"] == "2026-03-01T00:00:00+00:00"


def test_moment_before_every_edition_is_answered_with_the_reason(reader: TestClient) -> None:
    answer = reader.get("/locate", params={**INSIDE, "at": "2025-12-31T23:59:59Z"}).json()
    LocateAnswer.model_validate(answer)
    assert answer["edition"] is None
    assert answer["reason"]["detail"] == "No edition was in force at 2025-12-31T23:59:59+00:00."


def test_duty_of_a_moment_is_the_one_of_that_moment(engine: Engine, client: TestClient) -> None:
    with engine.begin() as connection:
        connection.execute(text("update duties set validity = '[2026-01-01,2026-02-01)' where holder = 'Li'"))
    client.app.state.editions.refresh()  # type: ignore[attr-defined]

    def holders(**more: str) -> list[str]:
        return [duty["holder"] for duty in client.get("/locate", params={**INSIDE, **more}).json()["duties"]]

    assert "Li" in holders(at="2026-01-15T00:00:00Z")
    assert "Li" not in holders(at="2026-02-15T00:00:00Z")
    assert "Li" not in holders()


def test_plus_of_an_offset_that_was_not_encoded_is_understood(reader: TestClient) -> None:
    reply = reader.get("/locate?lon=10.25&lat=50.5&at=2026-02-01T08:00:00+08:00")
    assert reply.json()["grid"]["code"] == "D-a"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("lon", "nan", ANY_LON),
        ("lon", "inf", ANY_LON),
        ("lon", "-Infinity", ANY_LON),
        ("lon", "1e999", ANY_LON),
        ("lon", "181", ANY_LON),
        ("lon", "-180.0000001", ANY_LON),
        ("lon", "", ANY_LON),
        ("lon", "24,94", ANY_LON),
        ("lon", "24°", ANY_LON),
        ("lon", "0x10", ANY_LON),
        ("lat", "90.1", "a number from -90 to 90"),
        ("lat", "114.3", "a number from -90 to 90"),
        ("coord_type", "WGS84", "one of wgs84, gcj02, bd09"),
        ("coord_type", "cgcs2000", "one of wgs84, gcj02, bd09"),
        ("error_m", "-1", "a number of metres from 0 to 10000"),
        ("error_m", "nan", "a number of metres from 0 to 10000"),
        ("error_m", "10001", "a number of metres from 0 to 10000"),
        ("at", "2026-02-01", ANY_MOMENT),
        ("at", "2026-02-01T00:00:00", ANY_MOMENT),
        ("at", "2026-02-30T00:00:00Z", ANY_MOMENT),
        ("at", "0001-01-01T00:00:00+10:00", ANY_MOMENT),
        ("at", "1767225600", ANY_MOMENT),
        ("at", "now", ANY_MOMENT),
        ("jurisdiction", "", "a text of 1 to 200 characters"),
        ("jurisdiction", "x" * 201, "a text of 1 to 200 characters"),
        ("jurisdiction", "a\x00b", "a text of 1 to 200 characters"),
    ],
)
def test_bad_value_is_400_with_name_value_and_what_is_allowed(
    reader: TestClient, name: str, value: str, allowed: str
) -> None:
    reply = reader.get("/locate", params={**INSIDE, name: value})
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"
    (fault,) = reply.json()["errors"]
    assert (fault["name"], fault["in"], fault["allowed"]) == (name, "query", allowed)
    assert fault["value"] == (value if len(value) <= 200 else f"{value[:200]}...")


def test_problem_body_is_whole(reader: TestClient) -> None:
    reply = reader.get("/locate", params={"lon": "181", "lat": "50.5"})
    detail = "lon is '181'; it must be a number from -180 to 180."
    assert reply.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": detail,
        "instance": "/locate",
        "errors": [{"name": "lon", "in": "query", "value": "181", "allowed": ANY_LON, "detail": detail}],
    }


def test_all_bad_values_are_told_at_once(reader: TestClient) -> None:
    reply = reader.get("/locate", params={"lon": "x", "at": "y", "lng": "10"})
    faults = {fault["name"]: fault["detail"] for fault in reply.json()["errors"]}
    assert faults["lat"] == "lat is missing; it must be a number from -90 to 90."
    assert set(faults) == {"lon", "lat", "at", "lng"}
    assert faults["lng"].endswith("Did you mean lon?")


def test_parameter_given_twice_is_not_silently_one_of_them(reader: TestClient) -> None:
    reply = reader.get("/locate?lon=10.25&lon=12.5&lat=50.5")
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["name"] == "lon"


def test_unknown_jurisdiction_is_400_with_those_there_are(reader: TestClient) -> None:
    reply = reader.get("/locate", params={**INSIDE, "jurisdiction": "atlantis"})
    (fault,) = reply.json()["errors"]
    assert reply.status_code == 400
    assert (fault["name"], fault["value"]) == ("jurisdiction", "atlantis")
    assert fault["detail"] == "There is no jurisdiction 'atlantis'. Name one of: town."


def test_of_two_jurisdictions_one_must_be_named(engine: Engine, client: TestClient) -> None:
    store_town(engine, "other", west=20.0)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    reply = client.get("/locate", params=INSIDE)
    assert reply.status_code == 400
    assert reply.json()["detail"] == "More than one jurisdiction is stored. Name one of: other, town."
    there = client.get("/locate", params={"lon": 20.25, "lat": 50.5, "jurisdiction": "other"}).json()
    assert (there["jurisdiction"], there["grid"]["code"]) == ("other", "D-a")


def test_lookups_now_go_on_without_a_database(client: TestClient) -> None:
    client.app.state.store.close()  # type: ignore[attr-defined]
    store = client.app.state.store  # type: ignore[attr-defined]
    store._settings = lost(store._settings)
    assert client.get("/locate", params=INSIDE).json()["grid"]["code"] == "D-a"


def test_answer_tells_times_with_their_offset(reader: TestClient) -> None:
    told = reader.get("/locate", params=INSIDE).json()["edition"]["valid_from"]
    assert datetime.fromisoformat(told) == datetime(2026, 1, 1, tzinfo=UTC)
