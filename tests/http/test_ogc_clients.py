"""Clients of OGC API Features that others wrote, unmodified: each gets exactly the set that PostGIS has."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from owslib.ogcapi.features import Features

from tests.http.ogc_town import CASES, WEST, Running

pytestmark = pytest.mark.timeout(600)

NODE_CLIENT = Path(__file__).resolve().parents[2] / "node_modules" / "@camptocamp" / "ogc-client"


def same(found: gpd.GeoDataFrame, expected: gpd.GeoDataFrame) -> bool:
    found = found.sort_values("code")
    shapes = found.geometry.normalize().to_numpy(), expected.geometry.normalize().to_numpy()
    return found["code"].tolist() == expected["code"].tolist() and bool(shapely.equals_identical(*shapes).all())


def test_gdal_reads_every_collection(ogc_town: Running) -> None:
    layers = dict(pyogrio.list_layers(f"OAPIF:{ogc_town.address}").tolist())
    assert {"grids", "level-1", "level-2", "blocks", "cases", "hotspots", "coverage-gaps"} < set(layers)
    assert (layers["grids"], layers["blocks"], layers["cases"]) == ("MultiPolygon", "Polygon", "Point")
    assert same(pyogrio.read_dataframe(f"OAPIF:{ogc_town.address}", layer="grids"), ogc_town.rows())
    assert same(pyogrio.read_dataframe(f"OAPIF:{ogc_town.address}", layer="level-2"), ogc_town.rows("level = 2"))


def test_gdal_follows_the_pages_of_many_features(ogc_town: Running) -> None:
    found = pyogrio.read_dataframe(f"OAPIF:{ogc_town.address}", layer="cases")
    assert len(found) == CASES
    assert sorted(found.geometry.x) == pytest.approx([WEST + 0.2 + number / 1000 for number in range(CASES)], abs=1e-12)
    assert set(found["category"]) == {"灯"}


def test_gdal_lets_the_server_choose_by_box(ogc_town: Running) -> None:
    ogc_town.asked()
    found = pyogrio.read_dataframe(f"OAPIF:{ogc_town.address}", layer="grids", bbox=(112.9, 50.1, 112.95, 50.2))
    assert "&bbox=112.9" in ogc_town.asked()
    assert same(found, ogc_town.rows("g.geom && ST_MakeEnvelope(112.9, 50.1, 112.95, 50.2, 4326)"))


@pytest.mark.parametrize(
    ("where", "sql", "sent"),
    [
        ("code = 'D-x'", "code = 'D-x'", "code"),
        ("households >= 1 AND name LIKE 'Grid%'", "households >= 1 and g.name like 'Grid%'", "filter="),
        ("(code = 'D-x' OR code = 'D-z') OR level = 1", "code in ('D-x', 'D-z') or level = 1", "filter="),
        ("category IS NOT NULL", "category is not null", "filter="),
        ("valid_from > '2026-01-05'", "lower(p.validity) > '2026-01-05'", "filter="),
    ],
)
def test_gdal_lets_the_server_filter(ogc_town: Running, where: str, sql: str, sent: str) -> None:
    ogc_town.asked()
    found = pyogrio.read_dataframe(f"OAPIF:{ogc_town.address}", layer="grids", where=where)
    asked = ogc_town.asked()
    assert sent in asked, asked
    assert same(found, ogc_town.rows(f"({sql})"))


@pytest.mark.parametrize("srid", [4547, 4490, 3857])
def test_gdal_has_the_axes_right_in_every_system(ogc_town: Running, srid: int) -> None:
    ogc_town.asked()
    found = pyogrio.read_dataframe(f"OAPIF:{ogc_town.address}", layer="grids", CRS=f"EPSG:{srid}")
    assert f"EPSG/0/{srid}" in ogc_town.asked().replace("%2F", "/")
    assert found.crs.to_epsg() == srid
    expected = ogc_town.rows(srid=srid)
    found = found.sort_values("code")
    assert found["code"].tolist() == expected["code"].tolist()
    assert np.allclose(found.geometry.bounds, expected.geometry.bounds, rtol=0, atol=1e-6)


def test_gdal_asks_for_the_boundaries_of_last_year(ogc_town: Running) -> None:
    first = f"{ogc_town.address}/collections/grids/items?datetime=2026-02-01T00:00:00Z"
    assert sorted(gpd.read_file(first)["code"]) == ["D", "D-a", "D-b", "D-c"]
    found = pyogrio.read_dataframe(f"OAPIF:{ogc_town.address}", layer="edition-1")
    assert sorted(found["code"]) == ["D", "D-a", "D-b", "D-c"]


@pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="ogr2ogr is not installed")
def test_ogr2ogr_copies_the_set(ogc_town: Running, tmp_path: Path) -> None:
    for layer, options in (("grids", []), ("cases", []), ("grids", ["-where", "code = 'D-x'"])):
        target = tmp_path / "copy.gpkg"
        target.unlink(missing_ok=True)
        source = f"OAPIF:{ogc_town.address}"
        subprocess.run(["ogr2ogr", "-f", "GPKG", target, source, layer, *options], check=True, capture_output=True)
        found = gpd.read_file(target)
        if layer == "cases":
            assert len(found) == CASES
        else:
            assert same(found, ogc_town.rows("code = 'D-x'" if options else "true"))


def test_owslib_walks_the_interface(ogc_town: Running) -> None:
    client = Features(f"{ogc_town.address}/")
    assert {"grids", "blocks", "cases"} < set(client.feature_collections())
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in client.conformance()["conformsTo"]
    assert client.api()["openapi"] == "3.0.3"
    assert client.collection("grids")["storageCrs"].endswith("CRS84")
    assert "code" in client.collection_queryables("grids")["properties"]
    every = client.collection_items("grids", limit=100)
    assert sorted(one["id"] for one in every["features"]) == ogc_town.rows()["code"].tolist()
    chosen = client.collection_items("grids", bbox=[112.9, 50.1, 112.95, 50.2], limit=100)
    box = "g.geom && ST_MakeEnvelope(112.9, 50.1, 112.95, 50.2, 4326)"
    assert sorted(one["id"] for one in chosen["features"]) == ogc_town.rows(box)["code"].tolist()
    by_filter = client.collection_items("grids", filter="level = 2", limit=100)
    assert sorted(one["id"] for one in by_filter["features"]) == ogc_town.rows("level = 2")["code"].tolist()
    assert client.collection_item("grids", "D-x")["properties"]["name"] == "Grid x"


NODE_SCRIPT = """
import { OgcApiEndpoint } from "@camptocamp/ogc-client";
const endpoint = new OgcApiEndpoint(process.argv[2]);
const collections = await endpoint.featureCollections;
const info = await endpoint.getCollectionInfo("grids");
const items = await endpoint.getCollectionItems("grids", 100);
const url = await endpoint.getCollectionItemsUrl("cases", { limit: 5000, asJson: true });
const cases = await (await fetch(url)).json();
console.log(JSON.stringify({
  collections, crs: info.crs, queryables: info.queryables.map((each) => each.name),
  ids: items.map((each) => each.id), cases: cases.features.length,
}));
"""


@pytest.mark.skipif(
    not NODE_CLIENT.is_dir() and not os.environ.get("CI"),
    reason="the npm package is not installed; `make setup` fetches it",
)
def test_ogc_client_of_npm_reads_the_collections(ogc_town: Running, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(NODE_CLIENT.parents[1])
    script = tmp_path / "read.mjs"
    script.write_text(NODE_SCRIPT)
    done = subprocess.run(["node", script, ogc_town.address], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    names = [each["name"] if isinstance(each, dict) else each for each in found["collections"]]
    assert {"grids", "blocks", "cases"} < set(names)
    assert "code" in found["queryables"]
    assert sorted(found["ids"]) == ogc_town.rows()["code"].tolist()
    assert found["cases"] == CASES
    assert len(found["crs"]) == 5


def test_geopandas_reads_cases(ogc_town: Running) -> None:
    found = gpd.read_file(f"{ogc_town.address}/cases?limit=2000")
    assert len(found) == CASES
    assert set(found["category"]) == {"灯"}
    assert min(found.geometry.x) == pytest.approx(WEST + 0.2, abs=1e-7)
