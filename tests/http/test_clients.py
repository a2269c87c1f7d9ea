"""Clients that others wrote read the server unmodified."""

from collections.abc import Iterator
from datetime import UTC, datetime

import geopandas as gpd
import pyogrio
import pytest
from sqlalchemy import Engine

from boundaries.cases import NewCase
from tests.db.towns import row_of_boxes
from tests.fixtures_db import Database
from tests.http.conftest import Town, store_cases
from tests.serving import running


@pytest.fixture
def address(database: Database, town: Town) -> Iterator[str]:
    """Of a server in its own process: GDAL holds on to this one while it waits."""
    del town
    with running(database) as (_, served):
        yield served


def test_gdal_reads_the_grids_as_ogc_api_features(address: str) -> None:
    layers = pyogrio.list_layers(f"OAPIF:{address}")
    assert ["grids", "MultiPolygon"] in layers.tolist()
    found = pyogrio.read_dataframe(f"OAPIF:{address}", layer="grids").sort_values("code")
    assert found["code"].tolist() == ["D", "D-a", "D-b", "D-c"]
    assert found.crs == "OGC:CRS84"
    assert found.geometry.geom_equals(row_of_boxes().geometry.to_crs("OGC:CRS84"), align=False).all()
    west = pyogrio.read_dataframe(f"OAPIF:{address}", layer="grids", bbox=(10.1, 50.1, 10.2, 50.2))
    assert sorted(west["code"]) == ["D", "D-a"]


def test_gdal_follows_the_pages_to_the_end(address: str) -> None:
    found = pyogrio.read_dataframe(f"OAPIF:{address}/collections/grids", layer="grids", PAGE_SIZE="2")
    assert sorted(found["code"]) == ["D", "D-a", "D-b", "D-c"]


def test_geopandas_reads_cases(engine: Engine, address: str, town: Town) -> None:
    when = datetime(2026, 2, 1, tzinfo=UTC)
    store_cases(engine, town, NewCase("test", "1", when, text="路灯不亮", lon=10.25, lat=50.5))
    found = gpd.read_file(f"{address}/cases")
    assert found["text"].tolist() == ["路灯不亮"]
    assert (found.geometry.x[0], found.geometry.y[0]) == (10.25, 50.5)
