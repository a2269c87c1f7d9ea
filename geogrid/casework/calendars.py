"""Working time: hours of the day, days off, and days that are worked to make up for them.

How days are counted follows articles 200 to 204 of the Civil Code of China (民法典): the day on which a period
begins is not counted, its last day ends at midnight, or when business ends, and a last day that is off moves to the
next that is not. Hours begin at once (article 201).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

_DAY_MINUTES: Final = 24 * 60
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
MOST_DAYS: Final = 3660
"""Longest limit in days; ten years."""


class TimeUnit(StrEnum):
    """What a limit is counted in."""

    URGENT_HOURS = "urgent_hours"
    """Hours that pass day and night (紧急工作时)."""
    WORKING_HOURS = "working_hours"
    """Hours of working time (工作时)."""
    WORKING_DAYS = "working_days"
    """Days that are worked (工作日)."""
    NATURAL_DAYS = "natural_days"
    """Days of the calendar (自然日)."""

    @property
    def is_days(self) -> bool:
        """Whether whole days are counted."""
        return self in {TimeUnit.WORKING_DAYS, TimeUnit.NATURAL_DAYS}


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When a town works.

    Parameters
    ----------
    zone : str
        Name of the time zone, e.g. ``"Asia/Shanghai"``.
    hours : tuple of tuple of int
        Beginnings and ends of working time on each day that is worked, minutes after midnight, in order, apart.
    days_off : frozenset of date
        Holidays, and days off in exchange for others.
    workdays : frozenset of date
        Days that are worked although they fall on a weekend.
    weekend : frozenset of int
        Days of the week that are off, Monday is 0.
    known_to : date, optional
        Last day whose holidays are known; later days go by the week alone.

    Raises
    ------
    ValueError
        Hours that overlap or are none, a day both off and worked, a week without a working day, an unknown zone.
    """

    zone: str = "Asia/Shanghai"
    hours: tuple[tuple[int, int], ...] = ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
    days_off: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset({5, 6})
    known_to: date | None = None
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what is no calendar."""
        told = [minute for part in self.hours for minute in part]
        if not told or told != sorted(set(told)) or told[0] < 0 or told[-1] > _DAY_MINUTES:
            raise ValueError(
                f"The hours {self.hours} are not parts of a day in order, each with a beginning and an end."
            )
        if both := self.days_off & self.workdays:
            raise ValueError(f"{min(both)} is both a day off and a working day.")
        if not self.weekend < frozenset(range(7)):
            raise ValueError(f"The weekend {sorted(self.weekend)} leaves no working day, or has days that are none.")
        try:
            object.__setattr__(self, "_zone", ZoneInfo(self.zone))
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"There is no time zone {self.zone!r}.") from error

    def is_worked(self, day: date) -> bool:
        """Whether a day is worked."""
        return day in self.workdays or (day.weekday() not in self.weekend and day not in self.days_off)

    def due(self, since: datetime, amount: float, unit: TimeUnit) -> datetime:
        """Return when an amount of time has passed.

        Parameters
        ----------
        since : datetime
            With offset.
        amount : float
            In `unit`, from 0; of days the whole number that is not above it.
        unit : TimeUnit
            What is counted.

        Returns
        -------
        datetime
            In UTC, not before `since`. Of hours the moment itself; of days the end of the last one. Zero days end with
            the day itself, or the next that is worked where its work is over.

        Raises
        ------
        ValueError
            A time without offset, an amount below 0 or beyond ten years.
        """
        _check(since)
        most = MOST_DAYS if unit.is_days else MOST_DAYS * 24
        if not 0 <= amount <= most:
            raise ValueError(f"A limit of {amount:g} {unit} is below 0 or above {most:,}.")
        if unit is TimeUnit.URGENT_HOURS:
            return since.astimezone(UTC) + amount * _HOUR
        if unit is TimeUnit.WORKING_HOURS:
            return self._after_working(since, amount * _HOUR)
        first = self._local_day(since)
        end = self._day_end(self._last_day(first, int(amount), unit), unit)
        return end if end >= since else self._day_end(self._last_day(first, 1, unit), unit)

    def spent(self, since: datetime, until: datetime, unit: TimeUnit) -> float:
        """Return how much of a limit a stretch of time takes.

        Parameters
        ----------
        since, until : datetime
            With offset; nothing is spent where `until` is not later.
        unit : TimeUnit
            What is counted. Of days only those after the first and before the last: in both the clock stood for a part.

        Returns
        -------
        float
            In `unit`.
        """
        _check(since)
        _check(until)
        if until <= since:
            return 0.0
        if unit is TimeUnit.URGENT_HOURS:
            return (until - since) / _HOUR
        if unit is TimeUnit.WORKING_HOURS:
            return self._working(since, until) / _HOUR
        days = _days(self._local_day(since) + _DAY, self._local_day(until))
        return float(sum(unit is TimeUnit.NATURAL_DAYS or self.is_worked(day) for day in days))

    def part(self, since: datetime, due: datetime, share: float, unit: TimeUnit) -> datetime:
        """Return when a share of the time between two moments has passed, in UTC; of working time where that counts."""
        if unit in {TimeUnit.URGENT_HOURS, TimeUnit.NATURAL_DAYS}:
            return (since + share * max(due - since, timedelta())).astimezone(UTC)
        return min(self._after_working(since, share * self._working(since, due)), max(since, due).astimezone(UTC))

    def _local_day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _at(self, day: date, minute: int) -> datetime:
        """Return a moment of the local clock in UTC; where it does not exist, the one that follows the gap."""
        if minute == _DAY_MINUTES:
            day, minute = day + _DAY, 0
        return datetime.combine(day, time(minute // 60, minute % 60), self._zone).astimezone(UTC)

    def _parts(self, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
        for day in _days(first, last + _DAY):
            if self.is_worked(day):
                for begin, end in self.hours:
                    yield self._at(day, begin), self._at(day, end)

    def _working(self, since: datetime, until: datetime) -> timedelta:
        parts = self._parts(self._local_day(since), self._local_day(until))
        return sum((max(min(end, until) - max(begin, since), timedelta()) for begin, end in parts), timedelta())

    def _after_working(self, since: datetime, left: timedelta) -> datetime:
        since = since.astimezone(UTC)
        day = self._local_day(since)
        if left <= timedelta():
            return since
        for begin, end in self._parts(day, date.max - 2 * _DAY):
            start = max(begin, since)
            if start < end and left <= end - start:
                return start + left
            left -= max(end - start, timedelta())
        raise ValueError("Working time ends before the limit.")  # only with every day to the last off

    def _last_day(self, day: date, count: int, unit: TimeUnit) -> date:
        if unit is TimeUnit.NATURAL_DAYS:
            day += count * _DAY
            while not self.is_worked(day):
                day += _DAY
            return day
        while count > 0 or not self.is_worked(day):
            day += _DAY
            count -= self.is_worked(day)
        return day

    def _day_end(self, day: date, unit: TimeUnit) -> datetime:
        return self._at(day, self.hours[-1][1] if unit is TimeUnit.WORKING_DAYS else _DAY_MINUTES)


def official_calendar(
    country: str, years: Iterable[int], *, zone: str, hours: tuple[tuple[int, int], ...] | None = None
) -> WorkCalendar:
    """Return the calendar of a country, with its holidays and the days that make up for them.

    Parameters
    ----------
    country : str
        Code of ISO 3166-1, e.g. ``"CN"``.
    years : iterable of int
        Which; at least one. Those that the government has not announced yet have their fixed holidays alone.
    zone : str
        Name of the time zone.
    hours : tuple of tuple of int, optional
        As of `WorkCalendar`.

    Raises
    ------
    ValueError
        The package ``holidays`` does not know the country.

    Notes
    -----
    Days are those of the package ``holidays``.
    """
    import holidays

    wanted = sorted(set(years))
    try:
        known = holidays.country_holidays(country.upper(), years=wanted)
    except NotImplementedError as error:
        raise ValueError(f"No holidays are known of the country {country!r}.") from error
    weekend = frozenset(int(day) for day in known.weekend)
    made_up = frozenset(day for day in known.weekend_workdays if day.year in wanted)
    days_off = frozenset(day for day in known if day.year in wanted) - made_up
    known_to = date(wanted[-1], 12, 31)
    found = WorkCalendar(zone, days_off=days_off, workdays=made_up, weekend=weekend, known_to=known_to)
    return found if hours is None else replace(found, hours=hours)


def _days(first: date, end: date) -> Iterator[date]:
    """Yield days from the first to before the end."""
    return (date.fromordinal(number) for number in range(first.toordinal(), end.toordinal()))


def _check(moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no offset from UTC.")
