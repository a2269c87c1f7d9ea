"""``/search/{case_id}/work``: where a case stands, and a form for each step that who looks may do."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from api.cases.routes import CaseNumber
from api.cases.sight import seen_case
from api.casework.standing import do_allowed, next_steps
from api.kit.forms import Fields, read_page_fields
from api.kit.identity import author_of, identity_of
from api.state.dependencies import Editions, OpenSession, OpenStore
from api.state.editions import EditionBook
from api.web.rendering import View, page, view_of
from boundaries.cases.reading import CaseRecord
from boundaries.casework.working import AskedStep, StaleWorkError, WorkRecord, work_of
from boundaries.jobs.reading import database_now
from geogrid.casework import STATE_NAMES, Ask, CaseStep
from geogrid.errors import InvalidInputError, NotFoundError, Problem


def case_on_page(request: Request, case_id: CaseNumber, session: OpenSession) -> CaseRecord:
    """Return a case that who asks sees, before anything that he sent is read; raises as `seen_case`."""
    return seen_case(request, session, case_id)[0]


OnPage = Annotated[CaseRecord, Depends(case_on_page)]
router = APIRouter(include_in_schema=False)

_NUMBERS: Final = {Ask.INTO: int, Ask.AMOUNT: float}
_MOST_DIGITS: Final = 18
# Sentences of problems in the language of the page; others are told as they are.
_TOLD: Final = {"own-work": "own_work", "not-in-this-state": "not_now"}


@router.get("/search/{case_id}/work")  # noqa: FAST003 - of `OnPage`
def work_page(request: Request, case: OnPage, editions: Editions, store: OpenStore) -> Response:
    """Show where a case stands, its clocks, and what may be done to it next."""
    with store.unit_of_work() as session:
        return _page(request, session, editions, case)


@router.post("/search/{case_id}/work")
def work_form(
    request: Request,
    case: OnPage,
    fields: Annotated[Fields, Depends(read_page_fields)],
    editions: Editions,
    store: OpenStore,
) -> Response:
    """Do a step that a form of the page asks for, and show the page again; what is refused says why."""
    try:
        with store.unit_of_work() as session:
            do_allowed(session, identity_of(request), case, _asked(request, fields))
    except (InvalidInputError, NotFoundError, StaleWorkError) as error:
        with store.unit_of_work() as session:
            return _page(request, session, editions, case, error=error)
    view = view_of(request, editions.calendar(case.jurisdiction))
    return RedirectResponse(view.url(f"/search/{case.id}/work"), 303, headers={"Cache-Control": "no-store"})


def _asked(request: Request, fields: Mapping[str, str]) -> AskedStep:
    given = {ask: fields.get(ask.value, "").replace("\x00", "").strip() for ask in Ask}
    said: dict[Ask, Any] = {ask: value for ask, value in given.items() if value}
    for ask, kind in _NUMBERS.items():
        if ask in said:
            said[ask] = _number(said[ask], kind, ask)
    if Ask.SATISFIED in said:
        said[Ask.SATISFIED] = said[Ask.SATISFIED] == "yes"
    version = fields.get("version", "")
    seen = int(version) if version.isascii() and version.isdecimal() and len(version) < _MOST_DIGITS else None
    action, number = fields.get("action", "")[:40], fields.get("client_id", "")[:64]
    return AskedStep(action, author_of(request, ""), number or secrets.token_urlsafe(12), said, seen)


def _number(words: str, kind: type[int] | type[float], ask: Ask) -> int | float:
    if words.isascii() and len(words) < _MOST_DIGITS and words.replace(".", "", kind is float).isdecimal():
        return kind(words)
    raise InvalidInputError.of(ask.value, f"{words[:40]!r} is no number.", subject=ask.value)


def _page(
    request: Request,
    session: Session,
    editions: EditionBook,
    case: CaseRecord,
    *,
    error: Exception | None = None,
) -> Response:
    view = view_of(request, editions.calendar(case.jurisdiction))
    language = int(view.lang == "zh")
    record, now = work_of(session, case.id), database_now(session)
    values = {
        "case": case,
        "work": record.work,
        "state": STATE_NAMES[record.work.state][language],
        "clocks": _clocks(record, now),
        "steps": [_step(step, language) for step in next_steps(request, session, case, record)],
        "client_id": secrets.token_urlsafe(12),
        "problems": [] if error is None else _sentences(view, error),
    }
    status = 200 if error is None else 412 if isinstance(error, StaleWorkError) else 400
    return page(request, "work.html", view, values=values, status=status)


def _clocks(record: WorkRecord, now: datetime) -> list[dict[str, Any]]:
    found = []
    for name, clock in (("work_due", record.work.stage), ("work_total_due", record.work.total)):
        due = None if clock is None else clock.due(record.rules.calendar)
        is_up = due is not None and due < now
        found.append({"name": name, "has_limit": clock is not None, "due": due, "is_up": is_up})
    return found


def _step(step: CaseStep, language: int) -> dict[str, Any]:
    return {"action": step.action, "name": step.names[language], "asks": [ask.value for ask in step.asks]}


def _sentences(view: View, error: Exception) -> list[str]:
    if isinstance(error, StaleWorkError):
        return [view.say("work_gone_on")]
    problems: Sequence[Problem] = error.problems if isinstance(error, InvalidInputError) else ()
    return [_sentence(view, problem) for problem in problems] or [str(error)]


def _sentence(view: View, problem: Problem) -> str:
    if problem.kind == "not-said":
        return view.say("unsaid", what=view.say(f"ask_{problem.subject}"))
    return view.say(_TOLD[problem.kind]) if problem.kind in _TOLD else str(problem)
