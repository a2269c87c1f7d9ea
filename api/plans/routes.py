"""``/plans``: drafts made, edited, checked, compared, reviewed and published."""

# ruff: noqa: FAST003 - writes take the number of the plan through `Write`

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Request, Response

from api.kit.links import CSV, GEOJSON, HTML, JSON, MVT
from api.kit.parameters import refuse_repeats
from api.kit.queries import OfJurisdiction, QueryParameters
from api.kit.replies import is_known, json_reply, not_modified
from api.kit.values import Allowed
from api.plans.bodies import (
    edit_reply,
    etag,
    features_reply,
    figures_shape,
    plan_reply,
    plan_shape,
    problem_shapes,
)
from api.plans.page import comparison_reply
from api.plans.schemas import (
    Accepted,
    CompareQuery,
    Edits,
    FeaturesQuery,
    Layer,
    NewPlan,
    PlanNumber,
    PlansQuery,
    Published,
    Review,
    Step,
)
from api.state.dependencies import OpenSession
from boundaries.editions.reading import edition_at
from boundaries.jurisdictions.reading import the_jurisdiction
from boundaries.plans.draft_tiles import plan_tile
from boundaries.plans.drafts import get_plan, list_plans, move_state, new_draft
from boundaries.plans.edits.editing import Author, edit, list_edits, redo, undo
from boundaries.plans.loading import read_one_moment
from boundaries.plans.reading import evaluate, plan_frame
from boundaries.plans.redrawing import redraw
from boundaries.plans.rules import accept_problem, verdict_on
from boundaries.publishing.rules import Publication, publish_plan
from geogrid.errors import NotFoundError
from geogrid.plans.operations.records import operations_of
from geogrid.tiles import Tile

router = APIRouter(prefix="/plans", tags=["plans"], dependencies=[Depends(refuse_repeats)])

_Zoom = Annotated[int, Path(ge=0, le=22), Allowed("a whole number from 0 to 22")]
_Place = Annotated[int, Path(ge=0, le=2**22), Allowed("a whole number from 0")]
_DIGITS = 9
_OBJECT: Final = {"schema": {"type": "object"}}
COMPARED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {JSON: _OBJECT, GEOJSON: _OBJECT, CSV: {}, HTML: {}}}
}
"""What a comparison is answered with."""

_UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "Unchanged."}}
_TILE: Final = {200: {"content": {MVT: {"schema": {"type": "string", "format": "binary"}}}}, **_UNCHANGED}
_FEATURES: Final = {200: {"content": {GEOJSON: _OBJECT}}, **_UNCHANGED}
_MISSING = (
    "Writes to a plan say which version they are about: send the header If-Match with the ETag of the plan, "
    'e.g. If-Match: "3".'
)


@dataclass(frozen=True, slots=True)
class PlanWrite:
    """What every write says: which plan, and which version of it; None for any."""

    plan_id: int
    version: int | None


async def plan_write(
    query: Annotated[QueryParameters, Query()],
    plan_id: PlanNumber,
    sent: Annotated[
        str | None, Header(alias="If-Match", description="ETag of the plan as it was read; * for any.")
    ] = None,
) -> PlanWrite:
    """Return which plan a write is about, and the version of its header If-Match."""
    del query
    if sent is None:
        raise HTTPException(428, _MISSING)
    value = sent.strip().removeprefix("W/").strip('"')
    if value == "*":
        return PlanWrite(plan_id, None)
    if not value.isascii() or not value.isdecimal() or len(value) > _DIGITS:
        raise HTTPException(400, f"If-Match is {sent[:80]!r}, which is no ETag of a plan. {_MISSING}")
    return PlanWrite(plan_id, int(value))


Write = Annotated[PlanWrite, Depends(plan_write)]


@router.get("")
def plans(request: Request, query: Annotated[PlansQuery, Query()], session: OpenSession) -> Response:
    """List the plans of a jurisdiction, the newest first."""
    jurisdiction = the_jurisdiction(session, query.jurisdiction)
    records = list_plans(session, jurisdiction, query.state)
    return json_reply({"plans": [plan_shape(request, plan) for plan in records]})


@router.post("", status_code=201)
def create_plan(
    request: Request, query: Annotated[OfJurisdiction, Query()], body: NewPlan, session: OpenSession
) -> Response:
    """Make a draft from a plan of any state, or from the edition in force."""
    now = datetime.now(UTC)
    if body.based_on is not None:
        base = get_plan(session, body.based_on)
    else:
        jurisdiction = the_jurisdiction(session, query.jurisdiction)
        edition = edition_at(session, jurisdiction.id, now)
        if edition is None:
            raise NotFoundError(
                f"No edition of {jurisdiction.code} is in force. Say with based_on which plan to start from."
            )
        base = edition
    plan = new_draft(
        session, base, name=body.name, made_by=body.by, at=now, profile=body.code_profile, reason=body.reason
    )
    if body.engine:
        plan = redraw(session, plan, at=now, author=Author(body.by, body.reason or "drawn by the engine"))
    return plan_reply(request, plan, status=201)


@router.get("/{plan_id}")
def one_plan(
    request: Request, query: Annotated[QueryParameters, Query()], plan_id: PlanNumber, session: OpenSession
) -> Response:
    """Return a plan; its ETag is what a write gives back as If-Match."""
    del query
    return plan_reply(request, get_plan(session, plan_id))


@router.get("/{plan_id}/edits")
def edits(query: Annotated[QueryParameters, Query()], plan_id: PlanNumber, session: OpenSession) -> Response:
    """List the edits of a plan in order: who, when, what, why; those taken back are marked `undone`."""
    del query
    return json_reply({"edits": list_edits(session, get_plan(session, plan_id))})


@router.post("/{plan_id}/edits")
def edit_plan(request: Request, write: Write, body: Edits, session: OpenSession) -> Response:
    """Carry operations out in one transaction; the answer has what changed and the figures of the grids touched."""
    author = Author(body.by, body.reason)
    return edit_reply(
        request, edit(session, write.plan_id, operations_of(body.operations), author=author, version=write.version)
    )


@router.post("/{plan_id}/undo")
def undo_edit(request: Request, write: Write, body: Step, session: OpenSession) -> Response:
    """Take the last edit back."""
    return edit_reply(request, undo(session, write.plan_id, author=Author(body.by, body.reason), version=write.version))


@router.post("/{plan_id}/redo")
def redo_edit(request: Request, write: Write, body: Step, session: OpenSession) -> Response:
    """Do the edit again that was taken back last."""
    return edit_reply(request, redo(session, write.plan_id, author=Author(body.by, body.reason), version=write.version))


@router.get("/{plan_id}/validation")
def validation(query: Annotated[QueryParameters, Query()], plan_id: PlanNumber, session: OpenSession) -> Response:
    """List every problem of a plan with its place, severity and remedy; accepted ones apart."""
    del query
    read_one_moment(session)
    verdict = verdict_on(session, get_plan(session, plan_id))
    body = {name: problem_shapes(getattr(verdict, name)) for name in ("errors", "warnings", "accepted")}
    return json_reply({"publishable": not verdict.errors, **body})


@router.post("/{plan_id}/acceptances")
def accept(request: Request, write: Write, body: Accepted, session: OpenSession) -> Response:
    """Accept a problem, with a reason."""
    author = Author(body.by, body.reason)
    return plan_reply(
        request, accept_problem(session, write.plan_id, body.kind, body.subject, author=author, version=write.version)
    )


@router.get("/{plan_id}/evaluation")
def evaluation(query: Annotated[QueryParameters, Query()], plan_id: PlanNumber, session: OpenSession) -> Response:
    """Return the figures of every leaf and their summary."""
    del query
    read_one_moment(session)
    summary, figures = evaluate(session, get_plan(session, plan_id))
    return json_reply({"summary": summary, "figures": [figures_shape(each) for each in figures]})


@router.get("/{plan_id}/compare/{other_id}", responses=COMPARED)
def compare(
    query: Annotated[CompareQuery, Query()], plan_id: PlanNumber, other_id: PlanNumber, session: OpenSession
) -> Response:
    """Compare a plan with a later one: JSON and CSV have the grids, GeoJSON the moved land, HTML both on maps."""
    read_one_moment(session)
    return comparison_reply(session, get_plan(session, plan_id), get_plan(session, other_id), query)


@router.post("/{plan_id}/review")
def review(request: Request, write: Write, body: Review, session: OpenSession) -> Response:
    """Send a plan to review, approve it, or send it back to draft."""
    plan = move_state(session, write.plan_id, body.state, version=write.version, made_by=body.by, reason=body.reason)
    return plan_reply(request, plan)


@router.post("/{plan_id}/publish")
def publish(request: Request, write: Write, body: Published, session: OpenSession) -> Response:
    """Publish an approved plan; errors, and warnings that nobody accepts, refuse it and are all listed."""
    how = Publication(body.valid_from, body.by, body.valid_to, body.accept_warnings, body.reason)
    return plan_reply(request, publish_plan(session, write.plan_id, how, version=write.version))


@router.get("/{plan_id}/tiles/{layer}/{z}/{x}/{y}", responses=_TILE, response_class=Response)
def tile(  # noqa: PLR0913, PLR0917 - the parts of the address
    request: Request,
    query: Annotated[QueryParameters, Query()],
    plan_id: PlanNumber,
    layer: Layer,
    z: _Zoom,
    x: _Place,
    y: _Place,
    session: OpenSession,
) -> Response:
    """Return a Mapbox vector tile of the leaves or the blocks of a plan."""
    del query
    plan = get_plan(session, plan_id)
    if max(x, y) >= 2**z:
        raise NotFoundError(f"Zoom {z} has no tile {x}, {y}; columns and rows go from 0 to {2**z - 1}.")
    if is_known(request, etag(plan)):
        return not_modified(etag(plan))
    headers = {"ETag": etag(plan), "Cache-Control": "no-cache"}
    content = plan_tile(session, plan, layer, Tile(z, x, y))
    return Response(content, headers=headers, media_type=MVT)


@router.get("/{plan_id}/{layer}", responses=_FEATURES, response_class=Response)
def plan_features(
    request: Request,
    query: Annotated[FeaturesQuery, Query()],
    plan_id: PlanNumber,
    layer: Layer,
    session: OpenSession,
) -> Response:
    """Return the grids or the blocks of a plan as GeoJSON; the ETag is the plan's version."""
    plan = get_plan(session, plan_id)
    if is_known(request, etag(plan)):
        return not_modified(etag(plan))
    frame = plan_frame(session, plan, layer, bbox=query.bbox, level=query.level, grid=query.grid, limit=query.limit)
    return features_reply(frame, tag=etag(plan))
