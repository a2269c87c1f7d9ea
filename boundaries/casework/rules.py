"""The rules of a town: read, checked whole, stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from boundaries.casework.escalation_rules import escalation_document, read_escalation, read_object
from boundaries.casework.tables import CaseRulesRow
from boundaries.jurisdictions.tables import Jurisdiction
from geogrid.casework import (
    OPEN_STATES,
    PROFILES,
    SIMPLE,
    CaseRules,
    CaseState,
    CategoryRules,
    Limit,
    Profile,
    TimeUnit,
    WorkCalendar,
)
from geogrid.errors import InvalidInputError, Problem

_MEMBERS: Final = ("profile", "limits", "total", "calendar", "escalation", "by_category")
_OF_CATEGORY: Final = ("limits", "total", "escalation")
_CALENDAR: Final = ("zone", "hours", "days_off", "workdays", "weekend", "known_to")
_UNITS: Final = ", ".join(TimeUnit)


@dataclass(frozen=True, slots=True)
class StoredRules:
    """The rules of a jurisdiction; `version` 0 are those of whom nobody has said any."""

    rules: CaseRules
    version: int


def own_rules(session: Session, jurisdiction_id: int) -> StoredRules | None:
    """Return the rules that a jurisdiction has given itself; None where it has said nothing."""
    row = session.get(CaseRulesRow, jurisdiction_id)
    return None if row is None else StoredRules(read_rules(row.rules), row.version)


def rules_of(session: Session, jurisdiction_id: int) -> StoredRules:
    """Return the rules of a jurisdiction; simple ones without limits where it has none of its own."""
    own = own_rules(session, jurisdiction_id)
    if own is not None:
        return own
    zone = session.scalar(select(Jurisdiction.time_zone).where(Jurisdiction.id == jurisdiction_id))
    return StoredRules(CaseRules(SIMPLE, WorkCalendar(zone or "UTC")), 0)


def store_rules(session: Session, jurisdiction_id: int, rules: CaseRules) -> None:
    """Store the rules of a jurisdiction; clocks that run already keep their limits."""
    values = {"jurisdiction_id": jurisdiction_id, "rules": rules_document(rules)}
    statement = insert(CaseRulesRow).values(values)
    changed = {"rules": statement.excluded.rules, "version": CaseRulesRow.version + 1, "changed_at": func.now()}
    session.execute(statement.on_conflict_do_update(index_elements=["jurisdiction_id"], set_=changed))


def rules_document(rules: CaseRules) -> dict[str, Any]:
    """Return rules as JSON, as `read_rules` takes them."""
    calendar = rules.calendar
    usual = CategoryRules(rules.limits, rules.total, rules.escalations)
    return {
        "profile": rules.profile.name,
        "total": None,
        **_clocks_document(usual),
        "by_category": {category: _clocks_document(own) for category, own in rules.by_category.items()},
        "calendar": {
            "zone": calendar.zone,
            "hours": [[_clock_time(begin), _clock_time(end)] for begin, end in calendar.hours],
            "days_off": sorted(day.isoformat() for day in calendar.days_off),
            "workdays": sorted(day.isoformat() for day in calendar.workdays),
            "weekend": sorted(calendar.weekend),
            "known_to": None if calendar.known_to is None else calendar.known_to.isoformat(),
        },
    }


def read_rules(document: object, *, zone: str = "UTC") -> CaseRules:
    """Return rules from JSON.

    Parameters
    ----------
    document : object
        ``profile``, ``limits`` by state, ``total``, ``calendar``, ``escalation``, and ``by_category`` what is otherwise
        for cases of one; what is left out is that of a town that has said nothing.
    zone : str
        Of the jurisdiction, where the calendar names none.

    Raises
    ------
    InvalidInputError
        With everything that is wrong.
    """
    problems: list[Problem] = []
    members = read_object(document, "the rules", _MEMBERS, problems)
    name = members.get("profile", SIMPLE.name)
    profile = PROFILES.get(name) if isinstance(name, str) else None
    if profile is None:
        message = f"There is no profile {name!r}."
        problems.append(Problem("profile", message, f"Profiles: {', '.join(PROFILES)}.", subject="profile"))
    usual = _clocks(members, "", profile or SIMPLE, problems)
    calendar = _calendar(members.get("calendar"), zone, problems)
    by_category = _by_category(members.get("by_category"), profile or SIMPLE, problems)
    if problems or profile is None or calendar is None:
        raise InvalidInputError(problems)
    return CaseRules(profile, calendar, usual.limits, usual.total, usual.escalations or (), by_category)


def _by_category(given: object, profile: Profile, problems: list[Problem]) -> dict[str, CategoryRules]:
    found = {}
    for category, value in read_object(given, "by_category", None, problems).items():
        where = f"by_category.{category}"
        if not category.strip():
            problems.append(Problem("category", "by_category has a category without a name.", subject=where))
        members = read_object(value, where, _OF_CATEGORY, problems)
        found[category] = _clocks(members, f"{where}.", profile, problems)
    return found


def _clocks(members: Mapping[str, Any], prefix: str, profile: Profile, problems: list[Problem]) -> CategoryRules:
    """Return limits and ways up, of the town or of one of its categories; None is what was not said."""
    total, lines = members.get("total"), members.get("escalation")
    return CategoryRules(
        _limits(members.get("limits"), profile, problems, f"{prefix}limits"),
        None if total is None else _limit(total, f"{prefix}total", problems),
        None if lines is None else read_escalation(lines, f"{prefix}escalation", _open_states(profile), problems),
    )


def _open_states(profile: Profile) -> tuple[str, ...]:
    return tuple(state.value for state in profile.states if state in OPEN_STATES)


def _limits(given: object, profile: Profile, problems: list[Problem], where: str) -> dict[CaseState, Limit]:
    possible = _open_states(profile)
    found = {}
    for name, value in read_object(given, where, possible, problems).items():
        limit = _limit(value, f"{where}.{name}", problems)
        if limit is not None and name in possible:
            found[CaseState(name)] = limit
    return found


def _limit(given: object, where: str, problems: list[Problem]) -> Limit | None:
    if not isinstance(given, Mapping) or set(given) != {"amount", "unit"}:
        message = f"{where} is {given!r:.80}, and a limit is like {{'amount': 4, 'unit': 'working_hours'}}."
        problems.append(Problem("limit", message, subject=where))
        return None
    amount, unit = given["amount"], given["unit"]
    if unit not in set(TimeUnit):
        problems.append(Problem("unit", f"{where} has the unit {unit!r:.80}.", f"Units: {_UNITS}.", subject=where))
        return None
    is_number = isinstance(amount, (int, float)) and not isinstance(amount, bool)
    if not is_number or not 0 < amount <= _most(TimeUnit(unit)):
        message = f"{where} is {amount!r:.80}, not above 0 and at most {_most(TimeUnit(unit)):,}."
        problems.append(Problem("amount", message, subject=where))
        return None
    if TimeUnit(unit).is_days and amount != int(amount):
        problems.append(Problem("amount", f"{where} is {amount} days: days are counted whole.", subject=where))
        return None
    return Limit(float(amount), TimeUnit(unit))


def _most(unit: TimeUnit) -> int:
    return 366 if unit.is_days else 366 * 24


def _calendar(given: object, zone: str, problems: list[Problem]) -> WorkCalendar | None:
    members = read_object(given, "calendar", _CALENDAR, problems)
    usual = WorkCalendar()
    try:
        return WorkCalendar(
            str(members.get("zone", zone)),
            tuple((_minute(begin), _minute(end)) for begin, end in members["hours"])
            if "hours" in members
            else usual.hours,
            frozenset(date.fromisoformat(day) for day in members.get("days_off", ())),
            frozenset(date.fromisoformat(day) for day in members.get("workdays", ())),
            frozenset(members.get("weekend", usual.weekend)),
            None if members.get("known_to") is None else date.fromisoformat(members["known_to"]),
        )
    except (ValueError, TypeError) as error:
        remedy = "Hours are like [['09:00', '17:00']], days like '2026-10-01', the weekend like [5, 6]."
        problems.append(Problem("calendar", f"The calendar is none: {error}", remedy, subject="calendar"))
        return None


def _limit_document(limit: Limit) -> dict[str, Any]:
    return {"amount": limit.amount, "unit": limit.unit.value}


def _clocks_document(clocks: CategoryRules) -> dict[str, Any]:
    return {
        "limits": {state.value: _limit_document(limit) for state, limit in clocks.limits.items()},
        **({} if clocks.total is None else {"total": _limit_document(clocks.total)}),
        **({} if clocks.escalations is None else {"escalation": escalation_document(clocks.escalations)}),
    }


def _clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute(words: object) -> int:
    hour, _, minute = str(words).partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and len(minute) == 2 and int(minute) < 60):  # noqa: PLR2004 - hh:mm
        raise ValueError(f"{words!r} is no time of day")
    return int(hour) * 60 + int(minute)
