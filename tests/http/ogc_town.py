"""A town in China on a server of its own, for the clients and the public tests of OGC API Features."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import httpx2
import pytest
from sqlalchemy import Engine, text

from api.serving import listen
from boundaries.cases.reading import NewCase
from boundaries.store.engine import open_engine
from tests.fixtures_db import Database
from tests.serving import environment

WEST = 112.0
CASES = 1_203
_LIMIT = "MULTIPOLYGON(((112 50, 116 50, 116 51, 114 51, 114 51.5, 113 51.5, 113 51, 112 51, 112 50)))"


@dataclass(frozen=True, slots=True)
class Running:
    """A server whose every request is written down."""

    address: str
    log: Path
    engine: Engine

    def asked(self) -> str:
        """Return what was asked since the last look."""
        time.sleep(0.2)
        told = self.log.read_text()
        self.log.write_text("")
        return told

    def rows(self, where: str = "true", *, srid: int = 4326) -> gpd.GeoDataFrame:
        """Return grids in force as PostGIS has them."""
        statement = f"""
            select g.code, ST_Transform(g.geom, {srid}) as geometry from grids g join plans p on p.id = g.plan_id
            where p.validity @> now() and ({where}) order by g.code
        """  # noqa: S608 - a test's own
        with self.engine.connect() as connection:
            return gpd.read_postgis(text(statement), connection, geom_col="geometry")


@contextmanager
def running_town(database: Database, folder: Path) -> Iterator[Running]:
    """Serve a town whose local zone has northing first; its second edition is in force, no collection is empty."""
    from tests.http.conftest import FIRST_EDITION, publish_second, store_cases, store_town

    engine = open_engine(database.settings)
    town = store_town(engine, west=WEST)
    places = {str(number): WEST + 0.2 + number / 1000 for number in range(CASES)}
    cases = [NewCase("test", key, FIRST_EDITION, category="灯", lon=lon, lat=50.5) for key, lon in places.items()]
    store_cases(engine, town, *cases)
    publish_second(engine, town, west=WEST + 0.5)
    with engine.begin() as connection:
        # ogctests hands features to GDAL as an address, of which GDAL takes what follows a semicolon for more.
        connection.execute(text("delete from duties where role = 'gridder'"))
        connection.execute(text("update jurisdictions set limit_geom = ST_GeomFromText(:l, 4326)"), {"l": _LIMIT})
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    log = folder / "requests.log"
    command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app", "--port", str(port)]
    variables = {**environment(database), "GEOGRID_HOME": str(folder)}
    with log.open("a") as told:
        process = subprocess.Popen(command, env=variables, stdout=told, stderr=told)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(address, process)
        yield Running(address, log, engine)
    finally:
        process.terminate()
        process.wait()
        engine.dispose()


def wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 170
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx2.get(f"{address}/health/ready", timeout=10).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("the server did not become ready")
