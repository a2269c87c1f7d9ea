"""Open cases when an edition is published: each goes to its grid there, and its history says so.

With an edition that is in force at once they go in the transaction that publishes it. A job, due at the moment from
which the edition is valid, hands over what is open then, and what comes at the very switch: a request under way, or a
server that has not seen the edition yet, still places by the former one.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from boundaries.editions.index_files import IndexFolder
from boundaries.editions.reading import compile_edition
from boundaries.grids.records import PlanValues
from boundaries.grids.tables import Plan
from boundaries.jobs.records import JobDone, NewJob, Turn
from boundaries.store.sight import looking, sight_of_towns
from geogrid.index import GridIndex

HAND_OVER: Final = "hand-over"
"""Kind of the jobs; the key is the number of the edition."""

_OPEN: Final = text("""
    select id, ST_X(geom) as lon, ST_Y(geom) as lat from cases
    where jurisdiction_id = :jurisdiction and status <> 'closed' and geom is not null
    order by id for update
""")
_LATE: Final = text("""
    select c.id, c.grid_id, ST_X(c.geom) as lon, ST_Y(c.geom) as lat
    from cases c left join grids g on g.id = c.grid_id left join plans p on p.id = g.plan_id
    where c.jurisdiction_id = :jurisdiction and c.status <> 'closed' and c.geom is not null
        and (
            lower(p.validity) < (select lower(validity) from plans where id = :plan)
            -- Outside the former edition, or nobody knew of one.
            or c.grid_id is null and exists (
                select from case_events e where e.case_id = c.id and e.kind = 'received' and e.at >= (
                    select min(told.at) from changes told where told.plan_id = :plan and told.kind = 'published'
                )
            )
        )
    order by c.id for update of c
""")
_MOVE: Final = text("""
    with given as (
        select id, grid_id from jsonb_to_recordset(cast(:rows as jsonb)) as r(id int8, grid_id int)
    ),
    former as (
        select c.id, g.code from given join cases c using (id) left join grids g on g.id = c.grid_id
    ),
    moved as (
        update cases c set grid_id = given.grid_id from given where c.id = given.id returning c.id, c.grid_id
    )
    insert into case_events (case_id, kind, detail)
    select moved.id, 'reassigned', jsonb_build_object('from', former.code, 'to', g.code, 'edition', cast(:plan as int))
    from moved join former using (id) left join grids g on g.id = moved.grid_id
    order by moved.id
""")
_BATCH: Final = 20_000
_SWITCH: Final = timedelta(minutes=2)
"""Longer than a server takes to see an edition (``GEOGRID_REFRESH_SECONDS`` is 60 at most), and a request then."""
_FIRST_PAUSE: Final = timedelta(seconds=1)


def reassign_open_cases(session: Session, plan: PlanValues, index: GridIndex, leaves: Sequence[int]) -> int:
    """Give every open case with a point its grid in an edition, and return how many there were.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan : PlanValues
        The edition. A point on a shared edge goes to the grid with the smaller code; one outside, to none.
    index : GridIndex
        Over its leaves.
    leaves : sequence of int
        Their numbers, in the order of the index.
    """
    with looking(session, sight_of_towns([plan.jurisdiction_id])):
        cases = session.execute(_OPEN, {"jurisdiction": plan.jurisdiction_id}).all()
        return _move(session, plan.id, _located(cases, index, leaves))


def asks_for_hand_over(plan_id: int, at: datetime) -> NewJob:
    """Return the job that gives an edition, when it comes into force, the open cases that are not in its grids."""
    return NewJob(HAND_OVER, str(plan_id), at)


def hand_over(turn: Turn, *, indexes: IndexFolder | None = None) -> JobDone:
    """Give an edition that has come into force the open cases that are in no grid of it.

    Around the switch this is done again and again, with growing pauses, until nobody can place by the former edition
    any more. An edition that is over by then hands nothing over: the next one has its own job.

    Parameters
    ----------
    turn : Turn
        Of a job that `asks_for_hand_over` made.
    indexes : IndexFolder, optional
        Where local copies of compiled indexes are.
    """
    # Held until the cases are moved: a publication that ends this edition waits, or is seen here whole. Else the
    # edition could be read before it, the cases after it, and they would be taken back.
    plan = turn.session.get(Plan, int(turn.job.key or 0), with_for_update={"read": True})
    if plan is None or plan.validity is None or plan.validity.lower is None:
        return JobDone(f"There is no edition {turn.job.key}.")
    begins, ends = plan.validity.lower, plan.validity.upper
    if turn.now < begins:
        return JobDone(again_at=begins)
    if ends is not None and ends <= turn.now:
        return JobDone(f"Edition {plan.name!r} ({plan.id}) is over; what was open went to the next.")
    count = _give_late_cases(turn.session, plan, turn.now, indexes)
    told = f"{count:,} open {'case' if count == 1 else 'cases'} went to the grids of edition {plan.name!r} ({plan.id})."
    passed = turn.now - max(begins, turn.job.created_at)
    again_at = None if passed >= _SWITCH else turn.now + max(passed, _FIRST_PAUSE)
    return JobDone(told if count or again_at is None else "", again_at)


def _give_late_cases(session: Session, plan: Plan, now: datetime, indexes: IndexFolder | None) -> int:
    """Give late cases their grids; return how many changed theirs."""
    with looking(session, sight_of_towns([plan.jurisdiction_id])):
        late = session.execute(_LATE, {"plan": plan.id, "jurisdiction": plan.jurisdiction_id}).all()
        if not late:
            return 0
        edition = compile_edition(session, plan, at=now, indexes=indexes)
        leaves = [leaf.id for leaf in edition.leaves]
        return _move(session, plan.id, [pair for pair in _located(late, edition.index, leaves) if _is_news(*pair)])


def _is_news(case: Row[Any], grid_id: int | None) -> bool:
    return bool(case.grid_id != grid_id)


def _located(cases: Sequence[Row[Any]], index: GridIndex, leaves: Sequence[int]) -> list[tuple[Row[Any], int | None]]:
    """Return each case with the number of its grid, None outside."""
    if not cases:
        return []
    lon, lat = (np.array([getattr(row, name) for row in cases], dtype=np.float64) for name in ("lon", "lat"))
    places = index.locate(lon, lat).tolist()
    return [(case, None if place < 0 else leaves[place]) for case, place in zip(cases, places, strict=True)]


def _move(session: Session, plan_id: int, located: Sequence[tuple[Row[Any], int | None]]) -> int:
    rows = [{"id": case.id, "grid_id": grid_id} for case, grid_id in located]
    for start in range(0, len(rows), _BATCH):
        session.execute(_MOVE, {"rows": json.dumps(rows[start : start + _BATCH]), "plan": plan_id})
    return len(rows)
