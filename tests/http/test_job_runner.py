"""Jobs beside other work of a process: several at once, none held up, ended when asked."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import Engine, text

from api.jobs.runner import JobRunner
from api.state.store import Store
from boundaries.jobs.reading import database_now, list_jobs
from boundaries.jobs.records import JobDone, Kind, Kinds, NewJob, Turn
from boundaries.jobs.storing import ask_for
from boundaries.store.engine import unit_of_work
from tests.fixtures_db import Database
from tests.http.receivers import eventually


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened = Store(database.settings)
    yield opened
    opened.close()


def runner(store: Store, kinds: Kinds) -> JobRunner:
    return JobRunner(store, kinds, poll_s=0.05, rng=np.random.default_rng(1))


def ask(engine: Engine, *jobs: NewJob) -> None:
    with unit_of_work(engine) as session:
        ask_for(session, jobs)


def states(engine: Engine) -> list[tuple[str, str]]:
    with unit_of_work(engine) as session:
        return sorted((job.kind, job.state) for job in list_jobs(session, now=database_now(session)))


def test_slow_jobs_of_a_kind_leave_room_for_others_and_are_done_in_the_end(engine: Engine, store: Store) -> None:
    over, done = threading.Event(), []

    def hang(_: Turn) -> JobDone:
        over.wait(60)
        return JobDone()

    def quick(turn: Turn) -> JobDone:
        done.append(turn.job.key)
        return JobDone()

    ask(engine, *(NewJob("slow", str(number)) for number in range(6)))
    working = runner(store, {"slow": Kind(hang, at_once=2), "quick": Kind(quick)})
    working.start()
    try:
        assert eventually(lambda: states(engine).count(("slow", "running")) == 2)
        ask(engine, *(NewJob("quick", str(number)) for number in range(6)))
        assert eventually(lambda: len(done) == 6)
        assert states(engine).count(("slow", "running")) == 2
        over.set()
        assert eventually(lambda: states(engine) == [])
    finally:
        over.set()
        working.stop()


def test_kind_that_cannot_look_for_its_work_holds_up_no_other(
    engine: Engine, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object) -> None:
        raise KeyError("oops")

    ask(engine, NewJob("good"))
    working = runner(store, {"bad": Kind(lambda _: JobDone(), find=stumble), "good": Kind(lambda _: JobDone())})
    working.start()
    try:
        assert eventually(lambda: states(engine) == [])
    finally:
        working.stop()
    assert "Looking for jobs of the kind bad failed" in caplog.text


def test_runner_goes_on_when_its_store_is_back(engine: Engine, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    working = runner(store, {"good": Kind(lambda _: JobDone())})
    store.engine()  # a store that lacks a table from the beginning is refused
    with engine.begin() as connection:
        connection.execute(text("alter table job_turns rename to elsewhere"))
        connection.execute(text("insert into jobs (kind, due_at) values ('good', now())"))
        connection.execute(text("insert into elsewhere select id from jobs"))
    working.start()
    try:
        assert eventually(lambda: "Taking a job failed" in caplog.text)
        with engine.begin() as connection:
            connection.execute(text("alter table elsewhere rename to job_turns"))
        assert eventually(lambda: states(engine) == [])
    finally:
        working.stop()


def test_stopped_runner_breaks_off_what_can_be_and_takes_nothing_more(engine: Engine, store: Store) -> None:
    over = threading.Event()

    def hang(turn: Turn) -> JobDone:
        return JobDone(again_at=turn.now) if over.wait(60) else JobDone()

    working = runner(store, {"slow": Kind(hang, stop=over.set)})
    ask(engine, NewJob("slow"))
    working.start()
    assert eventually(lambda: states(engine) == [("slow", "running")])
    working.stop()
    assert states(engine) == [("slow", "due")]
