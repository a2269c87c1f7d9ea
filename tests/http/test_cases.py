"""``/cases``: stored once, answered with grid, chain and duty, found again by any filter, page by page."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.cases.schemas import CaseCollection, CaseDetail, StoredCase
from boundaries.cases.reading import NewCase
from tests.http.conftest import Town, publish_second, store_cases, store_town

START = datetime(2026, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def case(key: str, **members: Any) -> NewCase:
    return NewCase(**{"source": "test", "source_key": key, "reported_at": START, **members})


def ids(client: TestClient, query: str = "") -> list[int]:
    reply = client.get(f"/cases{query}")
    assert reply.status_code == 200, reply.text
    return [feature["id"] for feature in reply.json()["features"]]


def rels(answer: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in answer["links"]}


# Storing


def test_case_with_a_point_is_stored_with_grid_chain_and_duty(client: TestClient) -> None:
    sent = {"lon": 10.25, "lat": 50.5, "text": "路灯不亮", "channel": "12345", "category": "public works"}
    reply = client.post("/cases", json=sent)
    answer = reply.json()
    StoredCase.model_validate(answer)
    assert reply.status_code == 201
    assert reply.headers["location"] == f"http://testserver/cases/{answer['id']}"
    assert answer["properties"]["grid"] == "D-a"
    assert [grid["code"] for grid in answer["place"]["chain"]] == ["D-a", "D"]
    assert answer["place"]["duties"][0]["holder"] == "王芳"
    stored = client.get(reply.headers["location"]).json()
    CaseDetail.model_validate(stored)
    assert stored["properties"] == answer["properties"]
    assert {name: stored["properties"][name] for name in ("text", "channel", "category")} == {
        name: sent[name] for name in ("text", "channel", "category")
    }
    assert [event["kind"] for event in stored["events"]] == ["received", "assigned"]


def test_case_with_an_address_is_placed_by_the_gazetteer(client: TestClient) -> None:
    answer = client.post("/cases", json={"address": "Long Street 9", "text": "noise"}).json()
    assert answer["geometry"]["coordinates"] == [11.5, 50.5]
    assert (answer["properties"]["located_by"], answer["properties"]["grid"]) == ("address", "D-b")
    events = client.get(f"/cases/{answer['id']}").json()["events"]
    assert events[1]["detail"]["matched"] == "Long Street 9"


def test_point_decides_where_point_and_address_disagree(client: TestClient) -> None:
    answer = client.post("/cases", json={"lon": 10.25, "lat": 50.5, "address": "Long Street 9"}).json()
    assert (answer["properties"]["located_by"], answer["properties"]["grid"]) == ("point", "D-a")


def test_address_helps_where_the_point_is_outside_every_grid(client: TestClient) -> None:
    answer = client.post("/cases", json={"lon": 0, "lat": 0, "address": "Long Street 9"}).json()
    assert (answer["properties"]["located_by"], answer["properties"]["grid"]) == ("address", "D-b")
    events = client.get(f"/cases/{answer['id']}").json()["events"]
    assert (events[1]["detail"]["given_lon"], events[1]["detail"]["given_lat"]) == (0, 0)


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        ({"address": "Nowhere Lane 77"}, "no_point", "The address 'Nowhere Lane 77' was not found."),
        ({"text": "somewhere it smells"}, "no_point", "Neither point nor address."),
        ({"lon": 0, "lat": 0}, "outside", "is outside every grid"),
    ],
)
def test_case_that_cannot_be_placed_is_stored_and_waits(
    client: TestClient, body: dict[str, Any], code: str, reason: str
) -> None:
    reply = client.post("/cases", json=body)
    answer = reply.json()
    assert reply.status_code == 201
    assert answer["properties"]["grid"] is None
    assert answer["place"]["reason"]["code"] == code
    assert reason in answer["place"]["reason"]["detail"]
    assert ids(client, "?has_grid=false") == [answer["id"]]
    assert client.get(f"/cases/{answer['id']}").json()["events"][1]["kind"] == "unassigned"


def test_same_external_id_is_stored_once(client: TestClient) -> None:
    sent = {"lon": 10.25, "lat": 50.5, "text": "noise", "external_id": "A-1"}
    first, second = client.post("/cases", json=sent), client.post("/cases", json=sent)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert client.get("/cases").json()["numberMatched"] == 1


def test_same_external_id_with_other_words_is_a_conflict(client: TestClient) -> None:
    sent = {"lon": 10.25, "lat": 50.5, "text": "noise", "external_id": "A-1"}
    number = client.post("/cases", json=sent).json()["id"]
    reply = client.post("/cases", json={**sent, "text": "smell", "lat": 50.6})
    assert reply.status_code == 409
    assert reply.json()["detail"] == (
        f"Case 'A-1' is stored already (number {number}) with another text, lat. "
        "Send it unchanged, or under another external_id."
    )
    assert client.get(f"/cases/{number}").json()["properties"]["text"] == "noise"


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("attributes", {"lamp": 7, "share": 1e5}, {"lamp": 8}),
        ("attributes", {"lamp": 7}, {}),
        ("reported_at", "2026-02-03T08:00:00+08:00", "2026-02-03T08:00:01+08:00"),
    ],
)
def test_same_external_id_with_other_attributes_or_another_time_is_a_conflict(
    client: TestClient, name: str, value: object, other: object
) -> None:
    sent = {"lon": 10.25, "lat": 50.5, "external_id": "A-1"}
    assert client.post("/cases", json={**sent, name: value}).status_code == 201
    assert client.post("/cases", json={**sent, name: value}).status_code == 200
    reply = client.post("/cases", json={**sent, name: other})
    assert (reply.status_code, f"with another {name}. " in reply.text) == (409, True)


def test_cases_without_external_id_are_each_their_own(client: TestClient) -> None:
    sent = {"lon": 10.25, "lat": 50.5, "text": "noise"}
    assert client.post("/cases", json=sent).json()["id"] != client.post("/cases", json=sent).json()["id"]


def test_time_of_the_report_keeps_its_moment(client: TestClient) -> None:
    sent = {"lon": 10.25, "lat": 50.5, "reported_at": "2026-02-03T08:00:00+08:00"}
    assert client.post("/cases", json=sent).json()["properties"]["reported_at"] == "2026-02-03T00:00:00+00:00"


HOSTILE = [
    "'; drop table cases; --",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %} ${x} %s %(a)s",
    "\\' \" \\u0000 \\n",
    "line\nbreak\r\n\ttab",
    "🏮👩\u200d👧 \u202eabc\u202c e\u0301",
    "%",
    "_",
    "\\",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_is_stored_and_found_as_it_is(client: TestClient, words: str) -> None:
    sent = {"lon": 10.25, "lat": 50.5, "text": words, "address": words, "channel": words[:20], "external_id": words}
    number = client.post("/cases", json=sent).json()["id"]
    client.post("/cases", json={"lon": 10.25, "lat": 50.5, "text": "plain"})
    stored = client.get(f"/cases/{number}").json()["properties"]
    assert (stored["text"], stored["address"], stored["external_id"]) == (words, words, words)
    found = client.get("/cases", params={"text": words}).json()["features"]
    assert [feature["id"] for feature in found] == [number]
    assert ids(client, f"?external_id={quote(words)}") == [number]


@pytest.mark.parametrize(
    ("body", "name", "detail"),
    [
        ({"lon": 181, "lat": 0}, "lon", "lon is '181'; it must be a number from -180 to 180."),
        ({"lon": 0, "lat": 114.3}, "lat", "lat is '114.3'; it must be a number from -90 to 90."),
        ({"lon": "x", "lat": 0}, "lon", "lon is 'x'; it must be a number from -180 to 180."),
        ({"lon": 10}, None, "A point has both lon and lat, and only one is given."),
        ({}, None, "A case has at least a point, an address or a text, and none is given."),
        ({"text": "a\x00b"}, "text", "it contains the character NUL, which no text has"),
        ({"text": "x" * 10_001}, "text", "it must be a text of at most 10000 characters."),
        ({"text": "a", "adress": "b"}, "adress", "Did you mean address?"),
        ({"text": "a", "reported_at": "yesterday"}, "reported_at", "it is not a date with time"),
        ({"text": "a", "external_id": ""}, "external_id", "it must be a text of 1 to 200 characters."),
    ],
)
def test_bad_body_is_400_with_member_and_reason(
    reader: TestClient, body: dict[str, Any], name: str | None, detail: str
) -> None:
    reply = reader.post("/cases", json=body)
    assert reply.status_code == 400
    (fault,) = reply.json()["errors"]
    assert fault.get("name") == name
    assert detail in fault["detail"]
    assert reader.get("/cases").json()["numberMatched"] == 0


@pytest.mark.parametrize("body", [b'{"text": NaN', b"", b"[1, 2]", b'"text"', b'{"text": "\\ud800"}', b"\xff\xfe"])
def test_body_that_is_no_case_is_400(reader: TestClient, body: bytes) -> None:
    reply = reader.post("/cases", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("sent", ["text/plain", "application/x-www-form-urlencoded", None])
def test_body_of_another_type_is_415(reader: TestClient, sent: str | None) -> None:
    headers = {} if sent is None else {"content-type": sent}
    reply = reader.post("/cases", content=b'{"text": "a"}', headers=headers)
    assert reply.status_code == 415
    assert reply.json()["detail"].endswith("send it as application/json.")


# Finding


def test_newest_case_comes_first_and_equal_times_by_number(engine: Engine, client: TestClient, town: Town) -> None:
    numbers = store_cases(engine, town, case("1"), case("2", reported_at=START + HOUR), case("3"))
    assert ids(client) == [numbers[1], numbers[2], numbers[0]]


def test_pages_hold_every_case_once_in_both_directions(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, *(case(str(i), reported_at=START + (i // 3) * HOUR) for i in range(10)))
    everything = ids(client)
    answer = client.get("/cases?limit=4").json()
    CaseCollection.model_validate(answer)
    pages = [[feature["id"] for feature in answer["features"]]]
    while "next" in rels(answer):
        answer = client.get(rels(answer)["next"]).json()
        pages.append([feature["id"] for feature in answer["features"]])
    assert [len(page) for page in pages] == [4, 4, 2]
    assert [number for page in pages for number in page] == everything
    assert {answer["numberMatched"]} == {10}
    back = []
    while "prev" in rels(answer):
        answer = client.get(rels(answer)["prev"]).json()
        back.append([feature["id"] for feature in answer["features"]])
    assert back == [pages[1], pages[0]]


def test_case_that_arrives_between_pages_moves_nothing(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, *(case(str(i), reported_at=START + i * HOUR) for i in range(6)))
    first = client.get("/cases?limit=3").json()
    expected = ids(client)[3:]
    store_cases(engine, town, case("late", reported_at=START + 99 * HOUR))
    second = client.get(rels(first)["next"]).json()
    assert [feature["id"] for feature in second["features"]] == expected


def test_links_stand_in_the_header_too(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, case("1"), case("2"))
    reply = client.get("/cases?limit=1")
    assert {rel: link["url"] for rel, link in reply.links.items()} == rels(reply.json())


def test_filters_are_kept_in_links(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, *(case(str(i), channel="a&b=c", text="灯 火") for i in range(3)), case("x"))
    answer = client.get("/cases", params={"limit": 1, "channel": "a&b=c", "text": "灯 火"}).json()
    assert answer["numberMatched"] == 3
    assert client.get(rels(answer)["next"]).json()["numberMatched"] == 3


def test_grid_of_any_level_finds_the_cases_below_it(engine: Engine, client: TestClient, town: Town) -> None:
    a, b, outside = store_cases(
        engine,
        town,
        case("a", lon=10.5, lat=50.5),
        case("b", lon=11.5, lat=50.5),
        case("o", lon=0.0, lat=0.0),
    )
    assert ids(client, "?grid=D-a") == [a]
    assert ids(client, "?grid=D") == [b, a]
    assert ids(client, "?has_grid=false") == [outside]
    assert ids(client, "?has_grid=true") == [b, a]


def test_closed_case_stays_with_its_grid_and_an_open_one_moves_with_the_edition(
    engine: Engine, client: TestClient, town: Town
) -> None:
    place = {"lon": 11.25, "lat": 50.5}
    closed, still_open = store_cases(engine, town, case("c", status="closed", **place), case("o", **place))
    publish_second(engine, town)
    assert ids(client, "?grid=D-b") == [closed]
    assert ids(client, "?grid=D-x") == [still_open]


def test_unknown_grid_is_400(reader: TestClient) -> None:
    reply = reader.get("/cases?grid=nope")
    (fault,) = reply.json()["errors"]
    assert (reply.status_code, fault["name"], fault["value"]) == (400, "grid", "nope")


def test_place_filters_count_their_edge_as_inside(engine: Engine, client: TestClient, town: Town) -> None:
    corner, inside, beyond = store_cases(
        engine,
        town,
        case("c", lon=10.1, lat=50.1),
        case("i", lon=10.2, lat=50.2),
        case("b", lon=10.3000001, lat=50.2),
    )
    assert ids(client, "?bbox=10.1,50.1,10.3,50.3") == [inside, corner]
    assert ids(client, "?polygon=POLYGON((10.1 50.1,10.3 50.1,10.3 50.3,10.1 50.3,10.1 50.1))") == [inside, corner]
    geojson = '{"type":"Polygon","coordinates":[[[10.25,50],[10.4,50],[10.4,51],[10.25,51],[10.25,50]]]}'
    assert ids(client, f"?polygon={quote(geojson)}") == [beyond]


def test_period_holds_its_start_and_not_its_end(engine: Engine, client: TestClient, town: Town) -> None:
    first, second, _ = store_cases(engine, town, *(case(str(i), reported_at=START + i * HOUR) for i in range(3)))
    assert ids(client, "?since=2026-02-01T00:00:00Z&until=2026-02-01T02:00:00Z") == [second, first]
    assert ids(client, "?since=2026-02-01T08:00:00%2B08:00&until=2026-02-01T09:00:00%2B08:00") == [first]


def test_repeated_choices_mean_any_of_them(engine: Engine, client: TestClient, town: Town) -> None:
    numbers = store_cases(
        engine,
        town,
        case("1", channel="app", category="noise"),
        case("2", channel="visit", category="noise", status="closed"),
        case("3", channel="12345", category="water", status="in_progress"),
    )
    assert ids(client, "?channel=app&channel=12345") == [numbers[2], numbers[0]]
    assert ids(client, "?category=noise&status=closed") == [numbers[1]]
    assert ids(client, "?status=open&status=in_progress") == [numbers[2], numbers[0]]


def test_every_word_must_occur_in_text_or_address(engine: Engine, client: TestClient, town: Town) -> None:
    lamp, _, zh = store_cases(
        engine,
        town,
        case("1", text="The street LAMP is dark", address="Long Street 1"),
        case("2", text="lamp post fell", address="Short Lane"),
        case("3", text="路灯不亮，晚上很黑"),
    )
    assert ids(client, "?text=lamp+long") == [lamp]
    assert ids(client, f"?text={quote('路灯')}") == [zh]
    assert ids(client, "?text=l%25p") == []


def test_cases_of_another_jurisdiction_are_not_seen(engine: Engine, client: TestClient, town: Town) -> None:
    other = store_town(engine, "other", west=20.0)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    (own,) = store_cases(engine, town, case("1"))
    (theirs,) = store_cases(engine, other, case("1"))
    assert ids(client, "?jurisdiction=town") == [own]
    assert ids(client, "?jurisdiction=other") == [theirs]
    assert client.get("/cases").status_code == 400


LIMIT = "a whole number from 1 to 10000"
BOX = "west,south,east,north in degrees: longitudes from -180 to 180, latitudes from -90 to 90"
AREA = "a valid Polygon or MultiPolygon as WKT or GeoJSON"


@pytest.mark.parametrize(
    ("name", "value", "allowed", "reason"),
    [
        ("limit", "0", LIMIT, ""),
        ("limit", "10001", LIMIT, ""),
        ("limit", "ten", LIMIT, ""),
        ("limit", "1.5", LIMIT, ""),
        ("bbox", "1,2,3", BOX, "it has 3 numbers, not 4"),
        ("bbox", "1,2,3,nan", BOX, "a coordinate is not a finite number"),
        ("bbox", "1,2,x,4", BOX, "one of its parts is not a number"),
        ("bbox", "3,2,1,4", BOX, "its west lies east of its east"),
        ("bbox", "1,4,3,2", BOX, "its south lies north of its north"),
        ("bbox", "30,114,31,115", BOX, "are longitude and latitude exchanged?"),
        ("bbox", "1,2,181,4", BOX, "a coordinate is beyond the globe"),
        ("polygon", "POINT(1 1)", AREA, "it is a Point"),
        ("polygon", "POLYGON EMPTY", AREA, "it is empty"),
        ("polygon", "POLYGON((0 0,1 1,1 0,0 1,0 0))", AREA, "it is not valid: Self-intersection"),
        ("polygon", "POLYGON((0 0,1 1", AREA, "it cannot be read"),
        ("polygon", '{"type":"Polygon"}', AREA, "it cannot be read"),
        ("polygon", "POLYGON((0 0,0 200,1 200,0 0))", AREA, "a coordinate is beyond the globe"),
        ("polygon", "POLYGON((30 114,31 114,31 115,30 114))", AREA, "are longitude and latitude exchanged?"),
        ("since", "2026-02-01", "a time with its offset", "it is not a date with time"),
        ("until", "2026-02-01T25:00:00Z", "a time with its offset", "there is no such day or time"),
        ("status", "done", "one of open, in_progress, closed", ""),
        ("channel", "", "a text of 1 to 200 characters", ""),
        ("text", "x" * 201, "a text of 1 to 200 characters", ""),
        ("text", "a\x00", "a text of 1 to 200 characters", "NUL"),
        ("has_grid", "maybe", "true or false", ""),
        ("f", "xml", "one of geojson, csv", ""),
        ("cursor", "abc", "", "which is no place in the list"),
        ("cursor", "b2xkZXJ8eHwx", "", "which is no place in the list"),
        ("cursor", "中", "", "which is no place in the list"),
    ],
)
def test_bad_filter_is_400_with_name_value_and_what_is_allowed(
    reader: TestClient, name: str, value: str, allowed: str, reason: str
) -> None:
    reply = reader.get("/cases", params={name: value})
    assert reply.status_code == 400, reply.text
    (fault,) = reply.json()["errors"]
    assert fault["name"] == name
    assert fault["value"][:200] == value[:200]
    assert fault.get("allowed", "").startswith(allowed)
    assert reason in fault["detail"]


def test_empty_period_is_400(reader: TestClient) -> None:
    reply = reader.get("/cases?since=2026-02-01T00:00:00Z&until=2026-02-01T00:00:00Z")
    assert reply.status_code == 400
    assert reply.json()["detail"] == "Since must be before until, or the period is empty."


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775808", "x", "1.5"])
def test_number_that_no_case_can_have_is_400(reader: TestClient, number: str) -> None:
    reply = reader.get(f"/cases/{number}")
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["name"] == "case_id"


def test_case_that_is_not_there_is_404(reader: TestClient) -> None:
    reply = reader.get("/cases/9223372036854775807")
    assert reply.status_code == 404
    assert reply.json()["detail"] == "There is no case 9223372036854775807."


# CSV


def rows(reply: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))


def test_csv_holds_every_case_whatever_the_page(engine: Engine, client: TestClient, town: Town) -> None:
    store_cases(engine, town, *(case(str(i), reported_at=START + i * HOUR) for i in range(150)))
    found = rows(client.get("/cases?f=csv"))
    assert [int(row["id"]) for row in found] == ids(client, "?limit=10000")
    assert len(rows(client.get("/cases?f=csv&limit=7"))) == 7


def test_csv_longer_than_a_batch_is_whole(
    engine: Engine, client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cases.routes._CSV_BATCH", 4)
    store_cases(engine, town, *(case(str(i), reported_at=START + (i // 3) * HOUR) for i in range(12)))
    assert [int(row["id"]) for row in rows(client.get("/cases?f=csv"))] == ids(client)
    assert len(rows(client.get("/cases?f=csv&limit=8"))) == 8


def test_csv_keeps_the_texts(engine: Engine, client: TestClient, town: Town) -> None:
    words = '路灯, "dark"\nsince Monday'
    store_cases(engine, town, case("1", text=words, lon=10.25, lat=50.5))
    (row,) = rows(client.get("/cases?f=csv"))
    assert (row["text"], row["grid"], row["lon"], row["lat"]) == (words, "D-a", "10.25", "50.5")
    assert row["reported_at"] == "2026-02-01T00:00:00+00:00"


@pytest.mark.parametrize("start", ["=1+1", "+358", "-1+1", "@SUM", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"])  # noqa: RUF001
def test_csv_defuses_what_a_spreadsheet_would_run(engine: Engine, client: TestClient, town: Town, start: str) -> None:
    store_cases(engine, town, case("1", text=start, address=start, channel=start))
    (row,) = rows(client.get("/cases?f=csv"))
    assert {row["text"], row["address"], row["channel"]} == {f"'{start}"}
    assert client.get("/cases").json()["features"][0]["properties"]["text"] == start


def test_csv_is_also_given_to_who_accepts_it(reader: TestClient) -> None:
    assert reader.get("/cases", headers={"accept": "text/csv"}).headers["content-type"].startswith("text/csv")
    both = reader.get("/cases", headers={"accept": "application/geo+json, text/csv"})
    assert both.headers["content-type"] == "application/geo+json"


def test_csv_starts_with_a_byte_order_mark_when_asked(reader: TestClient) -> None:
    assert reader.get("/cases?f=csv&bom=true").content.startswith(b"\xef\xbb\xbfid,")
    assert reader.get("/cases?f=csv").content.startswith(b"id,")


def test_case_is_stored_with_its_history_or_not_at_all(client: TestClient, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("alter table case_events rename to elsewhere"))
    with pytest.raises(Exception, match="case_events"):
        client.post("/cases", json={"text": "lost?"})
    with engine.begin() as connection:
        connection.execute(text("alter table elsewhere rename to case_events"))
    assert client.get("/cases").json()["numberMatched"] == 0
