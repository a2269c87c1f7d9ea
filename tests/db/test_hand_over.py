"""Cases that come for a former edition: a job gives them to the one in force, with a server or without."""

import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread

import numpy as np
import psycopg
import pytest
from alembic import command
from click.testing import CliRunner
from sqlalchemy import Engine, event, text

from api.cli import main
from boundaries.cases.handover import HAND_OVER, asks_for_hand_over, hand_over
from boundaries.cases.reading import NewCase
from boundaries.cases.retention import SEAL_CASES
from boundaries.jobs.reading import list_jobs
from boundaries.jobs.records import JobState, Kind
from boundaries.jobs.running import Report, run_next
from boundaries.jobs.storing import ask_for
from boundaries.jobs.taking import CUT_SHORT
from boundaries.store import schema
from boundaries.store.engine import unit_of_work
from tests.fixtures_db import Database
from tests.http.conftest import FIRST_EDITION, Town, publish_second, store_cases, store_town
from tests.http.receivers import eventually
from tests.serving import GEOGRID, environment, running

DAY = timedelta(days=1)
GRIDS = """
    select c.source_key, coalesce(g.code, '-') from cases c left join grids g on g.id = c.grid_id order by c.source_key
"""
REASSIGNED = "select count(*) from case_events where kind = 'reassigned'"


@pytest.fixture
def town(engine: Engine) -> Town:
    stored = store_town(engine)
    with unit_of_work(engine) as session:
        session.execute(text("delete from jobs"))  # of the first edition, which has nothing to take over
    return stored


@pytest.fixture
def program(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command line on this test's store."""
    monkeypatch.setenv("GEOGRID_DATABASE_URL", database.url)
    monkeypatch.setenv("GEOGRID_HOME", str(database.settings.home))

    def called(*arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == status, done.output
        return done.output

    return called


def report(engine: Engine, town: Town, *keys: str, lon: float = 11.25) -> None:
    store_cases(engine, town, *(NewCase("test", key, FIRST_EDITION, lon=lon, lat=50.5) for key in keys))


def grids(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {str(row[0]): str(row[1]) for row in connection.execute(text(GRIDS))}


def count(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def jobs(engine: Engine, now: datetime) -> tuple[JobState, ...]:
    with unit_of_work(engine) as session:
        return list_jobs(session, now=now)


def ran(engine: Engine, now: datetime) -> Report | None:
    kinds = {HAND_OVER: Kind(hand_over)}
    return run_next(partial(unit_of_work, engine), kinds, rng=np.random.default_rng(1), clock=lambda _: now)


def test_publishing_ahead_moves_no_case_and_the_job_moves_them_at_the_moment(engine: Engine, town: Town) -> None:
    moment = datetime.now(UTC) + DAY
    report(engine, town, "before")
    publish_second(engine, town, valid_from=moment)
    report(engine, town, "between")
    assert ran(engine, moment - timedelta(seconds=1)) is None
    assert grids(engine) == {"before": "D-b", "between": "D-b"}
    told = ran(engine, moment)
    assert told is not None
    assert told.done.told == "2 open cases went to the grids of edition 'second' (2)."
    assert grids(engine) == {"before": "D-x", "between": "D-x"}
    assert count(engine, REASSIGNED) == 2


def test_case_that_is_placed_by_the_former_edition_at_the_switch_is_handed_over_too(engine: Engine, town: Town) -> None:
    moment = datetime.now(UTC) + DAY
    publish_second(engine, town, valid_from=moment)
    assert ran(engine, moment) is not None
    report(engine, town, "in flight")
    report(engine, town, "outside", lon=13.25)  # of the former edition; the new one reaches further east
    later = jobs(engine, moment)[0].due_at
    assert moment < later <= moment + timedelta(seconds=2)
    assert ran(engine, later) is not None
    assert grids(engine) == {"in flight": "D-x", "outside": "D-z"}


def test_hand_over_ends_some_minutes_after_the_switch_and_is_quiet_where_nothing_came(
    engine: Engine, town: Town
) -> None:
    moment = datetime.now(UTC) + DAY
    publish_second(engine, town, valid_from=moment)
    report(engine, town, "between")
    now, passes = moment, 0
    while jobs(engine, now):
        now = max(now, jobs(engine, now)[0].due_at)
        assert ran(engine, now) is not None
        passes += 1
    assert timedelta(minutes=2) <= now - moment < timedelta(minutes=6)
    assert passes < 12
    assert count(engine, REASSIGNED) == 1


def test_edition_in_force_at_once_takes_the_open_cases_with_it_and_what_comes_after(engine: Engine, town: Town) -> None:
    report(engine, town, "before")
    publish_second(engine, town)
    assert grids(engine) == {"before": "D-x"}
    report(engine, town, "of a server that has not seen it")
    assert ran(engine, datetime.now(UTC)) is not None
    assert set(grids(engine).values()) == {"D-x"}


def test_closed_cases_and_those_without_a_point_stay_as_they_are(engine: Engine, town: Town) -> None:
    moment = datetime.now(UTC) + DAY
    publish_second(engine, town, valid_from=moment)
    closed = NewCase("test", "closed", FIRST_EDITION, lon=11.25, lat=50.5, status="closed", closed_at=FIRST_EDITION)
    store_cases(engine, town, closed, NewCase("test", "no point", FIRST_EDITION))
    ran(engine, moment)
    assert grids(engine) == {"closed": "D-b", "no point": "-"}
    assert count(engine, REASSIGNED) == 0


def test_hand_over_to_an_edition_that_is_over_leaves_it_to_the_next(engine: Engine, town: Town) -> None:
    moment = datetime.now(UTC) + DAY
    publish_second(engine, town, valid_from=moment)
    publish_second(engine, town, valid_from=moment + DAY, west=9.75)
    report(engine, town, "late")
    first, second = ran(engine, moment + 9 * DAY), ran(engine, moment + 9 * DAY)
    assert first is not None
    assert second is not None
    assert "is over" in first.done.told
    assert grids(engine) == {"late": "D-y"}
    assert count(engine, REASSIGNED) == 1
    assert jobs(engine, moment) == ()


@pytest.mark.parametrize("lon", [10.25, 11.25])
def test_publication_amid_a_hand_over_keeps_the_cases_it_took(engine: Engine, town: Town, lon: float) -> None:
    report(engine, town, "o", lon=lon)
    first = count(engine, "select id from plans")
    with unit_of_work(engine) as session:
        ask_for(session, [asks_for_hand_over(first, FIRST_EDITION)])
    beside = Thread(target=publish_second, args=(engine, town))

    def publish_before_cases_are_read(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "for update of c" in statement and not beside.ident:
            beside.start()
            beside.join(0.5)

    event.listen(engine, "before_cursor_execute", publish_before_cases_are_read)
    ran(engine, FIRST_EDITION + DAY)
    beside.join()
    assert grids(engine) == {"o": "D-x" if lon > 11 else "-"}
    assert count(engine, REASSIGNED) == 1


def test_without_a_server_the_command_hands_over(engine: Engine, town: Town, program: Callable[..., str]) -> None:
    report(engine, town, "before")
    publish_second(engine, town, valid_from=datetime.now(UTC) + timedelta(seconds=1.5))
    assert program("jobs", "run") == "Nothing is due.\n"
    assert "hand-over 2  waiting, until" in program("jobs", "list")
    time.sleep(1.5)
    assert "1 open case went to the grids of edition 'second' (2)." in program("jobs", "run")
    assert grids(engine) == {"before": "D-x"}


def test_server_hands_over_beside_its_requests(engine: Engine, town: Town, database: Database) -> None:
    report(engine, town, "before")
    with running(database):
        publish_second(engine, town, valid_from=datetime.now(UTC) + timedelta(seconds=1))
        assert eventually(lambda: grids(engine) == {"before": "D-x"})


def test_command_that_is_killed_amid_a_hand_over_leaves_it_whole_to_the_next(
    engine: Engine, town: Town, database: Database, program: Callable[..., str]
) -> None:
    publish_second(engine, town)
    report(engine, town, *(f"case {number}" for number in range(5)))
    with psycopg.connect(database.url) as blocker:
        # The hand-over locks cases in order: it waits for the last one, having locked the others.
        blocker.execute("select from cases where source_key = 'case 4' for update")
        victim = subprocess.Popen([GEOGRID, "jobs", "run"], env=environment(database), stdout=subprocess.DEVNULL)
        try:
            waiting = (
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
            assert eventually(lambda: count(engine, waiting) == 1)
            assert "hand-over 2  running, try 1" in program("jobs", "list")
        finally:
            victim.kill()
            victim.wait()
    assert set(grids(engine).values()) == {"D-b"}

    def is_handed_over() -> bool:
        program("jobs", "run")
        return set(grids(engine).values()) == {"D-x"}

    (left,) = jobs(engine, datetime.now(UTC))
    assert (left.attempts, left.last_error) == (1, CUT_SHORT)
    assert eventually(is_handed_over)
    assert count(engine, REASSIGNED) == 5


def test_upgrade_asks_for_the_editions_that_were_published_before_it(engine: Engine, town: Town) -> None:
    moment = datetime.now(UTC) + DAY
    publish_second(engine, town, valid_from=moment)
    report(engine, town, "before")
    config = schema._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0008")
    assert schema.upgrade(engine)
    asked = {(job.kind, job.key, job.state) for job in jobs(engine, datetime.now(UTC))}
    # Cases of before have numbers of persons to be sealed, too.
    assert asked == {(HAND_OVER, "1", "due"), (HAND_OVER, "2", "waiting"), (SEAL_CASES, "all", "due")}
    assert ran(engine, datetime.now(UTC)) is not None
    assert grids(engine) == {"before": "D-b"}
    while ran(engine, moment):
        pass
    assert grids(engine) == {"before": "D-x"}


def test_failed_jobs_are_told_listed_and_tried_again(
    engine: Engine, town: Town, program: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_second(engine, town)
    with unit_of_work(engine) as session:
        session.execute(text("update jobs set attempts = 11"))
        session.execute(text("insert into jobs (kind, due_at) values ('from the future', now())"))
    report(engine, town, "late")
    with monkeypatch.context() as patch:
        patch.setattr("boundaries.cases.handover.compile_edition", lambda *_, **__: 1 / 0)
        told = program("jobs", "run", status=1)
    assert "hand-over 2  failed (try 12): ZeroDivisionError; the log of its runner says more." in told
    shown = program("jobs", "list", "--state", "failed")
    assert "hand-over 2  failed, since" in shown
    number = shown.partition(" ")[0]
    assert f"to try again: geogrid jobs retry {number}" in shown
    assert "a newer one made it" in program("jobs", "list", "--state", "due")
    assert program("jobs", "run") == "Nothing is due.\n"
    assert program("jobs", "retry", number) == "1 job is tried again.\n"
    assert program("jobs", "retry", number) == f"Job {number} has not failed.\n"
    assert "went to the grids" in program("jobs", "run", "--once")
    assert program("jobs", "retry", "--all") == "0 jobs are tried again.\n"
    assert "There is no job 999" in program("jobs", "retry", "999", status=1)
    assert "Name the number of a job, or --all." in program("jobs", "retry", status=2)


def test_store_without_jobs_without_tables_or_without_anything_is_told_in_a_sentence(
    engine: Engine, bare_database: Database, program: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program("jobs", "list") == "Nothing is to be done.\n"
    assert program("jobs", "list", "--state", "failed") == "No job is failed.\n"
    assert program("jobs", "list", "--json") == ""
    with engine.begin() as connection:
        connection.execute(text("update geogrid_revision set version_num = '0008'"))
    for arguments in (["list"], ["run"], ["run", "--watch"], ["retry", "--all"]):
        assert "has tables of revision 0008; this GeoGrid needs" in program("jobs", *arguments, status=1)
    monkeypatch.setenv("GEOGRID_DATABASE_URL", bare_database.url)
    assert "has no tables yet" in program("jobs", "list", status=1)
    monkeypatch.delenv("GEOGRID_DATABASE_URL")
    for name in ("list", "run"):
        assert program("jobs", name) == "There is no store yet, and so nothing to do.\n"
    assert list(bare_database.settings.home.iterdir()) == []


def test_watching_command_does_what_becomes_due_and_ends_when_asked(
    engine: Engine, town: Town, database: Database
) -> None:
    report(engine, town, "before")
    watcher = subprocess.Popen(
        [GEOGRID, "jobs", "run", "--watch"], env=environment(database), stdout=subprocess.PIPE, text=True
    )
    try:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == "Jobs are done as they become due. Ctrl-C stops it.\n"
        publish_second(engine, town, valid_from=datetime.now(UTC) + timedelta(seconds=1))
        assert eventually(lambda: grids(engine) == {"before": "D-x"})
        watcher.terminate()
        told, _ = watcher.communicate(timeout=60)
    finally:
        watcher.kill()
    assert watcher.returncode == 0
    assert "1 open case went to the grids of edition 'second' (2)." in told
