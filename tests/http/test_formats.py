"""Features in every format: the same set, read back by the programs that people use."""

import io
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from pyproj import Transformer
from sqlalchemy import Engine, text

from boundaries.features.encoders.topojson import junctions
from geogrid.coordinates import to_wgs84

ITEMS = "/collections/grids/items"
FILES = {
    "flatgeobuf": ("fgb", "application/flatgeobuf"),
    "geoparquet": ("parquet", "application/vnd.apache.parquet"),
    "kml": ("kml", "application/vnd.google-earth.kml+xml"),
    "topojson": ("topojson", "application/topo+json"),
    "geojsonseq": ("geojsonl", "application/geo+json-seq"),
    "geojson": ("geojson", "application/geo+json"),
}


def read(content: bytes, name: str, folder: Path) -> gpd.GeoDataFrame:
    path = folder / f"grids.{FILES[name][0]}"
    path.write_bytes(content)
    frame = gpd.read_parquet(path) if name == "geoparquet" else gpd.read_file(path)
    return frame.sort_values("id").reset_index(drop=True)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("collection", ["grids", "blocks"])
def test_file_has_the_features_that_geojson_has(reader: TestClient, tmp_path: Path, collection: str, name: str) -> None:
    expected = gpd.GeoDataFrame.from_features(reader.get(f"/collections/{collection}/items").json()["features"])
    reply = reader.get(f"/collections/{collection}/items", params={"f": name})
    assert reply.headers["content-type"] == FILES[name][1]
    found = read(reply.content, name, tmp_path)
    assert len(found) == len(expected)
    shapes = found.geometry.normalize().to_numpy(), expected.geometry.normalize().to_numpy()
    assert shapely.equals_identical(*shapes).all()
    for column in ("code", "kind", "grid", "households", "edition"):
        if column in expected:
            is_number = pd.api.types.is_numeric_dtype(expected[column])
            kept = found[column].astype(float) if is_number else found[column]
            assert kept.tolist() == expected[column].tolist()


def test_csv_has_the_features_and_runs_nothing(reader: TestClient) -> None:
    reply = reader.get(ITEMS, params={"f": "csv"})
    assert reply.headers["content-type"].startswith("text/csv")
    found = pd.read_csv(io.BytesIO(reply.content))
    assert found["id"].tolist() == ["D", "D-a", "D-b", "D-c"]
    assert shapely.equals(shapely.from_wkt(found["wkt"][1]), shapely.box(10, 50, 11, 51))
    assert found["duty"][1] == "网格长 王芳; gridder O'Neil <b>"


def test_accept_chooses_the_format(reader: TestClient) -> None:
    def told(accept: str) -> str:
        return reader.get(ITEMS, headers={"accept": accept}).headers["content-type"].partition(";")[0]

    assert told("text/csv") == "text/csv"
    assert told("text/html,application/xhtml+xml,*/*;q=0.8") == "text/html"
    assert told("text/html;q=0.2, application/geo+json") == "application/geo+json"
    assert told("application/json") == "application/geo+json"
    assert told("application/flatgeobuf") == "application/flatgeobuf"
    assert told("image/png") == "application/geo+json"
    assert told("*/*") == "application/geo+json"


def test_sequence_is_led_by_record_separators(reader: TestClient) -> None:
    records = reader.get(ITEMS, params={"f": "geojsonseq"}).content.split(b"\x1e")
    assert records[0] == b""
    assert [json.loads(record)["id"] for record in records[1:]] == ["D", "D-a", "D-b", "D-c"]


def test_pages_show_the_features_to_people(reader: TestClient) -> None:
    page = reader.get(ITEMS, params={"f": "html", "limit": 2, "lang": "en"})
    assert page.headers["content-type"].startswith("text/html")
    assert "D-a" in page.text
    assert "O&#39;Neil &lt;b&gt;" in page.text
    assert "1 to 2 of 4" in page.text
    for path in ("", "/grids", "/grids/queryables", "/grids/schema", "/grids/items/D-a"):
        shown = reader.get(f"/collections{path}", headers={"accept": "text/html"})
        assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8"), path
    assert "ogcapi-features-1" in reader.get("/conformance", headers={"accept": "text/html"}).text


@pytest.mark.parametrize("name", [each for each in FILES if each != "kml"])
def test_shared_boundaries_stay_shared(reader: TestClient, tmp_path: Path, name: str) -> None:
    found = read(reader.get(ITEMS, params={"f": name, "level": 2}).content, name, tmp_path)
    assert shapely.coverage_is_valid(found.geometry.to_numpy())


def test_topojson_keeps_each_boundary_once(reader: TestClient) -> None:
    topology = reader.get(ITEMS, params={"f": "topojson", "level": 2}).json()
    # Three boxes in a row: two shared sides, the outer ones in four pieces.
    assert len(topology["arcs"]) == 6
    assert topology["objects"]["grids"]["geometries"][0]["properties"]["code"] == "D-a"


def test_boundaries_part_where_rings_part() -> None:
    left = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]
    right = [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 0.0)]
    assert junctions([left, right]) == {(1.0, 0.0), (1.0, 1.0)}


@pytest.mark.parametrize("srid", [4326, 4490, 3857, 32632])
def test_coordinates_come_in_the_system_asked_for(reader: TestClient, srid: int) -> None:
    uri = f"http://www.opengis.net/def/crs/EPSG/0/{srid}"
    reply = reader.get(f"{ITEMS}/D-a", params={"crs": uri})
    assert reply.headers["content-crs"] == f"<{uri}>"
    xy = shapely.get_coordinates(shapely.geometry.shape(reply.json()["geometry"]))
    lonlat = shapely.get_coordinates(shapely.box(10, 50, 11, 51))
    # Without always_xy, pyproj has the axes in the authority's order.
    expected = np.column_stack(Transformer.from_crs("EPSG:4326", srid).transform(lonlat[:, 1], lonlat[:, 0]))
    assert np.allclose(sorted(map(tuple, xy)), sorted(map(tuple, expected)), atol=1e-6)


def test_box_may_be_in_another_system(reader: TestClient) -> None:
    def codes(**parameters: Any) -> list[str]:
        reply = reader.get(ITEMS, params={"level": 2, **parameters})
        return [each["id"] for each in reply.json()["features"]]

    epsg = "http://www.opengis.net/def/crs/EPSG/0/"
    assert codes(**{"bbox": "50.2,12.2,50.3,12.3", "bbox-crs": f"{epsg}4326"}) == ["D-c"]
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform([12.2, 12.3], [50.2, 50.3])
    assert codes(**{"bbox": f"{x[0]},{y[0]},{x[1]},{y[1]}", "bbox-crs": f"{epsg}3857"}) == ["D-c"]
    assert codes(bbox="12.2,50.2,0,12.3,50.3,100") == ["D-c"]
    assert codes(bbox="170,50.2,10.5,50.3") == ["D-a"]
    wrong = reader.get(ITEMS, params={"bbox": "50.2,112.2,50.3,112.3"})
    assert (wrong.status_code, wrong.json()["errors"][0]["name"]) == (400, "bbox")


@pytest.mark.parametrize("name", ["geojson", "flatgeobuf", "geoparquet", "topojson"])
@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_every_format_comes_in_the_datum_asked_for(reader: TestClient, tmp_path: Path, name: str, datum: Any) -> None:
    reply = reader.get(ITEMS, params={"f": name, "coord_type": datum, "level": 1})
    assert reply.headers["geogrid-coord-type"] == datum
    xy = shapely.get_coordinates(read(reply.content, name, tmp_path).geometry.to_numpy())
    back = np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum))
    assert np.allclose([*back.min(axis=0), *back.max(axis=0)], [10, 50, 13, 51])
    if datum == "bd09":
        assert not np.allclose(back, xy, atol=1e-4)


def test_moment_asks_for_the_boundaries_of_that_time(reader: TestClient) -> None:
    def ids(moment: str) -> list[str]:
        return [each["id"] for each in reader.get(ITEMS, params={"datetime": moment}).json()["features"]]

    every = ["D", "D-a", "D-b", "D-c"]
    assert ids("2026-06-01T00:00:00Z") == every
    assert ids("2025-06-01T00:00:00Z") == []
    assert ids("2025-06-01/2026-06-01") == every
    assert ids("../2025-12-31") == []
    assert ids("2025-12-31/..") == every
    for wrong in ("yesterday", "../..", "2026-02-01/2026-01-01", "a/b/c", "2026-02-30"):
        assert reader.get(ITEMS, params={"datetime": wrong}).status_code == 400, wrong


def test_compression_is_what_the_client_likes_best(reader: TestClient) -> None:
    def sent(accepted: str) -> tuple[str | None, str]:
        reply = reader.get(ITEMS, headers={"accept-encoding": accepted})
        assert len(reply.json()["features"]) == 4
        return reply.headers.get("content-encoding"), reply.headers["etag"]

    plain = sent("identity")
    assert plain[0] is None
    assert sent("gzip") == ("gzip", f"W/{plain[1]}")
    assert sent("gzip, br")[0] == "br"
    assert sent("br;q=0.5, gzip;q=0.8")[0] == "gzip"
    assert sent("*")[0] == "br"
    assert sent("br;q=0, *;q=0.1")[0] == "gzip"
    for etag in (plain[1], f"W/{plain[1]}"):
        assert reader.get(ITEMS, headers={"if-none-match": etag}).status_code == 304


def test_etag_is_that_of_one_format(reader: TestClient) -> None:
    accepted = ["application/geo+json", "text/csv", "text/html", "application/topo+json"]
    etags = [reader.get(ITEMS, headers={"accept": accept}).headers["etag"].removeprefix("W/") for accept in accepted]
    assert len(set(etags)) == len(accepted)
    assert all(reader.get(ITEMS, headers={"accept": each}).headers["vary"].startswith("Accept") for each in accepted)
    for accept, etag in zip(accepted, etags, strict=True):
        statuses = [reader.get(ITEMS, headers={"accept": each, "if-none-match": etag}).status_code for each in accepted]
        assert statuses == [304 if each == accept else 200 for each in accepted]


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/D-a"])
def test_etag_of_a_page_is_that_of_one_language(reader: TestClient, path: str) -> None:
    chinese, english = ({"accept": "text/html", "accept-language": lang} for lang in ("zh", "en"))
    page = reader.get(path, headers=chinese)
    assert page.headers["vary"].startswith("Accept, Accept-Language")
    etag = page.headers["etag"].removeprefix("W/")
    assert reader.get(path, headers={**chinese, "if-none-match": etag}).status_code == 304
    other = reader.get(path, headers={**english, "if-none-match": etag})
    assert (other.status_code, other.headers["content-language"]) == (200, "en")


def test_features_are_counted_anew_for_another_moment_of_duties(client: TestClient, engine: Engine) -> None:
    def matched(moment: str) -> int:
        parameters = {"at": moment, "duty": "网格长 王芳; gridder O'Neil <b>"}
        return int(client.get(ITEMS, params=parameters).json()["numberMatched"])

    with engine.begin() as connection:
        since = "2026-06-01T00:00:00Z"
        connection.execute(text("update duties set validity = tstzrange(:since, null)"), {"since": since})
    client.app.state.watcher.look()  # type: ignore[attr-defined]
    assert matched("2026-07-01T00:00:00Z") == 1
    assert matched("2026-05-01T00:00:00Z") == 0


def test_date_of_the_features_is_as_good_as_their_etag(reader: TestClient) -> None:
    seen = reader.get(ITEMS).headers["last-modified"]
    assert reader.get(ITEMS, headers={"if-modified-since": seen}).status_code == 304
    assert reader.get(ITEMS, headers={"if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}).status_code == 200
    assert reader.get(ITEMS, headers={"if-modified-since": "some day"}).status_code == 200


def test_forms_of_one_address_have_etags_of_their_own(reader: TestClient) -> None:
    """The form is negotiated: a cache that knows one must not be told that another is unchanged."""
    accepted = ("application/geo+json", "text/csv", "text/html", "application/flatgeobuf")
    tags = [reader.get(ITEMS, headers={"accept": each}).headers["etag"] for each in accepted]
    assert len(set(tags)) == len(accepted)
    again = {"accept": "text/csv", "if-none-match": tags[0]}
    assert reader.get(ITEMS, headers=again).status_code == 200
    assert reader.get(ITEMS, headers={**again, "if-none-match": tags[1]}).status_code == 304
