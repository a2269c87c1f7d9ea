"""The first clock of cases: it runs from when a case comes in, or from when its town gives itself a limit."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from boundaries.cases.tables import Case
from boundaries.casework.clock_rows import clock_row
from boundaries.casework.moments import dues, next_moment
from boundaries.casework.rules import own_rules
from boundaries.jobs.reading import database_now
from geogrid.casework import CaseRules, begin

_BEGIN: Final = text("""
    insert into case_works (case_id, state, stage, due_at, next_at, version)
    select cases.id, :state, cast(:stage as jsonb), :due_at, :next_at, 0
    from cases
    where jurisdiction_id = :town and status = 'open' and (cast(:case as int8) is null or id = :case)
        and case when cast(:category as text) is null then coalesce(category, '') <> all (cast(:others as text[]))
            else category = :category end
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
    now, others = database_now(session), list(stored.rules.by_category)
    count = 0
    for category in (None, *others) if case_id is None else (_category_of(session, case_id, others),):
        rules = stored.rules.of_category(category)
        if rules.profile.begins in rules.limits:
            which = {"town": jurisdiction_id, "case": case_id, "category": category, "others": others}
            count += _begin(session, rules, which, now)
    return count


def _category_of(session: Session, case_id: int, others: Collection[str]) -> str | None:
    category = session.scalar(select(Case.category).where(Case.id == case_id))
    return category if category in others else None


def _begin(session: Session, rules: CaseRules, which: Mapping[str, object], now: datetime) -> int:
    work = begin(rules, now)
    values = {
        **which,
        "state": work.state.value,
        "stage": json.dumps(clock_row(work.stage)),
        "due_at": dues(work, rules)[0],
        "next_at": next_moment(work, rules, ()),
    }
    begun = session.execute(_BEGIN, values)
    return int(begun.rowcount)  # type: ignore[attr-defined]
