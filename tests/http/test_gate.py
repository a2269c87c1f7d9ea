"""The gate: what is refused at the door, and that a row that is there already takes nothing down."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from boundaries.files.cases.fields import CaseFields, CaseReading
from boundaries.files.cases.rows import CaseTable
from boundaries.files.cases.statuses import StatusReader
from boundaries.files.chunks import Chunk
from boundaries.files.times import TimeReader
from geogrid.coordinates import WGS84
from tests.http.conftest import Town, store_cases
from tests.http.test_cases import case

PLACE = {"lon": 10.25, "lat": 50.5}
VIEWS = (
    "/cases",
    "/cases?f=csv",
    "/search",
    "/search?lang=zh",
    "/",
    "/maps/hotspots",
    "/hotspots",
    "/changes",
    "/collections/cases",
    *(
        f"/collections/cases/items?f={f}"
        for f in ("geojson", "geojsonseq", "csv", "topojson", "flatgeobuf", "geoparquet", "kml", "html")
    ),
    "/collections/cases/items?coord_type=gcj02",
    "/open311/v2/requests.json",
    "/open311/v2/requests.xml",
    "/geocode/reviews",
)


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def raw(client: TestClient, attributes: str) -> Any:
    body = json.dumps({**PLACE, "attributes": 0})[:-2] + attributes + "}"
    return client.post("/cases", content=body.encode(), headers={"content-type": "application/json"})


def assert_everything_answers(client: TestClient) -> None:
    for view in VIEWS:
        reply = client.get(view, headers={"accept": "text/html"} if view in {"/", "/search"} else {})
        assert reply.status_code == 200, f"{view}: {reply.status_code} {reply.text[:300]}"


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ('{"order": 20260101000000012345}', "order: the number is beyond ±(2^53 - 1); send it as a text"),
        ('{"order": 9007199254740992}', "beyond ±(2^53 - 1)"),
        ('{"a": 1e20}', "beyond ±(2^53 - 1)"),
        ('{"a": [1, {"b": NaN}]}', "a[1].b: nan is no number"),
        ('{"a": -Infinity}', "-inf is no number"),
        ('{"a": 1e999}', "inf is no number"),
        (r'{"a": "\u0000"}', "the character NUL"),
        (r'{"a": "\ud800"}', "half of a character"),
        (r'{"\udfff": 1}', "half of a character"),
        (json.dumps(nested(33)), "nested more than 32 levels"),
        (json.dumps(nested(400)), "nested more than 32 levels"),
        ('{"a": ' + "[" * 50_000 + "]" * 50_000 + "}", "nested"),
        ('{"a": ' + "9" * 5_000 + "}", "thousands of digits"),
        (json.dumps({"a": "格" * 22_000}), "at most 65,536 are kept"),
    ],
)
def test_attributes_that_no_answer_could_hold_are_refused(reader: TestClient, attributes: str, words: str) -> None:
    reply = raw(reader, attributes)
    assert reply.status_code == 400
    assert words in reply.json()["detail"]
    assert reader.get("/cases").json()["numberMatched"] == 0


@pytest.mark.parametrize(
    "attributes",
    [{"a": 2**53 - 1, "b": -(2**53) + 1, "c": 0.1, "d": None, "e": [True, ""]}, nested(32), {"a": "格" * 21_000}],
)
def test_attributes_within_the_rule_come_back_unchanged(client: TestClient, attributes: dict[str, Any]) -> None:
    stored = raw(client, json.dumps(attributes)).json()
    assert stored["properties"]["attributes"] == attributes
    assert client.get("/cases").json()["features"][0]["properties"]["attributes"] == attributes


def test_every_fault_of_attributes_is_named(client: TestClient) -> None:
    detail = raw(client, '{"a": 1e300, "b": ["x", NaN]}').json()["detail"]
    assert "a: the number" in detail
    assert "b[1]: nan" in detail
    detail = raw(client, '{"王芳": NaN, "a": {"13812345678": NaN}}').json()["detail"]
    assert detail.count("a member: nan is no number") == 2
    assert "王芳" not in detail
    assert "138" not in detail


STORED_JSON = [
    '{"order": 20260101000000012345, "kept": "yes"}',
    '{"n": ' + "7" * 5_000 + ', "kept": "yes"}',
    '{"kept": "yes", "deep": ' + "[" * 400 + "]" * 400 + "}",
    '{"deep": ' + "[" * 3_000 + "]" * 3_000 + "}",
    "[1, 2]",
    '"text"',
    "null",
    '{"media_url": {"a": 1}, "address_id": 7}',
]


STORED_MOMENTS = [
    "9999-12-31T23:59:59Z",
    "infinity",
    "-infinity",
    "20000-01-01",
    "0044-03-15 BC",
    "0001-01-01T00:00:00Z",
    "1700-01-01",
]


def test_cases_with_attributes_from_before_the_rule_are_listed_with_a_mark(
    client: TestClient, engine: Engine, town: Town
) -> None:
    *bad, good = store_cases(
        engine,
        town,
        *(case(f"bad{n}", **PLACE) for n in range(len(STORED_JSON))),
        case("good", attributes={"a": 1}, **PLACE),
    )
    with engine.begin() as connection:
        for table in ("case_events", "changes"):
            connection.execute(text(f"alter table {table} disable trigger all"))
        for number, stored in zip(bad, STORED_JSON, strict=True):
            row = {"it": stored, "id": number}
            connection.execute(text("update cases set attributes = cast(:it as jsonb) where id = :id"), row)
            connection.execute(text("update case_events set detail = cast(:it as jsonb) where case_id = :id"), row)
    listed = {each["id"]: each["properties"]["attributes"] for each in client.get("/cases").json()["features"]}
    assert listed[good] == {"a": 1}
    for number, stored in zip(bad, STORED_JSON, strict=True):
        if "media_url" not in stored:
            assert listed[number]["not_shown"], stored[:60]
        if '"yes"' in stored and "777" not in stored:
            assert listed[number]["kept"] == "yes"
        assert client.get(f"/cases/{number}").status_code == 200, stored[:60]
        assert client.get(f"/search/{number}").status_code == 200, stored[:60]
    assert_everything_answers(client)


def test_times_that_are_there_already_take_no_view_down(client: TestClient, engine: Engine, town: Town) -> None:
    *bad, _ = store_cases(
        engine,
        town,
        *(case(f"bad{n}", text="noise", **PLACE) for n in range(len(STORED_MOMENTS))),
        case("good", **PLACE),
    )
    with engine.begin() as connection:
        connection.execute(text("update jurisdictions set time_zone = 'Asia/Shanghai'"))
        for number, moment in zip(bad, STORED_MOMENTS, strict=True):
            connection.execute(
                text(
                    "update cases set reported_at = cast(:at as timestamptz), closed_at = cast(:at as timestamptz), "
                    "status = 'closed' where id = :id"
                ),
                {"at": moment, "id": number},
            )
    client.app.state.watcher.look()  # type: ignore[attr-defined]
    for number, moment in zip(bad, STORED_MOMENTS, strict=True):
        for path in (f"/cases/{number}", f"/search/{number}"):
            assert client.get(path).status_code == 200, (moment, path)
    assert client.get("/cases").json()["numberMatched"] == len(bad) + 1
    assert_everything_answers(client)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("9999-12-31T23:59:59Z", "it lies in the future"),
        ("1899-12-31T23:59:59Z", "it lies before 1900"),
        ("0001-01-01T00:00:00Z", "it lies before 1900"),
    ],
)
def test_report_beyond_its_bounds_is_refused_with_them(client: TestClient, sent: str, words: str) -> None:
    reply = client.post("/cases", json={**PLACE, "reported_at": sent})
    assert reply.status_code == 400
    assert words in reply.json()["detail"]
    assert "from 1900 to a day from now" in reply.json()["detail"]


def test_report_of_the_bounds_themselves_is_taken(client: TestClient) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=23)).isoformat()
    for moment in ("1900-01-01T00:00:00Z", soon):
        assert client.post("/cases", json={**PLACE, "reported_at": moment}).status_code == 201
    assert_everything_answers(client)


@pytest.mark.parametrize("name", ["at", "since", "until"])
@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "3000-01-01T00:00:00Z"])
def test_moment_beyond_the_calendar_is_refused_wherever_it_is_asked_for(
    client: TestClient, name: str, moment: str
) -> None:
    path = "/locate?lon=10.5&lat=50.5" if name == "at" else "/cases?"
    reply = client.get(f"{path}&{name}={moment.replace('+', '%2B')}")
    assert reply.status_code == 400
    assert name in reply.json()["detail"]


def test_publication_beyond_its_bounds_is_refused(client: TestClient) -> None:
    plan = client.post("/plans", json={"name": "next"})
    address = f"/plans/{plan.json()['id']}"
    reply = client.post(f"{address}/publish", json={"valid_from": "2200-01-01T00:00:00Z"}, headers={"if-match": "*"})
    assert reply.status_code == 400
    assert "beyond the years 1900 to 2199" in reply.json()["detail"]
    huge = client.post("/plans", json={"name": "next", "based_on": 2**31})
    assert huge.status_code == 400


def test_reply_is_encoded_before_the_case_is_stored(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise TypeError("cannot be encoded")

    monkeypatch.setattr("api.cases.routes.json_reply", fail)
    with pytest.raises(TypeError, match="cannot be encoded"):
        client.post("/cases", json=PLACE)
    monkeypatch.undo()
    assert client.get("/cases").json()["numberMatched"] == 0


def test_imported_rows_keep_to_the_same_rule() -> None:
    fields = CaseFields({"time": "t", "lon": "x", "lat": "y"}, keep=("note",))
    reading = CaseReading(TimeReader(ZoneInfo("Asia/Shanghai")), StatusReader({}), WGS84)
    header = ("t", "x", "y", "note")
    table = CaseTable.of(header, fields, reading=reading, now=datetime(2026, 1, 1, tzinfo=UTC), file="cases.csv")
    rows = [
        ["9999-12-31 23:00", "10", "50", ""],
        ["1899-01-01 00:00", "10", "50", ""],
        ["2025-01-01 00:00", "10", "50", "格" * 30_000],
    ]
    chunk = Chunk([2, 3, 4], rows, {})
    faults = table.read(chunk).faults
    assert "is in the future" in faults[0][0]
    assert "lies before 1900" in faults[1][0]
    assert "at most 65,536 are kept" in faults[2][0]
