"""``/search``: the case handler's list and map, and one case with everything known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Request, Response
from pydantic import ValidationError

from api.cases.cursors import Cursor, read_cursor
from api.cases.reporter_schemas import MOST_REASON
from api.cases.reporters import ToReveal, may_reveal, revealed
from api.cases.schemas import CaseQuery
from api.cases.sight import seen_case, sight_of_cases
from api.kit.constraints import words_for
from api.kit.forms import OwnFields
from api.kit.identity import identity_of
from api.kit.values import Allowed
from api.state.dependencies import Editions, OpenStore, chosen_calendar
from api.state.editions import EditionBook
from api.web.rendering import View, in_script, page, view_of
from boundaries.cases.reading import (
    CaseEventRecord,
    CaseFilter,
    CaseKey,
    CasePage,
    CaseRecord,
    case_facets,
    count_cases,
    events_of,
    find_cases,
)
from boundaries.cases.reporters import SetApart, has_apart
from geogrid.casework import EVENT_NAMES
from geogrid.editions import Duty, Edition, GridInfo, Located
from geogrid.errors import InvalidInputError

router = APIRouter(include_in_schema=False)

_PAGE = 25
_FIELDS = ("text", "grid", "channel", "category", "status", "from", "to", "has_grid", "external_id")
_LISTED_GRIDS = 600
_DRAWN_GRIDS = 2_000


@dataclass(frozen=True, slots=True)
class SearchForm:
    """What was filled in: the fields as typed, the filter they mean, and what is wrong with them."""

    fields: Mapping[str, str]
    wanted: CaseFilter
    parameters: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revealing:
    """Whether a page offers what is sealed of a case; what was opened; whether it was asked for without a reason."""

    is_offered: bool
    opened: SetApart | None = None
    has_no_reason: bool = False


@router.get("/search")
def search(request: Request, editions: Editions, store: OpenStore) -> Response:
    """Show the cases that match the form, as a list and on a map."""
    calendar = chosen_calendar(request, editions)
    view = view_of(request, calendar)
    form = read_form(request, view)
    problems, sight = dict(form.problems), sight_of_cases(request, calendar.code)
    result, matched = CasePage((), has_newer=False, has_older=False), 0
    with store.unit_of_work() as session:
        facets = case_facets(session, calendar.id)
        try:
            if not problems:
                wanted = sight.narrowed(form.wanted)
                result = find_cases(session, calendar.id, wanted, limit=_PAGE, **_position(request))
                matched = count_cases(session, calendar.id, wanted)
        except InvalidInputError as error:
            problems |= {problem.subject: _sentence(view, problem.subject, str(problem)) for problem in error.problems}
    edition = editions.edition(calendar)
    cases = sight.shown(result.cases)
    values: dict[str, Any] = {
        "form": form,
        "problems": problems,
        "facets": facets,
        "matched": matched,
        "cases": cases,
        "turns": _turns(view, form, result),
        "grids": edition.grids if edition is not None and len(edition.grids) <= _LISTED_GRIDS else {},
        "map_data": in_script(
            {"cases": [_marker(view, case, n) for n, case in enumerate(cases, 1)], **_map(view, edition)}
        ),
    }
    return page(request, "search.html", view, values=values, status=400 if problems else 200)


@router.get("/search/{case_id}")
def one_case(
    request: Request,
    case_id: Annotated[int, Path(ge=1, le=2**63 - 1), Allowed("a whole number from 1")],
    editions: Editions,
    store: OpenStore,
) -> Response:
    """Show one case: its text, its place, who is on duty there, and its history."""
    with store.unit_of_work() as session:
        case, events = seen_case(request, session, case_id)
        may_ask = identity_of(request).form_token != "" and may_reveal(request, session, case)
        can_reveal = may_ask and has_apart(session, case.id)
    return _case_page(request, editions, case, events, Revealing(is_offered=can_reveal))


@router.post("/search/{case_id}/reporter")  # noqa: FAST003 - of `ToReveal`
def one_reporter(request: Request, case: ToReveal, editions: Editions, fields: OwnFields, store: OpenStore) -> Response:
    """Show one case with its reporter in plain words, once, for a reason that the audit keeps."""
    reason, opened = fields.get("reason", "").strip(), None
    with store.unit_of_work() as session:
        events = events_of(session, case.id)
        if 0 < len(reason) <= MOST_REASON:
            opened = revealed(request, session, case, reason=reason)
    revealing = Revealing(is_offered=True, opened=opened, has_no_reason=opened is None)
    return _case_page(request, editions, case, events, revealing)


def _case_page(
    request: Request,
    editions: EditionBook,
    case: CaseRecord,
    events: Sequence[CaseEventRecord],
    revealing: Revealing,
) -> Response:
    calendar = editions.calendar(case.jurisdiction)
    view, edition = view_of(request, calendar), editions.edition(calendar)
    located = None
    if edition is not None and case.lon is not None and case.lat is not None:
        located = edition.locate(case.lon, case.lat, error_m=case.positional_error_m)
    values = {
        "case": case,
        "events": events,
        "step_names": {step: names[view.lang == "zh"] for step, names in EVENT_NAMES.items()},
        "located": located,
        "pairs": _duties(located),
        "revealing": revealing,
        "back": view.url(
            "/search", {name: request.query_params[name] for name in _FIELDS if name in request.query_params}
        ),
        "map_data": in_script(
            {"cases": [_marker(view, case, 0)] if case.lon is not None else [], **_map(view, edition)}
        ),
    }
    return page(request, "case.html", view, values=values, status=400 if revealing.has_no_reason else 200)


def _duties(located: Located | None) -> list[tuple[GridInfo, Duty]]:
    if located is None:
        return []
    return [(grid, duty) for grid in located.chain for duty in located.duties[grid.code]]


def read_form(request: Request, view: View) -> SearchForm:
    """Return what the form holds; empty fields do not limit."""
    fields = {name: request.query_params.get(name, "").strip() for name in _FIELDS}
    parameters = {name: value for name, value in fields.items() if value and name not in {"from", "to"}}
    problems: dict[str, str] = {}
    days = {name: _day(view, fields[name], name, problems) for name in ("from", "to")}
    if days["from"] is not None:
        parameters["since"] = _midnight(view, days["from"]).isoformat()
    if days["to"] is not None:
        parameters["until"] = _midnight(view, days["to"] + timedelta(days=1)).isoformat()
    if days["from"] is not None and days["to"] is not None and days["from"] > days["to"]:
        problems["from"] = view.say("empty_period")
    values: dict[str, Any] = {**parameters}
    values |= {name: [values[name]] for name in ("channel", "category", "status") if name in values}
    try:
        case_filter = CaseQuery.model_validate(values).to_filter()
    except ValidationError as error:
        case_filter = CaseFilter()
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else "from"
            problems.setdefault(name, _not_allowed(view, name, fields.get(name, "")))
    return SearchForm(fields, case_filter, parameters, problems)


def _day(view: View, value: str, name: str, problems: dict[str, str]) -> date | None:
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
        _midnight(view, day + timedelta(days=1))
    except (ValueError, OverflowError):
        problems[name] = view.say("bad_date", value=value)
        return None
    return day


def _midnight(view: View, day: date) -> datetime:
    zone = ZoneInfo(view.calendar.time_zone if view.calendar is not None else "UTC")
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _not_allowed(view: View, name: str, value: str) -> str:
    allowed = words_for(CaseQuery.model_fields[name]) if name in CaseQuery.model_fields else ""
    return view.say("not_allowed", value=value[:80], allowed=allowed)


def _sentence(view: View, subject: str, sentence: str) -> str:
    return view.say("unknown_grid") if subject == "grid" else view.say("bad_place") if subject == "cursor" else sentence


def _position(request: Request) -> dict[str, CaseKey]:
    text = request.query_params.get("cursor")
    if not text:
        return {}
    cursor = read_cursor(text)
    return {f"{cursor.direction}_than": cursor.key}


def _turns(view: View, form: SearchForm, result: CasePage) -> dict[str, str]:
    turns = {}
    if result.cases and result.has_newer:
        newer = Cursor("newer", CaseKey(result.cases[0].reported_at, result.cases[0].id))
        turns["newer"] = view.url("/search", form.fields, cursor=newer)
    if result.cases and result.has_older:
        older = Cursor("older", CaseKey(result.cases[-1].reported_at, result.cases[-1].id))
        turns["older"] = view.url("/search", form.fields, cursor=older)
    return turns


def _map(view: View, edition: Edition | None) -> dict[str, Any]:
    return {
        "grids": view.plain_url("/collections/grids/items", limit=_DRAWN_GRIDS),
        "is_large": edition is not None and len(edition.grids) > _DRAWN_GRIDS,
        "base": view.plain_url("/pages/base-map"),
        "attribution": [] if view.calendar is None else list(view.calendar.attribution),
    }


def _marker(view: View, case: CaseRecord, number: int) -> dict[str, Any]:
    return {
        "id": case.id,
        "number": number,
        "lon": case.lon,
        "lat": case.lat,
        "error_m": case.positional_error_m,
        "title": case.text or case.address or view.say("case", number=case.id),
        "grid": case.grid,
        "grid_name": case.grid_name or view.say("no_grid"),
        "url": view.url(f"/search/{case.id}"),
    }
