"""A town on a real PostGIS, served by the real application."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from shapely import Point
from sqlalchemy import Engine, make_url

from api.app import create_app
from api.settings import ServerSettings
from boundaries.addresses.geocoding import import_addresses
from boundaries.cases.reading import NewCase, add_cases
from boundaries.editions.reading import compile_edition, edition_at
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_duties, save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import open_engine, unit_of_work
from geogrid.types import LevelName
from tests.db.towns import row_of_boxes
from tests.fixtures_db import TEMPLATE, Database, Server, copied
from tests.http.ogc_town import Running, running_town

FIRST_EDITION = datetime(2026, 1, 1, tzinfo=UTC)
SECOND_EDITION = datetime(2026, 3, 1, tzinfo=UTC)
DUTIES = pd.DataFrame(
    {
        "grid": ["D-a", "D-a", "D"],
        "role": ["网格长", "gridder", "chief"],
        "holder": ["王芳", "O'Neil <b>", "Li"],
        "phone": ["12345", "", ""],
    }
)
ADDRESSES = gpd.GeoDataFrame(
    {"street": ["Long Street", "Long Street", "长江路"], "house_number": ["1", "9", "8"]},
    geometry=[Point(10.5, 50.5), Point(11.5, 50.5), Point(12.5, 50.5)],
    crs="EPSG:4326",
)


@dataclass(frozen=True, slots=True)
class Town:
    """What the tests know of the stored town."""

    id: int
    code: str


def store_town(engine: Engine, code: str = "town", *, west: float = 10.0, time_zone: str = "UTC") -> Town:
    """Store a district of the boxes a, b, c, one degree wide each, from 50 to 51 north, published once."""
    with unit_of_work(engine) as session:
        town = save_jurisdiction(
            session,
            code=code,
            name=code.title(),
            levels=[LevelName("district", "区"), LevelName("grid", "网格")],
            time_zone=time_zone,
            attribution=["© Surveyors <i>"],
        )
        plan = save_plan(session, town, name="first", grids=row_of_boxes("abc", west=west), band=(0, 1))
        save_duties(session, plan, DUTIES)
        publish(session, plan, valid_from=FIRST_EDITION)
        import_addresses(session, town.id, ADDRESSES, "survey")
        return Town(town.id, town.code)


def publish_second(engine: Engine, town: Town, *, valid_from: datetime = SECOND_EDITION, west: float = 10.5) -> None:
    """Publish an edition in which the boxes lie half a degree further east and have other names."""
    with unit_of_work(engine) as session:
        grids = row_of_boxes("xyz", west=west)
        plan = save_plan(session, get_jurisdiction(session, town.code), name="second", grids=grids)
        publish(session, plan, valid_from=valid_from)


def store_cases(engine: Engine, town: Town, *cases: NewCase) -> list[int]:
    """Store cases; those with a point get the grid of the first edition."""
    with unit_of_work(engine) as session:
        plan = edition_at(session, town.id, FIRST_EDITION)
        assert plan is not None
        edition = compile_edition(session, plan, at=FIRST_EDITION)
        placed = []
        for case in cases:
            found = None if case.lon is None or case.lat is None else edition.locate(case.lon, case.lat)
            grid_id = None if found is None else found.grid.id
            placed.append(replace(case, grid_id=grid_id, located_by=None if case.lon is None else "point"))
        return [added.id for added in add_cases(session, town.id, placed)]


@pytest.fixture(scope="session")
def town_template(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database to be copied that has the town already: to store it takes longer than to copy it."""
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("town")):
        engine = open_engine(database.settings)
        store_town(engine)
        engine.dispose()
        yield make_url(database.url).database or ""


@pytest.fixture
def database(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[Database]:
    """A database with the tables of this version, and with the town where the test asks for one."""
    has_town = "town" in request.fixturenames
    yield from copied(server, request.getfixturevalue("town_template") if has_town else TEMPLATE, tmp_path)


@pytest.fixture
def town(engine: Engine) -> Town:
    with unit_of_work(engine) as session:
        return Town(get_jurisdiction(session, "town").id, "town")


@pytest.fixture
def settings(database: Database) -> ServerSettings:
    return ServerSettings(**database.settings.model_dump(), refresh_seconds=0.05, max_body_mb=4.0)


@pytest.fixture
def client(settings: ServerSettings, town: Town) -> Iterator[TestClient]:
    del town
    with TestClient(create_app(settings)) as opened:
        yield opened


@pytest.fixture(scope="session")
def reader(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A town that is only read, for all the tests that store nothing."""
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("reader")):
        engine = open_engine(database.settings)
        store_town(engine)
        with TestClient(create_app(ServerSettings(**database.settings.model_dump(), max_body_mb=4.0))) as opened:
            yield opened
        engine.dispose()


@pytest.fixture(scope="session")
def ogc_town(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A town on a server of its own, for clients that others wrote; its tests are of one group."""
    folder = tmp_path_factory.mktemp("ogc")
    for database in copied(server, TEMPLATE, folder):
        with running_town(database, folder) as served:
            yield served
