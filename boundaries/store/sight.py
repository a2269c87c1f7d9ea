"""What a transaction may see of cases: said to the database, whose policies hold it (``sql/row_security.sql``).

Nothing said, nothing seen. A request says what follows from who asks and what he asks for; jobs, intake and publishing
say what they need. Commands log in as the owner of the tables, whom policies do not bind.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session, SessionTransaction

_SAY: Final = text("select set_config('geogrid.sight', :sight, true)")
_HELD: Final = "sight"


@dataclass(frozen=True)
class RowSight:
    """Which cases are seen, with their events and the questions about their addresses.

    Parameters
    ----------
    everything : bool
        All of them.
    towns : frozenset of int
        Those of these jurisdictions, by number.
    grids : frozenset of (int, str)
        Those in these grids, by jurisdiction and code, and in every grid below them, in every edition.
    feeds : frozenset of int
        Of these jurisdictions the events alone, as the feed of changes tells them.
    key : (int, str, str), optional
        The one of this jurisdiction, source and key there.
    held : (str, frozenset of int), optional
        Those that this account has, or had, in these jurisdictions.
    """

    everything: bool = False
    towns: frozenset[int] = frozenset()
    grids: frozenset[tuple[int, str]] = frozenset()
    feeds: frozenset[int] = frozenset()
    key: tuple[int, str, str] | None = None
    held: tuple[str, frozenset[int]] | None = None

    @cached_property
    def words(self) -> str:
        """The value of the setting; empty for nothing."""
        parts: dict[str, object] = {}
        if self.everything:
            parts["all"] = True
        if len(self.towns) == 1:
            (parts["town"],) = self.towns
        elif self.towns:
            parts["towns"] = sorted(self.towns)
        if self.grids:
            parts["grids"] = [{"town": town, "code": code} for town, code in sorted(self.grids)]
        if self.feeds:
            parts["feeds"] = sorted(self.feeds)
        if self.key is not None:
            town, source, key = self.key
            parts["key"] = {"town": town, "source": source, "key": key}
        if self.held is not None:
            login, held_in = self.held
            parts["held"] = {"login": login, "towns": sorted(held_in)}
        return json.dumps(parts, ensure_ascii=False) if parts else ""


NOTHING: Final = RowSight()
EVERYTHING: Final = RowSight(everything=True)

_SIGHT: ContextVar[RowSight] = ContextVar("sight", default=NOTHING)


def sight_of_towns(towns: Iterable[int]) -> RowSight:
    """Return the sight of all cases of some jurisdictions, by number."""
    return RowSight(towns=frozenset(towns))


def present_sight() -> RowSight:
    """Return what transactions that begin here may see."""
    return _SIGHT.get()


@contextmanager
def seeing(sight: RowSight) -> Iterator[None]:
    """Let every transaction that begins in the block see so much."""
    token = _SIGHT.set(sight)
    try:
        yield
    finally:
        _SIGHT.reset(token)


@contextmanager
def looking(session: Session, sight: RowSight) -> Iterator[None]:
    """Let the transaction under way see something else until the block ends."""
    session.flush()
    before = session.info.get(_HELD)
    _say(session, sight)
    try:
        yield
        session.flush()
    finally:
        session.info[_HELD] = before
        # In a transaction that failed nothing can be said, and nothing seen.
        if session.is_active and not _has_failed(session):
            _say(session, before)


def see_case(session: Session, jurisdiction_id: int, source: str, key: str) -> None:
    """Let the transaction under way see, besides what it does, the one case of a source and its key there."""
    before = session.info.get(_HELD) or present_sight()
    _say(session, replace(before, key=(jurisdiction_id, source, key)))


def _say(session: Session, sight: RowSight | None) -> None:
    session.info[_HELD] = sight
    session.execute(_SAY, {"sight": (sight or present_sight()).words})


def _has_failed(session: Session) -> bool:
    driver = session.connection().connection.driver_connection
    return driver is None or driver.info.transaction_status is TransactionStatus.INERROR


class SightedSession(Session):
    """A session whose transactions say what they may see as they begin."""


@event.listens_for(SightedSession, "after_begin")
def _begin(session: Session, _: SessionTransaction, connection: Connection) -> None:
    sight: RowSight = session.info.get(_HELD) or present_sight()
    if sight.words:
        connection.execute(_SAY, {"sight": sight.words})
