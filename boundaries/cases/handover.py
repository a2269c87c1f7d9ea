"""Open cases when an edition is published: each goes to its grid there, and its history says so."""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from geogrid.index import GridIndex

_OPEN: Final = text("""
    select id, ST_X(geom) as lon, ST_Y(geom) as lat from cases
    where jurisdiction_id = :jurisdiction and status <> 'closed' and geom is not null
    order by id for update
""")
_LATE: Final = text("""
    select c.id, ST_X(c.geom) as lon, ST_Y(c.geom) as lat
    from changes told
    join grids former on former.plan_id = cast(told.detail->>'former' as int)
    join cases c on c.grid_id = former.id and c.status <> 'closed'
    where told.plan_id = :plan and told.kind = 'published'
        and exists (select from case_events e where e.case_id = c.id and e.kind = 'received' and e.at >= told.at)
    order by c.id for update of c skip locked
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
    return _reassign(
        session, plan.id, session.execute(_OPEN, {"jurisdiction": plan.jurisdiction_id}).all(), index, leaves
    )


def reassign_late_cases(session: Session, plan_id: int, index: GridIndex, leaves: Sequence[int]) -> int:
    """Give an edition that comes into force the open cases that the former one got after the publication.

    Parameters
    ----------
    session : Session
        Flushed, not committed. Cases that another server is just giving over are left to it.
    plan_id : int
        The edition.
    index, leaves
        As for `reassign_open_cases`.
    """
    return _reassign(session, plan_id, session.execute(_LATE, {"plan": plan_id}).all(), index, leaves)


def _reassign(
    session: Session, plan_id: int, cases: Sequence[Row[Any]], index: GridIndex, leaves: Sequence[int]
) -> int:
    if not cases:
        return 0
    lon, lat = (np.array([getattr(row, name) for row in cases], dtype=np.float64) for name in ("lon", "lat"))
    found = index.locate(lon, lat).tolist()
    rows = [
        {"id": case.id, "grid_id": None if place < 0 else leaves[place]}
        for case, place in zip(cases, found, strict=True)
    ]
    for start in range(0, len(rows), _BATCH):
        session.execute(_MOVE, {"rows": json.dumps(rows[start : start + _BATCH]), "plan": plan_id})
    return len(rows)
