"""Jobs as operators and runners see them: which there are, in which state, when the next one is due."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.jobs.records import JobState, State

RUNNING_SPACE: Final = 734_021_110
"""Of the advisory locks that say which jobs are being done; they hold nothing up."""

_LIST: Final = text("""
    with held as (
        select objid from pg_locks
        where locktype = 'advisory' and classid = :space and objsubid = 2
            and database = (select oid from pg_database where datname = current_database())
    ),
    seen as (
        select id, kind, key, payload,
            case
                when (id % 2147483647)::int::oid in (select objid from held) then 'running'
                when failed_at is not null then 'failed'
                when due_at <= :now then 'due'
                else 'waiting'
            end as state,
            due_at, attempts, last_error, failed_at, created_at
        from jobs
    )
    select * from seen where cast(:state as text) is null or state = :state
    order by due_at, id limit :limit
""")
_NEXT: Final = text("select min(due_at) from jobs where failed_at is null and kind = any(cast(:kinds as text[]))")
_NOW: Final = text("select statement_timestamp()")


def database_now(session: Session) -> datetime:
    """Return the time by the database's clock, which all runners share."""
    now: datetime = session.execute(_NOW).scalar_one()
    return now


def list_jobs(
    session: Session, *, now: datetime, state: State | None = None, limit: int = 1000
) -> tuple[JobState, ...]:
    """Return the jobs, those that are due first.

    Parameters
    ----------
    session : Session
        Only read from.
    now : datetime
        What is due is due by then.
    state : {"running", "due", "waiting", "failed"}, optional
        Only these.
    limit : int
        At most so many.
    """
    asked = {"space": RUNNING_SPACE, "now": now, "state": state, "limit": limit}
    return tuple(JobState(*row) for row in session.execute(_LIST, asked))


def next_due(session: Session, kinds: Collection[str]) -> datetime | None:
    """Return when the next job of some kinds is due; None where there is none."""
    found: datetime | None = session.execute(_NEXT, {"kinds": list(kinds)}).scalar_one()
    return found
