"""Doing steps: the case is locked, the step is done or refused whole, and its history tells it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.cases.tables import Case, CaseEvent
from boundaries.casework.clock_rows import clock_of, clock_row
from boundaries.casework.moments import dues, is_of_whole, next_moment
from boundaries.casework.rules import rules_of
from boundaries.casework.tables import CaseCommand, CaseWorkRow
from boundaries.jobs.reading import database_now
from geogrid.access import mask_value
from geogrid.casework import FAMILIES, Ask, CaseRules, CaseState, CaseWork, Command, act, state_of_status
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError
from geogrid.types import CaseStatus

_LOCK: Final = text("select id from cases where id = :id for update")


@dataclass(frozen=True, slots=True)
class WorkRecord:
    """Where a case stands, and the rules that it is worked by."""

    work: CaseWork
    rules: CaseRules


@dataclass(frozen=True, slots=True)
class AskedStep:
    """A step that somebody asks for.

    Parameters
    ----------
    action : str
        Of the profile.
    by : str
        Who.
    client_id : str
        A number of the sender's own: sent twice, it is done once.
    said : mapping of Ask to object
        What the step asks for.
    version : int, optional
        Of the case as it was read; None for any.
    """

    action: str
    by: str
    client_id: str
    said: Mapping[Ask, Any] = field(default_factory=dict)
    version: int | None = None

    @property
    def digest(self) -> str:
        """What tells it from another that has the same number."""
        words = json.dumps([self.action, self.by, {ask.value: said for ask, said in self.said.items()}], sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()


class StaleWorkError(ConflictError):
    """The case has gone on since it was read."""


def work_of(session: Session, case_id: int) -> WorkRecord:
    """Return where a case stands.

    Raises
    ------
    NotFoundError
        There is no such case that the transaction sees.
    """
    case = session.get(Case, case_id)
    if case is None:
        raise NotFoundError(f"There is no case {case_id}.")
    rules = rules_of(session, case.jurisdiction_id).rules.of_category(case.category)
    return WorkRecord(work_of_row(case, session.get(CaseWorkRow, case_id)), rules)


def do_step(
    session: Session, case_id: int, wish: AskedStep, may: Callable[[WorkRecord], None] | None = None
) -> WorkRecord:
    """Do a step to a case, once.

    Parameters
    ----------
    session : Session
        Not committed.
    case_id : int
        Which; locked until the end of the transaction.
    wish : AskedStep
        What is to be done.
    may : callable, optional
        Raises where its author may not do it to the case as it stands; not asked of a step that was done before.

    Returns
    -------
    WorkRecord
        The case after the step; as it stands now, where the step had been done before.

    Raises
    ------
    NotFoundError
        There is no such case, or none to merge it into.
    ConflictError
        Its number was used for something else; the case has gone on since (`StaleWorkError`).
    InvalidInputError
        The step cannot be done, with all reasons.
    """
    before = _locked(session, case_id)
    done = session.get(CaseCommand, (case_id, wish.client_id))
    if done is not None:
        if done.digest != wish.digest:
            raise ConflictError(f"The client_id {wish.client_id!r} was used for another command to case {case_id}.")
        return before
    if may is not None:
        may(before)
    if wish.version not in {None, before.work.version}:
        raise StaleWorkError(
            f"Case {case_id} is at version {before.work.version} and {before.work.state}, not at {wish.version}. "
            "Read it again: GET its actions."
        )
    now = database_now(session)
    case = session.get_one(Case, case_id)
    rules = before.rules
    if Ask.CATEGORY in wish.said:
        # Its limits are those of what it is filed under.
        rules = rules_of(session, case.jurisdiction_id).rules.of_category(str(wish.said[Ask.CATEGORY]))
    after = act(rules, before.work, Command(wish.action, wish.by, now, wish.said))
    _follow(session, case, wish)
    _store(session, case, rules, after, wish)
    told = {"by": wish.by, "from_state": before.work.state.value, "state": after.state.value, "holder": after.holder}
    said = {ask.value: said for ask, said in wish.said.items()}
    detail = mask_value({**told, **said})
    session.add(CaseEvent(case_id=case_id, at=now, kind=wish.action, detail=detail))
    session.add(CaseCommand(case_id=case_id, client_id=wish.client_id, digest=wish.digest))
    session.flush()
    return WorkRecord(after, rules)


def _locked(session: Session, case_id: int) -> WorkRecord:
    """Return where a case stands, which nobody else changes until the end of the transaction."""
    if session.execute(_LOCK, {"id": case_id}).first() is None:
        raise NotFoundError(f"There is no case {case_id}.")
    session.expire_all()
    return work_of(session, case_id)


def _follow(session: Session, case: Case, wish: AskedStep) -> None:
    """Do what a step does besides: the category that it was filed under, the case that it was merged into."""
    if Ask.CATEGORY in wish.said:
        case.category = str(wish.said[Ask.CATEGORY])
    if Ask.INTO in wish.said:
        into = int(wish.said[Ask.INTO])
        target = session.get(Case, into)
        if into == case.id:
            raise InvalidInputError.of("into", "A case cannot be merged into itself.", subject="into")
        if target is None or target.jurisdiction_id != case.jurisdiction_id:
            raise NotFoundError(f"There is no case {into} in this jurisdiction to merge it into.")
        row = session.get(CaseWorkRow, into)
        if row is not None and row.state == CaseState.DUPLICATE:
            raise InvalidInputError.of(
                "into", f"Case {into} is a duplicate itself.", "Merge into the one that it went into.", subject="into"
            )


def _store(session: Session, case: Case, rules: CaseRules, work: CaseWork, wish: AskedStep) -> None:
    case.status = FAMILIES[work.state]
    case.closed_at = work.ended_at
    row = session.get(CaseWorkRow, case.id)
    if row is None:
        row = CaseWorkRow(case_id=case.id, told=[], seen_by=[])
        session.add(row)
    elif row.state != work.state or row.stage != clock_row(work.stage):
        row.told = [kind for kind in row.told if is_of_whole(kind)]
    row.state, row.holder, row.handler = work.state.value, work.holder, work.handler
    row.stage, row.total = clock_row(work.stage), clock_row(work.total)
    row.due_at, row.total_due_at = dues(work, rules)
    row.rework, row.done_once = work.rework, sorted(work.done_once)
    row.ended_at, row.version = work.ended_at, work.version
    row.seen_by = sorted({*row.seen_by, *(name for name in (work.holder, wish.by) if name)})
    row.next_at = next_moment(work, rules, row.told)


def work_of_row(case: Case, row: CaseWorkRow | None) -> CaseWork:
    """Return where a case stands.

    Parameters
    ----------
    case : Case
        Its status is what holds: a file that is imported again may have moved the case on.
    row : CaseWorkRow, optional
        What is known beyond the status.
    """
    status: CaseStatus = case.status  # type: ignore[assignment]
    if row is None:
        return CaseWork(state_of_status(status), ended_at=_ended(case))
    if FAMILIES[CaseState(row.state)] != status:
        return CaseWork(state_of_status(status), row.holder, row.handler, ended_at=_ended(case), version=row.version)
    return CaseWork(
        CaseState(row.state),
        row.holder,
        row.handler,
        clock_of(row.stage),
        clock_of(row.total),
        row.rework,
        frozenset(row.done_once),
        row.ended_at,
        row.version,
    )


def _ended(case: Case) -> datetime | None:
    return (case.closed_at or case.reported_at) if case.status == "closed" else None
