"""Drafts that the engine draws beside the requests: what is shown of them while their job is done, waits or is gone."""

from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pytest
from sqlalchemy import Engine, text

from boundaries.jobs.reading import database_now
from boundaries.jobs.records import JobDone, Kind, Turn
from boundaries.jobs.running import run_next
from boundaries.plans.tasks import DRAW, RETRIES, DraftWish, TaskRecord, ask_for_draft, draw_plan, tasks_of
from boundaries.store.engine import unit_of_work
from geogrid.errors import UnavailableError
from tests.http.conftest import store_town


def asked(engine: Engine) -> int:
    """Ask for a draft of a town; return the number of the town."""
    town = store_town(engine)
    with unit_of_work(engine) as session:
        return ask_for_draft(session, town.id, DraftWish("next", 1, count=1), by="li").jurisdiction_id


def shown(engine: Engine, town: int) -> TaskRecord:
    with unit_of_work(engine) as session:
        return tasks_of(session, town)[0]


def tried(engine: Engine, kind: Kind, *, at: datetime | None = None) -> None:
    clock = database_now if at is None else lambda _: at
    run_next(partial(unit_of_work, engine), {DRAW: kind}, rng=np.random.default_rng(0), clock=clock)


def test_drawing_whose_job_failed_says_why_and_when_it_is_tried_again_and_is_given_up_within_a_minute(
    engine: Engine,
) -> None:
    town = asked(engine)
    assert shown(engine, town).state == "waiting"
    seen: list[str] = []

    def broken(turn: Turn) -> JobDone:
        with unit_of_work(engine) as beside:
            beside.execute(text("update plan_tasks set state = 'running', total = 1"))
        seen.append(shown(engine, town).state)
        raise UnavailableError(f"no room for job {turn.job.kind}")

    tried(engine, Kind(broken, RETRIES))
    assert seen == ["running"]
    task = shown(engine, town)
    assert (task.state, task.told) == ("again", "no room for job draw-plan")
    first = task.again_at
    assert first is not None
    for _ in range(RETRIES.limit - 1):
        due = shown(engine, town).again_at
        assert due is not None
        tried(engine, Kind(broken, RETRIES), at=due)
    task = shown(engine, town)
    assert (task.state, task.told) == ("failed", "no room for job draw-plan")
    assert len(seen) == RETRIES.limit
    assert due - first < timedelta(minutes=1)


def test_drawing_that_was_broken_off_is_done_by_the_next_runner(engine: Engine) -> None:
    town = asked(engine)

    def ended(_: Turn) -> JobDone:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tried(engine, Kind(ended, RETRIES))
    task = shown(engine, town)
    assert (task.state, "ended in the middle" in task.told) == ("again", True)
    tried(engine, Kind(partial(draw_plan, open_session=partial(unit_of_work, engine)), RETRIES), at=task.again_at)
    with unit_of_work(engine) as session:
        assert session.scalar(text("select name from plans order by id desc limit 1")) == "next"
        assert tasks_of(session, town) == []


def test_drawing_without_a_job_is_lost_and_says_so(engine: Engine) -> None:
    town = asked(engine)
    with unit_of_work(engine) as session:
        session.execute(text("delete from jobs"))
    assert shown(engine, town).state == "lost"
