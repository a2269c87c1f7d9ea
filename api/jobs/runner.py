"""Doing jobs beside other things: a thread looks for what is due, others do it, several at once."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from threading import Event, Lock, Thread

import numpy as np

from api.state.store import Store
from boundaries.jobs.reading import next_due
from boundaries.jobs.records import Job, Kinds
from boundaries.jobs.running import Report, find_jobs, run_next
from geogrid.errors import GeogridError

_AT_ONCE = 5
_STOP_S = 5.0

logger = logging.getLogger(__name__)


class JobRunner:
    """Does jobs from `start` to `stop`.

    Any number of runners, in any number of processes, share the work: the database gives each job to one.

    Parameters
    ----------
    store : Store
        Where the jobs are. A connection of it is held for each job that is being done.
    kinds : mapping of str to Kind
        What it can do.
    poll_s : float
        It looks for work at least so often, and at the moment when a known job is due.
    rng : numpy.random.Generator
        Spreads the pauses after failures.
    tell : callable, optional
        Told what became of each job.
    """

    def __init__(
        self,
        store: Store,
        kinds: Kinds,
        *,
        poll_s: float,
        rng: np.random.Generator,
        tell: Callable[[Report], None] | None = None,
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._poll_s = poll_s
        self._rng = rng
        self._tell = tell or _log
        self._stopped = Event()
        self._wake = Event()
        self._lock = Lock()
        self._turns: set[Thread] = set()
        self._busy: Counter[str] = Counter()
        self._watcher: Thread | None = None
        self._problem = ""

    def start(self) -> None:
        """Begin to look for work, beside whatever else the process does."""
        self._watcher = Thread(target=self._watch, name="jobs", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """End: what can be broken off is, and what is not done in some seconds is left to another runner."""
        self._stopped.set()
        self._wake.set()
        for kind in self._kinds.values():
            if kind.stop is not None:
                kind.stop()
        if self._watcher is not None:
            self._watcher.join(_STOP_S)
        with self._lock:
            turns = list(self._turns)
        for thread in turns:
            thread.join(_STOP_S)

    def _watch(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            pause_s = self._poll_s
            try:
                pause_s = self._look()
            except GeogridError as error:
                self._tell_problem(str(error))
            except Exception:  # a thread that ended would do nothing any more, unnoticed
                logger.exception("Looking for jobs failed; the next look is soon.")
            self._wake.wait(pause_s)

    def _look(self) -> float:
        """Begin what is due, as far as there is room; return for how many seconds there is nothing to do."""
        now = find_jobs(self._store.unit_of_work, self._kinds)
        while not self._stopped.is_set():
            free = self._free_kinds()
            with self._store.unit_of_work() as session:
                due_at = next_due(session, free.keys()) if free else None
            self._problem = ""
            if due_at is None or due_at > now:
                return self._pause_s(now, due_at)
            if not self._begin(free):
                break
        return self._poll_s

    def _pause_s(self, now: datetime, due_at: datetime | None) -> float:
        return self._poll_s if due_at is None else min(self._poll_s, (due_at - now).total_seconds())

    def _free_kinds(self) -> Kinds:
        with self._lock:
            if len(self._turns) >= _AT_ONCE:
                return {}
            return {
                name: kind
                for name, kind in self._kinds.items()
                if kind.at_once is None or self._busy[name] < kind.at_once
            }

    def _begin(self, free: Kinds) -> bool:
        """Start a thread that takes one job and does it; return whether there was one to take."""
        taken: list[Job] = []
        decided = Event()

        def note(job: Job) -> None:
            with self._lock:
                self._busy[job.kind] += 1
            taken.append(job)
            decided.set()

        def turn() -> None:
            try:
                report = run_next(self._store.unit_of_work, free, rng=self._rng, on_taken=note)
                if report is not None:
                    self._tell(report)
            except GeogridError as error:
                self._tell_problem(str(error))
            except Exception:
                logger.exception("Taking a job failed; the next look is soon.")
            finally:
                with self._lock:
                    self._turns.discard(thread)
                    for job in taken:
                        self._busy[job.kind] -= 1
                decided.set()
                if taken:
                    self._wake.set()

        thread = Thread(target=turn, name="job", daemon=True)
        with self._lock:
            self._turns.add(thread)
        thread.start()
        decided.wait()
        return bool(taken)

    def _tell_problem(self, problem: str) -> None:
        if problem != self._problem:
            logger.warning("Jobs cannot be done: %s", problem)
            self._problem = problem


def _log(report: Report) -> None:
    job = report.job
    if report.error:
        logger.warning("Job %d (%s %s) failed, try %d: %s", job.id, job.kind, job.key, job.attempts, report.error)
    elif report.done.told:
        logger.info("Job %d (%s %s): %s", job.id, job.kind, job.key, report.done.told)
