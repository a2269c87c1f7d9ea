"""Blocks that are followed by others of the same land: what editions keep, and what drafts have."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.store.bulk_copy import new_ids
from geogrid.editions.fields import LOADS

_INSERT: Final = text(f"""
    insert into blocks (id, jurisdiction_id, {", ".join(LOADS)}, geom)
    select m.new, b.jurisdiction_id, {", ".join(f"m.{load}" for load in LOADS)}, b.geom
    from jsonb_to_recordset(cast(:rows as jsonb))
        as m(old bigint, new bigint, {", ".join(f"{load} float8" for load in LOADS)})
    join blocks b on b.id = m.old
""")  # noqa: S608 - our own text
_FOLLOW: Final = text("""
    update block_successions s set new_id = m.new, made_at = now()
    from jsonb_to_recordset(cast(:rows as jsonb)) as m(old bigint, new bigint)
    where s.new_id = m.old
""")
_SUCCEED: Final = text("""
    insert into block_successions (old_id, new_id)
    select m.old, m.new from jsonb_to_recordset(cast(:rows as jsonb)) as m(old bigint, new bigint)
""")
_GRIDS: Final = text(f"""
    with recursive moved as (
        select a.grid_id as id, {", ".join(f"sum(coalesce(n.{load}, 0) - coalesce(o.{load}, 0)) as {load}" for load in LOADS)}
        from assignments a
        join block_successions s on s.old_id = a.block_id
        join blocks o on o.id = s.old_id
        join blocks n on n.id = s.new_id
        where a.plan_id = any(:plans)
        group by a.grid_id
    ),
    up as (
        select g.id, g.parent_id, {", ".join(f"m.{load}" for load in LOADS)} from moved m join grids g on g.id = m.id
        union all
        select g.id, g.parent_id, {", ".join(f"up.{load}" for load in LOADS)} from up join grids g on g.id = up.parent_id
    ),
    total as (select id, {", ".join(f"sum({load}) as {load}" for load in LOADS)} from up group by id)
    update grids g
    set {", ".join(f"{load} = case when t.{load} = 0 then g.{load} else greatest(coalesce(g.{load}, 0) + t.{load}, 0) end" for load in LOADS)}
    from total t where t.id = g.id
""")  # noqa: S608, E501 - our own text
_ASSIGN: Final = text("""
    update assignments a set block_id = s.new_id
    from block_successions s where a.plan_id = any(:plans) and s.old_id = a.block_id
""")


def succeed_blocks(
    session: Session, jurisdiction_plans: Sequence[int], loads: Mapping[int, Mapping[str, float | None]]
) -> None:
    """Let blocks be followed by ones of the same land with other loads, in plans that are no editions.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    jurisdiction_plans : sequence of int
        Locked plans that get the new blocks; their grids' loads follow.
    loads : mapping of int to mapping
        By block, its loads by name, None for unknown ones.
    """
    ids = new_ids(session, "blocks", len(loads))
    rows = [{"old": old, "new": new, **loads[old]} for old, new in zip(sorted(loads), ids, strict=True)]
    for statement in (_INSERT, _FOLLOW, _SUCCEED):
        session.execute(statement, {"rows": json.dumps(rows)})
    bring_to_present(session, jurisdiction_plans)


def bring_to_present(session: Session, plans: Sequence[int]) -> None:
    """Give plans that are no editions the blocks that follow theirs, and their grids the loads of these.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plans : sequence of int
        Theirs.
    """
    for statement in (_GRIDS, _ASSIGN):
        session.execute(statement, {"plans": list(plans)})
    session.expire_all()
