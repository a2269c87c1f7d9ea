"""Open cases when an edition is published: each goes to its grid there, and its history says so."""

import json
from collections.abc import Sequence
from typing import Final

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.models import Plan
from geogrid.index import GridIndex

_OPEN: Final = text("""
    select id, ST_X(geom) as lon, ST_Y(geom) as lat from cases
    where jurisdiction_id = :jurisdiction and status <> 'closed' and geom is not null
    order by id for update
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


def reassign_open_cases(session: Session, plan: Plan, index: GridIndex, leaves: Sequence[int]) -> int:
    """Give every open case with a point its grid in an edition, and return how many there were.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan : Plan
        The edition. A point on a shared edge goes to the grid with the smaller code; one outside, to none.
    index : GridIndex
        Over its leaves.
    leaves : sequence of int
        Their numbers, in the order of the index.
    """
    cases = session.execute(_OPEN, {"jurisdiction": plan.jurisdiction_id}).all()
    if not cases:
        return 0
    lon, lat = (np.array([getattr(row, name) for row in cases], dtype=np.float64) for name in ("lon", "lat"))
    found = index.locate(lon, lat).tolist()
    rows = [
        {"id": case.id, "grid_id": None if place < 0 else leaves[place]}
        for case, place in zip(cases, found, strict=True)
    ]
    for start in range(0, len(rows), _BATCH):
        session.execute(_MOVE, {"rows": json.dumps(rows[start : start + _BATCH]), "plan": plan.id})
    return len(rows)
