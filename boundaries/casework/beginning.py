"""The first clock of cases: it runs from when a case comes in, or from when its town gives itself a limit."""

import json
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.casework.clock_rows import clock_row
from boundaries.casework.moments import next_moment
from boundaries.casework.rules import own_rules
from boundaries.jobs.reading import database_now
from geogrid.casework import begin

_BEGIN: Final = text("""
    insert into case_works (case_id, state, stage, due_at, next_at, version)
    select cases.id, :state, cast(:stage as jsonb), :due_at, :next_at, 0
    from cases
    where jurisdiction_id = :town and status = 'open' and (cast(:case as int8) is null or id = :case)
        and not exists (select from case_works where case_works.case_id = cases.id)
    on conflict do nothing
""")


def begin_work(session: Session, jurisdiction_id: int, case_id: int | None = None) -> int:
    """Start the clock of cases that nobody has touched, where their town limits how long they may wait.

    Parameters
    ----------
    session : Session
        Not committed.
    jurisdiction_id : int
        Whose cases.
    case_id : int, optional
        Only this one, which came in just now; else all that are open.

    Returns
    -------
    int
        How many clocks were started.
    """
    stored = own_rules(session, jurisdiction_id)
    if stored is None:
        return 0
    rules = stored.rules
    if rules.profile.begins not in rules.limits:
        return 0
    work = begin(rules, database_now(session))
    values = {
        "town": jurisdiction_id,
        "case": case_id,
        "state": work.state.value,
        "stage": json.dumps(clock_row(work.stage)),
        "due_at": None if work.stage is None else work.stage.due(rules.calendar),
        "next_at": next_moment(work, rules.calendar, ()),
    }
    begun = session.execute(_BEGIN, values)
    return int(begun.rowcount)  # type: ignore[attr-defined]
