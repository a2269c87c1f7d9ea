"""Limits in working time, against notices of the State Council and dues counted by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geogrid.casework import Clock, Limit, TimeUnit, WorkCalendar, official_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
TOWN = official_calendar("CN", range(2024, 2027), zone="Asia/Shanghai")
# From the notices of the State Council (国务院办公厅): first and last day off, weekend days worked for them.
NOTICES = (
    ("2024-02-10", "2024-02-17", ("2024-02-04", "2024-02-18")),
    ("2024-10-01", "2024-10-07", ("2024-09-29", "2024-10-12")),
    ("2025-01-28", "2025-02-04", ("2025-01-26", "2025-02-08")),
    ("2025-10-01", "2025-10-08", ("2025-09-28", "2025-10-11")),
    ("2026-02-15", "2026-02-23", ("2026-02-14", "2026-02-28")),
    ("2026-10-01", "2026-10-07", ("2026-09-20", "2026-10-10")),
)
# From, how much of what (u: urgent hours, h: working hours, w: working days, n: natural days), due.
DUES = """
2024-02-08 10:00  2 u  2024-02-08 12:00
2024-02-09 23:30 24 u  2024-02-10 23:30
2024-02-09 16:00  2 h  2024-02-18 10:00
2024-02-09 09:00  7 h  2024-02-09 17:00
2024-02-09 11:30  1 h  2024-02-09 13:30
2024-02-09 12:30  1 h  2024-02-09 14:00
2024-02-12 03:00  1 h  2024-02-18 10:00
2024-02-09 10:00  1 w  2024-02-18 17:00
2024-02-09 10:00  3 w  2024-02-20 17:00
2024-02-08 20:00  1 w  2024-02-09 17:00
2024-02-12 10:00  1 w  2024-02-18 17:00
2024-02-02 10:00  1 w  2024-02-04 17:00
2024-02-02 10:00  2 w  2024-02-05 17:00
2024-02-08 10:00  1 n  2024-02-10 00:00
2024-02-09 10:00  1 n  2024-02-19 00:00
2024-02-09 10:00 10 n  2024-02-20 00:00
2024-02-14 00:00  3 n  2024-02-19 00:00
2024-09-28 09:00  2 h  2024-09-29 11:00
2024-09-30 16:30  1 h  2024-10-08 09:30
2024-09-30 10:00  1 w  2024-10-08 17:00
2024-09-30 10:00  5 w  2024-10-12 17:00
2024-09-30 10:00  6 w  2024-10-14 17:00
2024-09-30 10:00  3 n  2024-10-09 00:00
2024-10-11 10:00  1 w  2024-10-12 17:00
2024-10-12 16:00  2 h  2024-10-14 10:00
2025-01-27 10:00  1 w  2025-02-05 17:00
2025-01-27 10:00  3 w  2025-02-07 17:00
2025-01-27 10:00  4 w  2025-02-08 17:00
2025-01-27 10:00  5 w  2025-02-10 17:00
2025-01-24 10:00  1 w  2025-01-26 17:00
2025-01-25 12:00  8 h  2025-01-27 10:00
2025-01-27 17:00  1 h  2025-02-05 10:00
2025-01-26 10:00  2 n  2025-02-06 00:00
2025-09-30 10:00  1 w  2025-10-09 17:00
2025-09-30 10:00  3 w  2025-10-11 17:00
2025-09-30 10:00  4 w  2025-10-13 17:00
2025-09-30 16:59  1 h  2025-10-09 09:59
2025-09-27 18:00  1 w  2025-09-28 17:00
2025-09-30 10:00  7 n  2025-10-10 00:00
2026-02-13 10:00  1 w  2026-02-14 17:00
2026-02-13 10:00  2 w  2026-02-24 17:00
2026-02-14 15:00  4 h  2026-02-24 11:00
2026-02-14 10:00  1 n  2026-02-25 00:00
2026-02-27 10:00  1 w  2026-02-28 17:00
2026-02-27 10:00  2 w  2026-03-02 17:00
2026-09-18 10:00  1 w  2026-09-20 17:00
2026-09-30 10:00  2 w  2026-10-09 17:00
2026-09-30 10:00  3 w  2026-10-10 17:00
2026-09-30 10:00  4 w  2026-10-12 17:00
2026-09-30 13:30  4 h  2026-10-08 09:30
2026-10-07 23:59  1 h  2026-10-08 10:00
2026-10-10 16:30  1 n  2026-10-13 00:00
2026-09-30 10:00  8 n  2026-10-09 00:00
2026-12-31 10:00  1 u  2026-12-31 11:00
"""
# The days that are worked after a day, one by one: the first is when one working day is due, the second two, and on.
WORKED = """
2024-01-31: 2024-02-01 02 04 05 06 07 08 09 18 19 20 21 22 23 26 27 28 29
2024-09-27: 2024-09-29 30
2024-09-30: 2024-10-08 09 10 11 12 14 15 16 17 18 21 22 23 24 25 28 29 30 31
2025-01-23: 2025-01-24 26 27
2025-01-31: 2025-02-05 06 07 08 10 11 12 13 14 17 18 19 20 21 24 25 26 27 28
2025-09-26: 2025-09-28 29 30
2025-10-01: 2025-10-09 10 11 13 14 15 16 17 20 21 22 23 24 27 28 29 30 31
2026-02-12: 2026-02-13 14 24 25 26 27 28
2026-02-28: 2026-03-02 03 04 05 06 09 10 11 12 13 16 17 18 19 20
2026-09-18: 2026-09-20 21 22 23 24 28 29 30
2026-09-30: 2026-10-08 09 10 12 13 14 15 16 19 20 21 22 23 26
"""
# From, how much of what, stopped, goes on, due.
PAUSED = """
2024-02-09 09:00  4 h  2024-02-09 10:00  2024-02-18 11:00  2024-02-18 15:00
2024-02-09 16:00  2 h  2024-02-12 10:00  2024-02-14 10:00  2024-02-18 10:00
2024-02-05 09:00  5 w  2024-02-07 09:00  2024-02-08 09:00  2024-02-20 17:00
2024-02-05 09:00  7 n  2024-02-12 09:00  2024-02-12 10:00  2024-02-19 00:00
2024-09-30 09:00  8 h  2024-09-30 12:00  2024-10-01 09:00  2024-10-08 15:00
2024-09-30 10:00 24 u  2024-09-30 20:00  2024-10-05 06:00  2024-10-05 20:00
2024-10-11 09:00 12 h  2024-10-12 12:00  2024-10-12 16:00  2024-10-14 10:00
2025-01-27 10:00  3 w  2025-02-07 10:00  2025-02-10 10:00  2025-02-11 17:00
2025-01-27 10:00  3 w  2025-01-27 15:00  2025-02-05 10:00  2025-02-08 17:00
2025-09-30 10:00  4 w  2025-10-10 10:00  2025-10-11 09:00  2025-10-15 17:00
2025-09-30 10:00 10 n  2025-10-05 12:00  2025-10-20 12:00  2025-10-28 00:00
2025-09-30 10:00 10 n  2025-10-05 12:00  2025-10-21 12:00  2025-10-28 00:00
2026-02-13 10:00  2 w  2026-02-14 10:00  2026-02-24 09:00  2026-02-26 17:00
2026-02-13 16:00  3 h  2026-02-14 11:00  2026-02-25 08:00  2026-02-25 08:00
2026-09-30 13:30  4 h  2026-09-30 16:30  2026-10-08 08:00  2026-10-08 10:00
2026-09-30 10:00  3 w  2026-10-09 12:00  2026-10-09 14:00  2026-10-12 17:00
2026-10-07 10:00  2 n  2026-10-08 10:00  2026-10-08 11:00  2026-10-11 00:00
"""
# Where clocks are changed in between: zone, from, how much of what, due.
ABROAD = """
America/New_York  2026-03-07 12:00 24 u  2026-03-08 13:00
America/New_York  2026-03-06 16:00  2 h  2026-03-09 10:00
America/New_York  2026-03-06 10:00  1 w  2026-03-09 17:00
America/New_York  2026-03-07 10:00  1 n  2026-03-10 00:00
Europe/London     2026-10-24 12:00 24 u  2026-10-25 11:00
Europe/London     2026-10-23 16:30  1 h  2026-10-26 09:30
"""
UNITS = {"u": "urgent_hours", "h": "working_hours", "w": "working_days", "n": "natural_days"}


def local(day: str, time: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(("first", "last", "worked"), NOTICES)
def test_holidays_and_the_days_worked_for_them_are_those_of_the_notices(
    first: str, last: str, worked: tuple[str, ...]
) -> None:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    days = [begin + timedelta(number) for number in range((end - begin).days + 1)]
    assert [TOWN.is_worked(day) for day in days] == [False] * len(days)
    assert [TOWN.is_worked(date.fromisoformat(day)) for day in worked] == [True, True]
    assert TOWN.is_worked(end + timedelta(1))
    assert TOWN.known_to == date(2026, 12, 31)


@pytest.mark.parametrize("line", DUES.strip().splitlines())
def test_limits_are_due_when_counted_by_hand(line: str) -> None:
    since_day, since_time, amount, unit, due_day, due_time = line.split()
    due = TOWN.due(local(since_day, since_time), float(amount), TimeUnit(UNITS[unit]))
    assert due == local(due_day, due_time)
    assert due.tzinfo is UTC


@pytest.mark.parametrize("line", WORKED.strip().splitlines())
def test_each_working_day_is_due_on_the_day_counted_by_hand(line: str) -> None:
    since, days = line.split(": ")
    first, *others = days.split()
    for count, day in enumerate([first, *(f"{first[:8]}{day}" for day in others)], start=1):
        assert TOWN.due(local(since, "10:00"), count, TimeUnit.WORKING_DAYS) == local(day, "17:00"), (since, count)


@pytest.mark.parametrize("line", PAUSED.strip().splitlines())
def test_limits_that_stood_are_due_when_counted_by_hand(line: str) -> None:
    words = line.split()
    since, stopped, on, due = (local(words[place], words[place + 1]) for place in (0, 4, 6, 8))
    clock = Clock.started(Limit(float(words[2]), TimeUnit(UNITS[words[3]])), since).paused(stopped, TOWN)
    assert clock.resumed(on).due(TOWN) == due


@pytest.mark.parametrize("line", ABROAD.strip().splitlines())
def test_limits_are_due_by_the_clock_of_the_town_when_counted_by_hand(line: str) -> None:
    zone, since_day, since_time, amount, unit, due_day, due_time = line.split()
    since, due = (
        datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(zone))
        for day, time in ((since_day, since_time), (due_day, due_time))
    )
    assert WorkCalendar(zone).due(since, float(amount), TimeUnit(UNITS[unit])) == due


def test_two_hundred_dues_were_counted_by_hand() -> None:
    days = sum(len(line.split()) - 1 for line in WORKED.strip().splitlines())
    assert days + sum(len(table.strip().splitlines()) for table in (DUES, PAUSED, ABROAD)) >= 200


MINUTE = timedelta(minutes=1)
MOMENTS = st.integers(0, 90 * 24 * 60).map(lambda minutes: local("2025-12-20", "00:00") + minutes * MINUTE)


def minutes_worked(since: datetime, until: datetime) -> int:
    """Minute by minute, by another rule than the calendar's: the day of each is looked up, then its time."""
    count = 0
    while since < until:
        here = since.astimezone(SHANGHAI)
        minute = here.hour * 60 + here.minute
        count += TOWN.is_worked(here.date()) and (540 <= minute < 720 or 780 <= minute < 1020)
        since += MINUTE
    return count


@given(MOMENTS, st.integers(0, 60))
def test_working_hours_are_those_that_a_walk_by_minutes_counts(since: datetime, hours: int) -> None:
    due = TOWN.due(since, hours / 2, TimeUnit.WORKING_HOURS)
    assert minutes_worked(since, due) == hours * 30
    assert hours == 0 or minutes_worked(since, due - MINUTE) == hours * 30 - 1
    assert TOWN.spent(since, due, TimeUnit.WORKING_HOURS) == pytest.approx(hours / 2)


@example(local("2025-12-20", "00:00"), 1, TimeUnit.WORKING_DAYS, [4320, 1, 1, 3899])
@given(MOMENTS, st.integers(1, 30), st.sampled_from(TimeUnit), st.lists(st.integers(1, 5000), min_size=2, max_size=6))
def test_pauses_give_time_and_never_take_any(since: datetime, amount: int, unit: TimeUnit, steps: list[int]) -> None:
    clock, at = Clock.started(Limit(amount, unit), since), since
    for number, step in enumerate(steps):
        before = clock.due(TOWN)
        at += step * MINUTE
        if number % 2 == 0:
            left = None if before is None else before - at
            clock = clock.paused(at, TOWN)
            assert clock.due(TOWN) is None
        else:
            clock = clock.resumed(at)
            due = clock.due(TOWN)
            assert due is not None
            assert due >= at or left is None or left < timedelta()
    assert clock.used <= amount + sum(steps)
    whole = Clock.started(Limit(amount, unit), since).due(TOWN)
    end = clock.resumed(at).due(TOWN)
    assert whole is not None
    assert end is not None
    assert end >= whole


def test_clock_that_stood_over_a_holiday_goes_on_where_it_stopped() -> None:
    clock = Clock.started(Limit(10, TimeUnit.WORKING_HOURS), local("2025-09-29", "09:00"))
    clock = clock.paused(local("2025-09-29", "15:00"), TOWN)
    assert clock.used == 5.0
    assert clock.resumed(local("2025-10-09", "10:00")).due(TOWN) == local("2025-10-09", "16:00")
    days = Clock.started(Limit(5, TimeUnit.WORKING_DAYS), local("2025-09-28", "10:00"))
    days = days.paused(local("2025-09-30", "11:00"), TOWN)
    assert days.used == 1.0
    assert days.resumed(local("2025-10-09", "10:00")).due(TOWN) == local("2025-10-14", "17:00")


def test_four_fifths_of_a_limit_are_counted_in_its_own_time() -> None:
    hours = Clock.started(Limit(10, TimeUnit.WORKING_HOURS), local("2025-09-30", "09:00"))
    assert hours.reached(0.8, TOWN) == local("2025-10-09", "10:00")
    assert hours.reached(1.0, TOWN) == hours.due(TOWN) == local("2025-10-09", "12:00")
    stood = hours.paused(local("2025-09-30", "17:00"), TOWN).resumed(local("2025-10-09", "09:00"))
    assert stood.reached(0.8, TOWN) == local("2025-10-09", "10:00")
    assert stood.reached(0.5, TOWN) == local("2025-10-09", "09:00")
    urgent = Clock.started(Limit(10, TimeUnit.URGENT_HOURS), local("2025-09-30", "20:00"))
    assert urgent.reached(0.8, TOWN) == local("2025-10-01", "04:00")


def test_hours_follow_the_clock_of_the_town_where_it_is_changed() -> None:
    berlin = WorkCalendar("Europe/Berlin", hours=((0, 1440),), weekend=frozenset())
    zone = ZoneInfo("Europe/Berlin")
    eve = datetime(2026, 3, 28, 23, 30, tzinfo=zone)
    assert berlin.due(eve, 3, TimeUnit.WORKING_HOURS) == datetime(2026, 3, 29, 3, 30, tzinfo=zone)
    assert berlin.due(eve, 1, TimeUnit.NATURAL_DAYS) == datetime(2026, 3, 30, tzinfo=zone)
    assert berlin.spent(eve, datetime(2026, 3, 30, tzinfo=zone), TimeUnit.WORKING_HOURS) == 23.5


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: WorkCalendar(hours=()), "not parts of a day"),
        (lambda: WorkCalendar(hours=((600, 540),)), "not parts of a day"),
        (lambda: WorkCalendar(hours=((540, 720), (700, 800))), "not parts of a day"),
        (lambda: WorkCalendar(hours=((540, 1441),)), "not parts of a day"),
        (lambda: WorkCalendar("Asia/Nowhere"), "no time zone"),
        (lambda: WorkCalendar("../etc/passwd"), "no time zone"),
        (lambda: WorkCalendar(weekend=frozenset(range(7))), "no working day"),
        (
            lambda: WorkCalendar(days_off=frozenset({date(2026, 1, 1)}), workdays=frozenset({date(2026, 1, 1)})),
            "both a day off",
        ),
        (lambda: official_calendar("XX", [2026], zone="UTC"), "No holidays"),
        (lambda: TOWN.due(datetime(2026, 1, 1), 1, TimeUnit.URGENT_HOURS), "no offset"),  # noqa: DTZ001 - what is tried
        (lambda: TOWN.due(datetime(2026, 1, 1, tzinfo=UTC), -1, TimeUnit.URGENT_HOURS), "below 0"),
        (lambda: TOWN.due(datetime(2026, 1, 1, tzinfo=UTC), 3661, TimeUnit.WORKING_DAYS), "above 3,660"),
        (lambda: Limit(0, TimeUnit.WORKING_DAYS), "not above 0"),
        (lambda: Limit(float("nan"), TimeUnit.WORKING_DAYS), "not above 0"),
    ],
)
def test_what_is_no_calendar_or_limit_is_refused(made: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        made()  # type: ignore[operator]
