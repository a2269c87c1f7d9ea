"""A town on a real PostGIS, served by the real application."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from api.settings import ServerSettings
from boundaries.engine import unit_of_work
from boundaries.jurisdictions import LevelName, save_jurisdiction
from boundaries.plans import save_duties, save_plan
from boundaries.publishing import publish
from tests.db.towns import row_of_boxes
from tests.fixtures_db import Database

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


@dataclass(frozen=True, slots=True)
class Town:
    """What the tests know of the stored town."""

    id: int
    code: str
    name: str


def store_town(engine: Engine, code: str = "town", *, west: float = 10.0) -> Town:
    """Store a district of the boxes a, b, c from 10 to 13 east, 50 to 51 north, published once."""
    with unit_of_work(engine) as session:
        levels = [LevelName("district", "区"), LevelName("grid", "网格")]
        town = save_jurisdiction(session, code=code, name=code.title(), levels=levels, attribution=["© Surveyors"])
        plan = save_plan(session, town, name="first", grids=row_of_boxes("abc", west=west), band=(0, 1))
        save_duties(session, plan, DUTIES)
        publish(session, plan, valid_from=FIRST_EDITION)
        return Town(town.id, town.code, town.name)


def publish_second(engine: Engine, town: Town) -> None:
    """Publish an edition in which the boxes lie half a degree further east and have other names."""
    with unit_of_work(engine) as session:
        from boundaries.jurisdictions import get_jurisdiction

        plan = save_plan(session, get_jurisdiction(session, town.code), name="second", grids=row_of_boxes("xyz", west=10.5))
        publish(session, plan, valid_from=SECOND_EDITION)


@pytest.fixture
def town(engine: Engine) -> Town:
    return store_town(engine)


@pytest.fixture
def settings(database: Database) -> ServerSettings:
    return ServerSettings(**database.settings.model_dump(), refresh_seconds=0.05, max_body_mb=4.0)


@pytest.fixture
def client(settings: ServerSettings, town: Town) -> Iterator[TestClient]:
    del town
    with TestClient(create_app(settings)) as opened:
        yield opened
