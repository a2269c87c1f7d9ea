"""Pieces of long work for tests: functions of a module that another process can import."""

import os
import time

from sqlalchemy import text

from api.heavy.desk import Desk
from geogrid.errors import InvalidInputError, Problem, StaleError


def own_process(_: Desk) -> tuple[int, int]:
    """Return the number of the process, and how far it gives way to others."""
    return os.getpid(), os.nice(0)


def seen_cases(desk: Desk) -> list[str]:
    """Return all cases that this work may see."""
    with desk.store.unit_of_work() as session:
        return sorted(session.scalars(text("select source_key from cases")))


def sleep(_: Desk, seconds: float) -> None:
    time.sleep(seconds)


def fill(_: Desk, megabytes: int) -> int:
    filled = [b"x" * 1_000_000 + bytes(4) for _ in range(megabytes)]
    time.sleep(1)
    return len(filled)


def say(_: Desk, text: str) -> str:
    """Print, as careless code does, before answering."""
    print(text)  # noqa: T201 - the point of it
    return text


def refuse(_: Desk) -> None:
    raise InvalidInputError([Problem("a", "One.", "Mend it."), Problem("b", "Two.", severity="warning")])


def be_stale(_: Desk) -> None:
    raise StaleError("Changed.", version=7, changes=[{"kind": "edit"}])


def fail(_: Desk) -> None:
    raise KeyError("nothing")
