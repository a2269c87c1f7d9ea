"""Doing jobs, one at a time: whoever runs several at once calls this from several threads or processes."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from boundaries.jobs.reading import database_now
from boundaries.jobs.records import Job, JobDone, Kinds, Turn
from boundaries.jobs.taking import begin_attempt, lock_next, settle_done, settle_failed
from geogrid.errors import GeogridError

OpenSession = Callable[[], AbstractContextManager[Session]]
"""Opens a session that is committed at the end or rolled back whole; two may be open at once."""
Clock = Callable[[Session], datetime]

_LONGEST_ERROR = 300

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one try of a job: done, or an `error`."""

    job: Job
    done: JobDone
    error: str = ""


def find_jobs(open_session: OpenSession, kinds: Kinds, *, clock: Clock = database_now) -> datetime:
    """Let each kind ask for what follows from what is stored; return the moment of the look.

    A kind that fails at it is logged and holds up no other; a store that cannot be used is a `GeogridError`.
    """
    with open_session() as session:
        now = clock(session)
    for name, kind in kinds.items():
        if kind.find is None:
            continue
        try:
            with open_session() as session:
                kind.find(session, now)
        except GeogridError:
            raise
        except Exception:
            logger.exception("Looking for jobs of the kind %s failed; the next look is soon.", name)
    return now


def run_next(
    open_session: OpenSession,
    kinds: Kinds,
    *,
    rng: np.random.Generator,
    clock: Clock = database_now,
    on_taken: Callable[[Job], None] | None = None,
) -> Report | None:
    """Do the job that has been due longest and that nobody does.

    Parameters
    ----------
    open_session : callable
        Opens sessions on the store.
    kinds : mapping of str to Kind
        What this runner can do; other jobs are left alone.
    rng : numpy.random.Generator
        Spreads the pauses after failures.
    clock : callable
        Tells the time; the database's if left out.
    on_taken : callable, optional
        Told the job before it is done.

    Returns
    -------
    Report, optional
        None where nothing is due. A handler's error is in the report.

    Raises
    ------
    GeogridError
        The store cannot be used, so that none was taken.
    """
    passed: set[int] = set()
    while True:
        job: Job | None = None
        try:
            with open_session() as session:
                now = clock(session)
                locked = lock_next(session, kinds, now=now, passed=passed)
                if locked is None:
                    return None
                with open_session() as other:
                    job = begin_attempt(other, locked, kinds, now=now, rng=rng)
                if job is None:
                    passed.add(locked[0])
                    continue
                if on_taken is not None:
                    on_taken(job)
                done = kinds[job.kind].run(Turn(job, session, now))
                settle_done(session, job, done)
        except Exception as error:
            if job is None:
                raise
            return _failure(open_session, job, error)
        return Report(job, done)


def _failure(open_session: OpenSession, job: Job, error: Exception) -> Report:
    told = _sentence(error)
    if not isinstance(error, GeogridError):
        logger.error("Job %d (%s %s) failed.", job.id, job.kind, job.key, exc_info=error)
    try:
        with open_session() as session:
            settle_failed(session, job, told)
    except GeogridError as problem:
        logger.warning("Why job %d failed is not written down: %s", job.id, problem)
    return Report(job, JobDone(), told)


def _sentence(error: Exception) -> str:
    """Return an error in one line. The words of an error that we did not write may hold anything: only its name."""
    if isinstance(error, GeogridError):
        return " ".join(str(error).split())[:_LONGEST_ERROR]
    return f"{type(error).__name__}; the log of its runner says more."
