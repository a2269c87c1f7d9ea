"""Files by what is in them: data is read, descriptions of data elsewhere are refused, and nothing is left behind."""

import gzip
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from boundaries.files import gdal
from boundaries.files.polygons import read_grid_layer
from geogrid.errors import InvalidInputError

SQUARE = gpd.GeoDataFrame({"code": ["A"]}, geometry=[shapely.box(112.9, 28.1, 113.0, 28.2)], crs="EPSG:4326")
SUFFIXES = {"GPKG": ".gpkg", "GeoJSON": ".geojson", "KML": ".kml", "GML": ".gml", "FlatGeobuf": ".fgb"}


@pytest.fixture
def visitors() -> Iterator[tuple[int, list[str]]]:
    """A server of the network, with the addresses that it was asked for."""
    asked: list[str] = []

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 - as the class wants it

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Noting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


def written(folder: Path, driver: str, name: str = "town") -> Path:
    path = folder / f"{name}{SUFFIXES[driver]}"
    SQUARE.to_file(path, driver=driver, engine="pyogrio")
    return path


@pytest.mark.parametrize("driver", SUFFIXES)
def test_data_is_read_whatever_the_format_and_nothing_is_left_beside_it(tmp_path: Path, driver: str) -> None:
    path = written(tmp_path, driver)
    before = sorted(tmp_path.iterdir())
    assert read_grid_layer(path).frame.geometry.iloc[0].equals(SQUARE.geometry.iloc[0])
    assert sorted(tmp_path.iterdir()) == before


def test_gml_without_its_schema_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = written(tmp_path, "GML")
    path.with_suffix(".xsd").unlink()
    assert len(read_grid_layer(path, crs="EPSG:4326").frame) == 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("packed", ["plain", "gzip", "zip", "utf-16", "after a comment"])
@pytest.mark.parametrize(
    "text",
    [
        '<OGRVRTDataSource><OGRVRTLayer name="town"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
        "<OGRWFSDataSource><URL>{}</URL></OGRWFSDataSource>",
        '{{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read {} ! write o --format stream"}}',
    ],
)
def test_description_of_data_elsewhere_is_refused(
    tmp_path: Path, visitors: tuple[int, list[str]], text: str, packed: str
) -> None:
    port, asked = visitors
    content = text.format(f"http://127.0.0.1:{port}/secret.geojson")
    path = tmp_path / "town.geojson"
    match packed:
        case "gzip":
            path = tmp_path / "town.geojson.gz"
            path.write_bytes(gzip.compress(content.encode()))
        case "zip":
            path = tmp_path / "town.zip"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("town.geojson", content)
        case "utf-16":
            path.write_bytes(content.encode("utf-16"))
        case "after a comment":
            path.write_text(content if content.startswith("{") else f"<?xml version='1.0'?><!-- <kml> -->{content}")
        case _:
            path.write_text(content)
    with pytest.raises(InvalidInputError, match="no data of its own") as caught:
        read_grid_layer(path)
    assert caught.value.problems[0].kind == "data-elsewhere"
    assert asked == []


def test_references_inside_gml_are_not_followed(tmp_path: Path, visitors: tuple[int, list[str]]) -> None:
    port, asked = visitors
    path = written(tmp_path, "GML")
    text = path.read_text()
    reference = f'<ogr:code xlink:href="http://127.0.0.1:{port}/code.xml" xmlns:xlink="http://www.w3.org/1999/xlink"/>'
    path.with_suffix(".xsd").unlink()
    path.write_text(
        text.replace("<ogr:code>A</ogr:code>", reference).replace("town.xsd", f"http://127.0.0.1:{port}/town.xsd")
    )
    assert len(gdal.read_dataframe(path)) == 1
    assert asked == []


def test_xml_of_no_known_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "town.kml"
    path.write_text("<?xml version='1.0'?><html><body/></html>")
    with pytest.raises(InvalidInputError, match="begins with <html>"):
        read_grid_layer(path)


def in_database(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_view_is_read_as_a_layer(tmp_path: Path) -> None:
    path = written(tmp_path, "GPKG")
    in_database(
        path,
        "create view seen as select fid as ogc_fid, code, geom from town",
        "insert into gpkg_contents (table_name, data_type, identifier, srs_id) values ('seen', 'features', 'x', 4326)",
        "insert into gpkg_geometry_columns values ('seen', 'geom', 'POLYGON', 4326, 0, 0)",
    )
    assert read_grid_layer(path, layer="seen").frame["code"].tolist() == ["A"]


def test_view_without_end_is_refused_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gdal, "_SECONDS_FOR_VIEWS", 0.2)
    path = written(tmp_path, "GPKG")
    in_database(
        path,
        "create view town2 as with recursive n(i) as (select 1 union all select i + 1 from n)"
        " select i as fid, 'A' as code, null as geom from n order by i desc",
        "insert into gpkg_contents (table_name, data_type, identifier, srs_id) values ('town2', 'features', 'x', 4326)",
        "insert into gpkg_geometry_columns values ('town2', 'geom', 'POLYGON', 4326, 0, 0)",
    )
    with pytest.raises(InvalidInputError, match="view town2 has not ended after 0.2 s"):
        read_grid_layer(path, layer="town2")


def test_database_that_reaches_outside_itself_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "GPKG")
    in_database(path, "create view far as select ogr_datasource_load_layers('/etc/other.gpkg') as code")
    with pytest.raises(InvalidInputError, match="far is no table but a call of another program"):
        read_grid_layer(path, layer="town")


def test_archive_of_more_than_fits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gdal, "_LARGEST_ARCHIVE_BYTES", 1_000)
    path = tmp_path / "town.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("town.geojson", SQUARE.to_json() + " " * 10_000)
    with pytest.raises(InvalidInputError, match="holds 1 files"):
        read_grid_layer(path)


def test_nothing_else_reads_through_gdal() -> None:
    top = Path(gdal.__file__).resolve().parents[2]
    reading = ("pyogrio.read", "pyogrio.list_layers", "pyogrio.open_arrow", "gpd.read_file", "geopandas.read_file")
    own = Path(gdal.__file__).resolve()
    found = [
        str(path.relative_to(top))
        for room in ("api", "boundaries", "geogrid")
        for path in (top / room).rglob("*.py")
        if path.resolve() != own and any(word in path.read_text("utf-8") for word in reading)
    ]
    assert found == []
