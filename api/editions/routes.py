"""``/editions`` and ``/grids``: what was in force when, and what became of each grid."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from api.editions.schemas import KeyAnswer, KeyQuery
from api.kit.bodies import BodyRoute
from api.kit.identity import author_of
from api.kit.links import GEOJSON, address, link
from api.kit.parameters import refuse_repeats
from api.kit.queries import OfJurisdiction, QueryParameters
from api.kit.replies import json_reply
from api.kit.values import Allowed, Word
from api.plans.bodies import plan_reply, plan_shape
from api.plans.page import comparison_reply
from api.plans.routes import COMPARED
from api.plans.schemas import CompareQuery, LineageQuery, PlanNumber, RolledBack
from api.state.dependencies import OpenSession
from boundaries.editions.keys import known_by_key
from boundaries.editions.lineage import editions_between, history, predecessors, successors
from boundaries.editions.reading import edition_at, edition_until, editions_of
from boundaries.grids.records import PlanRecord
from boundaries.jurisdictions.reading import the_jurisdiction
from boundaries.jurisdictions.records import JurisdictionRecord
from boundaries.plans.drafts import get_plan
from boundaries.plans.loading import read_one_moment
from boundaries.publishing.rollback import roll_back
from geogrid.errors import NotFoundError

router = APIRouter(tags=["editions"], dependencies=[Depends(refuse_repeats)], route_class=BodyRoute)

KeyInPath = Annotated[int, Path(ge=1, le=2**63 - 1, description="Key of a grid."), Allowed("a whole number from 1")]
CodeInPath = Annotated[Word, Path(description="Code of a grid of any level.")]


@router.get("/editions")
def editions(request: Request, query: Annotated[OfJurisdiction, Query()], session: OpenSession) -> Response:
    """List the editions of a jurisdiction, oldest first."""
    jurisdiction = the_jurisdiction(session, query.jurisdiction)
    return json_reply({"editions": [plan_shape(request, each) for each in editions_of(session, jurisdiction.id)]})


@router.get("/editions/{edition_id}/diff/{other_id}", responses=COMPARED)
def diff(
    request: Request,
    query: Annotated[CompareQuery, Query()],
    edition_id: PlanNumber,
    other_id: PlanNumber,
    session: OpenSession,
) -> Response:
    """Compare an edition with a later one: JSON and CSV have the grids, GeoJSON the moved land, HTML both on maps."""
    read_one_moment(session)
    return comparison_reply(request, session, _edition(session, edition_id), _edition(session, other_id), query)


@router.post("/editions/{edition_id}/rollback", status_code=201)
def rollback(
    request: Request,
    query: Annotated[QueryParameters, Query()],
    edition_id: PlanNumber,
    body: RolledBack,
    session: OpenSession,
) -> Response:
    """Publish a former edition again, as a new one; history keeps both."""
    del query
    edition = _edition(session, edition_id)
    again = roll_back(
        session,
        edition,
        at=body.valid_from,
        made_by=author_of(request, body.by),
        reason=body.reason,
        accept=tuple(body.accept),
    )
    return plan_reply(request, again, status=201)


@router.get("/grids/{key}", responses={200: {"model": KeyAnswer}})
def grid_by_key(
    request: Request, query: Annotated[KeyQuery, Query()], key: KeyInPath, session: OpenSession
) -> Response:
    """Return the grid that has a key: a lasting address, whatever its code is and however it is redrawn."""
    known = known_by_key(session, key, query.at or datetime.now(UTC))
    links = []
    if known.now is not None:
        path = f"/collections/grids/items/{quote(known.now['code'], safe='')}"
        whole = address(request, path, {"jurisdiction": known.jurisdiction})
        links.append(link(whole, "item", GEOJSON, f"Grid {known.now['code']}"))
    return json_reply({**asdict(known), "links": links}, links=links)


@router.get("/grids/{code}/history")
def grid_history(query: Annotated[OfJurisdiction, Query()], code: CodeInPath, session: OpenSession) -> Response:
    """Return a code through all editions that have it, with what it came from in each."""
    jurisdiction = the_jurisdiction(session, query.jurisdiction)
    return json_reply({"code": code, "history": history(session, jurisdiction.id, code)})


@router.get("/grids/{code}/successors")
def grid_successors(query: Annotated[LineageQuery, Query()], code: CodeInPath, session: OpenSession) -> Response:
    """Say what became of a code: its heirs in the edition of `until`, with their shares of its load."""
    way = _way(session, query)
    heirs = successors(session, code, way)
    return json_reply({"code": code, **_ends(way), "successors": [asdict(heir) for heir in heirs]})


@router.get("/grids/{code}/predecessors")
def grid_predecessors(query: Annotated[LineageQuery, Query()], code: CodeInPath, session: OpenSession) -> Response:
    """Say where a code of the edition of `until` came from: grids of the edition of `since`, and how much of each."""
    way = _way(session, query)
    heirs = predecessors(session, code, way)
    return json_reply({"code": code, **_ends(way), "predecessors": [asdict(heir) for heir in heirs]})


def _edition(session: Session, edition_id: int) -> PlanRecord:
    plan = get_plan(session, edition_id)
    if not plan.is_edition:
        raise NotFoundError(f"Plan {edition_id} is {plan.state}, not an edition. Compare it under /plans.")
    return plan


def _way(session: Session, query: LineageQuery) -> list[PlanRecord]:
    jurisdiction = the_jurisdiction(session, query.jurisdiction)
    editions = editions_of(session, jurisdiction.id)
    if not editions:
        raise NotFoundError(f"{jurisdiction.code} has no edition yet.")
    first = editions[0] if query.since is None else _at(session, jurisdiction, query.since)
    # What is to come has not become of anything yet.
    begun = edition_until(session, jurisdiction.id, datetime.now(UTC)) or editions[0]
    last = begun if query.until is None else _at(session, jurisdiction, query.until)
    return editions_between(session, jurisdiction.id, first, last)


def _at(session: Session, jurisdiction: JurisdictionRecord, at: datetime) -> PlanRecord:
    edition = edition_at(session, jurisdiction.id, at)
    if edition is None:
        raise NotFoundError(f"No edition of {jurisdiction.code} was in force at {at.isoformat()}.")
    return edition


def _ends(way: list[PlanRecord]) -> dict[str, int]:
    return {"from_edition": way[0].id, "to_edition": way[-1].id}
