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
from sqlalchemy import text

from api.app import create_app
from api.settings import ServerSettings
from api.tiles import ahead as tiles_ahead
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.tiles import EXACT_ZOOM, MATRIX_SETS, Tile, TileMatrixSet
from geogrid.types import LevelName
from tests.browser.towns import make_town
from tests.fixtures_db import TEMPLATE, Server, copied
from tests.http.conftest import Town, publish_second

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


def tiles_of(matrix_set: TileMatrixSet, bounds: tuple[float, ...], zoom: int) -> list[Tile]:
    """Return at most 2 by 2 tiles that meet near the middle of a box."""
    left, right, top, bottom = matrix_set.span(bounds, zoom)  # type: ignore[arg-type]
    column, row = (left + right) // 2, (top + bottom) // 2
    around = [Tile(zoom, column + i, row + j) for i in (0, 1) for j in (0, 1)]
    return [tile for tile in around if tile.column <= right and tile.row <= bottom]


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


def test_names_of_grids_stand_once_inside_them(maps: TestClient, tmp_path: Path) -> None:
    grids, matrix_set = make_town().grids, MATRIX_SETS["WebMercatorQuad"]
    found = []
    left, right, top, bottom = matrix_set.span(tuple(grids.total_bounds), 14)  # type: ignore[arg-type]
    for tile in [Tile(14, column, row) for column in range(left, right + 1) for row in range(top, bottom + 1)]:
        answer = maps.get(f"/editions/1/tiles/WebMercatorQuad/14/{tile.row}/{tile.column}")
        west, south, east, north = matrix_set.bounds(tile)
        for row in decoded(answer.content, tmp_path, "labels").itertuples():
            lon = west + (east - west) * row.geometry.x / 4096
            lat = south + (north - south) * row.geometry.y / 4096
            assert grids.loc[grids["code"] == row.code, "geometry"].iloc[0].buffer(1e-5).covers(shapely.Point(lon, lat))
            found.append(row.code)
    assert sorted(found) == sorted(grids["code"])


def test_tile_has_what_a_map_shows_of_a_grid(maps: TestClient, tmp_path: Path) -> None:
    grids = make_town().grids
    document = maps.get("/tiles/WebMercatorQuad", params={"f": "tilejson"}).json()
    zoom = document["center"][2]
    left, _, top, _ = MATRIX_SETS["WebMercatorQuad"].span(tuple(grids.total_bounds), zoom)  # type: ignore[arg-type]
    address = document["tiles"][0].format(z=zoom, x=left, y=top)
    found = decoded(maps.get(address).content, tmp_path).set_index("code")
    wanted = grids.set_index("code")
    for name in ("name", "level", "level_name", "kind", "households"):
        shown = wanted.loc[found.index, name].replace(
            {"grid 网格": "grid", "community 社区": "community", "township 乡镇": "township"}
        )
        assert found[name].tolist() == shown.tolist()
    assert set(document["vector_layers"][0]["fields"]) >= set(found.columns) - {"geometry", "mvt_id"}


def test_tile_of_an_edition_may_be_kept_for_ever(maps: TestClient) -> None:
    answer = maps.get("/editions/1/tiles/WebMercatorQuad/10/428/832")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MVT
    assert "immutable" in answer.headers["cache-control"]
    again = maps.get(str(answer.url), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_tile_is_the_same_packed_or_plain(maps: TestClient) -> None:
    west, south, east, north = make_town().grids.total_bounds
    middle = ((west + east) / 2, (south + north) / 2)
    column, _, row, _ = MATRIX_SETS["WebMercatorQuad"].span((*middle, *middle), 13)
    address = f"/editions/1/tiles/WebMercatorQuad/13/{row}/{column}"
    packed = maps.get(address, headers={"Accept-Encoding": "gzip"})
    plain = maps.get(address, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert plain.headers["vary"] == "Accept-Encoding"


def test_tile_without_grids_is_empty(maps: TestClient) -> None:
    assert maps.get("/editions/1/tiles/WebMercatorQuad/10/0/0").status_code == 204


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/editions/1/tiles/WebMercatorQuad/10/1024/0", 404, "1024 rows"),
        ("/editions/1/tiles/CGCS2000Quad/0/0/0", 404, "starts at zoom 1"),
        ("/editions/1/tiles/Mars/1/0/0", 404, "WebMercatorQuad, CGCS2000Quad"),
        ("/editions/99/tiles/WebMercatorQuad/10/428/832", 404, "no plan 99"),
        ("/editions/1/tiles/WebMercatorQuad/17/0/0", 400, "from 0 to 16"),
        ("/tiles/CGCS2000Quad?f=tilejson", 400, "f=json"),
        ("/tiles?at=1999-01-01T00:00:00Z", 404, "No edition"),
        ("/tiles?datum=gcj02", 400, "coord_type"),
    ],
)
def test_wrong_addresses_of_tiles_say_what_is_right(maps: TestClient, path: str, status: int, words: str) -> None:
    answer = maps.get(path)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_tileset_describes_its_tiles_as_the_standard_asks(maps: TestClient) -> None:
    listed = maps.get("/tiles").json()["tilesets"]
    assert [each["tileMatrixSetId"] for each in listed] == ["WebMercatorQuad", "CGCS2000Quad"]
    for each in listed:
        found = maps.get(each["links"][0]["href"]).json()
        links = {link["rel"].rpartition("/")[2]: link for link in found["links"]}
        definition = maps.get(links["tiling-scheme"]["href"]).json()
        assert definition["crs"] == found["crs"]
        limits = found["tileMatrixSetLimits"][-1]
        matrix = definition["tileMatrices"][-1]
        assert limits["tileMatrix"] == matrix["id"] == "16"
        assert 0 < limits["minTileCol"] <= limits["maxTileCol"] < matrix["matrixWidth"]
        assert 0 < limits["minTileRow"] <= limits["maxTileRow"] < matrix["matrixHeight"]
        address = links["item"]["href"].format(
            tileMatrix=16, tileRow=limits["minTileRow"] + 1, tileCol=limits["minTileCol"] + 1
        )
        assert maps.get(address).headers["content-type"] == MVT


def test_tiles_are_found_from_the_landing_page(maps: TestClient) -> None:
    links = {link["rel"].rpartition("/")[2]: link["href"] for link in maps.get("/").json()["links"]}
    assert len(maps.get(links["tilesets-vector"]).json()["tilesets"]) == 2
    assert len(maps.get(links["tiling-schemes"]).json()["tileMatrixSets"]) == 2
    classes = maps.get("/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt" in classes


def test_tianditu_counts_tiles_of_cgcs2000_as_we_do(maps: TestClient) -> None:
    """The corner of its matrix is 90, -180, and zoom 1 has two tiles of 180 degrees."""
    found = maps.get("/tileMatrixSets/CGCS2000Quad").json()
    first = found["tileMatrices"][0]
    assert (first["id"], first["matrixWidth"], first["matrixHeight"]) == ("1", 2, 1)
    assert first["pointOfOrigin"] == [90, -180]
    assert first["cellSize"] * first["tileWidth"] == 180
    assert first["scaleDenominator"] == pytest.approx(279_541_132.014, rel=1e-9)
    # Beijing's Tiananmen at zoom 12: the numbers of the tile that Tianditu's service `vec_c` shows it on.
    assert MATRIX_SETS["CGCS2000Quad"].span((116.3975, 39.9087, 116.3975, 39.9087), 12)[::2] == (3372, 569)


def test_next_map_after_a_publication_shows_the_new_boundaries(
    client: TestClient, engine: Any, town: Town, tmp_path: Path
) -> None:
    before = client.get("/styles/grids")
    again = client.get("/styles/grids", headers={"If-None-Match": before.headers["etag"]})
    assert again.status_code == 304
    publish_second(engine, town)
    after = client.get("/styles/grids", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    template = after.json()["sources"]["geogrid"]["tiles"][0]
    assert template != before.json()["sources"]["geogrid"]["tiles"][0]
    assert _codes(client, before, tmp_path) <= {"D", "D-a", "D-b", "D-c"}
    assert "D-x" in _codes(client, after, tmp_path)
    earlier = client.get("/styles/grids", params={"at": "2026-02-01T00:00:00Z"})
    assert earlier.json()["sources"] == before.json()["sources"]


def _codes(client: TestClient, style: Any, folder: Path) -> set[str]:
    template = style.json()["sources"]["geogrid"]["tiles"][0]
    _, column, _, row = MATRIX_SETS["WebMercatorQuad"].span((11.4, 50.5, 11.4, 50.5), 8)
    return set(decoded(client.get(template.format(z=8, x=column, y=row)).content, folder)["code"])


def test_tiles_of_a_new_edition_are_made_before_a_map_asks(
    client: TestClient, engine: Any, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles_ahead, "_PAUSE_SECONDS", 0.05)
    publish_second(engine, town)
    app = client.app
    ahead = tiles_ahead.TilesAhead(app.state.store)  # type: ignore[attr-defined]
    ahead.start()
    app.state.watcher.subscribe(ahead.hear)  # type: ignore[attr-defined]
    app.state.watcher.look()  # type: ignore[attr-defined]
    with engine.connect() as connection:
        made = text("select count(distinct zoom), max(zoom) from tile_shapes where plan_id = 2")
        while connection.execute(made).one() != (EXACT_ZOOM, EXACT_ZOOM - 1):
            connection.rollback()
    ahead.stop()
    with engine.connect() as connection:
        kept = connection.execute(
            text("select count(*) from tiles where plan_id = 2 and matrix_set = 'WebMercatorQuad'")
        )
        assert kept.scalar_one() >= 9
