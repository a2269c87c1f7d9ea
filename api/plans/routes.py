"""``/plans``: drafts made, edited, checked, compared, reviewed and published."""

# ruff: noqa: FAST003 - writes take the number of the plan through `Write`

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.kit.bodies import BodyRoute
from api.kit.identity import author_of, identity_of
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
from api.plans.compare_page import compare_page
from api.plans.listing import list_page
from api.plans.page import comparison_reply
from api.plans.plan_page import plan_page
from api.plans.schemas import (
    Accepted,
    CompareQuery,
    Edits,
    FeaturesQuery,
    Layer,
    NewPlan,
    PlanNumber,
    PlanPageQuery,
    PlansQuery,
    Published,
    Rebase,
    Review,
    Step,
    ValidationQuery,
)
from api.plans.writes import EditWrite, Write, require_other_hands, version_of, wants_page
from api.state.dependencies import OpenSession
from boundaries.audit.recording import note
from boundaries.editions.reading import edition_at
from boundaries.jurisdictions.reading import the_jurisdiction
from boundaries.plans.claims import claims_on
from boundaries.plans.draft_tiles import plan_tile
from boundaries.plans.drafts import get_plan, jurisdictions_of_plans, list_plans, move_state, new_draft
from boundaries.plans.edits.editing import Author, edit, list_edits, redo, undo
from boundaries.plans.loading import read_one_moment
from boundaries.plans.reading import evaluate, plan_frame
from boundaries.plans.rebasing import rebase_plan
from boundaries.plans.redrawing import redraw
from boundaries.plans.rules import accept_problem, verdict_on
from boundaries.publishing.rules import Publication, publish_plan
from geogrid.access import Action, Target
from geogrid.errors import NotFoundError
from geogrid.plans.operations.records import operations_of
from geogrid.tiles import Tile

router = APIRouter(prefix="/plans", tags=["plans"], dependencies=[Depends(refuse_repeats)], route_class=BodyRoute)

_Zoom = Annotated[int, Path(ge=0, le=22), Allowed("a whole number from 0 to 22")]
_Place = Annotated[int, Path(ge=0, le=2**22), Allowed("a whole number from 0")]
_OBJECT: Final = {"schema": {"type": "object"}}
COMPARED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {JSON: _OBJECT, GEOJSON: _OBJECT, CSV: {}, HTML: {}}}
}
"""What a comparison is answered with."""

_UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "Unchanged."}}
_TILE: Final = {200: {"content": {MVT: {"schema": {"type": "string", "format": "binary"}}}}, **_UNCHANGED}
_FEATURES: Final = {200: {"content": {GEOJSON: _OBJECT}}, **_UNCHANGED}


@router.get("")
def plans(request: Request, query: Annotated[PlansQuery, Query()], session: OpenSession) -> Response:
    """List the plans of a jurisdiction, the newest first; for a browser, as a page."""
    if wants_page(request):
        return list_page(request, session, query)
    jurisdiction = the_jurisdiction(session, query.jurisdiction)
    records = list_plans(session, jurisdiction, query.state)
    return json_reply({"plans": [plan_shape(request, plan) for plan in records]})


@router.post("", status_code=201)
def create_plan(
    request: Request, query: Annotated[OfJurisdiction, Query()], body: NewPlan, session: OpenSession
) -> Response:
    """Make a draft from a plan of any state, or from the edition in force."""
    now, by = datetime.now(UTC), author_of(request, body.by)
    if body.based_on is not None:
        base = get_plan(session, body.based_on)
        owner = jurisdictions_of_plans(session, [base.id])[0]
        identity_of(request).require(Action.PLANS_EDIT, Target(owner))
    else:
        jurisdiction = the_jurisdiction(session, query.jurisdiction)
        edition = edition_at(session, jurisdiction.id, now)
        if edition is None:
            raise NotFoundError(
                f"No edition of {jurisdiction.code} is in force. Say with based_on which plan to start from."
            )
        base = edition
    plan = new_draft(
        session,
        base,
        name=body.name,
        made_by=by,
        at=now,
        profile=body.code_profile,
        band=body.band,
        load=body.load,
        reason=body.reason,
    )
    if body.engine:
        plan = redraw(session, plan, at=now, author=Author(by, body.reason or "drawn by the engine"))
    return plan_reply(request, plan, status=201)


@router.get("/{plan_id}")
def one_plan(
    request: Request, query: Annotated[PlanPageQuery, Query()], plan_id: PlanNumber, session: OpenSession
) -> Response:
    """Return a plan; its ETag is what a write gives back as If-Match. A browser gets its page."""
    if wants_page(request):
        return plan_page(request, session, get_plan(session, plan_id), validates=query.validate_now)
    return plan_reply(request, get_plan(session, plan_id))


@router.get("/{plan_id}/edits")
def edits(query: Annotated[QueryParameters, Query()], plan_id: PlanNumber, session: OpenSession) -> Response:
    """List the edits of a plan in order: who, when, what, why; those taken back are marked `undone`."""
    del query
    return json_reply({"edits": list_edits(session, get_plan(session, plan_id))})


@router.post("/{plan_id}/edits")
def edit_plan(request: Request, write: EditWrite, body: Edits, session: OpenSession) -> Response:
    """Carry operations out in one transaction; the answer has what changed and the figures of the grids touched.

    A request says what it has seen: the version of the plan, by If-Match, or those of the grids that it touches.
    """
    author, version = _author(request, body), version_of(write, is_named=body.grids is not None)
    wanted = operations_of(body.operations)
    answer = edit(session, write.plan_id, wanted, author=author, version=version, seen=body.grids)
    touched = [each.code for each in answer.figures]
    return edit_reply(request, answer, claims=claims_on(session, answer.plan, touched, by=author.name))


@router.post("/{plan_id}/undo")
def undo_edit(request: Request, write: EditWrite, body: Step, session: OpenSession) -> Response:
    """Take one's own last edit back, or the last one; what others did since stays, if it touched other grids."""
    author, is_own = _author(request, body), _is_own(request, body)
    version = version_of(write, is_named=is_own)
    return edit_reply(request, undo(session, write.plan_id, author=author, version=version, is_own=is_own))


@router.post("/{plan_id}/redo")
def redo_edit(request: Request, write: EditWrite, body: Step, session: OpenSession) -> Response:
    """Do the edit again that was taken back last: one's own, or that of anybody."""
    author, is_own = _author(request, body), _is_own(request, body)
    version = version_of(write, is_named=is_own)
    return edit_reply(request, redo(session, write.plan_id, author=author, version=version, is_own=is_own))


def _is_own(request: Request, body: Step) -> bool:
    return identity_of(request).is_known if body.own is None else body.own


@router.get("/{plan_id}/validation")
def validation(
    request: Request, query: Annotated[ValidationQuery, Query()], plan_id: PlanNumber, session: OpenSession
) -> Response:
    """List every problem of a plan with its place, severity and remedy; accepted ones apart."""
    read_one_moment(session)
    plan = get_plan(session, plan_id)
    verdict = verdict_on(session, plan, at=query.valid_from)
    body: dict[str, Any] = {"band": plan.band, "load": plan.load}
    language = request.headers.get("accept-language", "")
    for name in ("errors", "warnings", "accepted"):
        body[name] = problem_shapes(getattr(verdict, name), accept_language=language)
    return json_reply({"publishable": not verdict.errors, **body}, headers={"Vary": "Accept-Language"})


@router.post("/{plan_id}/acceptances")
def accept(request: Request, write: Write, body: Accepted, session: OpenSession) -> Response:
    """Accept a problem, with a reason."""
    author = _author(request, body)
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
    request: Request,
    query: Annotated[CompareQuery, Query()],
    plan_id: PlanNumber,
    other_id: PlanNumber,
    session: OpenSession,
) -> Response:
    """Compare a plan with a later one: JSON and CSV have the grids, GeoJSON the moved land, HTML both on maps."""
    read_one_moment(session)
    old, new = get_plan(session, plan_id), get_plan(session, other_id)
    if query.f is None and wants_page(request):
        return compare_page(request, session, old, new, query)
    return comparison_reply(request, session, old, new, query)


@router.post("/{plan_id}/rebase", status_code=201)
def rebase(request: Request, write: Write, body: Rebase, session: OpenSession) -> Response:
    """Make a draft from the edition in force that has the plan's own changes; where both changed the same is listed."""
    done = rebase_plan(
        session,
        write.plan_id,
        at=datetime.now(UTC),
        author=_author(request, body),
        version=write.version,
        keep=body.keep,
    )
    more = {"conflicts": problem_shapes(done.conflicts), "renumbered": dict(done.renumbered)}
    return plan_reply(request, done.plan, status=201, **more)


@router.post("/{plan_id}/review")
def review(request: Request, write: Write, body: Review, session: OpenSession) -> Response:
    """Send a plan to review, approve it, or send it back to draft."""
    by = author_of(request, body.by)
    if body.state == "approved":
        require_other_hands(request, session, write.plan_id)
    plan = move_state(session, write.plan_id, body.state, version=write.version, made_by=by, reason=body.reason)
    note(object=f"plan {plan.id}", after={"state": plan.state, "version": plan.version, "reason": body.reason})
    return plan_reply(request, plan)


@router.post("/{plan_id}/publish")
def publish(request: Request, write: Write, body: Published, session: OpenSession) -> Response:
    """Publish an approved plan; errors, and warnings that nobody accepts, refuse it and are all listed."""
    by = author_of(request, body.by)
    how = Publication(body.valid_from, by, body.valid_to, body.accept_warnings, body.reason, tuple(body.accept))
    return plan_reply(request, publish_plan(session, write.plan_id, how, version=write.version))


def _author(request: Request, body: Edits | Step | Accepted | Rebase) -> Author:
    return Author(author_of(request, body.by), body.reason)


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
