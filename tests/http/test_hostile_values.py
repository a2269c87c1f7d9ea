"""Every parameter of every route with values that numbers, identifiers and texts choke on: refused, never a fault."""

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

HOSTILE = (
    "9" * 5_000,
    "٣",
    "３",  # noqa: RUF001 - a digit, and not one of ours
    "1_0",
    "-1",
    str(2**31),
    str(2**63),
    "1e400",
    "nan",
    "\x00",
    "a\x00b",
    "东山-001",
    "//evil.example/x",
    "%00",
    "\\ud800",
    "'\";--",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "x" * 21_000,
)
BESIDE = {
    "lon": "10.5", "lat": "50.5", "q": "Long Street 1", "codes": "D-a", "url": "http://testserver/area/D-a",
    "coord_type": "wgs84",
}  # fmt: skip
PLAIN = {
    "srid": "4326", "pair": "10.5,50.5", "code": "D-a", "collection": "grids", "feature": "D-a", "relation": "parents",
    "collectionId": "grids", "featureId": "D-a", "extension": "json", "tileMatrixSetId": "WebMercatorQuad",
}  # fmt: skip


def operations(client: TestClient) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    for path, item in client.get("/api").json()["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post"}:
                yield method, path, [*item.get("parameters", []), *operation.get("parameters", [])]


def filled(path: str, parameters: list[dict[str, Any]], replaced: dict[str, str]) -> str:
    for each in parameters:
        if each["in"] == "path":
            value = replaced.get(each["name"], PLAIN.get(each["name"], "1"))
            path = path.replace("{" + each["name"] + "}", quote(value, safe=""))
    return path


@pytest.mark.parametrize("tried", [2, pytest.param(len(HOSTILE), marks=pytest.mark.long)])
@pytest.mark.timeout(1_200)
def test_no_value_of_any_parameter_of_any_route_is_a_fault(reader: TestClient, tried: int) -> None:
    turns = cycle(HOSTILE)
    client = TestClient(reader.app, raise_server_exceptions=False)
    asked, faults = 0, []
    for method, path, parameters in operations(reader):
        needed = {
            each["name"]: BESIDE.get(each["name"], "1")
            for each in parameters
            if each.get("required") and each["in"] == "query"
        }
        if path.endswith("/events"):
            needed["seconds"] = "0"  # else it goes on for minutes
        for each in parameters:
            if each["in"] == "header":
                continue
            for value in islice(turns, tried):
                address = filled(path, parameters, {each["name"]: value} if each["in"] == "path" else {})
                query = {**needed, each["name"]: value} if each["in"] == "query" else needed
                extra = {"json": {}} if method == "post" else {}
                reply = client.request(method, address, params=query, **extra)
                asked += 1
                if reply.status_code >= 500:
                    faults.append(
                        f"{method} {path} {each['name']}={value[:30]!r}: {reply.status_code} {reply.text[:120]}"
                    )
    assert not faults, "\n".join(faults)
    assert asked > 200 * tried


@pytest.mark.parametrize(
    "name", ["9" * 5_000, "٣", "D-a@" + "9" * 5_000, "D-a@٣", "东山-001", "%00", "a%00", "..%2f..", "a%0d%0aX: y"]
)
@pytest.mark.parametrize("collection", ["grids", "cases", "blocks"])
def test_item_of_any_name_is_not_there(reader: TestClient, name: str, collection: str) -> None:
    reply = reader.get(f"/collections/{collection}/items/{name}")
    assert reply.status_code in {400, 404}, reply.text


@pytest.mark.parametrize(
    ("text", "language", "status"),
    [
        ("level = " + "9" * 4_301, "cql2-text", 400),
        ("level = " + "9" * 20, "cql2-text", 200),
        ("level = ٣", "cql2-text", 400),
        ("name = 'a\x00'", "cql2-text", 400),
        ('{"op":"=","args":[{"property":"level"},' + "9" * 4_301 + "]}", "cql2-json", 400),
        (r'{"op":"=","args":[{"property":"name"},"\ud800"]}', "cql2-json", 400),
        (r'{"op":"=","args":[{"property":"name"},"\u0000"]}', "cql2-json", 400),
        (r'{"op":"=","args":[{"property":"\ud800"},"a"]}', "cql2-json", 400),
        (r'{"op":"\ud800","args":[]}', "cql2-json", 400),
        ('{"op":"=","args":[{"property":"level"},NaN]}', "cql2-json", 400),
        ('{"op":"=","args":[{"property":"level"},9223372036854775808]}', "cql2-json", 400),
        ('{"op":"=","args":[{"property":"level"},9223372036854775807]}', "cql2-json", 200),
        ("[" * 10_000, "cql2-json", 400),
        ('{"op":"t_before","args":[{"property":"valid_from"},{"timestamp":"99999-01-01"}]}', "cql2-json", 400),
    ],
)
def test_filter_with_a_value_beyond_the_database_is_refused(
    reader: TestClient, text: str, language: str, status: int
) -> None:
    reply = reader.get("/collections/grids/items", params={"filter": text, "filter-lang": language})
    assert reply.status_code == status, reply.text


def test_address_of_a_feature_is_encoded_once_in_the_header_and_in_the_body(reader: TestClient) -> None:
    reply = reader.get("/collections/grids/items/D-a?jurisdiction=town")
    assert "/collections/grids/items/D-a?jurisdiction=town" in reply.headers["link"]
    pages = reader.get("/collections/grids/items?limit=1&filter=" + quote("name <> '东 山%'"))
    following = next(each["href"] for each in pages.json()["links"] if each["rel"] == "next")
    assert following in pages.headers["link"]
    assert following.isascii()
    assert reader.get(following.removeprefix("http://testserver")).status_code == 200


def test_long_query_stands_in_the_links_of_the_body_only(reader: TestClient) -> None:
    text = " OR ".join(f"name = 'grid {n}'" for n in range(60))
    reply = reader.get("/collections/grids/items", params={"filter": text})
    assert len(reply.headers["link"]) < 1_000
    assert any(len(each["href"]) > 1_000 for each in reply.json()["links"])


def test_parameter_that_was_put_into_the_body_is_told_where_it_goes(reader: TestClient) -> None:
    detail = reader.post("/cases", json={"lon": 10.5, "lat": 50.5, "jurisdiction": "town"}).json()["detail"]
    assert "jurisdiction is a parameter of the address: send it there, as in ?jurisdiction=..." in detail
    assert "Did you mean jurisdiction" not in detail
    swapped = reader.post("/cases?text=noise", json={"lon": 10.5, "lat": 50.5}).json()["detail"]
    assert "text is a member of the body: send it there" in swapped


def test_place_of_the_caller_is_taken(reader: TestClient) -> None:
    reply = reader.get("/geocode", params={"q": "Long Street", "near": "11.5,50.5"})
    assert reply.status_code == 200, reply.text
    assert reader.post("/geocode?near=11.5,50.5", json=["Long Street"]).status_code == 200
    for near in ("11.5", "11.5,50.5,1", "a,b", "181,0", "nan,1", "١,٢"):  # noqa: RUF001 - digits, and not ours
        assert reader.get("/geocode", params={"q": "Long Street", "near": near}).status_code == 400
