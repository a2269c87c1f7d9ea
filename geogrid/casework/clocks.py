"""Clocks: how much of a limit is used, when it is due, what pauses and extensions do to it."""

from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

from geogrid.casework.calendars import MOST_DAYS, TimeUnit, WorkCalendar


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take.

    Parameters
    ----------
    amount : float
        In `unit`; above 0.
    unit : TimeUnit
        What is counted.
    """

    amount: float
    unit: TimeUnit

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        if not self.amount > 0:
            raise ValueError(f"A limit of {self.amount:g} {self.unit} is not above 0.")


@dataclass(frozen=True, slots=True)
class Clock:
    """A limit that is running, or stands.

    Parameters
    ----------
    limit : Limit
        Extensions are in it.
    begun_at : datetime
        When it was started first.
    since : datetime, optional
        From when it runs; None while it stands.
    used : float
        What was used before, in the limit's unit.
    """

    limit: Limit
    begun_at: datetime
    since: datetime | None
    used: float = 0.0

    @classmethod
    def started(cls, limit: Limit, at: datetime) -> "Clock":
        """Return a clock that runs from a moment."""
        return cls(limit, at, at)

    def paused(self, at: datetime, calendar: WorkCalendar) -> "Clock":
        """Return the clock as it stands from a moment; one that stands already is left as it is."""
        if self.since is None:
            return self
        return replace(self, since=None, used=self.used + calendar.spent(self.since, at, self.limit.unit))

    def resumed(self, at: datetime) -> "Clock":
        """Return the clock as it runs from a moment; one that runs already is left as it is."""
        return self if self.since is not None else replace(self, since=at)

    def extended(self, more: float) -> "Clock":
        """Return the clock with more time, in its own unit."""
        return replace(self, limit=replace(self.limit, amount=self.limit.amount + more))

    def due(self, calendar: WorkCalendar) -> datetime | None:
        """Return when the limit is reached, in UTC; None while it stands."""
        if self.since is None:
            return None
        return calendar.due(self.since, max(self.limit.amount - self.used, 0.0), self.limit.unit)

    def reached(self, share: float, calendar: WorkCalendar) -> datetime | None:
        """Return when a share of the limit is used, in UTC; None while it stands.

        Parameters
        ----------
        share : float
            From 0; 1 is `due`, and 2 when as much again has passed. Above 1 a day that is begun is counted whole, and
            what is beyond ten years is at their end.
        calendar : WorkCalendar
            Of the town.
        """
        due = self.due(calendar)
        if due is None or self.since is None or share == 1.0:
            return due
        if share > 1.0:
            is_days = self.limit.unit.is_days
            most = MOST_DAYS if is_days else MOST_DAYS * 24
            amount = min(max(self.limit.amount * share - self.used, 0.0), most)
            return calendar.due(self.since, ceil(amount) if is_days else amount, self.limit.unit)
        before = min(self.used / self.limit.amount, 1.0)
        rest = (share - before) / (1.0 - before) if before < share else 0.0
        return calendar.part(self.since, due, rest, self.limit.unit)
