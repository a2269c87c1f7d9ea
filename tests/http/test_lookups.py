"""Simple lookups: a point's grids, a grid and what is above, below and beside it, in any datum and as of any day."""

from typing import Any

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient
from pyproj import Transformer
from sqlalchemy import Engine

from geogrid.coordinates import from_wgs84
from tests.http.conftest import Town, publish_second, store_town


def test_point_has_its_leaf_and_the_grids_above_by_code(reader: TestClient) -> None:
    found = reader.get("/point/4326/10.5,50.5").json()
    assert list(found) == ["D-a", "D"]
    assert found["D-a"]["parent"] == "D"
    assert [duty["holder"] for duty in found["D-a"]["duties"]] == ["王芳", "O'Neil <b>"]
    assert found["D"]["level"] == 1


def test_point_outside_has_nothing(reader: TestClient) -> None:
    answer = reader.get("/point/4326/0,0")
    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize("srid", [4490, 3857, 32632, 25832])
def test_point_is_taken_in_any_system_east_first(reader: TestClient, srid: int) -> None:
    x, y = Transformer.from_crs(4326, srid, always_xy=True).transform(11.5, 50.5)
    assert next(iter(reader.get(f"/point/{srid}/{x},{y}").json())) == "D-b"


def test_point_of_a_shifted_datum_is_shifted_back(client: TestClient, engine: Engine) -> None:
    """The boxes of this town meet at 115 east, in China, where GCJ-02 is some 500 m off."""
    store_town(engine, "china", west=114.0)
    lon, lat = 114.9995, 50.5
    for datum in ("gcj02", "bd09"):
        shifted = from_wgs84([lon], [lat], datum)  # type: ignore[arg-type]
        asked = {"jurisdiction": "china", "coord_type": datum}
        found = wait_for(client, f"/point/4326/{shifted[0][0]},{shifted[1][0]}", asked)
        assert "D-a" in found
        plain = client.get(f"/point/4326/{shifted[0][0]},{shifted[1][0]}", params={"jurisdiction": "china"}).json()
        assert "D-b" in plain


def wait_for(client: TestClient, path: str, params: dict[str, str]) -> Any:
    """Ask until the server has noticed the town; the timeout of the test ends it."""
    while True:
        answer = client.get(path, params=params)
        if answer.status_code == 200:
            return answer.json()


def test_polygons_come_in_the_datum_asked_for(client: TestClient, engine: Engine) -> None:
    store_town(engine, "china", west=114.0)
    asked = {"jurisdiction": "china", "f": "geojson"}
    wgs84 = wait_for(client, "/area/D-a/geometry", asked)
    for datum in ("gcj02", "bd09"):
        shown = shapely.get_coordinates(
            shapely.from_geojson(client.get("/area/D-a/geometry", params={**asked, "coord_type": datum}).text)
        )
        stored = shapely.get_coordinates(shapely.from_geojson(str(wgs84).replace("'", '"')))
        lon, lat = from_wgs84(stored[:, 0], stored[:, 1], datum)  # type: ignore[arg-type]
        np.testing.assert_allclose(shown, np.column_stack([lon, lat]), rtol=0, atol=1e-12)


def test_area_is_one_grid_with_all_that_is_known(reader: TestClient) -> None:
    found = reader.get("/area/D-b").json()
    assert (found["code"], found["name"], found["level_name"], found["kind"]) == (
        "D-b",
        "Grid b",
        "grid",
        "comprehensive",
    )


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("/area/D/children", ["D-a", "D-b", "D-c"]),
        ("/area/D-b/children", []),
        ("/area/D-b/parents", ["D"]),
        ("/area/D/parents", []),
        ("/area/D-a/neighbours", ["D-b"]),
        ("/area/D-b/neighbours", ["D-a", "D-c"]),
        ("/areas?codes=D-c,D,D-c", ["D", "D-c"]),
    ],
)
def test_related_grids_are_found(reader: TestClient, path: str, codes: list[str]) -> None:
    answer = reader.get(path)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == codes
    assert answer.headers["geogrid-edition"] == "1"


def test_geometry_says_how_large_and_where(reader: TestClient) -> None:
    found = reader.get("/area/D-a/geometry").json()
    assert found["bbox"] == [10, 50, 11, 51]
    assert found["area_m2"] == pytest.approx(7.9e9, rel=0.02)
    assert 10 < found["centre"]["lon"] < 11
    assert found["parts"] == 1


def test_lookups_answer_as_geojson(reader: TestClient) -> None:
    one = reader.get("/area/D-a?f=geojson")
    assert one.headers["content-type"] == "application/geo+json"
    assert one.json()["geometry"]["type"] == "MultiPolygon"
    several = reader.get("/area/D/children", headers={"Accept": "application/geo+json"}).json()
    assert [each["id"] for each in several["features"]] == ["D-a", "D-b", "D-c"]


def test_lookups_answer_as_of_a_day(client: TestClient, engine: Engine, town: Town) -> None:
    publish_second(engine, town)
    while client.get("/area/D-x").status_code != 200:
        pass
    then = {"at": "2026-02-01T00:00:00Z"}
    assert list(client.get("/point/4326/10.75,50.5", params=then).json()) == ["D-a", "D"]
    assert list(client.get("/point/4326/10.75,50.5").json()) == ["D-x", "D"]
    assert client.get("/area/D-a", params=then).status_code == 200
    assert client.get("/area/D-a").status_code == 404
    assert client.get("/area/D", params={"at": "2020-01-01T00:00:00Z"}).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/point/4326/10.5", 400, "two numbers"),
        ("/point/4326/x,y", 400, "not a number"),
        ("/point/4326/nan,1", 400, "not a number of this earth"),
        ("/point/4326/190,50", 400, "no places"),
        ("/point/27000/1,1", 400, "EPSG:27000"),
        ("/point/3857/1,1?coord_type=gcj02", 400, "Leave coord_type out"),
        ("/area/D-q", 404, "Similar codes: D-"),
        ("/areas?codes=D,nope,none", 404, "'nope', 'none'"),
        ("/areas?codes=,", 400, "names no code"),
        ("/area/D/siblings", 400, "children, parents, neighbours"),
        ("/area/D?datum=gcj02", 400, "coord_type"),
    ],
)
def test_wrong_lookups_say_what_is_right(reader: TestClient, path: str, status: int, words: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_page_shows_the_grids_with_hostile_names_as_text(reader: TestClient) -> None:
    answer = reader.get("/point/4326/10.5,50.5", headers={"Accept": "text/html", "Accept-Language": "zh"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "O&#39;Neil &lt;b&gt;" in answer.text
    assert "网格" in answer.text
    assert "没有网格" in reader.get("/point/4326/0,0?f=html&lang=zh").text
