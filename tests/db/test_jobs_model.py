"""Jobs against a model: random asking, taking, failing, killing, retrying, and a clock that moves."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.jobs.reading import list_jobs
from boundaries.jobs.records import Job, JobDone, Kind, NewJob
from boundaries.jobs.retries import Retries
from boundaries.jobs.storing import ask_for, retry_jobs
from boundaries.jobs.taking import begin_attempt, lock_next, settle_done, settle_failed
from boundaries.store.engine import session_factory, unit_of_work

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = st.sampled_from("abcd")
HOURS = st.integers(-2, 6)
KINDS = {"work": Kind(lambda _: JobDone(), Retries(first_s=3600, most_s=4 * 3600, limit=3))}


class Expected:
    """One job as the rules say it should be."""

    def __init__(self, due_at: datetime) -> None:
        self.due_at = due_at
        self.attempts = 0
        self.is_failed = False
        self.asked_since_taken = False


class Jobs(RuleBasedStateMachine):
    """Two runners hold jobs open; the model says who may hold what, and what must be there at the end."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.rng = np.random.default_rng(7)
        self.expected: dict[str, Expected] = {}
        self.held: dict[str, tuple[ExitStack, Session, Job]] = {}
        self.done: dict[str, int] = {}
        with unit_of_work(self.engine) as session:
            session.execute(text("truncate jobs, job_turns; truncate done"))

    def teardown(self) -> None:
        for stack, _, _ in self.held.values():
            stack.close()

    @rule(key=KEYS, hours=HOURS, commits=st.booleans())
    def ask(self, key: str, hours: int, commits: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        due_at = self.now + timedelta(hours=hours)
        with session_factory(self.engine)() as session:
            ask_for(session, [NewJob("work", key, due_at)])
            if not commits:
                return
            session.commit()
        job = self.expected.setdefault(key, Expected(due_at))
        if job.is_failed:
            job.is_failed, job.attempts, job.due_at = False, 0, due_at
        job.due_at = min(job.due_at, due_at)
        job.asked_since_taken = True

    @rule()
    def take(self) -> None:
        stack = ExitStack()
        session = stack.enter_context(session_factory(self.engine)())
        locked = lock_next(session, KINDS, now=self.now)
        free = {
            key: job
            for key, job in self.expected.items()
            if key not in self.held and not job.is_failed and job.due_at <= self.now
        }
        if locked is None:
            assert free == {}
            stack.close()
            return
        with unit_of_work(self.engine) as other:
            begun = begin_attempt(other, locked, KINDS, now=self.now, rng=self.rng)
        assert begun is not None
        assert begun.key in free, "taken twice, or before its moment, or after it was given up"
        job = self.expected[begun.key]
        assert job.due_at == min(each.due_at for each in free.values())
        job.attempts += 1
        job.asked_since_taken = False
        job.is_failed = job.attempts >= 3
        assert begun.attempts == job.attempts
        job.due_at = self.stored(begun.id)
        pause = (job.due_at - self.now).total_seconds() / 3600 / min(2 ** (job.attempts - 1), 4)
        assert 1.0 <= pause <= 1.1
        session.execute(text("insert into done values (:key)"), {"key": begun.key})
        self.held[begun.key] = (stack, session, begun)

    def stored(self, job_id: int) -> datetime:
        with unit_of_work(self.engine) as session:
            found = session.scalar(text("select due_at from jobs where id = :id"), {"id": job_id})
            assert isinstance(found, datetime)
            return found

    @precondition(lambda self: self.held)
    @rule(data=st.data(), hours=st.none() | st.integers(1, 5))
    def finish(self, data: st.DataObject, hours: int | None) -> None:
        key = data.draw(st.sampled_from(sorted(self.held)))
        stack, session, begun = self.held.pop(key)
        again_at = None if hours is None else self.now + timedelta(hours=hours)
        settle_done(session, begun, JobDone("", again_at))
        session.commit()
        stack.close()
        self.done[key] = self.done.get(key, 0) + 1
        job = self.expected[key]
        if again_at is None and not job.asked_since_taken:
            del self.expected[key]
            return
        job.attempts, job.is_failed = 0, False
        if again_at is not None:
            job.due_at = min(job.due_at, again_at) if job.asked_since_taken else again_at

    @precondition(lambda self: self.held)
    @rule(data=st.data(), is_killed=st.booleans())
    def end_without_success(self, data: st.DataObject, is_killed: bool) -> None:  # noqa: FBT001
        key = data.draw(st.sampled_from(sorted(self.held)))
        stack, session, begun = self.held.pop(key)
        if is_killed:
            self.kill(session)
            stack.close()
            return
        session.rollback()
        stack.close()
        with unit_of_work(self.engine) as other:
            settle_failed(other, begun, "It failed.")

    def kill(self, session: Session) -> None:
        backend = {"pid": session.scalar(text("select pg_backend_pid()"))}
        with unit_of_work(self.engine) as other:
            other.execute(text("select pg_terminate_backend(:pid, 10000)"), backend)
        session.invalidate()

    @rule()
    def retry(self) -> None:
        failed = {key: job for key, job in self.expected.items() if job.is_failed}
        with unit_of_work(self.engine) as session:
            assert retry_jobs(session) == len(failed)
            session.execute(
                text("update jobs set due_at = :now where key = any(:keys)"), {"now": self.now, "keys": list(failed)}
            )
        for job in failed.values():
            job.is_failed, job.attempts, job.due_at = False, 0, self.now

    @rule(hours=st.integers(-3, 8))
    def move_the_clock(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def nothing_is_lost_and_nothing_done_twice(self) -> None:
        with unit_of_work(self.engine) as session:
            stored = {job.key: job for job in list_jobs(session, now=self.now)}
            done = {
                str(row.key): int(row.n) for row in session.execute(text("select key, count(*) n from done group by 1"))
            }
        assert done == self.done
        assert stored.keys() == self.expected.keys()
        for key, job in self.expected.items():
            found = stored[key]
            assert (found.due_at, found.attempts, found.failed_at is not None) == (
                job.due_at,
                job.attempts,
                job.is_failed,
            )
            assert (found.state == "running") == (key in self.held)


@pytest.fixture
def machine(engine: Engine) -> type[Jobs]:
    with engine.begin() as connection:
        connection.execute(text("create table done (key text)"))
    return type("JobsOnThisDatabase", (Jobs,), {"engine": engine})


def check(machine: type[Jobs], examples: int) -> None:
    limits = settings(max_examples=examples, stateful_step_count=50, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=limits)


def test_jobs_behave_as_the_model_says(machine: type[Jobs]) -> None:
    check(machine, 10)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_jobs_behave_as_the_model_says_over_ten_thousand_steps(machine: type[Jobs]) -> None:
    check(machine, 200)
