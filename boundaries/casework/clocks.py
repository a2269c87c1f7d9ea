"""The job of clocks: a case is due soon, overdue, goes up. Each happens once, whoever runs jobs, however often."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.cases.tables import Case, CaseEvent
from boundaries.casework.escalating import escalate
from boundaries.casework.moments import Moment, dues, moments, next_moment
from boundaries.casework.rules import rules_of
from boundaries.casework.tables import CaseWorkRow
from boundaries.casework.working import work_of_row
from boundaries.jobs.records import JobDone, NewJob, Turn
from boundaries.jobs.storing import ask_for
from boundaries.store.sight import EVERYTHING, looking
from geogrid.casework import CaseRules

CLOCKS: Final = "case-clocks"
"""Kind of the job; there is one for all cases."""

_BATCH: Final = 500
_DUES: Final = ("due_was", "total_due_was", "due_at", "total_due_at")


def find_clocks(session: Session, now: datetime) -> None:
    """Ask for the job where something is to be told.

    Parameters
    ----------
    session : Session
        Not committed.
    now : datetime
        The moment of the look.
    """
    with looking(session, EVERYTHING):
        is_due = session.execute(select(CaseWorkRow.case_id).where(CaseWorkRow.next_at <= now).limit(1)).first()
    if is_due is not None:
        ask_for(session, [NewJob(CLOCKS, "all")])


def tell_clocks(turn: Turn) -> JobDone:
    """Write into the history of cases which clocks are nearly, or quite, up, and hand up those whose turn it is.

    Parameters
    ----------
    turn : Turn
        Of the job that `find_clocks` asks for.
    """
    with looking(turn.session, EVERYTHING):
        rows = turn.session.execute(
            select(CaseWorkRow, Case)
            .join(Case, Case.id == CaseWorkRow.case_id)
            .where(CaseWorkRow.next_at <= turn.now)
            .order_by(CaseWorkRow.next_at, CaseWorkRow.case_id)
            .limit(_BATCH)
            # The case, too: a step locks that first, and would write over who has it.
            .with_for_update(of=(CaseWorkRow, Case), skip_locked=True)
        ).all()
        rules = {town: rules_of(turn.session, town).rules for town in {case.jurisdiction_id for _, case in rows}}
        count = 0
        for row, case in rows:
            count += _tell(turn.session, case, row, rules[case.jurisdiction_id].of_category(case.category), turn.now)
    told = f"{count:,} {'moment' if count == 1 else 'moments'} of limits told, or acted upon." if count else ""
    return JobDone(told, turn.now if len(rows) == _BATCH else None)


def _tell(session: Session, case: Case, row: CaseWorkRow, rules: CaseRules, now: datetime) -> int:
    """Do what the clocks of one case ask for, in their order; return how much that is."""
    work = work_of_row(case, row)
    due = sorted((each for each in moments(work, rules) if each.key not in row.told and each.at <= now), key=_order)
    for moment in due:
        if moment.escalation is not None:
            escalate(session, case, row, moment.escalation, now)
            continue
        detail = {"state": work.state.value, "holder": row.holder, "since": moment.at.isoformat()}
        session.add(CaseEvent(case_id=row.case_id, at=now, kind=moment.key, detail=detail))
    row.told = sorted({*row.told, *(moment.key for moment in due)})
    row.next_at = next_moment(work, rules, row.told)
    return len(due)


def _order(moment: Moment) -> tuple[datetime, int]:
    """At one moment a case is overdue before it goes up, and goes up a little before it goes up far."""
    return moment.at, moment.escalation.levels if moment.escalation else 0


def recount_clocks(session: Session, jurisdiction_id: int, now: datetime) -> int:
    """Count anew when cases of a town are due, after its calendar or its rules have changed.

    Clocks that run keep their limits; what was told is not told again.

    Parameters
    ----------
    session : Session
        Not committed.
    jurisdiction_id : int
        Whose cases.
    now : datetime
        When it is done; the history of each case that is due at another time says so.

    Returns
    -------
    int
        How many cases are due at another time.
    """
    rules = rules_of(session, jurisdiction_id).rules
    counted = select(CaseWorkRow, Case).join(Case, Case.id == CaseWorkRow.case_id)
    counted = counted.where(Case.jurisdiction_id == jurisdiction_id, Case.status != "closed")
    changed = 0
    with looking(session, EVERYTHING):
        rows = session.execute(counted.order_by(Case.id).with_for_update(of=(CaseWorkRow, Case))).all()
        for row, case in rows:
            changed += _recount(session, case, row, rules.of_category(case.category), now)
    return changed


def _recount(session: Session, case: Case, row: CaseWorkRow, rules: CaseRules, now: datetime) -> bool:
    work = work_of_row(case, row)
    before, after = (row.due_at, row.total_due_at), dues(work, rules)
    row.due_at, row.total_due_at = after
    row.next_at = next_moment(work, rules, row.told)
    if after == before:
        return False
    said = {name: None if at is None else at.isoformat() for name, at in zip(_DUES, before + after, strict=True)}
    session.add(CaseEvent(case_id=case.id, at=now, kind="due_changed", detail={"state": row.state, **said}))
    return True
