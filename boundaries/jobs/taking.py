"""Taking a job and settling it: the statements of a runner."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.jobs.reading import RUNNING_SPACE
from boundaries.jobs.records import Job, JobDone, Kinds

CUT_SHORT: Final = "Its runner was ended in the middle."

_LOCK: Final = text("""
    select jobs.id, jobs.kind, jobs.attempts from job_turns turns join jobs on jobs.id = turns.job_id
    where jobs.failed_at is null and jobs.kind = any(cast(:kinds as text[]))
        and (jobs.due_at <= :now or jobs.attempts > 0 and jobs.due_at > :latest)
        and jobs.id <> all(cast(:passed as int8[]))
    order by jobs.due_at, jobs.id limit 1
    for update of turns skip locked
""")
# A runner whose machine is gone holds its lock until the server misses it: after a minute, not after two hours.
_MARK: Final = text("""
    select pg_try_advisory_xact_lock_shared(:space, (cast(:id as int8) % 2147483647)::int),
        set_config('tcp_keepalives_idle', '30', true), set_config('tcp_keepalives_interval', '10', true),
        set_config('tcp_keepalives_count', '3', true)
""")
_BEGIN: Final = text("""
    update jobs set attempts = attempts + 1, due_at = :next, failed_at = :failed_at, last_error = :error
    where id = (
        -- Not what was done, or asked for and not committed, between the look and the lock.
        select id from jobs
        where id = :id and attempts = :attempts and failed_at is null
            and (due_at <= :now or attempts > 0 and due_at > :latest)
        for no key update skip locked
    )
    returning id, kind, key, payload, attempts, asked, created_at
""")
_DONE: Final = text("delete from jobs where id = :id and asked = :asked")
_AGAIN: Final = text("""
    update jobs set attempts = 0, last_error = '', failed_at = null,
        due_at = case when asked = :asked then coalesce(cast(:again_at as timestamptz), due_at)
            else least(due_at, cast(:again_at as timestamptz)) end
    where id = :id
""")
_FAILED: Final = text("update jobs set last_error = :error where id = :id and attempts = :attempts")


def lock_next(
    session: Session, kinds: Kinds, *, now: datetime, passed: Collection[int] = ()
) -> tuple[int, str, int] | None:
    """Lock the turn of the job that has been due longest and that nobody does.

    One that failed and would rest for longer than any pause failed while the clock was ahead: it is due, too.

    Parameters
    ----------
    session : Session
        Its transaction holds the job until it ends.
    kinds : mapping of str to Kind
        Others are left alone.
    now : datetime
        What is due by then.
    passed : collection of int
        Not these.

    Returns
    -------
    tuple of int, str, int
        Number, kind and tries of the job, for `begin_attempt`, or None.
    """
    values = {"now": now, "latest": _latest(kinds, now), "kinds": list(kinds), "passed": list(passed)}
    row = session.execute(_LOCK, values).one_or_none()
    if row is None:
        return None
    session.execute(_MARK, {"space": RUNNING_SPACE, "id": row.id})
    return row.id, row.kind, row.attempts


def begin_attempt(
    session: Session, locked: tuple[int, str, int], kinds: Kinds, *, now: datetime, rng: np.random.Generator
) -> Job | None:
    """Write down that a job failed, before it is tried: what a runner that is killed leaves behind.

    Parameters
    ----------
    session : Session
        Another one than that which holds the turn; to be committed at once.
    locked : tuple of int, str, int
        Of `lock_next`.
    kinds : mapping of str to Kind
        How often each is tried.
    now : datetime
        The moment of the try.
    rng : numpy.random.Generator
        Spreads the pauses.

    Returns
    -------
    Job, optional
        None where it is not due any more.
    """
    number, kind, attempts = locked
    retries = kinds[kind].retries
    is_last = attempts + 1 >= retries.limit
    values = {
        "id": number,
        "attempts": attempts,
        "now": now,
        "latest": _latest(kinds, now),
        "next": now + retries.pause(attempts + 1, rng),
        "failed_at": now if is_last else None,
        "error": CUT_SHORT,
    }
    row = session.execute(_BEGIN, values).one_or_none()
    return None if row is None else Job(*row)


def _latest(kinds: Kinds, now: datetime) -> datetime:
    """Return until when a job can rest after a failure."""
    return now + max((kind.retries.longest_pause for kind in kinds.values()), default=timedelta())


def settle_done(session: Session, job: Job, done: JobDone) -> None:
    """Write down that a job is done, in the transaction of its work; what was asked for meanwhile is still to do."""
    values = {"id": job.id, "asked": job.asked, "again_at": done.again_at}
    if done.again_at is None:
        deleted = session.execute(_DONE, values)
        if deleted.rowcount:  # type: ignore[attr-defined]
            return
    session.execute(_AGAIN, values)


def settle_failed(session: Session, job: Job, error: str) -> None:
    """Write down why a try failed; that it failed, and when the next is, has been there since it began."""
    session.execute(_FAILED, {"id": job.id, "attempts": job.attempts, "error": error})
