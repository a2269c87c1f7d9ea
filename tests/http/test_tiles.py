"""Vector tiles over HTTP: every level a coverage, addresses that never go stale, what maps are told of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings
from boundaries.engine import open_engine, unit_of_work
from boundaries.grids import edition_at
from boundaries.jurisdictions import LevelName, save_jurisdiction
from boundaries.plans import save_plan
from boundaries.publishing import publish
from geogrid.tiling import MATRIX_SETS, Tile, TileMatrixSet
from tests.browser.towns import make_town
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.conftest import SECOND_EDITION, Town, publish_second

MVT = "application/vnd.mapbox-vector-tile"


@pytest.fixture(scope="module")
def maps(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Three levels and crooked cells with a hole, in Hunan."""
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("maps")):
        engine = open_engine(database.settings)
        with unit_of_work(engine) as session:
            levels = [LevelName("township", "乡镇"), LevelName("community", "社区"), LevelName("grid", "网格")]
            town = save_jurisdiction(session, code="datun", name="大屯营镇", levels=levels, attribution=["县统计局"])
            plan = save_plan(session, town, name="first", grids=make_town().grids, band=(300, 500))
            publish(session, plan, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
        with TestClient(create_app(ServerSettings(**database.settings.model_dump()))) as opened:
            yield opened
        engine.dispose()


def decoded(content: bytes, folder: Path, layer: str = "grids") -> Any:
    """Return a layer of a tile, read by GDAL, in units of the tile, y up."""
    path = folder / "tile.pbf"
    path.write_bytes(content)
    if layer not in pyogrio.list_layers(path)[:, 0]:
        return gpd.GeoDataFrame({"level": []}, geometry=[])
    return pyogrio.read_dataframe(path, layer=layer, CLIP="NO")


def tiles_of(matrix_set: TileMatrixSet, bounds: tuple[float, ...], zoom: int, most: int = 3) -> list[Tile]:
    """Return the tiles around the middle of a box, at most 3 by 3."""
    left, right, top, bottom = matrix_set.span(bounds, zoom)  # type: ignore[arg-type]
    columns = range(left, right + 1)[: most + (right - left) // 2][-most:]
    rows = range(top, bottom + 1)[: most + (bottom - top) // 2][-most:]
    return [Tile(zoom, column, row) for column in columns for row in rows]


@pytest.mark.parametrize("name", list(MATRIX_SETS))
@pytest.mark.parametrize("coord_type", ["wgs84", "gcj02"])
def test_grids_of_each_level_are_a_coverage_at_every_zoom_and_across_the_sides_of_tiles(
    maps: TestClient, tmp_path: Path, name: str, coord_type: str
) -> None:
    matrix_set, bounds = MATRIX_SETS[name], tuple(make_town().grids.total_bounds)
    for zoom in range(matrix_set.min_zoom, 17):
        visible: dict[int, list[Any]] = {1: [], 2: [], 3: []}
        for tile in tiles_of(matrix_set, bounds, zoom):
            address = f"/editions/1/tiles/{name}/{zoom}/{tile.row}/{tile.column}"
            answer = maps.get(address, params={"coord_type": coord_type})
            if answer.status_code == 204:
                continue
            found = decoded(answer.content, tmp_path)
            for level, own in found.groupby("level"):
                shapes = own.geometry.to_numpy()
                assert shapely.is_valid(shapes).all(), (zoom, level)
                assert shapely.coverage_is_valid(shapes), (zoom, level)
                seen = shapely.get_parts(shapely.intersection(shapes, shapely.box(0, 0, 4096, 4096)))
                seen = seen[shapely.get_dimensions(seen) == 2]
                place = np.array([tile.column, -tile.row]) * 4096.0
                visible[level] += list(shapely.transform(seen, lambda xy, place=place: xy + place))
        for level, pieces in visible.items():
            assert shapely.coverage_is_valid(np.array(pieces, dtype=object)), (zoom, level)
            if zoom > 12:
                assert pieces, (zoom, level)
