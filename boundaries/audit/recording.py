"""Adding lines: at once, or with whatever the transaction under way stores."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from boundaries.audit.records import Detail
from boundaries.audit.tables import AuditLine
from boundaries.store.last_words import before_commit

_LONGEST: Final = 2_000
_COUNT_AS_WRITTEN: Final = text("select pg_current_xact_id()")
_HAS_WRITTEN: Final = text("select pg_current_xact_id_if_assigned() is not null")


@dataclass(slots=True)
class Act:
    """Something that somebody is doing.

    Parameters
    ----------
    account : str
        Login of who does it.
    action : str
        What.
    object : str
        On what.
    address : str
        From where.
    before, after : mapping, optional
        What was there, and what is there now; JSON.
    """

    account: str
    action: str
    object: str = ""
    address: str = ""
    before: Detail | None = field(default=None)
    after: Detail | None = field(default=None)


_ACT: ContextVar[Act | None] = ContextVar("act", default=None)


@contextmanager
def acting(act: Act) -> Iterator[Act]:
    """Add a line about an act to every transaction that stores something, in that transaction, until the block ends."""
    token = _ACT.set(act)
    try:
        with before_commit(_add_if_written):
            yield act
    finally:
        _ACT.reset(token)


def note(*, object: str | None = None, before: Detail | None = None, after: Detail | None = None) -> None:  # noqa: A002 - its name
    """Say more of the act under way, if there is one."""
    act = _ACT.get()
    if act is None:
        return
    act.object = act.object if object is None else object
    act.before = act.before if before is None else before
    act.after = act.after if after is None else after


def must_be_kept(session: Session) -> None:
    """Have the act under way kept although nothing is stored: something was read that is never read unseen."""
    session.execute(_COUNT_AS_WRITTEN)


def add_line(session: Session, act: Act) -> None:
    """Add a line to the session's transaction; it is sealed at the commit."""
    session.execute(
        insert(AuditLine).values(
            account=_kept(act.account),
            action=_kept(act.action),
            object=_kept(act.object),
            address=_kept(act.address),
            before=_json(act.before),
            after=_json(act.after),
        )
    )


def _add_if_written(session: Session) -> None:
    act = _ACT.get()
    session.flush()
    if act is not None and session.scalar(_HAS_WRITTEN):
        add_line(session, act)


def _kept(value: str) -> str:
    """Return a text that the database takes, of bounded length."""
    return value.encode("utf-8", "replace").decode().replace("\x00", "")[:_LONGEST]


def _json(value: Detail | None) -> Any:
    return None if value is None else json.loads(json.dumps(value, default=str).replace("\\u0000", ""))
