"""The job that tells of clocks: a case is due soon, or overdue. Each is told once, whoever runs jobs, however often."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.cases.tables import Case, CaseEvent
from boundaries.casework.moments import moments, next_moment
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
    """Write into the history of cases which clocks are nearly, or quite, up.

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
            .with_for_update(of=CaseWorkRow, skip_locked=True)
        ).all()
        rules = {town: rules_of(turn.session, town).rules for town in {case.jurisdiction_id for _, case in rows}}
        count = 0
        for row, case in rows:
            count += _tell(turn.session, case, row, rules[case.jurisdiction_id], turn.now)
    told = f"{count:,} {'limit' if count == 1 else 'limits'} of cases told of." if count else ""
    return JobDone(told, turn.now if len(rows) == _BATCH else None)


def _tell(session: Session, case: Case, row: CaseWorkRow, rules: CaseRules, now: datetime) -> int:
    """Add what is to be told of one case to its history; return how much that is."""
    work = work_of_row(case, row)
    due = [(kind, at) for kind, at in moments(work, rules.calendar) if kind not in row.told and at <= now]
    for kind, at in due:
        detail: Mapping[str, str] = {"state": work.state.value, "holder": work.holder, "since": at.isoformat()}
        session.add(CaseEvent(case_id=row.case_id, at=now, kind=kind, detail=dict(detail)))
    row.told = sorted({*row.told, *(kind for kind, _ in due)})
    row.next_at = next_moment(work, rules.calendar, row.told)
    return len(due)
