"""The parameter `datetime`: a moment, a day, or a period open to either side."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from boundaries.text.moments import query_fault

_OPEN: Final = {"", ".."}
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open period; no `since` or `until` means open to that side."""

    since: datetime | None
    until: datetime | None
    is_moment: bool = False

    def overlaps(self, start: datetime, end: datetime | None) -> bool:
        """Return whether a half-open period has a moment in common with this one."""
        return (self.until is None or start < self.until) and (end is None or self.since is None or self.since < end)

    def nearest(self, moment: datetime) -> datetime:
        """Return the moment of the period that is nearest to another."""
        if self.since is not None and moment < self.since:
            return self.since
        return self.until - _TICK if self.until is not None and moment >= self.until else moment


@dataclass(frozen=True, slots=True)
class WrittenPeriod:
    """A period as it was asked for: days and times without offset are those of the town, known later."""

    start: str
    end: str | None

    def in_zone(self, name: str) -> Period:
        """Return the period in the time zone of a town."""
        zone = ZoneInfo(name)
        if self.end is None:
            start, end = _span(self.start, zone)
            return Period(start, end, is_moment=end - start == _TICK)
        since = None if self.start in _OPEN else _span(self.start, zone)[0]
        return Period(since, None if self.end in _OPEN else _span(self.end, zone)[1])


def read_period(text: object) -> WrittenPeriod:
    """Return a period as it is written in a request.

    Raises
    ------
    ValueError
        It is none, or ends before it begins.
    """
    if isinstance(text, WrittenPeriod):
        return text
    parts = str(text).strip().split("/")
    if len(parts) > 2:  # noqa: PLR2004 - start and end
        raise ValueError("it has more than a start and an end")
    written = WrittenPeriod(parts[0].strip(), parts[1].strip() if len(parts) > 1 else None)
    if written.end is None and written.start in _OPEN:
        raise ValueError("it names no moment")
    if written.end is not None and written.start in _OPEN and written.end in _OPEN:
        raise ValueError("it is open to both sides; leave it out")
    period = written.in_zone("UTC")
    for end in filter(None, (period.since, period.until)):
        fault = query_fault(end)
        if fault:
            raise ValueError(fault)
    if period.since is not None and period.until is not None and period.since >= period.until:
        raise ValueError("it ends before it begins")
    return written


def _span(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the half-open span of a day or a moment."""
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            start = datetime.combine(day, time(), zone)
            return start.astimezone(UTC), datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        if _MOMENT.fullmatch(text) is None:
            raise ValueError("it is not a date, a time, or two of them parted by a slash")
        parsed = datetime.fromisoformat(text.upper())
        moment = (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)
        return moment, moment + _TICK
    except OverflowError:
        raise ValueError("there is no such day or time") from None
