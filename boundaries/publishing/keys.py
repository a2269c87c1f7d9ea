"""Keys of grids (网格身份): a plan that becomes an edition carries on those of the edition before."""

import json
from collections.abc import Iterable
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from geogrid.plans.keys import continued_keys
from geogrid.plans.links import SharedLand

_KEYS: Final = text("select id, key_id from grids where plan_id = :plan")
# The one that had a key last is in the edition that began last; of what nobody had, there is none.
_STAYS: Final = text("""
    select own.id
    from grids own
    left join lateral (
        select g.geom from grids g join plans p on p.id = g.plan_id
        where g.key_id = own.key_id and p.validity is not null
        order by lower(p.validity) desc limit 1
    ) last on true
    where own.plan_id = :plan
        and not exists (select from grids f where f.plan_id = :before and f.key_id = own.key_id)
        and (last.geom is null or ST_Equals(own.geom, last.geom)
            or ST_Area(ST_Intersection(ST_MakeValid(own.geom), ST_MakeValid(last.geom))) > ST_Area(last.geom) / 2)
""")
_NEW: Final = text("insert into grid_keys (jurisdiction_id) select :town from generate_series(1, :count) returning id")
_SET: Final = text("""
    update grids g set key_id = given.key_id
    from jsonb_to_recordset(cast(:rows as jsonb)) as given(id int, key_id int8)
    where g.plan_id = :plan and g.id = given.id and g.key_id <> given.key_id
""")
_FORGET: Final = text("""
    delete from grid_keys k where k.id = any(:keys) and not exists (select from grids g where g.key_id = k.id)
""")


def carry_keys(session: Session, before: PlanValues, plan: PlanValues, links: Iterable[SharedLand]) -> None:
    """Give the grids of a plan the keys of the grids that they continue, and new ones to those that continue none.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    before : PlanValues
        The edition before.
    plan : PlanValues
        About to become the next.
    links : iterable of SharedLand
        From the one to the other.
    """
    former, own = _keys(session, before), _keys(session, plan)
    stays = set(session.scalars(_STAYS, {"plan": plan.id, "before": before.id}))
    keys = continued_keys(links, former, own, stays)
    keyless = [grid for grid, key in keys.items() if key is None]
    new = session.scalars(_NEW, {"town": plan.jurisdiction_id, "count": len(keyless)}).all() if keyless else []
    given = keys | dict(zip(keyless, new, strict=True))
    rows = [{"id": grid, "key_id": key} for grid, key in given.items() if key != own[grid]]
    session.execute(_SET, {"plan": plan.id, "rows": json.dumps(rows)})
    session.execute(_FORGET, {"keys": [own[row["id"]] for row in rows]})
    session.expire_all()


def _keys(session: Session, plan: PlanValues) -> dict[int, int]:
    return {row.id: row.key_id for row in session.execute(_KEYS, {"plan": plan.id})}
