"""``/plans/{plan_id}``: planners beside each other: versions of grids, comments, claims, and what happens meanwhile."""

# ruff: noqa: FAST003 - writes take the number of the plan through `EditWrite`

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.kit.bodies import BodyRoute
from api.kit.identity import CLOSING, HEAD_ONLY, author_of, identity_of
from api.kit.parameters import refuse_repeats
from api.kit.queries import QueryParameters
from api.kit.replies import json_reply
from api.kit.values import Allowed
from api.plans.bodies import claim_shape, comment_shape, etag, plan_reply
from api.plans.events import PlanHub, Visit, stream
from api.plans.schemas import Claimed, EventsQuery, PlanNumber, Said, Settled, Withdrawn
from api.plans.writes import Write
from api.state.dependencies import OpenSession
from boundaries.audit.recording import note
from boundaries.plans.claims import claim_grid, claims_of_plans, release_grid
from boundaries.plans.comments import NewComment, add_comment, comments_on, settle_comment
from boundaries.plans.drafts import get_plan
from boundaries.plans.edits.overlap import versions_of_grids
from boundaries.publishing.withdrawing import withdraw

router = APIRouter(prefix="/plans", tags=["plans"], dependencies=[Depends(refuse_repeats)], route_class=BodyRoute)

CommentNumber = Annotated[int, Path(ge=1, le=2**31 - 1), Allowed("a whole number from 1")]
NoQuery = Annotated[QueryParameters, Query()]

_STREAM: Final = "text/event-stream"
_STREAMED: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {_STREAM: {"schema": {"type": "string"}}}}}
_DIGITS: Final = 9


@router.get("/{plan_id}/versions")
def versions(query: NoQuery, plan_id: PlanNumber, session: OpenSession) -> Response:
    """Return the version of each grid, by code: that of the plan after the last edit that touched it.

    An edit that names the grids that it touches with these versions collides with no edit of other grids.
    """
    del query
    plan = get_plan(session, plan_id)
    body = {"version": plan.version, "grids": versions_of_grids(session, plan)}
    return json_reply(body, headers={"ETag": etag(plan), "Cache-Control": "no-cache"})


@router.get("/{plan_id}/comments")
def comments(query: NoQuery, plan_id: PlanNumber, session: OpenSession) -> Response:
    """List what was said of a plan: what is not settled first, then the newest."""
    del query
    return json_reply({"comments": [comment_shape(each) for each in comments_on(session, get_plan(session, plan_id))]})


@router.post("/{plan_id}/comments", status_code=201)
def comment(request: Request, query: NoQuery, plan_id: PlanNumber, body: Said, session: OpenSession) -> Response:
    """Say something of a plan, of one of its grids, or of a place."""
    del query
    plan, by = get_plan(session, plan_id), author_of(request, body.by)
    said = add_comment(session, plan, NewComment(body.words, body.grid, body.lonlat), made_by=by)
    note(object=f"plan {plan.id}", after={"comment": said.id, "grid": said.grid})
    return json_reply(comment_shape(said), status=201)


@router.post("/{plan_id}/comments/{comment_id}")
def settle(  # noqa: PLR0913, PLR0917 - the parts of the address
    request: Request,
    query: NoQuery,
    plan_id: PlanNumber,
    comment_id: CommentNumber,
    body: Settled,
    session: OpenSession,
) -> Response:
    """Mark a comment as settled, or as open again."""
    del query
    plan, by = get_plan(session, plan_id), author_of(request, body.by)
    settled = settle_comment(session, plan, comment_id, by=by if body.resolved else None)
    note(object=f"plan {plan.id}", after={"comment": settled.id, "resolved": body.resolved})
    return json_reply(comment_shape(settled))


@router.get("/{plan_id}/claims")
def claims(query: NoQuery, plan_id: PlanNumber, session: OpenSession) -> Response:
    """List who works on which grids and those below them, until when."""
    del query
    plan = get_plan(session, plan_id)
    return json_reply({"claims": [claim_shape(each) for each in claims_of_plans(session, [plan.id]).get(plan.id, [])]})


@router.post("/{plan_id}/claims")
def claim(request: Request, query: NoQuery, plan_id: PlanNumber, body: Claimed, session: OpenSession) -> Response:
    """Say that one works on a grid and those below it for ten minutes: advice to others, who are not kept out."""
    del query
    plan, by = get_plan(session, plan_id), author_of(request, body.by)
    if body.release:
        release_grid(session, plan, body.grid, by=by)
        return json_reply({"grid": body.grid, "by": by, "until": None})
    return json_reply(claim_shape(claim_grid(session, plan, body.grid, by=by)))


@router.post("/{plan_id}/withdraw")
def withdraw_edition(request: Request, write: Write, body: Withdrawn, session: OpenSession) -> Response:
    """Make an edition whose moment has not come a plan again; the edition before it goes on."""
    by = author_of(request, body.by)
    plan = withdraw(session, write.plan_id, made_by=by, reason=body.reason, version=write.version)
    note(object=f"plan {plan.id}", after={"state": plan.state, "version": plan.version, "reason": body.reason})
    return plan_reply(request, plan)


@router.get("/{plan_id}/events", responses=_STREAMED, response_class=StreamingResponse)
def events(
    request: Request,
    query: Annotated[EventsQuery, Query()],
    plan_id: PlanNumber,
    session: OpenSession,
) -> Response:
    """Tell what happens to a plan as it happens: server-sent events, `change` with its version, `people` with claims.

    Who listens is shown to the others as somebody who has the plan open. The header Last-Event-ID, which browsers send
    when they come again, goes before `since`.
    """
    plan, identity = get_plan(session, plan_id), identity_of(request)
    version = plan.version if query.since is None else query.since
    last = request.headers.get("last-event-id", "")
    if last.isascii() and last.isdecimal() and len(last) <= _DIGITS:
        version = int(last)
    hub: PlanHub = request.app.state.plan_hub
    closing: asyncio.Event | None = request.scope.get(CLOSING)
    name = identity.login if identity.is_known else query.by
    seconds = 0 if request.scope.get(HEAD_ONLY) else query.seconds
    told = stream(hub, Visit(plan.id, name, version, seconds), closing)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told, media_type=_STREAM, headers=headers)
