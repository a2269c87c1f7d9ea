"""``/plans/{plan_id}`` as a page: how a plan stands, what was done to it, what is wrong with it, what is said of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Request, Response
from sqlalchemy.orm import Session

from api.kit.identity import identity_of
from api.plans.listing import VARY, rights_of, state_word, view_for
from api.web.plan_words import NEEDS_NAMES, OPERATIONS
from api.web.rendering import View, in_script, page
from api.web.words import has_word
from boundaries.editions.reading import edition_at
from boundaries.grids.records import PlanRecord
from boundaries.jobs.reading import database_now
from boundaries.jurisdictions.reading import jurisdiction_of
from boundaries.plans.changing import change_against
from boundaries.plans.comments import CommentRecord, comments_on
from boundaries.plans.drafts import changes_since, editors_of, get_plan
from boundaries.plans.edits.editing import list_edits
from boundaries.plans.reading import leaf_counts
from boundaries.plans.rules import verdict_on
from geogrid.errors import Problem
from geogrid.plans.checking import NEVER_ACCEPTED

_CHECKED_AT_ONCE: Final = 1_500
_MOST_EDITS: Final = 100
_MOST_PROBLEMS: Final = 60
_MOST_NAMED: Final = 6
_MAP_GRIDS: Final = 2_000
_STEPS: Final = frozenset({"created", "state", "published", "withdrawn", "accepted"})


def plan_page(  # noqa: PLR0913 - what a refused form shows again
    request: Request,
    session: Session,
    plan: PlanRecord,
    *,
    validates: bool = False,
    problems: Sequence[str] = (),
    fields: Mapping[str, str] | None = None,
    status: int = 400,
) -> Response:
    """Return the page of a plan; `problems` and `fields` are of a form that was refused with a status."""
    town = jurisdiction_of(session, plan.jurisdiction_id)
    view = view_for(request, town.code)
    may, identity = rights_of(request, town.code), identity_of(request)
    steps = changes_since(session, plan.id, -1)
    editors = editors_of(session, plan.id)
    edition = edition_at(session, town.id, database_now(session))
    counts = leaf_counts(session, plan)
    comments = comments_on(session, plan)
    is_checked = validates or counts["leaves"] <= _CHECKED_AT_ONCE
    edits = [_told(view, each) for each in reversed(list_edits(session, plan))]
    values: dict[str, Any] = {
        "plan": plan,
        "state": state_word(plan),
        "town": town,
        "counts": counts,
        "base": None if plan.based_on is None else get_plan(session, plan.based_on),
        "edition": edition,
        "change": None if edition is None or edition.id == plan.id else change_against(session, plan, edition),
        "made_by": steps[0]["by"] if steps else "",
        "edits": edits[:_MOST_EDITS],
        "edits_left": max(len(edits) - _MOST_EDITS, 0),
        "steps": [each for each in reversed(steps) if each["kind"] in _STEPS],
        "verdict": _problems(session, plan, view) if is_checked else None,
        "comments": comments,
        "may": may,
        "is_editor": identity.is_known and identity.login in editors,
        "undoes": _undoes(edits, identity.login if identity.is_known else None),
        "map_data": in_script(_map(view, plan, counts, comments)),
        "problems": problems,
        "fields": fields or {},
    }
    return page(request, "plans/plan.html", view, values=values, status=status if problems else 200, headers=VARY)


def _undoes(edits: Sequence[Mapping[str, Any]], login: str | None) -> Mapping[str, Any]:
    """Return the edits that the buttons take back and do again: one's own, or anybody's without accounts."""
    own = [each for each in edits if login is None or each["by"] == login]
    standing = next((each for each in own if not each["undone"]), None)
    undone = [each for each in own if each["undone"]]
    return {"undo": standing, "redo": undone[-1] if undone else None}


def _told(view: View, edit: Mapping[str, Any]) -> dict[str, Any]:
    """Return an edit with what it does in words."""
    operation = edit["operation"]
    kind = operation.get("kind", "")
    what = view.say(f"op_{kind}") if kind in OPERATIONS else kind
    named = ", ".join(_named(operation)[:_MOST_NAMED])
    return {**edit, "what": what, "named": named}


def _named(operation: Mapping[str, Any]) -> list[str]:
    """Return the grids that an operation names, in its order."""
    found: list[str] = []
    for member in NEEDS_NAMES:
        value = operation.get(member)
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            found += [str(each) for each in value]
        elif isinstance(value, dict):
            found += [f"{old} → {new}" for old, new in value.items()]
    return list(dict.fromkeys(found))


def _problems(session: Session, plan: PlanRecord, view: View) -> dict[str, Any]:
    """Return what is wrong with a plan, by severity and kind, as the page tells it."""
    verdict = verdict_on(session, plan)
    return {
        "errors": grouped(view, verdict.errors),
        "warnings": grouped(view, verdict.warnings),
        "accepted": grouped(view, verdict.accepted),
        "count": {name: len(getattr(verdict, name)) for name in ("errors", "warnings", "accepted")},
    }


def grouped(view: View, problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems by kind: how the page calls it, the first of them, how many there are, whether one may accept."""
    kinds: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.kind].append(problem)
    return [
        {
            "kind": kind,
            "title": kind_word(view, kind),
            "shown": found[:_MOST_PROBLEMS],
            "left": max(len(found) - _MOST_PROBLEMS, 0),
            "count": len(found),
            "is_acceptable": kind not in NEVER_ACCEPTED,
        }
        for kind, found in kinds.items()
    ]


def kind_word(view: View, kind: str) -> str:
    """Return how a page calls a kind of problem."""
    key = f"problem_{kind}"
    return view.say(key) if has_word(key) else kind


def _map(view: View, plan: PlanRecord, counts: Mapping[str, int], comments: Sequence[CommentRecord]) -> dict[str, Any]:
    level = "" if counts["grids"] <= _MAP_GRIDS else f"&level={max(counts['shown'], 1)}"
    return {
        "grids": f"/plans/{plan.id}/grids?limit={_MAP_GRIDS}{level}",
        "base": view.plain_url("/pages/base-map"),
        "attribution": list(view.calendar.attribution) if view.calendar else [],
        "comments": [
            {"id": each.id, "words": each.words, "by": each.made_by, "grid": each.grid, "lonlat": [each.lon, each.lat]}
            for each in comments
            if each.lon is not None
        ],
        "events": f"/plans/{plan.id}/events",
        "version": plan.version,
        "words": {key: view.say(key) for key in ("who_else", "nobody_else", "changed_meanwhile", "pinned", "somebody")},
    }
