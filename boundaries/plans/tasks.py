"""Drafts that the engine draws beside the requests: asked for, looked at, cancelled, done by a job."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.jobs.reading import RUNNING_SPACE
from boundaries.jobs.records import JobDone, NewJob, Turn
from boundaries.jobs.retries import Retries
from boundaries.jobs.storing import ask_for
from boundaries.plans.drafts import get_plan, new_draft
from boundaries.plans.edits.editing import Author
from boundaries.plans.redrawing import redraw
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError

DRAW: Final = "draw-plan"
"""Kind of the jobs; the key is the number of the task."""

RETRIES: Final = Retries(limit=4)
"""A drawing that somebody waits for is given up within minutes, and says why."""
UNDER_WAY: Final = frozenset({"waiting", "running", "again"})
_JOBS: Final = {"kind": DRAW, "space": RUNNING_SPACE}

OpenSession = Callable[[], AbstractContextManager[Session]]

_ADD: Final = text("""
    insert into plan_tasks (jurisdiction_id, wish, made_by)
    values (:jurisdiction, cast(:wish as jsonb), :by) returning id
""")
# What a task says of itself is what its runner wrote last; whether there still is one, its job tells.
_LIST: Final = text("""
    with held as (
        select objid from pg_locks
        where locktype = 'advisory' and classid = :space and objsubid = 2
            and database = (select oid from pg_database where datname = current_database())
    )
    select t.id, t.jurisdiction_id, t.wish, t.made_by, t.made_at, t.done, t.total, t.plan_id, j.due_at as again_at,
        case
            when t.state not in ('waiting', 'running') or (j.id % 2147483647)::int::oid in (select objid from held)
                then t.state
            when j.id is null then 'lost'
            when j.failed_at is not null then 'failed'
            when j.attempts > 0 then 'again'
            else t.state
        end as state,
        case when t.told = '' and t.state in ('waiting', 'running') then coalesce(j.last_error, '') else t.told end
            as told
    from plan_tasks t left join jobs j on j.kind = :kind and j.key = cast(t.id as text)
    where (cast(:id as int) is null or t.id = :id)
        and (cast(:jurisdiction as int) is null or t.jurisdiction_id = :jurisdiction and t.state <> 'done'
            and (t.state in ('waiting', 'running') or t.made_at > now() - interval '1 day'))
    order by t.id desc limit 20
""")
_STEP: Final = text("""
    update plan_tasks set state = 'running', done = :done, total = :total
    where id = :id and state in ('waiting', 'running')
""")
_SETTLE: Final = text("""
    update plan_tasks set state = :state, told = :told, plan_id = :plan where id = :id and state <> 'cancelled'
""")
_CANCEL: Final = text("""
    update plan_tasks set state = 'cancelled' where id = :id and state in ('waiting', 'running')
""")


@dataclass(frozen=True, slots=True)
class DraftWish:
    """A draft that the engine is to draw.

    Parameters
    ----------
    name : str
        Of the draft.
    based_on : int
        The plan whose blocks, parents and dedicated grids it has.
    band : tuple of float, optional
        Of the load of a grid; the plan's own if left out.
    count : int, optional
        How many comprehensive grids there are to be, in place of a band.
    reason : str
        Why.
    """

    name: str
    based_on: int
    band: tuple[float, float] | None = None
    count: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A draft that was asked for, and how far it is; `told` says why it came to nothing.

    `state` is "again" where it was broken off and is tried again, at `again_at`, and "lost" where nobody will do it.
    """

    id: int
    jurisdiction_id: int
    wish: DraftWish
    made_by: str
    made_at: datetime
    state: str
    done: int
    total: int
    told: str
    plan_id: int | None
    again_at: datetime | None


class _CancelledError(Exception):
    """Somebody has cancelled the drawing."""


def ask_for_draft(session: Session, jurisdiction_id: int, wish: DraftWish, *, by: str) -> TaskRecord:
    """Ask for a draft; whoever runs jobs draws it after the caller's commit."""
    asked = {"jurisdiction": jurisdiction_id, "wish": json.dumps(asdict(wish)), "by": by}
    task_id: int = session.execute(_ADD, asked).scalar_one()
    ask_for(session, [NewJob(DRAW, str(task_id))])
    return get_task(session, task_id)


def get_task(session: Session, task_id: int) -> TaskRecord:
    """Return a task, or raise `NotFoundError`."""
    row = session.execute(_LIST, {**_JOBS, "id": task_id, "jurisdiction": None}).first()
    if row is None:
        raise NotFoundError(f"There is no drawing {task_id}.")
    return _record(row)


def tasks_of(session: Session, jurisdiction_id: int) -> Sequence[TaskRecord]:
    """Return the drawings of a jurisdiction that are under way, or came to nothing within a day, the newest first."""
    asked = {**_JOBS, "id": None, "jurisdiction": jurisdiction_id}
    return [_record(row) for row in session.execute(_LIST, asked)]


def _record(row: Any) -> TaskRecord:
    band = row.wish.get("band")
    wish = DraftWish(**{**row.wish, "band": None if band is None else (band[0], band[1])})
    told = (row.made_by, row.made_at, row.state, row.done, row.total, row.told, row.plan_id, row.again_at)
    return TaskRecord(row.id, row.jurisdiction_id, wish, *told)


def cancel_task(session: Session, task_id: int) -> None:
    """Cancel a drawing: it ends at its next step and stores nothing.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such drawing, or it is over.
    """
    cancelled: Any = session.execute(_CANCEL, {"id": task_id})
    if not cancelled.rowcount:
        task = get_task(session, task_id)
        raise ConflictError(f"The drawing of {task.wish.name!r} is {task.state} already.")


def draw_plan(turn: Turn, *, open_session: OpenSession) -> JobDone:
    """Draw a draft that was asked for; what cannot be drawn is told with the task and not tried again.

    Parameters
    ----------
    turn : Turn
        Its transaction stores the draft whole.
    open_session : callable
        Opens another one, in which others see how far it is.
    """
    task = get_task(turn.session, int(turn.job.key or 0))
    if task.state not in UNDER_WAY:
        return JobDone()

    def step(done: int, total: int) -> None:
        with open_session() as beside:
            told: Any = beside.execute(_STEP, {"id": task.id, "done": done, "total": total})
            if not told.rowcount:
                raise _CancelledError

    try:
        step(0, 0)
        with turn.session.begin_nested():
            plan_id = _drawn(turn, task, step)
    except _CancelledError:
        return JobDone(f"the drawing of {task.wish.name!r} was cancelled")
    except (InvalidInputError, NotFoundError, ConflictError) as error:
        turn.session.execute(_SETTLE, _end(task, "failed", told=str(error)))
        return JobDone(f"{task.wish.name!r} is not drawn: {error}")
    return JobDone(f"plan {plan_id} ({task.wish.name!r}) is drawn")


def _end(task: TaskRecord, state: str, *, told: str = "", plan: int | None = None) -> dict[str, Any]:
    return {"id": task.id, "state": state, "told": told, "plan": plan}


def _drawn(turn: Turn, task: TaskRecord, step: Callable[[int, int], None]) -> int:
    wish, session = task.wish, turn.session
    base = get_plan(session, wish.based_on)
    plan = new_draft(
        session, base, name=wish.name, made_by=task.made_by, at=turn.now, band=wish.band, reason=wish.reason
    )
    author = Author(task.made_by, wish.reason or "drawn by the engine")
    drawn = redraw(session, plan, at=turn.now, author=author, count=wish.count, step=step)
    settled: Any = session.execute(_SETTLE, _end(task, "done", plan=drawn.id))
    if not settled.rowcount:
        raise _CancelledError
    return drawn.id
