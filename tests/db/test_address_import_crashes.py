"""Imports of addresses that run at once, are killed, or bring what cannot be stored."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.addresses.geocoding import geocode, import_addresses
from boundaries.addresses.learning import learn_alias
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.store.engine import unit_of_work
from geogrid.errors import InvalidInputError
from geogrid.types import LevelName
from tests.db.programs import GEOGRID, run_geogrid
from tests.fixtures_db import Database


@pytest.fixture
def town(engine: Engine) -> int:
    with unit_of_work(engine) as session:
        return save_jurisdiction(session, code="town", name="Town", levels=[LevelName("grid")]).id


def frame(count: int, street: str = "Mill Road") -> gpd.GeoDataFrame:
    numbers = [str(number) for number in range(1, count + 1)]
    points = gpd.points_from_xy(10 + np.arange(count) * 1e-4, np.full(count, 50.0))
    return gpd.GeoDataFrame({"street": street, "house_number": numbers}, geometry=points, crs=4326)


def stored(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("select count(*) from addresses")) or 0)


def test_two_imports_of_one_source_at_once_leave_one_of_them(engine: Engine, town: int) -> None:
    gate, failures = threading.Barrier(3), []

    def run(count: int) -> None:
        try:
            gate.wait(30)
            with unit_of_work(engine) as session:
                import_addresses(session, town, frame(count), "survey")
        except Exception as error:  # noqa: BLE001 - whatever happens in a thread is looked at below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(count,)) for count in (400, 401, 402)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert stored(engine) in {400, 401, 402}
    with unit_of_work(engine) as session:
        assert geocode(session, town, "399 Mill Rd") is not None


def test_what_is_learned_during_an_import_stays(engine: Engine, town: int, session: Session) -> None:
    import_addresses(session, town, frame(10), "survey")
    started, done = threading.Event(), threading.Event()

    def learn() -> None:
        started.set()
        with unit_of_work(engine) as other:
            learn_alias(other, town, "by the old mill", (10.5, 50.5))
        done.set()

    thread = threading.Thread(target=learn)
    thread.start()
    assert started.wait(30)
    session.commit()
    assert done.wait(30)
    thread.join()
    import_addresses(session, town, frame(5), "survey")
    answer = geocode(session, town, "By the OLD mill")
    assert answer is not None
    assert (answer.lon, answer.lat) == (10.5, 50.5)


def test_an_import_that_is_killed_leaves_what_was_there(
    engine: Engine, town: int, database: Database, tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        import_addresses(session, town, frame(3), "many.csv")
    file = tmp_path / "many.csv"
    rows = frame(3_000, "Long Road")
    lines = [f"Long Road,{number},{point.x},{point.y}\n" for number, point in enumerate(rows.geometry, start=1)]
    file.write_text("street,house_number,lon,lat\n" + "".join(lines), "utf-8")
    environment = {**os.environ, "GEOGRID_DATABASE_URL": database.url}
    with unit_of_work(engine) as session:
        # Holding a row that the import has to delete keeps it in its transaction until it is killed.
        session.execute(text("select id from addresses order by id limit 1 for update"))
        with subprocess.Popen([GEOGRID, "import", "addresses", str(file)], env=environment) as process:
            _wait_until_blocked(engine)
            process.send_signal(signal.SIGKILL)
    assert stored(engine) == 3
    again = run_geogrid("import", "addresses", str(file), GEOGRID_DATABASE_URL=database.url)
    assert again.stdout == "many.csv: 3,000 rows, 3,000 addresses.\n"
    assert stored(engine) == 3_000


def _wait_until_blocked(engine: Engine) -> None:
    waiting = text(
        "select count(*) from pg_stat_activity "
        "where wait_event_type = 'Lock' and state = 'active' and datname = current_database()"
    )
    deadline = time.monotonic() + 60
    while True:
        with engine.connect() as connection:  # a transaction sees the same activity all along
            if connection.scalar(waiting):
                return
        assert time.monotonic() < deadline, "the import never came to the row"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("street", "x" * 301, "a name of 301 characters, more than 300"),
        ("street", "Mill\0Road", "a zero character"),
        ("street", "", "neither street nor name"),
    ],
)
def test_what_cannot_be_stored_is_named_with_its_row(
    session: Session, town: int, column: str, value: str, fault: str
) -> None:
    rows = frame(3)
    rows.loc[1, column] = value
    with pytest.raises(InvalidInputError, match=fault) as refused:
        import_addresses(session, town, rows, "survey")
    assert [problem.subject for problem in refused.value.problems] == ["1"]


@pytest.mark.parametrize(("lon", "lat"), [(np.nan, np.nan), (np.inf, 50.0), (10.0, 5_000.0), (500.0, 50.0)])
def test_a_point_that_is_not_on_the_earth_is_refused(session: Session, town: int, lon: float, lat: float) -> None:
    rows = frame(2)
    rows.geometry = gpd.points_from_xy([10.0, lon], [50.0, lat], crs=4326)
    with pytest.raises(InvalidInputError, match="Row 1 has"):
        import_addresses(session, town, rows, "survey")
