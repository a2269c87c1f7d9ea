"""``/plans/{plan_id}/publish``: what publishing a plan would do, and the form that does it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from sqlalchemy.orm import Session

from api.plans.listing import rights_of, state_word, view_for
from api.plans.plan_page import grouped
from api.web.rendering import View, page
from boundaries.audit.recording import note
from boundaries.editions.reading import edition_until
from boundaries.grids.records import PlanRecord
from boundaries.jobs.reading import database_now
from boundaries.jurisdictions.reading import jurisdiction_of
from boundaries.plans.comparing import compare_plans, moved_frame
from boundaries.plans.drafts import get_plan
from boundaries.plans.edits.editing import Author
from boundaries.plans.rules import accept_problem, verdict_on
from boundaries.publishing.periods import BY_NAME, Validity, period_problems
from boundaries.publishing.rules import Publication, publish_plan
from geogrid.errors import InvalidInputError, Problem
from geogrid.plans.comparing import Comparison

_FORM: Final = "%Y-%m-%dT%H:%M"
_MOST_CASES: Final = 40
_MONDAY: Final = 7


def publish_page(
    request: Request,
    session: Session,
    plan: PlanRecord,
    *,
    fields: Mapping[str, str],
    problems: Sequence[str] = (),
) -> Response:
    """Return the page; `problems` are of a form that was refused."""
    town = jurisdiction_of(session, plan.jurisdiction_id)
    view, zone = view_for(request, town.code), ZoneInfo(town.time_zone)
    told = list(problems)
    try:
        start = _moment(fields.get("valid_from", ""), zone, view) or next_monday(database_now(session), zone)
    except InvalidInputError as error:
        start, told = next_monday(database_now(session), zone), told or [str(error)]
    former = edition_until(session, town.id, start)
    period = period_problems(session, plan, Validity(start))
    verdict = verdict_on(session, plan, at=start, more=period)
    comparison = None if former is None or former.id == plan.id else compare_plans(session, former, plan)
    values: dict[str, Any] = {
        "plan": plan,
        "state": state_word(plan),
        "town": town,
        "former": former,
        "starts": start.astimezone(zone).strftime(_FORM),
        "start": start,
        "errors": grouped(view, verdict.errors),
        "warnings": grouped(view, verdict.warnings),
        "accepted": len(verdict.accepted),
        "ending": [] if comparison is None else ending_duties(comparison),
        "cases": [] if comparison is None or former is None else _cases(session, comparison, former, plan),
        "cases_total": 0 if comparison is None else int(comparison.cases.sum()),
        "may": rights_of(request, town.code),
        "fields": fields,
        "problems": told,
    }
    return page(request, "plans/publish.html", view, values=values, status=400 if told else 200)


def next_monday(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the midnight at which the next Monday begins in a time zone."""
    day = now.astimezone(zone).date()
    day += timedelta(days=_MONDAY - day.weekday())
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def ending_duties(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the duties that are on no grid after, or on fewer: who, as what, and on which grids before and after."""
    return [
        {"role": each.role, "holder": each.holder, "before": each.before, "after": each.after}
        for each in comparison.duties
        if set(each.before) - set(each.after)
    ]


def publish_plan_of(  # noqa: PLR0913 - who, what and as it was read
    request: Request, session: Session, plan_id: int, fields: Mapping[str, str], *, by: str, version: int | None
) -> PlanRecord:
    """Publish a plan as a form says; each warning is kept with the reason that the form gives for its kind.

    Raises
    ------
    GeogridError
        As `publish_plan`.
    """
    plan = get_plan(session, plan_id)
    town = jurisdiction_of(session, plan.jurisdiction_id)
    view, zone = view_for(request, town.code), ZoneInfo(town.time_zone)
    start = _moment(fields.get("valid_from", ""), zone, view)
    if start is None:
        raise InvalidInputError.of("valid_from", view.say("no_moment"), subject="valid_from")
    # The version is looked at once, before acceptances give the plan further ones.
    if version is not None and version != plan.version:
        publish_plan(session, plan_id, Publication(start, by), version=version)
    reasons = {
        name.removeprefix("reason-"): value.strip() for name, value in fields.items() if name.startswith("reason-")
    }
    reason = fields.get("notice", "").strip()
    period = period_problems(session, plan, Validity(start))
    verdict = verdict_on(session, plan, at=start, more=period)
    _accept(session, plan, [each for each in verdict.warnings if each.kind not in BY_NAME], reasons, by)
    named = tuple(kind for kind in BY_NAME if reasons.get(kind))
    how = Publication(
        start, by, reason="; ".join(filter(None, [reason, *(reasons[kind] for kind in named)])), accept=named
    )
    done = publish_plan(session, plan_id, how, version=None)
    note(object=f"plan {plan.id}", after={"valid_from": start.isoformat(), "notice": reason})
    return done


def _accept(
    session: Session, plan: PlanRecord, warnings: Sequence[Problem], reasons: Mapping[str, str], by: str
) -> None:
    for each in warnings:
        reason = reasons.get(each.kind, "")
        if reason:
            accept_problem(session, plan.id, each.kind, each.subject, author=Author(by, reason), version=None)


def _moment(text: str, zone: ZoneInfo, view: View) -> datetime | None:
    """Return the moment that a field holds, in the time of the town where it says no other; None for an empty one."""
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInputError.of(
            "valid_from", view.say("bad_moment", value=text[:40]), subject="valid_from"
        ) from error
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    if not datetime(2000, 1, 1, tzinfo=UTC) <= moment < datetime(2200, 1, 1, tzinfo=UTC):
        raise InvalidInputError.of("valid_from", view.say("bad_moment", value=text[:40]), subject="valid_from")
    return moment


def _cases(session: Session, comparison: Comparison, former: PlanRecord, plan: PlanRecord) -> list[dict[str, Any]]:
    """Return how many open cases go from which grid to which, the most first."""
    moved = moved_frame(session, comparison, former, plan)
    rows = moved[moved["open_cases"] > 0].sort_values(["open_cases", "before"], ascending=[False, True])
    return [
        {"before": row["before"] or "–", "after": row["after"] or "–", "cases": int(row["open_cases"])}
        for row in rows.drop(columns="geometry").head(_MOST_CASES).to_dict("records")
    ]
