"""Forms of the pages of plans: read whole, from a page of this server, answered with the way onward."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path as File
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from api.kit.identity import author_of, identity_of
from api.kit.origin import require_form_token, require_same_origin
from api.kit.values import Allowed
from api.plans.listing import list_page
from api.plans.plan_page import plan_page
from api.plans.publish_page import publish_page, publish_plan_of
from api.plans.schemas import PlanNumber, PlanPageQuery, PublishQuery
from api.plans.writes import require_other_hands
from api.state.dependencies import OpenSession, OpenStore, chosen_calendar
from api.state.sight import editions_of
from api.state.store import Store
from api.web.words import LANGS
from boundaries.audit.recording import note
from boundaries.editions.reading import edition_at
from boundaries.files.drawings import GridDrawing, draw_draft
from boundaries.files.uploaded import grid_file_of
from boundaries.grids.records import PlanRecord
from boundaries.plans.comments import NewComment, add_comment, settle_comment
from boundaries.plans.drafts import get_plan, jurisdictions_of_plans, move_state, new_draft, require_name
from boundaries.plans.edits.editing import Author, redo, undo
from boundaries.plans.rules import accept_problem
from boundaries.plans.tasks import DraftWish, ask_for_draft, cancel_task, get_task
from boundaries.publishing.withdrawing import withdraw
from geogrid.access import Action, Target
from geogrid.errors import ConflictError, GeogridError, InvalidInputError, Problem, StaleError

router = APIRouter(prefix="/plans", include_in_schema=False)

_MOST_FIELDS: Final = 60
_LONGEST: Final = 5_000
_LARGEST: Final = 2**31
_GAP_M: Final = 5.0
_ON_PAGE: Final = (InvalidInputError, ConflictError)
_STATES: Final = frozenset({"draft", "in_review", "approved"})


@dataclass(frozen=True, slots=True)
class Sent:
    """A form: its fields, the last of each name, and the file in it, if there is one."""

    fields: Mapping[str, str]
    file_name: str = ""
    content: bytes = b""

    def get(self, name: str) -> str:
        """Return a field without blanks around it; empty where there is none."""
        return self.fields.get(name, "").replace("\x00", "").strip()

    def number(self, name: str) -> int | None:
        """Return a field that is a whole number; None for an empty one; raises `InvalidInputError` for another."""
        text = self.get(name)
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and int(text) < _LARGEST):
            raise InvalidInputError.of(name, f"{name} is {text[:40]!r}, which is no whole number.", subject=name)
        return int(text)


async def own_form(request: Request) -> Sent:
    """Return a form that a page of this server has sent, from the session that it was made for.

    Raises
    ------
    ForbiddenError
        It comes from elsewhere.
    InvalidInputError
        A field is too long; all of them are named.
    """
    async with request.form(max_fields=_MOST_FIELDS, max_files=1) as form:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile) and value.filename]
        content = await files[0].read() if files else b""
    identity = identity_of(request)
    if identity.is_known:
        require_form_token(identity.form_token, fields.get("form", ""))
    else:
        require_same_origin(request)
    long = [name for name, value in fields.items() if len(value) > _LONGEST]
    if long:
        raise InvalidInputError(
            Problem("too-long", f"The field {name[:40]!r} is too long.", subject=name[:40]) for name in long
        )
    return Sent(fields, files[0].filename or "" if files else "", content)


Form = Annotated[Sent, Depends(own_form)]
PageQuery = Annotated[PlanPageQuery, Query()]
TaskNumber = Annotated[int, Path(ge=1, le=2**31 - 1), Allowed("a whole number from 1")]


def onward(request: Request, path: str) -> Response:
    """Return the way to the page that comes after a form, in its language and of its town."""
    kept = [f"{name}={request.query_params[name]}" for name in ("jurisdiction",) if name in request.query_params]
    lang = request.query_params.get("lang")
    kept += [f"lang={lang}"] if lang in LANGS else []
    path, _, part = path.partition("#")
    where = f"{path}?{'&'.join(kept)}" if kept else path
    return RedirectResponse(f"{where}#{part}" if part else where, 303, headers={"Cache-Control": "no-store"})


def sentences(error: GeogridError) -> list[str]:
    """Return what an error says, a sentence or two for each problem."""
    return [str(each) for each in error.problems] if isinstance(error, InvalidInputError) else [str(error)]


@router.post("/forms/new")
def new_plan(request: Request, query: PageQuery, sent: Form, store: OpenStore) -> Response:
    """Make a draft: a copy, one that the engine draws beside the requests, or one of a file of polygons."""
    del query
    try:
        with store.unit_of_work() as session:
            path = _made(request, session, sent)
    except _ON_PAGE as error:
        with store.unit_of_work() as session:
            return list_page(request, session, None, problems=sentences(error), fields=sent.fields)
    return onward(request, path)


def _made(request: Request, session: Session, sent: Sent) -> str:
    """Make what a form asks for; return where it is shown."""
    now = datetime.now(UTC)
    name, by, reason = require_name(sent.get("name")), author_of(request, sent.get("by")), sent.get("reason")
    base, how = _base(request, session, sent, now), sent.get("how")
    band = _band(sent)
    if how == "engine":
        wish = DraftWish(name, base.id, band, sent.number("count"), reason)
        ask_for_draft(session, base.jurisdiction_id, wish, by=by)
        return "/plans#drawings"
    if how == "file":
        return f"/plans/{_of_file(session, base, sent, name, Author(by, reason), now)}"
    plan = new_draft(session, base, name=name, made_by=by, at=now, band=band, reason=reason)
    return f"/plans/{plan.id}"


def _base(request: Request, session: Session, sent: Sent, now: datetime) -> PlanRecord:
    number = sent.number("based_on")
    if number is not None:
        base = get_plan(session, number)
        for town in jurisdictions_of_plans(session, [base.id]):
            identity_of(request).require(Action.PLANS_EDIT, Target(town))
        return base
    calendar = chosen_calendar(request, editions_of(request))
    edition = edition_at(session, calendar.id, now)
    if edition is None:
        raise InvalidInputError.of(
            "no-edition",
            f"No edition of {calendar.name} is in force.",
            "Choose a plan to start from.",
            subject="based_on",
        )
    return edition


def _band(sent: Sent) -> tuple[float, float] | None:
    texts = [sent.get("low"), sent.get("high")]
    if not any(texts):
        return None
    try:
        low, high = (float(text) for text in texts)
    except ValueError:
        low, high = 0.0, 0.0
    if not 0 < low <= high < float("inf"):
        raise InvalidInputError.of(
            "band", f"The band is {texts[0]!r} to {texts[1]!r}.", "Give two numbers, 0 < low <= high.", subject="low"
        )
    return low, high


def _of_file(  # noqa: PLR0913, PLR0917 - who and what
    session: Session, base: PlanRecord, sent: Sent, name: str, author: Author, now: datetime
) -> int:
    with TemporaryDirectory(prefix="geogrid-upload-") as folder:
        file = grid_file_of(
            File(folder), sent.file_name, sent.content, code=sent.get("code"), parents=sent.get("parents")
        )
        drawing = GridDrawing(file, _GAP_M if sent.get("repair") else None)
        done = draw_draft(session, base, drawing, name=name, author=author, at=now)
    if done.plan is None:
        raise InvalidInputError(done.problems)
    return done.plan.id


@router.post("/forms/drawings/{task_id}")
def cancel_drawing(
    request: Request, query: PageQuery, task_id: TaskNumber, sent: Form, session: OpenSession
) -> Response:
    """Cancel a draft that the engine draws."""
    del query, sent
    task = get_task(session, task_id)
    towns = {calendar.id: code for code, calendar in editions_of(request).calendars.items()}
    identity_of(request).require(Action.PLANS_EDIT, Target(towns.get(task.jurisdiction_id)))
    cancel_task(session, task_id)
    return onward(request, "/plans#drawings")


def _step(
    request: Request, store: Store, plan_id: int, sent: Sent, do: Callable[[Session, int | None], Any]
) -> Response:
    """Do what a form asks of a plan, if that is as the form knows it; else show the page with what is wrong."""
    try:
        with store.unit_of_work() as session:
            do(session, sent.number("version"))
    except _ON_PAGE as error:
        told = [str(error)] if isinstance(error, StaleError) else sentences(error)
        status = 412 if isinstance(error, StaleError) else 409 if isinstance(error, ConflictError) else 400
        with store.unit_of_work() as session:
            plan = get_plan(session, plan_id)
            return plan_page(request, session, plan, problems=told, fields=sent.fields, status=status)
    return onward(request, f"/plans/{plan_id}{sent.get('back')[:20] if sent.get('back').startswith('#') else ''}")


@router.post("/{plan_id}/forms/steps")
def step(request: Request, query: PageQuery, plan_id: PlanNumber, sent: Form, store: OpenStore) -> Response:
    """Take an edit back, or do it again."""
    del query
    author = Author(author_of(request, sent.get("by")), sent.get("reason"))
    do, is_own = redo if sent.get("do") == "redo" else undo, identity_of(request).is_known
    return _step(
        request,
        store,
        plan_id,
        sent,
        lambda session, _: do(session, plan_id, author=author, version=None, is_own=is_own),
    )


@router.post("/{plan_id}/forms/acceptances")
def accept(request: Request, query: PageQuery, plan_id: PlanNumber, sent: Form, store: OpenStore) -> Response:
    """Accept a problem with a reason."""
    del query
    author = Author(author_of(request, sent.get("by")), sent.get("reason"))
    kind, subject = sent.get("kind"), sent.get("subject")
    return _step(
        request,
        store,
        plan_id,
        sent,
        lambda session, _: accept_problem(session, plan_id, kind, subject, author=author, version=None),
    )


@router.post("/{plan_id}/forms/review")
def review(request: Request, query: PageQuery, plan_id: PlanNumber, sent: Form, store: OpenStore) -> Response:
    """Lead a plan through review."""
    del query
    by, state = author_of(request, sent.get("by")), sent.get("state")

    def do(session: Session, version: int | None) -> None:
        if state not in _STATES:
            raise InvalidInputError.of("state", "The form does not say where the plan goes.", "Open the page again.")
        if state == "approved":
            require_other_hands(request, session, plan_id)
        plan = move_state(session, plan_id, state, version=version, made_by=by, reason=sent.get("reason"))  # type: ignore[arg-type]
        note(object=f"plan {plan.id}", after={"state": plan.state, "version": plan.version})

    return _step(request, store, plan_id, sent, do)


@router.post("/{plan_id}/forms/comments")
def comment(request: Request, query: PageQuery, plan_id: PlanNumber, sent: Form, store: OpenStore) -> Response:
    """Say something of a plan, or mark what was said as settled or open."""
    del query
    by = author_of(request, sent.get("by"))

    def do(session: Session, _: int | None) -> None:
        plan, number = get_plan(session, plan_id), sent.number("comment")
        if number is not None:
            settle_comment(session, plan, number, by=None if sent.get("do") == "reopen" else by)
        else:
            said = NewComment(sent.get("words"), sent.get("grid") or None, _lonlat(sent))
            number = add_comment(session, plan, said, made_by=by).id
        note(object=f"plan {plan.id}", after={"comment": number})

    return _step(request, store, plan_id, sent, do)


def _lonlat(sent: Sent) -> tuple[float, float] | None:
    text = sent.get("lonlat")
    if not text:
        return None
    try:
        lon, lat = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        lon, lat = float("nan"), float("nan")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # noqa: PLR2004 - degrees
        raise InvalidInputError.of(
            "lonlat",
            f"The place is {text[:60]!r}.",
            "Give longitude, latitude in degrees, e.g. 116.4, 39.9.",
            subject="lonlat",
        )
    return lon, lat


@router.get("/{plan_id}/publish")
def publish_form(
    request: Request, query: Annotated[PublishQuery, Query()], plan_id: PlanNumber, session: OpenSession
) -> Response:
    """Show what publishing a plan would do, with the form for it."""
    return publish_page(request, session, get_plan(session, plan_id), fields={"valid_from": query.valid_from})


@router.post("/{plan_id}/forms/publish")
def publish(request: Request, query: PageQuery, plan_id: PlanNumber, sent: Form, store: OpenStore) -> Response:
    """Publish a plan; what speaks against it is shown beside the form."""
    del query
    by = author_of(request, sent.get("by"))
    try:
        with store.unit_of_work() as session:
            publish_plan_of(request, session, plan_id, sent.fields, by=by, version=sent.number("version"))
    except _ON_PAGE as error:
        with store.unit_of_work() as session:
            plan = get_plan(session, plan_id)
            return publish_page(request, session, plan, fields=sent.fields, problems=sentences(error))
    return onward(request, f"/plans/{plan_id}")


@router.post("/{plan_id}/forms/withdraw")
def withdraw_plan(request: Request, query: PageQuery, plan_id: PlanNumber, sent: Form, store: OpenStore) -> Response:
    """Withdraw an edition whose moment has not come."""
    del query
    by = author_of(request, sent.get("by"))

    def do(session: Session, version: int | None) -> None:
        plan = withdraw(session, plan_id, made_by=by, reason=sent.get("reason"), version=version)
        note(object=f"plan {plan.id}", after={"state": plan.state, "version": plan.version})

    return _step(request, store, plan_id, sent, do)
