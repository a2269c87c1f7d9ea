"""Work that is due, on a real database: asked for, taken, settled, tried again, given up."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.jobs.reading import list_jobs, next_due
from boundaries.jobs.records import JobDone, JobState, Kind, NewJob, Turn
from boundaries.jobs.retries import Retries
from boundaries.jobs.running import Report, run_next
from boundaries.jobs.storing import ask_for, forget_job, retry_jobs
from boundaries.jobs.taking import CUT_SHORT
from boundaries.store.engine import session_factory, unit_of_work
from geogrid.errors import NotFoundError, UnavailableError
from tests.fixtures_db import Database
from tests.http.receivers import eventually

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUICK = Retries(first_s=10, most_s=100, limit=3)

Sessions = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    with engine.begin() as connection:
        connection.execute(text("create table done (key text, by text)"))
    return partial(unit_of_work, engine)


def note(turn: Turn) -> JobDone:
    """Do a job whose work is in the store."""
    turn.session.execute(text("insert into done values (:key, 'work')"), {"key": turn.job.key})
    return JobDone()


def fail(turn: Turn) -> JobDone:
    note(turn)
    raise UnavailableError("The well is dry.\nDig.")


def asked(sessions: Sessions, *keys: str, kind: str = "work", at: datetime = NOON) -> None:
    with sessions() as session:
        ask_for(session, [NewJob(kind, key, at) for key in keys])


def ran(
    sessions: Sessions,
    run: Callable[[Turn], JobDone] = note,
    *,
    at: datetime = NOON,
    more: Mapping[str, Kind] | None = None,
) -> Report | None:
    kinds = {"work": Kind(run, QUICK), **(more or {})}
    return run_next(sessions, kinds, rng=np.random.default_rng(1), clock=lambda _: at)


def done(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(text("select key from done order by key")))


def listed(sessions: Sessions, *, at: datetime = NOON) -> list[JobState]:
    with sessions() as session:
        return list(list_jobs(session, now=at))


def the_job(sessions: Sessions, *, at: datetime = NOON) -> JobState:
    (job,) = listed(sessions, at=at)
    return job


def test_job_of_a_transaction_that_is_rolled_back_was_never_asked_for(engine: Engine, sessions: Sessions) -> None:
    with session_factory(engine)() as session:
        ask_for(session, [NewJob("work", "a", NOON)])
        session.rollback()
    assert listed(sessions) == []


def test_job_is_done_once_its_moment_has_come_and_then_it_is_gone(sessions: Sessions) -> None:
    asked(sessions, "a")
    assert ran(sessions, at=NOON - HOUR) is None
    assert ran(sessions) is not None
    assert (done(sessions), listed(sessions)) == (["a"], [])
    with sessions() as session:
        assert session.scalar(text("select count(*) from job_turns")) == 0


def test_asking_twice_is_asking_once_and_the_earlier_moment_counts(sessions: Sessions) -> None:
    asked(sessions, "a", at=NOON + HOUR)
    asked(sessions, "a", at=NOON)
    asked(sessions, "a", at=NOON + 2 * HOUR)
    assert the_job(sessions).due_at == NOON


def test_jobs_without_a_key_are_all_done(sessions: Sessions) -> None:
    with sessions() as session:
        ask_for(session, [NewJob("work", None, NOON), NewJob("work", None, NOON)])
    assert [ran(sessions) is None for _ in range(3)] == [False, False, True]


def test_what_has_been_due_longest_is_done_first(sessions: Sessions) -> None:
    asked(sessions, "late", at=NOON)
    asked(sessions, "early", at=NOON - HOUR)
    report = ran(sessions)
    assert report is not None
    assert report.job.key == "early"


def test_failed_try_leaves_nothing_of_its_work_and_rests_twice_as_long_each_time(sessions: Sessions) -> None:
    asked(sessions, "a")
    moment, pauses = NOON, []
    for attempt in (1, 2):
        report = ran(sessions, fail, at=moment)
        assert report is not None
        assert report.error == "The well is dry. Dig."
        job = the_job(sessions, at=moment)
        assert (job.state, job.attempts, job.last_error) == ("waiting", attempt, "The well is dry. Dig.")
        pauses.append((job.due_at - moment).total_seconds())
        moment = job.due_at
    assert done(sessions) == []
    assert 10 <= pauses[0] <= 11
    assert 20 <= pauses[1] <= 22


def test_pause_grows_to_its_limit_and_is_spread_by_chance() -> None:
    rng = np.random.default_rng(3)
    pauses = [Retries(first_s=1, most_s=60).pause(200, rng).total_seconds() for _ in range(50)]
    assert 60 <= min(pauses) < max(pauses) <= 66


def test_last_failure_is_shown_until_somebody_has_it_tried_again(sessions: Sessions) -> None:
    asked(sessions, "a")
    for hours in range(3):
        assert ran(sessions, fail, at=NOON + hours * HOUR) is not None
    later = NOON + 1000 * HOUR
    assert ran(sessions, at=later) is None
    job = the_job(sessions, at=later)
    assert (job.state, job.attempts, job.failed_at) == ("failed", 3, NOON + 2 * HOUR)
    with sessions() as session:
        assert retry_jobs(session, job.id) == 1
    assert the_job(sessions, at=datetime.now(UTC)).attempts == 0
    assert ran(sessions, at=datetime.now(UTC) + HOUR) is not None
    assert done(sessions) == ["a"]


def test_failed_job_that_is_asked_for_again_is_tried_again(sessions: Sessions) -> None:
    asked(sessions, "a")
    for hours in range(3):
        ran(sessions, fail, at=NOON + hours * HOUR)
    asked(sessions, "a", at=NOON + 9 * HOUR)
    job = the_job(sessions, at=NOON + 9 * HOUR)
    assert (job.state, job.attempts, job.due_at) == ("due", 0, NOON + 9 * HOUR)


def test_retrying_what_has_not_failed_changes_nothing_and_what_is_not_there_is_said(sessions: Sessions) -> None:
    asked(sessions, "a", at=NOON + HOUR)
    job = the_job(sessions)
    with sessions() as session:
        assert retry_jobs(session, job.id) == 0
        assert retry_jobs(session) == 0
        with pytest.raises(NotFoundError, match="There is no job 99: it is done, or never was"):
            retry_jobs(session, 99)
    assert the_job(sessions) == job


def test_error_that_is_not_ours_is_told_by_its_name_only(sessions: Sessions, caplog: pytest.LogCaptureFixture) -> None:
    def stumble(_: Turn) -> JobDone:
        raise ValueError("Wang Fang, 13800138000")

    asked(sessions, "a")
    report = ran(sessions, stumble)
    assert report is not None
    assert the_job(sessions).last_error == report.error == "ValueError; the log of its runner says more."
    assert "Traceback" in caplog.text


def test_job_that_always_fails_holds_up_no_other(sessions: Sessions) -> None:
    asked(sessions, "bad", kind="bad", at=NOON - HOUR)
    asked(sessions, "a", "b")
    bad = {"bad": Kind(fail, QUICK)}
    keys = [report.job.key if (report := ran(sessions, more=bad)) else None for _ in range(4)]
    assert keys == ["bad", "a", "b", None]


def test_job_of_a_newer_geogrid_is_left_alone_and_shown(sessions: Sessions) -> None:
    asked(sessions, "a", kind="from the future")
    assert ran(sessions) is None
    job = the_job(sessions)
    assert (job.kind, job.state, job.attempts) == ("from the future", "due", 0)


def test_job_that_is_done_again_later_stays(sessions: Sessions) -> None:
    asked(sessions, "a")
    ran(sessions, lambda turn: JobDone(again_at=turn.now + HOUR))
    job = the_job(sessions)
    assert (job.state, job.due_at, job.attempts, job.last_error) == ("waiting", NOON + HOUR, 0, "")


def test_who_asks_for_a_job_does_not_wait_for_who_does_it_and_it_is_done_once_more(sessions: Sessions) -> None:
    def ask_meanwhile(turn: Turn) -> JobDone:
        with sessions() as other:
            other.execute(text("set local lock_timeout = '2s'"))
            ask_for(other, [NewJob("work", "a", NOON)])
        return note(turn)

    asked(sessions, "a")
    assert ran(sessions, ask_meanwhile) is not None
    assert the_job(sessions).state == "due"
    assert ran(sessions) is not None
    assert (done(sessions), listed(sessions)) == (["a", "a"], [])


def test_job_is_not_done_twice_at_once_however_long_it_takes(sessions: Sessions) -> None:
    def look_on(turn: Turn) -> JobDone:
        much_later = NOON + 1000 * HOUR  # past every pause that was written down
        assert the_job(sessions, at=much_later).state == "running"
        assert ran(sessions, at=much_later) is None
        return note(turn)

    asked(sessions, "a")
    report = ran(sessions, look_on)
    assert report is not None
    assert report.error == ""
    assert done(sessions) == ["a"]


def test_runner_whose_connection_is_cut_leaves_the_job_to_another_and_nothing_of_its_work(
    sessions: Sessions, engine: Engine
) -> None:
    def cut(turn: Turn) -> JobDone:
        note(turn)
        backend = turn.session.scalar(text("select pg_backend_pid()"))
        with engine.connect() as other:
            other.execute(text("select pg_terminate_backend(:pid)"), {"pid": backend})
        turn.require_held()
        raise AssertionError("never here")

    asked(sessions, "a")
    report = ran(sessions, cut)
    assert report is not None
    assert "cannot be used" in report.error
    assert done(sessions) == []
    assert ran(sessions, at=the_job(sessions).due_at) is not None
    assert done(sessions) == ["a"]


def test_job_whose_object_is_gone_is_forgotten_unless_it_is_being_done(sessions: Sessions) -> None:
    def forget_meanwhile(turn: Turn) -> JobDone:
        with sessions() as other:
            forget_job(other, "work", "a")
        return note(turn)

    asked(sessions, "a", "b")
    ran(sessions, forget_meanwhile)
    with sessions() as session:
        forget_job(session, "work", "b")
    assert (done(sessions), listed(sessions)) == (["a"], [])


def test_next_moment_is_that_of_known_jobs_that_may_be_done(sessions: Sessions) -> None:
    asked(sessions, "later", at=NOON + HOUR)
    asked(sessions, "other", kind="from the future")
    with sessions() as session:
        assert next_due(session, ["work"]) == NOON + HOUR
        assert next_due(session, []) is None


def test_two_runners_do_two_hundred_jobs_each_once(sessions: Sessions) -> None:
    asked(sessions, *(f"{number:03}" for number in range(200)))

    def run_all(seed: int) -> int:
        rng, count = np.random.default_rng(seed), 0
        while run_next(sessions, {"work": Kind(note, QUICK)}, rng=rng, clock=lambda _: NOON) is not None:
            count += 1
        return count

    with ThreadPoolExecutor(2) as both:
        counts = list(both.map(run_all, (1, 2)))
    assert done(sessions) == [f"{number:03}" for number in range(200)]
    assert min(counts) > 0
    assert listed(sessions) == []


def test_clock_that_jumps_back_and_forth_neither_forgets_a_job_nor_does_one_twice(sessions: Sessions) -> None:
    year = 365 * 24 * HOUR
    asked(sessions, "now")
    asked(sessions, "tomorrow", at=NOON + 24 * HOUR)
    assert ran(sessions, at=NOON - year) is None
    assert ran(sessions, fail, at=NOON + HOUR + year) is not None, "the clock is a year ahead, and the job fails"
    assert the_error(sessions) == "The well is dry. Dig."
    assert ran(sessions, at=NOON + HOUR) is not None, "it does not rest for a year"
    assert ran(sessions, at=NOON + HOUR) is None
    assert done(sessions) == ["now"]
    assert ran(sessions, at=NOON + 24 * HOUR) is not None
    assert ran(sessions, at=NOON + year) is None
    assert done(sessions) == ["now", "tomorrow"]


def the_error(sessions: Sessions) -> str:
    (error,) = {job.last_error for job in listed(sessions)} - {""}
    return error


def test_job_that_failed_rests_while_the_clock_goes_as_it_should(sessions: Sessions) -> None:
    asked(sessions, "a")
    assert ran(sessions, fail) is not None
    assert ran(sessions, at=NOON + timedelta(seconds=9)) is None
    assert ran(sessions, at=NOON - timedelta(seconds=50)) is None, "an hour is set right by seconds now and then"
    assert ran(sessions, at=NOON + timedelta(seconds=11)) is not None


VICTIM = """
    import sys, time
    from functools import partial
    import numpy as np
    from sqlalchemy import text
    from boundaries.jobs.records import JobDone, Kind
    from boundaries.jobs.retries import Retries
    from boundaries.jobs.running import run_next
    from boundaries.store.engine import engine_for, unit_of_work

    def work(turn):
        turn.session.execute(text("insert into done values (:key, 'victim')"), {"key": turn.job.key})
        print(turn.job.key, flush=True)
        time.sleep(0.02 if turn.job.key < "020" else 600)
        return JobDone()

    sessions = partial(unit_of_work, engine_for(sys.argv[1]))
    while run_next(sessions, {"work": Kind(work, Retries(first_s=0.2, limit=2))}, rng=np.random.default_rng(0)):
        pass
"""


def test_runner_that_is_killed_amid_work_leaves_it_to_another_and_nothing_half_done(
    sessions: Sessions, database: Database
) -> None:
    asked(sessions, *(f"{number:03}" for number in range(40)))
    victim = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(VICTIM), database.url], stdout=subprocess.PIPE, text=True
    )
    try:
        assert victim.stdout is not None
        assert any(line == "020\n" for line in victim.stdout)
    finally:
        os.kill(victim.pid, signal.SIGKILL)
        victim.communicate()
    assert done(sessions) == [f"{number:03}" for number in range(20)]
    assert listed(sessions, at=NOON)[-1].last_error == CUT_SHORT
    kinds = {"work": Kind(note, QUICK)}

    def run_all() -> bool:
        while run_next(sessions, kinds, rng=np.random.default_rng(1)) is not None:
            pass
        return listed(sessions) == []

    assert eventually(run_all)
    with sessions() as session:
        rows = list(session.execute(text("select key, by from done order by key")))
    assert [tuple(row) for row in rows] == [
        (f"{number:03}", "victim" if number < 20 else "work") for number in range(40)
    ]


def test_job_that_kills_its_runners_is_given_up_at_its_limit(sessions: Sessions) -> None:
    class Killed(BaseException):
        pass

    def die(_: Turn) -> JobDone:
        raise Killed  # nothing is settled, as under kill -9

    asked(sessions, "a")
    for hours in range(3):
        with pytest.raises(Killed):
            ran(sessions, die, at=NOON + hours * HOUR)
    job = the_job(sessions, at=NOON + 99 * HOUR)
    assert (job.state, job.attempts, job.last_error) == ("failed", 3, CUT_SHORT)


def test_looks_of_other_transactions_are_not_held_up_by_one_that_has_not_committed(sessions: Sessions) -> None:
    asked(sessions, "a", "b")
    held = threading.Event()
    over = threading.Event()

    def ask_and_wait() -> None:
        with sessions() as session:
            ask_for(session, [NewJob("work", "a", NOON)])
            held.set()
            over.wait(30)

    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(ask_and_wait)
        held.wait(30)
        try:
            report = ran(sessions)
            assert report is not None
            assert report.job.key == "b"
            assert ran(sessions) is None
        finally:
            over.set()
        asking.result()
    assert ran(sessions) is not None
