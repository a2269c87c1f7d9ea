"""Filters on collections: CQL2 text and JSON, the older CQL text, one parameter a field, order and choice of fields."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

ITEMS = "/collections/grids/items"
EVERY = ["D", "D-a", "D-b", "D-c"]


def found(reader: TestClient, **parameters: Any) -> list[str]:
    reply = reader.get(ITEMS, params=parameters)
    assert reply.status_code == 200, reply.text
    return [feature["id"] for feature in reply.json()["features"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("level = 2", ["D-a", "D-b", "D-c"]),
        ("code='D-a' OR code='D-b' AND level=1", ["D-a"]),
        ("(code='D-a' OR code='D-b') AND level=1", []),
        ("NOT level=2", ["D"]),
        ("NOT level=2 OR code = 'D-c'", ["D", "D-c"]),
        ("households > 0 AND households*2 <= 4", ["D-b", "D-c"]),
        ("households = level - 1", ["D-b"]),
        ("name LIKE 'Grid%' AND code <> 'D-c'", ["D-a", "D-b"]),
        ("name LIKE 'Grid _'", ["D-a", "D-b", "D-c"]),
        ("name NOT LIKE 'Grid%'", ["D"]),
        ("CASEI(name) = CASEI('gRID b')", ["D-b"]),
        ("code IN ('D-a', 'D')", ["D", "D-a"]),
        ("code NOT IN ('D-a', 'D')", ["D-b", "D-c"]),
        ("households BETWEEN 1 AND 2", ["D-b", "D-c"]),
        ("households NOT BETWEEN 1 AND 2", ["D", "D-a"]),
        ("category IS NULL", ["D", "D-a", "D-b"]),
        ("category IS NOT NULL", ["D-c"]),
        ("\"kind\" = 'parent'", ["D"]),
        ("duty LIKE '%O''Neil%'", ["D-a"]),
        ("duty LIKE '%王芳%'", ["D-a"]),
        ("S_INTERSECTS(geometry, POINT(10.2 50.5))", ["D", "D-a"]),
        ("S_INTERSECTS(geometry, POINT(11 50.5))", ["D", "D-a", "D-b"]),
        ("S_WITHIN(geometry, POLYGON((9 49, 11.5 49, 11.5 52, 9 52, 9 49)))", ["D-a"]),
        ("S_DISJOINT(geometry, POINT(10.2 50.5))", ["D-b", "D-c"]),
        ("S_TOUCHES(geometry, POINT(11 50.5))", ["D-a", "D-b"]),
        ("S_CONTAINS(geometry, LINESTRING(10.5 50.5, 11.5 50.5))", ["D"]),
        ("S_INTERSECTS(geometry, BBOX(12.2, 50.2, 12.3, 50.3)) AND level = 2", ["D-c"]),
        ("valid_from >= TIMESTAMP('2026-01-01T00:00:00Z')", EVERY),
        ("valid_from < TIMESTAMP('2026-01-01T08:00:00+08:00')", []),
        ("valid_to IS NULL", EVERY),
        ("T_AFTER(valid_from, DATE('2025-12-31'))", EVERY),
        ("T_AFTER(valid_from, DATE('2026-01-01'))", []),
        ("T_INTERSECTS(INTERVAL(valid_from, valid_to), INTERVAL('2030-01-01', '..'))", EVERY),
        ("T_DURING(valid_from, INTERVAL('2025-12-01', '2026-01-02'))", EVERY),
    ],
)
def test_cql2_text_chooses(reader: TestClient, text: str, expected: list[str]) -> None:
    assert found(reader, filter=text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BBOX(geometry, 10.1, 50.1, 10.2, 50.2)", ["D", "D-a"]),
        ("INTERSECTS(geometry, POINT(12.5 50.5))", ["D", "D-c"]),
        ("((name ILIKE 'grid%') AND (level >= 2))", ["D-a", "D-b", "D-c"]),
        ("valid_from = '2026-01-01T00:00:00Z'", EVERY),
    ],
)
def test_older_cql_text_chooses(reader: TestClient, text: str, expected: list[str]) -> None:
    assert found(reader, **{"filter": text, "filter-lang": "cql-text"}) == expected


def operation(name: str, *arguments: Any) -> dict[str, Any]:
    return {"op": name, "args": list(arguments)}


def property_(name: str) -> dict[str, str]:
    return {"property": name}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (operation("=", property_("level"), 2), ["D-a", "D-b", "D-c"]),
        (
            operation(
                "and",
                operation("between", property_("households"), 1, 2),
                operation("in", property_("code"), ["D-b", "D"]),
            ),
            ["D-b"],
        ),
        (operation("or", *(operation("=", property_("code"), code) for code in ("D", "D-a", "D-b"))), EVERY[:3]),
        (operation("not", operation("isNull", property_("category"))), ["D-c"]),
        (operation("like", operation("casei", property_("name")), "grid%"), ["D-a", "D-b", "D-c"]),
        (
            operation("s_intersects", property_("geometry"), {"type": "Point", "coordinates": [10.2, 50.5]}),
            ["D", "D-a"],
        ),
        (operation("s_intersects", property_("geometry"), {"bbox": [10.2, 50.2, 10.3, 50.3]}), ["D", "D-a"]),
        (operation("t_after", property_("valid_from"), {"timestamp": "2025-12-31T00:00:00Z"}), EVERY),
        (operation("t_during", property_("valid_from"), {"interval": ["2025-01-01", ".."]}), EVERY),
        (operation(">", operation("+", property_("households"), 1), 2), ["D", "D-c"]),
    ],
)
def test_cql2_json_chooses(reader: TestClient, tree: dict[str, Any], expected: list[str]) -> None:
    assert found(reader, **{"filter": json.dumps(tree), "filter-lang": "cql2-json"}) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("level = ", "cannot be read"),
        ("bogus = 1", "'bogus' is no field"),
        ("name = 5", "a text is compared with a number"),
        ("code", "it is a text, not a condition"),
        ("level / 0 = 1", "division by zero"),
        ("S_INTERSECTS(geometry, POINT(1000000 1000000))", "has no places"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1)))", "cannot be read"),
        ("this_is_not_a_function(name)", "no function here"),
        ("valid_from > 'yesterday'", "no date or time"),
        (" AND ".join(["level = 1", "NOT " * 200 + "level = 2"]), "deep"),
    ],
)
def test_filter_that_cannot_be_used_is_400_with_the_reason(reader: TestClient, text: str, part: str) -> None:
    reply = reader.get(ITEMS, params={"filter": text})
    assert reply.status_code == 400
    assert part in reply.json()["detail"]
    assert reply.json()["errors"][0]["name"] == "filter"


@pytest.mark.parametrize("text", ["[]", "{", "null", '{"op": "="}', '{"op": "nope"}', '{"type": "Point"}', "[" * 5000])
def test_json_that_is_no_filter_is_400(reader: TestClient, text: str) -> None:
    assert reader.get(ITEMS, params={"filter": text, "filter-lang": "cql2-json"}).status_code == 400


def test_each_field_is_a_parameter(reader: TestClient) -> None:
    assert found(reader, code="D-b") == ["D-b"]
    assert found(reader, level=2, category="school") == ["D-c"]
    assert found(reader, households=1.0) == ["D-b"]
    assert found(reader, valid_from="2026-01-01T08:00:00+08:00", level=1) == ["D"]
    assert reader.get(f"{ITEMS}?kind=castle").status_code == 400
    assert reader.get(f"{ITEMS}?households=many").status_code == 400


def test_order_may_be_chosen(reader: TestClient) -> None:
    assert found(reader, sortby="-code") == EVERY[::-1]
    assert found(reader, sortby="level,-households") == ["D", "D-c", "D-b", "D-a"]
    assert found(reader, sortby="+households") == ["D-a", "D-b", "D-c", "D"]
    assert reader.get(f"{ITEMS}?sortby=geometry").json()["errors"][0]["name"] == "sortby"


def test_fields_may_be_chosen(reader: TestClient) -> None:
    answer = reader.get(f"{ITEMS}?properties=name,level&limit=1").json()
    assert answer["features"][0]["properties"] == {"name": "District", "level": 1}
    assert reader.get(f"{ITEMS}?properties=name,nothing").json()["errors"][0]["name"] == "properties"


def test_box_and_filter_and_field_all_hold(reader: TestClient) -> None:
    assert found(reader, bbox="10.5,50.1,11.5,50.2", filter="level = 2", code="D-b") == ["D-b"]


def test_all_that_is_wrong_is_told_at_once(reader: TestClient) -> None:
    reply = reader.get(ITEMS, params={"filter": "x = 1", "sortby": "y", "properties": "z", "crs": "q"})
    assert {each["name"] for each in reply.json()["errors"]} == {"filter", "sortby", "properties", "crs"}


def test_queryables_say_what_filters_may_name(reader: TestClient) -> None:
    reply = reader.get("/collections/grids/queryables")
    assert reply.headers["content-type"] == "application/schema+json"
    schema = reply.json()
    assert schema["$id"] == "http://testserver/collections/grids/queryables"
    assert schema["additionalProperties"] is False
    assert schema["properties"]["geometry"]["format"] == "geometry-multipolygon"
    for name, each in schema["properties"].items():
        text = "geometry IS NOT NULL" if name == "geometry" else f"{name} IS NULL OR {name} IS NOT NULL"
        assert found(reader, filter=text) == EVERY, (name, each)
