"""Collections that are computed: where cases crowd, and land that no grid covers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.app import create_app
from api.settings import ServerSettings
from boundaries.cases.reading import NewCase
from tests.http.conftest import Town, store_cases

WHEN = datetime(2026, 2, 1, tzinfo=UTC)
STEP = 0.001  # about 72 m at this latitude


def case(number: int, lon: float, *, days: int = 0, category: str = "light") -> NewCase:
    return NewCase(
        "test", str(number), WHEN + timedelta(days=days), text="secret", category=category, lon=lon, lat=50.5
    )


@pytest.fixture
def crowded(engine: Engine, town: Town, client: TestClient) -> TestClient:
    near = [case(i, 10.2 + STEP * i, days=i) for i in range(6)]
    far = [case(10 + i, 11.2 + STEP * i, days=20 + i, category="noise") for i in range(7)]
    alone = [case(20 + i, 12.1 + 0.1 * i) for i in range(4)]
    store_cases(engine, town, *near, *far, *alone)
    return client


def items(client: TestClient, collection: str, **parameters: Any) -> list[dict[str, Any]]:
    reply = client.get(f"/collections/{collection}/items", params=parameters)
    assert reply.status_code == 200, reply.text
    features: list[dict[str, Any]] = reply.json()["features"]
    return features


def test_hotspots_are_where_cases_crowd(crowded: TestClient) -> None:
    first, second = items(crowded, "hotspots")
    assert first["properties"] | {"first_reported_at": "", "last_reported_at": ""} == {
        "cases": 6,
        "unclosed": 6,
        "category": "light",
        "first_reported_at": "",
        "last_reported_at": "",
    }
    assert (second["properties"]["cases"], second["properties"]["category"]) == (7, "noise")
    area = shapely.geometry.shape(first["geometry"])
    assert all(area.covers(shapely.Point(10.2 + STEP * i, 50.5)) for i in range(6))
    assert not area.covers(shapely.Point(11.2, 50.5))
    alone = crowded.get(f"/collections/hotspots/items/{second['id']}").json()
    assert alone["geometry"] == second["geometry"]


def test_hotspots_are_of_the_period_asked_for(crowded: TestClient) -> None:
    (found,) = items(crowded, "hotspots", datetime="2026-02-15/..")
    assert found["properties"]["category"] == "noise"
    assert items(crowded, "hotspots", datetime="2026-02-15/..", filter="cases > 7") == []


def test_cases_tell_what_is_public_and_nothing_else(crowded: TestClient, settings: ServerSettings) -> None:
    features = items(crowded, "cases", bbox="10.1,50,10.3,51")
    assert len(features) == 6
    assert set(features[0]["properties"]) == {"channel", "category", "status", "reported_at", "closed_at", "grid"}
    assert "secret" not in crowded.get("/collections/cases/items").text
    assert len(items(crowded, "cases", datetime="2026-02-22T00:00:00Z/2026-02-23T00:00:00Z")) == 2
    assert crowded.get("/collections/cases/items?text=secret").status_code == 400
    assert crowded.get("/collections/cases/items?filter=text='secret'").status_code == 400
    with TestClient(create_app(settings.model_copy(update={"public_case_fields": ("text",)}))) as told:
        assert set(items(told, "cases")[0]["properties"]) == {"text"}
    with TestClient(create_app(settings.model_copy(update={"public_case_fields": ()}))) as silent:
        assert silent.get("/collections/cases/items").status_code == 404
        assert silent.get("/collections/hotspots/items").status_code == 404


def test_new_case_makes_cases_new(crowded: TestClient, engine: Engine, town: Town) -> None:
    first = crowded.get("/collections/cases/items")
    unchanged = {"if-none-match": first.headers["etag"]}
    assert crowded.get("/collections/cases/items", headers=unchanged).status_code == 304
    store_cases(engine, town, case(99, 10.9))
    again = crowded.get("/collections/cases/items", headers=unchanged)
    assert again.json()["numberMatched"] == first.json()["numberMatched"] + 1


def test_public_fields_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="cases have no field secrets"):
        ServerSettings(public_case_fields=("secrets",))


def test_land_within_the_limit_without_a_grid_is_a_gap(client: TestClient, engine: Engine) -> None:
    assert items(client, "coverage-gaps") == []
    limit = "MULTIPOLYGON(((10 50, 13 50, 13 51, 12 51, 12 51.5, 11 51.5, 11 51, 10 51, 10 50)))"
    with engine.begin() as connection:
        statement = "update jurisdictions set limit_geom = ST_GeomFromText(:limit, 4326)"
        connection.execute(text(statement), {"limit": limit})
    (gap,) = items(client, "coverage-gaps")
    found, expected = shapely.geometry.shape(gap["geometry"]), shapely.box(11, 51, 12, 51.5)
    assert found.symmetric_difference(expected).area < 1e-9
    assert gap["properties"]["around"] == "D-a, D-b, D-c"
    exact_m2 = 3.9e9
    assert gap["properties"]["area_m2"] == pytest.approx(exact_m2, rel=0.02)
    assert client.get(f"/collections/coverage-gaps/items/{gap['id']}").json()["geometry"] == gap["geometry"]
    assert items(client, "coverage-gaps", filter="area_m2 > 1e12") == []
    assert items(client, "coverage-gaps", bbox="10,50,10.5,50.5") == []
