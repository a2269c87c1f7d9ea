"""What a period of validity does to answers that were given already, and to time in which nothing would be in force."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.editions.reading import edition_after
from boundaries.grids.records import PlanValues
from boundaries.jobs.reading import database_now
from geogrid.errors import InvalidInputError, Problem
from geogrid.wording import counted

BY_NAME: Final = ("backdated", "hole")
"""Kinds of warnings that no reason for all warnings accepts: each is accepted by its name."""

_GRACE: Final = timedelta(minutes=5)
_ANSWERED: Final = text("""
    select p.id, p.name from plans p
    where p.jurisdiction_id = :jurisdiction and p.validity && tstzrange(:first, :last)
    order by lower(p.validity)
""")
_CASES: Final = text("""
    select count(*) from public_cases
    where jurisdiction_id = :jurisdiction and reported_at >= :first and reported_at < :last
""")


@dataclass(frozen=True, slots=True)
class Validity:
    """From when, with offset, until when: None until replaced."""

    valid_from: datetime
    valid_to: datetime | None = None


def period_problems(session: Session, plan: PlanValues, period: Validity) -> list[Problem]:
    """Return the warnings of a period: that it begins in the past, and that nothing is in force after it.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        What is to be in force then.
    period : Validity
        With offsets.
    """
    return [*_backdated(session, plan, period), *_hole(session, plan, period)]


def _backdated(session: Session, plan: PlanValues, period: Validity) -> list[Problem]:
    now = database_now(session)
    last = now if period.valid_to is None else min(now, period.valid_to)
    if period.valid_from >= now - _GRACE or last <= period.valid_from:
        return []
    past = {"jurisdiction": plan.jurisdiction_id, "first": period.valid_from, "last": last}
    answered = session.execute(_ANSWERED, past).all()
    if not answered:
        return []
    cases = session.scalar(_CASES, past) or 0
    names = ", ".join(f"{row.name!r} ({row.id})" for row in answered)
    subject = period.valid_from.isoformat()
    return [
        Problem(
            "backdated",
            f"The period begins {_ago(now - period.valid_from)} ago, at {subject}: lookups of that time were answered "
            f"from edition {names} and are answered otherwise from now on; "
            f"{counted(cases, 'case was', 'cases were')} reported in it.",
            "Publish from a moment to come, or accept it by its name, backdated, with a reason.",
            severity="warning",
            subject=subject,
        )
    ]


def _ago(past: timedelta) -> str:
    hours = past.total_seconds() / 3600.0
    return f"{hours / 24:,.0f} days" if hours >= 48 else f"{hours:,.1f} hours"  # noqa: PLR2004 - two days


def _hole(session: Session, plan: PlanValues, period: Validity) -> list[Problem]:
    if period.valid_to is None:
        return []
    later = edition_after(session, plan.jurisdiction_id, period.valid_to)
    if later is not None and later.valid_from == period.valid_to:
        return []
    subject = period.valid_to.isoformat()
    end = "for good" if later is None or later.valid_from is None else f"until {later.valid_from.isoformat()}"
    return [
        Problem(
            "hole",
            f"The period ends at {subject}, and no edition is in force from then on {end}: lookups find no grid.",
            "Leave valid_to out, so that it is in force until replaced, or accept it by its name, hole, with a reason.",
            severity="warning",
            subject=subject,
        )
    ]


def require_reason(accept: Collection[str], reason: str) -> None:
    """Refuse kinds that cannot be accepted by name, and an acceptance without a reason; everything at once."""
    problems = [
        Problem("not-by-name", f"{kind!r} is no warning of a period.", f"There are: {', '.join(BY_NAME)}.")
        for kind in accept
        if kind not in BY_NAME
    ]
    if accept and not reason.strip():
        problems.append(Problem("no-reason", "No reason is given.", "Say why it is acceptable.", subject="reason"))
    if problems:
        raise InvalidInputError(problems)
