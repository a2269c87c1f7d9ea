import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from boundaries.basemap.tables import Building
from boundaries.cases.tables import Case
from boundaries.demo import JURISDICTION, DemoSummary, has_demo
from boundaries.editions.reading import edition_at, editions_of, grid_frame
from boundaries.grids.records import PlanRecord
from boundaries.jurisdictions.reading import get_jurisdiction, limit_of
from boundaries.plans.rules import verdict_on
from boundaries.store.engine import session_factory
from tests.db.programs import GEOGRID
from tests.fixtures_db import Database, DemoStore


@pytest.fixture
def store(demo: DemoStore) -> Iterator[Session]:
    with session_factory(demo.engine)() as session:
        yield session


@pytest.fixture
def summary(demo: DemoStore) -> DemoSummary:
    return demo.summary


@pytest.fixture
def edition(store: Session) -> PlanRecord:
    jurisdiction = get_jurisdiction(store, JURISDICTION)
    (only,) = editions_of(store, jurisdiction.id)
    return only


def test_demo_stores_three_levels_that_tile_the_jurisdiction(store: Session, edition: PlanRecord) -> None:
    grids = grid_frame(store, edition)
    limit = limit_of(get_jurisdiction(store, JURISDICTION))
    assert set(grids["level"]) == {1, 2, 3}
    for level in (1, 2, 3):
        shapes = grids.geometry[grids["level"] == level].to_numpy()
        assert shapely.coverage_is_valid(shapes)
        assert shapely.union_all(shapes).symmetric_difference(limit).area < 1e-12


def test_demo_conserves_households_from_buildings_to_the_district(store: Session, edition: PlanRecord) -> None:
    grids = grid_frame(store, edition)
    of_levels = grids.groupby("level")["households"].sum().to_numpy()
    of_blocks = store.scalar(text("select sum(households) from blocks"))
    of_buildings = store.scalar(select(func.sum(Building.households)))
    assert np.allclose([of_blocks, of_buildings], of_levels[0])
    assert np.allclose(of_levels, of_levels[0])


def test_demo_leaves_are_the_unions_of_their_blocks(store: Session) -> None:
    differing = store.scalar(
        text("""
            select count(*) from grids g where g.kind <> 'parent' and not ST_Equals(g.geom, (
                select ST_Union(b.geom) from assignments a join blocks b on b.id = a.block_id where a.grid_id = g.id))
        """)
    )
    assert differing == 0


def test_demo_carves_schools_and_hospitals_out(store: Session, edition: PlanRecord, summary: DemoSummary) -> None:
    dedicated = grid_frame(store, edition).query("kind == 'dedicated'")
    assert len(dedicated) == summary.dedicated
    assert {"school", "hospital"} <= set(dedicated["category"])


def test_demo_complaints_have_grid_and_duty(store: Session, edition: PlanRecord, summary: DemoSummary) -> None:
    cases = store.scalars(select(Case)).all()
    assert len(cases) == 2_000
    assert sum(case.grid_id is not None for case in cases) == summary.located >= 1_990
    assert summary.right >= 0.955 * len(cases)
    assert summary.right + summary.shared >= 0.99 * len(cases)
    assert grid_frame(store, edition, at=cases[0].reported_at)["duty"].str.len().min() > 0


def test_demo_closes_most_complaints_after_they_came_in(store: Session) -> None:
    closed = store.scalars(select(Case).where(Case.status == "closed")).all()
    assert 1_800 < len(closed) < 2_000
    assert all(case.closed_at is not None and case.closed_at > case.reported_at for case in closed)


def test_plan_of_the_demo_has_no_error(store: Session, edition: PlanRecord) -> None:
    assert verdict_on(store, edition).errors == ()


def test_demo_says_what_it_did(demo: DemoStore) -> None:
    assert any(f"{demo.summary.blocks:,} blocks" in sentence for sentence in demo.told)
    assert any(f"{demo.summary.located:,} of 2,000 complaints" in sentence for sentence in demo.told)


def test_edition_of_the_demo_is_in_force(store: Session, edition: PlanRecord) -> None:
    latest = store.scalar(select(func.max(Case.reported_at)))
    assert latest is not None
    assert edition_at(store, get_jurisdiction(store, JURISDICTION).id, latest) == edition


@pytest.mark.long
def test_demo_killed_half_way_leaves_nothing_and_works_again(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    environment = {**os.environ, "GEOGRID_DATABASE_URL": database.url, "GEOGRID_HOME": str(tmp_path)}
    command = [GEOGRID, "demo", "--no-serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        while not (line := running.stdout.readline()).startswith("Published"):
            assert line, "the demo ended before it was killed"
        running.send_signal(signal.SIGKILL)
    _wait_until_alone(engine)
    with session_factory(engine)() as session:
        assert not has_demo(session)
        assert session.scalar(text("select count(*) from jurisdictions")) == 0
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    assert "comprehensive grids" in again.stdout
    once_more = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    assert once_more.stdout == "The demo is stored already.\n"


def _wait_until_alone(engine: Engine) -> None:
    """Wait until the server has noticed that the killed client is gone."""
    others = text(
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 30
    with engine.connect() as connection:
        while connection.scalar(others):
            connection.rollback()
            assert time.monotonic() < deadline
            time.sleep(0.05)
