"""Editions as PMTiles files: read back by GDAL and by the format's own reader, the same tiles as the server's."""

import gzip
from pathlib import Path

import pyogrio
import pytest
from pmtiles.reader import MemorySource, Reader
from sqlalchemy.orm import Session

from boundaries.grids.tables import Plan
from boundaries.tiles.archive import export_tiles
from boundaries.tiles.storing import edition_tile
from boundaries.tiles.tilesets import tileset_of
from geogrid.errors import InvalidInputError, NotFoundError
from geogrid.tiles import WEB_MERCATOR_QUAD, Tile
from tests.db.programs import Geogrid
from tests.fixtures_db import DemoStore


@pytest.fixture(scope="module")
def archive(demo: DemoStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "helsinki.pmtiles"
    with Session(demo.engine) as session:
        export_tiles(session, _edition(session), path, max_zoom=14)
    return path


def _edition(session: Session) -> Plan:
    return session.query(Plan).filter(Plan.validity.is_not(None)).order_by(Plan.id).first()  # type: ignore[return-value]


def test_file_has_the_tiles_that_the_server_gives(demo: DemoStore, archive: Path) -> None:
    reader = Reader(MemorySource(archive.read_bytes()))
    header = reader.header()
    with Session(demo.engine) as session:
        plan = _edition(session)
        west, north = tileset_of(session, plan).bounds[::3]
        assert (header["min_lon_e7"] / 1e7, header["max_lat_e7"] / 1e7) == pytest.approx((west, north), abs=2e-7)
        for zoom in range(header["min_zoom"], 15):
            left, right, top, bottom = WEB_MERCATOR_QUAD.span(tileset_of(session, plan).bounds, zoom)
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    wanted = edition_tile(session, plan, WEB_MERCATOR_QUAD, Tile(zoom, column, row))
                    packed = reader.get(zoom, column, row)
                    assert (b"" if packed is None else gzip.decompress(packed)) == wanted


def test_gdal_reads_every_leaf_out_of_the_file(demo: DemoStore, archive: Path) -> None:
    found = pyogrio.read_dataframe(archive, layer="grids")
    with Session(demo.engine) as session:
        codes = set(
            session.connection()
            .exec_driver_sql("select code from grids where plan_id = %s", (_edition(session).id,))
            .scalars()
        )
    assert set(found["code"]) == codes
    assert found.crs == "EPSG:3857"


def test_same_edition_gives_the_same_file(demo: DemoStore, archive: Path, tmp_path: Path) -> None:
    with Session(demo.engine) as session:
        export_tiles(session, _edition(session), tmp_path / "again.pmtiles", max_zoom=14)
    assert (tmp_path / "again.pmtiles").read_bytes() == archive.read_bytes()


def test_file_of_another_kind_and_a_draft_are_refused(session: Session, demo: DemoStore, tmp_path: Path) -> None:
    with Session(demo.engine) as opened, pytest.raises(InvalidInputError, match=r"\.pmtiles"):
        export_tiles(opened, _edition(opened), tmp_path / "town.zip", max_zoom=3)
    with pytest.raises(NotFoundError, match="draft"):
        tileset_of(session, Plan(id=7, state="draft", name="x", jurisdiction_id=1))
    assert list(tmp_path.glob("*")) == []


def test_failed_export_leaves_the_former_file(demo: DemoStore, tmp_path: Path) -> None:
    path = tmp_path / "town.pmtiles"
    path.write_bytes(b"former")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with Session(demo.engine) as session, pytest.raises(KeyboardInterrupt):
        export_tiles(session, _edition(session), path, max_zoom=3, advance=stop)
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_command_writes_the_edition_in_force(demo: DemoStore, geogrid: Geogrid, tmp_path: Path) -> None:
    path = tmp_path / "town.pmtiles"
    done = geogrid(
        "export", "tiles", str(path), "--max-zoom", "11", home=tmp_path, GEOGRID_DATABASE_URL=demo.database.url
    )
    assert done.returncode == 0, done.stderr
    assert f"tiles of edition 1 are in {path}" in done.stdout
    assert Reader(MemorySource(path.read_bytes())).header()["max_zoom"] == 11
