"""``/collections``: the grids as features, page by page, and not again while nothing changed."""

from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.features.schemas import CollectionAnswer, CollectionsAnswer
from tests.db.towns import row_of_boxes
from tests.http.conftest import Town, publish_second, store_town

ITEMS = "/collections/grids/items"


def codes(answer: dict[str, Any]) -> list[str]:
    return [feature["id"] for feature in answer["features"]]


def test_every_level_comes_with_properties_and_exact_shape(reader: TestClient) -> None:
    reply = reader.get(ITEMS)
    answer = reply.json()
    assert reply.headers["content-type"] == "application/geo+json"
    assert codes(answer) == ["D", "D-a", "D-b", "D-c"]
    expected = row_of_boxes()
    for feature, shape in zip(answer["features"], expected.geometry, strict=True):
        assert shapely.equals(shapely.geometry.shape(feature["geometry"]), shape)
    assert answer["features"][1]["properties"] == {
        "code": "D-a",
        "name": "Grid a",
        "level": 2,
        "level_name": "grid",
        "parent": "D",
        "kind": "comprehensive",
        "category": None,
        "households": 0.0,
        "population": None,
        "buildings": None,
        "duty": "网格长 王芳; gridder O'Neil <b>",
        "edition": answer["features"][0]["properties"]["edition"],
        "valid_from": "2026-01-01T00:00:00+00:00",
        "valid_to": None,
    }


def test_level_and_box_choose(reader: TestClient) -> None:
    assert codes(reader.get(f"{ITEMS}?level=1").json()) == ["D"]
    assert codes(reader.get(f"{ITEMS}?level=2&bbox=11.2,50.2,11.3,50.3").json()) == ["D-b"]
    assert codes(reader.get(f"{ITEMS}?bbox=0,0,1,1").json()) == []
    assert codes(reader.get(f"{ITEMS}?level=5").json()) == []


def test_pages_hold_every_grid_once(reader: TestClient) -> None:
    answer, found = reader.get(f"{ITEMS}?limit=3").json(), []
    while True:
        found.append(codes(answer))
        assert (answer["numberMatched"], answer["numberReturned"]) == (4, len(answer["features"]))
        following = [link["href"] for link in answer["links"] if link["rel"] == "next"]
        if not following:
            break
        answer = reader.get(following[0]).json()
    assert found == [["D", "D-a", "D-b"], ["D-c"]]
    (back,) = [link["href"] for link in answer["links"] if link["rel"] == "prev"]
    assert codes(reader.get(back).json()) == ["D", "D-a", "D-b"]


def test_unchanged_edition_is_304(reader: TestClient) -> None:
    etag = reader.get(ITEMS).headers["etag"].removeprefix("W/")
    for known in (etag, f'W/{etag}, "other"', "*"):
        reply = reader.get(ITEMS, headers={"if-none-match": known})
        assert (reply.status_code, reply.content) == (304, b"")
    assert reader.get(f"{ITEMS}?level=1", headers={"if-none-match": etag}).status_code == 200


def test_new_edition_and_changed_duty_are_told(engine: Engine, client: TestClient, town: Town) -> None:
    first = client.get(ITEMS).headers["etag"]
    with engine.begin() as connection:
        connection.execute(text("update duties set holder = 'Zhao' where holder = 'Li'"))
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    changed = client.get(ITEMS, headers={"if-none-match": first})
    assert changed.json()["features"][0]["properties"]["duty"] == "chief Zhao"
    publish_second(engine, town)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    fresh = client.get(ITEMS, headers={"if-none-match": changed.headers["etag"]})
    assert codes(fresh.json()) == ["D", "D-x", "D-y", "D-z"]


def test_former_editions_stay_readable(engine: Engine, client: TestClient, town: Town) -> None:
    publish_second(engine, town)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    assert "D-a@1" in codes(client.get(f"{ITEMS}?at=2026-02-01T00:00:00Z").json())
    assert codes(client.get(f"{ITEMS}?at=2020-01-01T00:00:00Z").json()) == []


def test_collection_tells_extent_and_links(reader: TestClient) -> None:
    everything = reader.get("/collections").json()
    CollectionsAnswer.model_validate(everything)
    alone = reader.get("/collections/grids").json()
    CollectionAnswer.model_validate(alone)
    assert everything["collections"][0] == alone
    assert alone["extent"]["spatial"]["bbox"] == [[10.0, 50.0, 13.0, 51.0]]
    assert alone["extent"]["temporal"]["interval"] == [["2026-01-01T00:00:00+00:00", None]]
    items = next(link["href"] for link in alone["links"] if link["rel"] == "items")
    assert reader.get(items).json()["numberMatched"] == 4


def test_each_jurisdiction_has_its_own_grids(engine: Engine, client: TestClient) -> None:
    store_town(engine, "other", west=20.0)
    client.app.state.editions.refresh()  # type: ignore[attr-defined]
    answer = client.get(f"{ITEMS}?jurisdiction=other&level=1").json()
    assert answer["features"][0]["geometry"]["coordinates"][0][0][0][0] in {20.0, 23.0}
    assert client.get(ITEMS).status_code == 400


@pytest.mark.parametrize(
    ("query", "name"),
    [("limit=0", "limit"), ("limit=1000001", "limit"), ("offset=-1", "offset"), ("level=7", "level"), ("x=1", "x")],
)
def test_bad_parameter_is_400(reader: TestClient, query: str, name: str) -> None:
    reply = reader.get(f"{ITEMS}?{query}")
    assert (reply.status_code, reply.json()["errors"][0]["name"]) == (400, name)
