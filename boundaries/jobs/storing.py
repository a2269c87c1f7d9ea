"""Asking for jobs, and for another try of those that failed."""

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.jobs.records import NewJob
from geogrid.errors import NotFoundError

_ASK: Final = text("""
    with asked as (
        insert into jobs (kind, key, payload, due_at)
        values (:kind, :key, cast(:payload as jsonb), coalesce(cast(:due_at as timestamptz), now()))
        on conflict on constraint uq_jobs_kind_key do update set
            payload = excluded.payload,
            asked = jobs.asked + 1,
            due_at = case when jobs.failed_at is null then least(jobs.due_at, excluded.due_at) else excluded.due_at end,
            attempts = case when jobs.failed_at is null then jobs.attempts else 0 end,
            failed_at = null
        returning id, asked
    )
    insert into job_turns (job_id) select id from asked where asked = 0
""")
_RETRY: Final = text("""
    update jobs set failed_at = null, attempts = 0, due_at = now()
    where failed_at is not null and (cast(:id as int8) is null or id = :id)
""")
_EXISTS: Final = text("select from jobs where id = :id")
_FORGET: Final = text("""
    delete from jobs where id in (
        select turns.job_id from job_turns turns join jobs on jobs.id = turns.job_id
        where jobs.kind = :kind and jobs.key = :key
        for update of turns skip locked
    )
""")


def ask_for(session: Session, jobs: Iterable[NewJob]) -> None:
    """Ask for work: it is done after the caller's commit, and never if that does not come.

    Parameters
    ----------
    session : Session
        Not committed. Ask last in a transaction: until its end others wait who ask for the same.
    jobs : iterable of NewJob
        One of a kind and key that is asked for already stays one, with the earlier moment and the later payload; if
        it had failed, it is tried again. One that is being done right now is done once more.
    """
    for job in sorted(jobs, key=lambda job: (job.kind, job.key or "")):
        asked: dict[str, Any] = {
            "kind": job.kind,
            "key": job.key,
            "payload": json.dumps(dict(job.payload), allow_nan=False),
            "due_at": job.due_at,
        }
        session.execute(_ASK, asked)


def retry_jobs(session: Session, job_id: int | None = None) -> int:
    """Try failed jobs again, from the first try on.

    Parameters
    ----------
    session : Session
        Not committed.
    job_id : int, optional
        Only this one.

    Returns
    -------
    int
        How many; 0 for one that has not failed.

    Raises
    ------
    NotFoundError
        There is no such job.
    """
    retried: Any = session.execute(_RETRY, {"id": job_id})
    if retried.rowcount == 0 and job_id is not None and session.execute(_EXISTS, {"id": job_id}).first() is None:
        raise NotFoundError(f"There is no job {job_id}: it is done, or never was. See: geogrid jobs list")
    return int(retried.rowcount)


def forget_job(session: Session, kind: str, key: str) -> None:
    """Drop a job that has lost its object; one that is being done ends by itself."""
    session.execute(_FORGET, {"kind": kind, "key": key})
