"""Editions in memory: the ones in force always, some former ones as they are asked for.

A watcher refreshes them every second or so. A new edition is compiled then, beside the requests, and takes the place
of the former one when it is ready, so no request waits for a publication. Compiled editions are values that never
change; what changes is which of them a request is given.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from api.kit.cache import Cache
from api.state.store import Store
from boundaries.editions.calendar import Calendar, EditionPeriod, read_timetable
from boundaries.editions.reading import compile_edition, duties_at
from boundaries.jurisdictions.reading import NOTHING_STORED
from boundaries.plans.drafts import get_plan
from geogrid.editions import Edition
from geogrid.errors import EmptyStoreError, GeogridError, InvalidInputError, UnavailableError

_COMPILED_AHEAD = timedelta(minutes=5)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What one look at the store found, with the editions of now and soon compiled."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    compiled: Mapping[int, Edition] = field(default_factory=dict)
    problem: str | None = "The server is starting."


class EditionBook:
    """Compiled editions by jurisdiction and moment.

    Parameters
    ----------
    store : Store
        Where editions come from.
    kept : int
        Former editions held at most; the one longest unused goes first.
    """

    def __init__(self, store: Store, *, kept: int) -> None:
        self._store = store
        self._snapshot = _Snapshot()
        self._told = ""
        # A compiled edition never changes; its duties and the end of its validity are put in with every answer.
        self._former: Cache[int, Edition] = Cache(kept)

    @property
    def problem(self) -> str | None:
        """Why the last look failed, None where it did not."""
        return self._snapshot.problem

    @property
    def calendars(self) -> Mapping[str, Calendar]:
        """Every jurisdiction by code, as of the last look."""
        return self._snapshot.calendars

    def in_force(self) -> set[int]:
        """Return the numbers of the editions in force now, as of the last look."""
        now = datetime.now(UTC)
        periods = (calendar.edition_at(now) for calendar in self._snapshot.calendars.values())
        return {period.plan_id for period in periods if period is not None}

    def calendar(self, code: str | None) -> Calendar:
        """Return the jurisdiction named, or the only one there is.

        Raises
        ------
        InvalidInputError
            There is none of that code, or several and none is named; the message lists them.
        UnavailableError
            None is stored, or the store has not been read yet.
        """
        calendars = self._snapshot.calendars
        if not calendars:
            if self._snapshot.problem is None:
                raise EmptyStoreError(NOTHING_STORED)
            raise UnavailableError(self._snapshot.problem)
        if code is None and len(calendars) == 1:
            return next(iter(calendars.values()))
        if code is not None and code in calendars:
            return calendars[code]
        message = "More than one jurisdiction is stored." if code is None else f"There is no jurisdiction {code!r}."
        raise InvalidInputError.of(
            "which-jurisdiction", message, f"Name one of: {', '.join(calendars)}.", subject="jurisdiction"
        )

    def current(self, calendar: Calendar) -> Edition | None:
        """Return the edition in force now if it is in memory; this never waits for anything."""
        period = calendar.edition_at(datetime.now(UTC))
        return None if period is None else self._snapshot.compiled.get(period.plan_id)

    def edition(self, calendar: Calendar, at: datetime | None = None) -> Edition | None:
        """Return the edition in force at a moment, now without one; None where there was none.

        Without `at`, and with a moment of today's edition, this touches no database.

        Raises
        ------
        UnavailableError
            A former edition is needed and the database cannot be reached.
        """
        period = calendar.edition_at(at or datetime.now(UTC))
        if period is None:
            return None
        snapshot = self._snapshot
        edition = snapshot.compiled.get(period.plan_id)
        if edition is None:
            edition = self._former_edition(period)
        elif at is None:
            return edition
        with self._store.unit_of_work() as session:
            duties = duties_at(session, period.plan_id, at or datetime.now(UTC))
        return replace(edition, duties=duties, valid_to=period.valid_to)

    def refresh(self) -> None:
        """Look at the store now; a failure is kept as `problem`, and what was known stays in use."""
        try:
            snapshot = self._look()
        except GeogridError as error:
            if self._told != str(error):
                self._told = str(error)
                logger.warning("The store cannot be read: %s", error)
            public = error.public if isinstance(error, UnavailableError) else str(error)
            self._snapshot = replace(self._snapshot, problem=public)
        else:
            self._snapshot, self._told = snapshot, ""

    def _look(self) -> _Snapshot:
        before, now = self._snapshot, datetime.now(UTC)
        with self._store.unit_of_work() as session:
            calendars = read_timetable(session)
            periods = [
                period
                for calendar in calendars.values()
                for period in calendar.editions
                if period.is_in_force(now) or period.is_in_force(now + _COMPILED_AHEAD)
            ]
            former = {period.plan_id: period for calendar in before.calendars.values() for period in calendar.editions}
            compiled = {}
            for period in periods:
                edition = before.compiled.get(period.plan_id)
                if edition is None:
                    edition = compile_edition(
                        session, get_plan(session, period.plan_id), at=now, indexes=self._store.indexes
                    )
                elif former.get(period.plan_id) != period:
                    duties = duties_at(session, period.plan_id, now)
                    edition = replace(edition, duties=duties, valid_to=period.valid_to)
                compiled[period.plan_id] = edition
        return _Snapshot(calendars, compiled, None)

    def _former_edition(self, period: EditionPeriod) -> Edition:
        def compiled() -> Edition:
            with self._store.unit_of_work() as session:
                plan = get_plan(session, period.plan_id)
                return compile_edition(session, plan, at=period.valid_from, indexes=self._store.indexes)

        return self._former.get(period.plan_id, compiled)
