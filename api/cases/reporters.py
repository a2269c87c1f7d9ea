"""Reporters in plain words, for who may, with a reason; and the cases of one, by his number."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from api.cases.bodies import linked_case
from api.cases.reporter_schemas import NumberBody, RevealBody, RevealedReporter
from api.cases.schemas import CaseCollection
from api.cases.sight import CaseSight, found_case
from api.kit.bodies import BodyRoute
from api.kit.identity import asked_from, identity_of
from api.kit.links import GEOJSON
from api.kit.parameters import refuse_repeats
from api.kit.queries import OfJurisdiction, QueryParameters
from api.kit.replies import json_reply
from api.kit.values import Allowed
from api.state.dependencies import Editions, OpenSession, OpenStore
from boundaries.audit.recording import Act, add_line
from boundaries.cases.filtering import CaseFilter, is_in_grids
from boundaries.cases.reading import CaseRecord, find_cases
from boundaries.cases.reporters import SetApart, open_apart, parts_with
from geogrid.access import Action, Sight, mask_text
from geogrid.errors import NotFoundError

router = APIRouter(prefix="/cases", tags=["cases"], dependencies=[Depends(refuse_repeats)], route_class=BodyRoute)

_MOST: Final = 1_000
NOT_KEPT: Final = {"Cache-Control": "no-store"}


def case_to_reveal(
    request: Request,
    case_id: Annotated[int, Path(ge=1, le=2**63 - 1), Allowed("a whole number from 1")],
    session: OpenSession,
) -> CaseRecord:
    """Return a case whose reporter who asks may see, before anything that he sent is read.

    Raises
    ------
    SignInNeededError, ForbiddenError
        He may not.
    """
    case = found_case(request, session, case_id, Action.REPORTERS_READ)
    if not may_reveal(request, session, case):
        raise identity_of(request).refusal(Action.REPORTERS_READ, case.jurisdiction)
    return case


def may_reveal(request: Request, session: Session, case: CaseRecord) -> bool:
    """Return whether who asks may see the reporter of a case in plain words."""
    reach = identity_of(request).reach(Action.REPORTERS_READ, case.jurisdiction)
    return reach.whole is Sight.PLAIN or (bool(reach.grids) and is_in_grids(session, case.id, reach.grids))


ToReveal = Annotated[CaseRecord, Depends(case_to_reveal)]


@router.post("/by-number", responses={200: {"model": CaseCollection}})
def cases_by_number(
    request: Request, query: Annotated[OfJurisdiction, Query()], body: NumberBody, editions: Editions, store: OpenStore
) -> Response:
    """Find the cases of a person by a number of his: 1000 at most, newest first, masked as ever.

    Cases are found that he reported, and those in whose texts the number was written.
    """
    calendar = editions.calendar(query.jurisdiction)
    sight = CaseSight(identity_of(request).reach(Action.REPORTERS_READ, calendar.code))
    with store.unit_of_work() as session:
        found = parts_with(session, body.to_number(), jurisdiction_id=calendar.id)
        wanted = sight.narrowed(CaseFilter(numbers=tuple(found)))
        cases = find_cases(session, calendar.id, wanted, limit=_MOST).cases
        told = {"reason": body.reason, "by": body.to_number().kind.value, "cases": [case.id for case in cases]}
        _keep(request, session, f"cases of a person in {calendar.code}", told)
    features = [linked_case(request, case) for case in cases]
    answer = {
        "type": "FeatureCollection",
        "numberMatched": len(features),
        "numberReturned": len(features),
        "timeStamp": datetime.now(UTC),
        "features": features,
        "links": [],
    }
    return json_reply(answer, media_type=GEOJSON, headers=NOT_KEPT)


@router.post("/{case_id}/reporter", responses={200: {"model": RevealedReporter}})  # noqa: FAST003 - of `ToReveal`
def reveal_reporter(
    request: Request,
    query: Annotated[QueryParameters, Query()],
    case: ToReveal,
    body: RevealBody,
    store: OpenStore,
) -> Response:
    """Show in plain words who reported a case, and what was masked in its texts; the reason is kept in the audit."""
    del query
    with store.unit_of_work() as session:
        apart = revealed(request, session, case, reason=body.reason)
    values = {name: value for name, value in apart.reporter.values().items() if name != "other"}
    known = {"name": "", "telephone": "", "email": "", "identity_number": "", **values}
    answer = {"case": case.id, "reporter": known | {"other": dict(apart.reporter.other)}, "words": dict(apart.words)}
    return json_reply(answer, headers=NOT_KEPT)


def revealed(request: Request, session: Session, case: CaseRecord, *, reason: str) -> SetApart:
    """Return what is sealed of a case, with a line of the audit in the same transaction: commit before it is shown.

    Raises
    ------
    NotFoundError
        Nothing is.
    UnavailableError
        The keys are lost.
    """
    apart = open_apart(session, [case.id]).get(case.id)
    if apart is None:
        raise NotFoundError(
            f"Nothing is known of the reporter of case {case.id}: nothing was given, or it has been removed."
        )
    shown = [f"reporter.{name}" for name in apart.reporter.values()] + list(apart.words)
    _keep(request, session, f"case {case.id}", {"reason": reason, "shown": shown})
    return apart


def _keep(request: Request, session: Session, about: str, told: dict[str, Any]) -> None:
    who, after = identity_of(request).login or "anonymous", told | {"reason": mask_text(told["reason"])}
    add_line(session, Act(who, Action.REPORTERS_READ.value, about, asked_from(request), after=after))
