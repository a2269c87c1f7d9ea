"""``/plans`` as a page: what there is, what each changes, and the form for another."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Request, Response
from sqlalchemy.orm import Session

from api.kit.cache import Cache
from api.kit.identity import identity_of
from api.plans.schemas import PlansQuery
from api.state.dependencies import chosen_calendar
from api.state.sight import editions_of
from api.web.rendering import View, page, view_of
from boundaries.editions.reading import edition_at
from boundaries.grids.records import PlanRecord
from boundaries.jobs.reading import database_now
from boundaries.jurisdictions.reading import the_jurisdiction
from boundaries.plans.changing import ChangeSummary, change_against
from boundaries.plans.drafts import list_plans, makers_of
from boundaries.plans.tasks import UNDER_WAY, tasks_of
from geogrid.access import Action, Target

RIGHTS: Final = {
    "edit": Action.PLANS_EDIT,
    "comment": Action.PLANS_COMMENT,
    "review": Action.PLANS_REVIEW,
    "approve": Action.PLANS_APPROVE,
    "publish": Action.PLANS_PUBLISH,
}
_SHOWN: Final = 20
_MOST_CHOICES: Final = 200
_PATIENCE_S: Final = 1.5
_HELD: Final = 2_000

Changes = Cache[tuple[int, int, int], ChangeSummary]
"""What plans change, by plan, version and edition."""


def new_changes() -> Changes:
    """Return the place where counted changes are held."""
    return Cache(_HELD)


def rights_of(request: Request, town: str) -> dict[str, bool]:
    """Return what who asks may do with the plans of a town, by the words of the pages."""
    identity = identity_of(request)
    return {name: identity.may(action, Target(town)) for name, action in RIGHTS.items()}


def state_word(plan: PlanRecord) -> str:
    """Return the state of a plan as the pages name it: an edition whose moment has not come is scheduled."""
    return "scheduled" if plan.is_to_come else plan.state


def list_page(
    request: Request,
    session: Session,
    query: PlansQuery | None,
    *,
    problems: Sequence[str] = (),
    fields: Mapping[str, str] | None = None,
) -> Response:
    """Return the page of the plans of a jurisdiction; `problems` and `fields` are of a form that was refused."""
    editions = editions_of(request)
    if not editions.calendars and editions.problem is None:
        return page(request, "nothing.html", view_of(request))
    calendar = chosen_calendar(request, editions)
    view = view_of(request, calendar)
    town = the_jurisdiction(session, calendar.code)
    plans = list_plans(session, town, query.state if query else None)
    before = query.before if query else None
    rest = [each for each in plans if before is None or each.id < before]
    shown = rest[:_SHOWN]
    edition = edition_at(session, town.id, database_now(session))
    makers = makers_of(session, [each.id for each in shown])
    values: dict[str, Any] = {
        "calendars": editions.calendars,
        "rows": [
            {"plan": each, "state": state_word(each), "by": makers.get(each.id, ""), "change": change}
            for each, change in zip(shown, _changes(request, session, shown, edition), strict=True)
        ],
        "count": len(plans),
        "older": shown[-1].id if len(rest) > _SHOWN else None,
        "state": query.state if query else None,
        "edition": edition,
        "bases": plans[:_MOST_CHOICES],
        "tasks": tasks_of(session, town.id),
        "under_way": UNDER_WAY,
        "may": rights_of(request, calendar.code),
        "problems": problems,
        "fields": fields or {},
    }
    return page(request, "plans/list.html", view, values=values, status=400 if problems else 200, headers=VARY)


VARY: Final = {"Vary": "Accept, Accept-Language"}


def view_for(request: Request, code: str) -> View:
    """Return the view of a page about a plan of a town."""
    return view_of(request, editions_of(request).calendars.get(code))


def _changes(
    request: Request, session: Session, plans: Sequence[PlanRecord], edition: PlanRecord | None
) -> list[ChangeSummary | None]:
    """Return what each plan changes; None for what there is no time for, which another look at the page brings."""
    held: Changes = request.app.state.plan_changes
    end = time.monotonic() + _PATIENCE_S
    found: list[ChangeSummary | None] = []
    for plan in plans:
        if edition is None or plan.id == edition.id:
            found.append(None)
            continue
        key = (plan.id, plan.version, edition.id)
        change = held.peek(key)
        if change is None and time.monotonic() < end:
            change = change_against(session, plan, edition)
            held.put(key, change)
        found.append(change)
    return found
