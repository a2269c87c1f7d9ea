"""``/cases/{case_id}/actions`` and ``/casework``: what may be done to a case, doing it, and the rules of a town."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from sqlalchemy.orm import Session

from api.cases.routes import CaseNumber
from api.cases.sight import seen_case
from api.casework.schemas import ClockAnswer, RulesAnswer, StepBody, WorkAnswer
from api.casework.standing import do_allowed, next_steps
from api.kit.bodies import BodyRoute
from api.kit.identity import author_of, identity_of
from api.kit.links import GEOJSON, JSON, address, link
from api.kit.parameters import refuse_repeats
from api.kit.queries import OfJurisdiction, QueryParameters
from api.kit.replies import json_reply
from api.kit.versions import tagged_version
from api.state.dependencies import Editions, OpenSession, OpenStore
from boundaries.cases.reading import CaseRecord
from boundaries.casework.rules import rules_document, rules_of
from boundaries.casework.working import AskedStep, StaleWorkError, WorkRecord, work_of
from geogrid.casework import STATE_NAMES, CaseRules, CaseStep, Clock

router = APIRouter(tags=["cases"], dependencies=[Depends(refuse_repeats)], route_class=BodyRoute)


def case_to_work_on(
    request: Request, query: Annotated[QueryParameters, Query()], case_id: CaseNumber, session: OpenSession
) -> CaseRecord:
    """Return a case that who asks sees, before anything that he sent is read.

    Raises
    ------
    SignInNeededError, ForbiddenError
        He does not see it.
    NotFoundError
        There is none.
    """
    del query
    return seen_case(request, session, case_id)[0]


ToWorkOn = Annotated[CaseRecord, Depends(case_to_work_on)]


async def wanted_version(
    sent: Annotated[
        str | None, Header(alias="If-Match", description="ETag of the case's actions as they were read; * for any.")
    ] = None,
) -> int | None:
    """Return the version of a case that a step is about; None for any."""
    return None if sent is None else tagged_version(sent, "the actions of a case")


@router.get("/cases/{case_id}/actions", responses={200: {"model": WorkAnswer}})  # noqa: FAST003 - of `ToWorkOn`
def possible_actions(request: Request, case: ToWorkOn, session: OpenSession) -> Response:
    """Tell where a case stands, who has it, how its clocks run, and what you may do to it next."""
    return _reply(request, session, case, work_of(session, case.id))


@router.post("/cases/{case_id}/actions", responses={200: {"model": WorkAnswer}})  # noqa: FAST003 - of `ToWorkOn`
def do_action(
    request: Request,
    case: ToWorkOn,
    version: Annotated[int | None, Depends(wanted_version)],
    body: StepBody,
    store: OpenStore,
) -> Response:
    """Do a step to a case: accept, file, dispatch, hand over, close it, or whatever its state allows.

    `GET` lists what you may do, and what each step asks for. A step that is sent again with the same `client_id` is
    not done again: it answers with the case as it stands. With `If-Match`, a case that has gone on since it was read
    answers 412.
    """
    asked = AskedStep(body.action, author_of(request, ""), body.client_id, body.said(), version)
    with store.unit_of_work() as session:
        try:
            record = do_allowed(session, identity_of(request), case, asked)
        except StaleWorkError as error:
            raise HTTPException(412, str(error)) from error
        # Encoded before the commit: what cannot be answered is not stored.
        return _reply(request, session, case, record)


@router.get("/casework", responses={200: {"model": RulesAnswer}})
def town_rules(query: Annotated[OfJurisdiction, Query()], editions: Editions, session: OpenSession) -> Response:
    """Tell the rules that cases of a jurisdiction are worked by: steps, limits, working time."""
    calendar = editions.calendar(query.jurisdiction)
    stored = rules_of(session, calendar.id)
    steps = [{**_step(step), **_where(step)} for step in stored.rules.profile.steps]
    body = {
        "jurisdiction": calendar.code,
        "version": stored.version,
        "rules": rules_document(stored.rules),
        "steps": steps,
    }
    return json_reply(body, media_type=JSON)


def _reply(request: Request, session: Session, case: CaseRecord, record: WorkRecord) -> Response:
    work, rules = record.work, record.rules
    steps = next_steps(request, session, case, record)
    body = {
        "case": case.id,
        "profile": rules.profile.name,
        "state": work.state.value,
        "state_name": STATE_NAMES[work.state][0],
        "state_name_zh": STATE_NAMES[work.state][1],
        "holder": work.holder,
        "handler": work.handler,
        "rework": work.rework,
        "version": work.version,
        "stage": _clock(work.stage, rules),
        "total": _clock(work.total, rules),
        "ended_at": work.ended_at,
        "actions": [_step(step) for step in steps],
        "links": [link(address(request, f"/cases/{case.id}"), "related", GEOJSON, f"Case {case.id}")],
    }
    return json_reply(body, media_type=JSON, headers={"ETag": f'"{work.version}"', "Cache-Control": "no-store"})


def _clock(clock: Clock | None, rules: CaseRules) -> dict[str, Any] | None:
    if clock is None:
        return None
    told = ClockAnswer(
        amount=clock.limit.amount,
        unit=clock.limit.unit.value,
        begun_at=clock.begun_at,
        due_at=clock.due(rules.calendar),
    )
    return told.model_dump()


def _step(step: CaseStep) -> dict[str, Any]:
    name, name_zh = step.names
    return {"action": step.action, "name": name, "name_zh": name_zh, "asks": [ask.value for ask in step.asks]}


def _where(step: CaseStep) -> dict[str, Any]:
    return {
        "from": [state.value for state in step.begins],
        "to": None if step.ends is None else step.ends.value,
        "rights": [right.value for right in step.rights],
        "clock": step.clock,
    }
