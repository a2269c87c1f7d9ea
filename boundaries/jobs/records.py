"""Jobs as values: what is asked for, what is being done, how a kind is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.jobs.retries import Retries

State = Literal["running", "due", "waiting", "failed"]
STATES: tuple[State, ...] = ("running", "due", "waiting", "failed")


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to ask for.

    Parameters
    ----------
    kind : str
        Who knows how to do it.
    key : str, optional
        What it is about. Of a kind and key there is one job at most: it names a state to be brought about, so its
        handler looks at what there is to do, and does not rely on how often it was asked.
    due_at : datetime, optional
        With offset; at once if left out.
    payload : mapping
        Whatever else the handler needs, as JSON. Nothing personal: operators see it.
    """

    kind: str
    key: str | None = None
    due_at: datetime | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A job that is being done: `attempts` counts this try, `asked` is how often it had been asked for again."""

    id: int
    kind: str
    key: str | None
    payload: Mapping[str, Any]
    attempts: int
    asked: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as operators see it.

    Parameters
    ----------
    id, kind, key, payload
        As it was asked for.
    state : {"running", "due", "waiting", "failed"}
        Somebody does it now; nobody yet; its moment has not come; its last try failed.
    due_at : datetime
        When it is done; of a running one, when it is tried again should it fail.
    attempts : int
        Tries since it last succeeded.
    last_error : str
        Why the last one failed.
    failed_at : datetime, optional
        When it was given up.
    created_at : datetime
        When it was asked for.
    """

    id: int
    kind: str
    key: str | None
    payload: Mapping[str, Any]
    state: State
    due_at: datetime
    attempts: int
    last_error: str
    failed_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class JobDone:
    """What became of a job that did not fail.

    Parameters
    ----------
    told : str
        What was done, as a sentence for who watches; empty where it is not worth one.
    again_at : datetime, optional
        The job stays and is done again then; without it, it is gone.
    """

    told: str = ""
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One try of a job, for its handler.

    Parameters
    ----------
    job : Job
        What is to be done.
    session : Session
        Its transaction holds the job. Work on the store belongs into it: it is committed with the news that the job
        is done, or rolled back with it.
    now : datetime
        The moment of the try.
    """

    job: Job
    session: Session
    now: datetime

    def require_held(self) -> None:
        """Raise `UnavailableError` where the connection that holds the job is lost and somebody else may do it.

        For handlers that act outside the store, before each act.
        """
        self.session.execute(text("select 1"))


@dataclass(frozen=True, slots=True)
class Kind:
    """How jobs of a kind are done.

    Parameters
    ----------
    run : callable
        Does one. An exception is a failed try; it must bear being done again.
    retries : Retries
        How often.
    find : callable, optional
        Asks, at each look, for the jobs that follow from what is stored rather than from a transaction that asked.
    at_once : int, optional
        Of this kind at most so many at once in a process, so that slow ones leave room for others.
    stop : callable, optional
        Breaks off what is under way; it is done again later.
    """

    run: Callable[[Turn], JobDone]
    retries: Retries = field(default_factory=Retries)
    find: Callable[[Session, datetime], None] | None = None
    at_once: int | None = None
    stop: Callable[[], None] | None = None


Kinds = Mapping[str, Kind]
