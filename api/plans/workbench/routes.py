"""``/plans/{id}/edit`` and ``/plans/{id}/columns``: the workbench, and what it draws."""

# ruff: noqa: FAST003 - a preview takes the number of the plan through `Write`

import gzip
import hashlib
from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from api.kit.bodies import BodyRoute
from api.kit.identity import author_of, identity_of
from api.kit.negotiation import preferred_encoding
from api.kit.parameters import refuse_repeats
from api.kit.queries import QueryParameters
from api.kit.replies import is_known, json_reply, not_modified
from api.plans.bodies import figures_shape
from api.plans.schemas import Edits, PlanNumber
from api.plans.workbench.packing import COLUMNS, packed_columns
from api.plans.workbench.page import workbench_page
from api.plans.workbench.shelf import LandShelf
from api.plans.writes import Write
from api.state.dependencies import OpenSession
from boundaries.grids.records import PlanValues
from boundaries.plans.columns import LAND_LOADS, land_key, open_cases_by_block, read_columns, read_land
from boundaries.plans.drafts import get_plan
from boundaries.plans.edits.editing import Author
from boundaries.plans.edits.preview import preview
from boundaries.plans.edits.waiting import steps_of
from boundaries.plans.loading import read_one_moment
from geogrid.plans.operations.records import operations_of
from geogrid.plans.sides import UNIT_DEGREES, block_sides

router = APIRouter(prefix="/plans", include_in_schema=False, route_class=BodyRoute)

_KEEP: Final = "private, max-age=31536000, immutable"


@router.get("/{plan_id}/edit")
def workbench(request: Request, plan_id: PlanNumber, session: OpenSession) -> Response:
    """Show the workbench: for who may edit, with tools; for others, to look."""
    return workbench_page(request, session, get_plan(session, plan_id))


@router.get("/{plan_id}/columns", dependencies=[Depends(refuse_repeats)])
def columns(
    request: Request, query: Annotated[QueryParameters, Query()], plan_id: PlanNumber, session: OpenSession
) -> Response:
    """Return whose each block is and the tree of grids: what an edit changes."""
    del query
    read_one_moment(session)
    plan = get_plan(session, plan_id)
    found, identity = read_columns(session, plan), identity_of(request)
    head = {
        "plan": {"id": plan.id, "name": plan.name, "state": plan.state, "version": plan.version},
        "steps": asdict(steps_of(session, plan, own_of=identity.login if identity.is_known else None)),
        "load": plan.load,
        "band": plan.band,
        "land": found.land,
        "levels": [{"name": each.name, "name_zh": each.name_zh} for each in found.levels],
        "grids": found.grids,
    }
    content = packed_columns(head, {"owner": found.owner})
    etag = f'"{plan.version}-{hashlib.sha256(content).hexdigest()[:16]}"'
    if is_known(request, etag):
        return not_modified(etag)
    return Response(content, headers={"ETag": etag, "Cache-Control": "no-cache"}, media_type=COLUMNS)


@router.get("/{plan_id}/columns/land")
def land(
    request: Request,
    plan_id: PlanNumber,
    session: OpenSession,
    key: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Return blocks and the edges between them: what stays until a block is cut. `key` lets a browser keep it."""
    read_one_moment(session)
    plan = get_plan(session, plan_id)
    own = land_key(session, plan)
    etag = f'"{own}"'
    if is_known(request, etag):
        return not_modified(etag)
    shelf: LandShelf = request.app.state.land
    packed = shelf.land(own, lambda: _packed_land(session, plan, own))
    headers = {"ETag": etag, "Cache-Control": _KEEP if key == own else "no-cache", "Vary": "Accept-Encoding"}
    if preferred_encoding(request.headers.get("accept-encoding", ""), ("gzip",)) is None:
        return Response(gzip.decompress(packed), headers=headers, media_type=COLUMNS)
    return Response(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=COLUMNS)


@router.get("/{plan_id}/columns/cases", dependencies=[Depends(refuse_repeats)])
def cases(query: Annotated[QueryParameters, Query()], plan_id: PlanNumber, session: OpenSession) -> Response:
    """Return in which blocks cases are open, and how many."""
    del query
    blocks, counts = open_cases_by_block(session, get_plan(session, plan_id))
    return json_reply({"blocks": blocks, "cases": counts}, headers={"Cache-Control": "no-store"})


@router.post("/{plan_id}/previews", dependencies=[Depends(refuse_repeats)])
def would_be(request: Request, write: Write, body: Edits, session: OpenSession) -> Response:
    """Return what operations would do; the plan stays as it is."""
    author = Author(author_of(request, body.by), body.reason)
    seen = preview(session, write.plan_id, operations_of(body.operations), author=author, version=write.version)
    figures = [figures_shape(each) for each in seen.figures]
    return json_reply(
        {
            "blocks": list(seen.moved),
            "to": list(seen.moved.values()),
            "households": seen.households,
            "figures": figures,
        },
        headers={"Cache-Control": "no-store"},
    )


def _packed_land(session: Session, plan: PlanValues, key: str) -> bytes:
    polygons, loads = read_land(session, plan)
    sides = block_sides(polygons)
    arrays = {
        "block": read_columns(session, plan).blocks,
        **{name: loads[:, column] for column, name in enumerate(LAND_LOADS)},
        "corners": sides.corners,
        "ring_points": sides.ring_points,
        "ring_starts": sides.ring_starts,
        "block_rings": sides.block_rings,
        "edge_points": sides.edge_points,
        "edge_starts": sides.edge_starts,
        "edge_one": sides.edge_one,
        "edge_other": sides.edge_other,
    }
    head = {"land": key, "origin": sides.origin.tolist(), "unit": UNIT_DEGREES}
    return packed_columns(head, arrays)
