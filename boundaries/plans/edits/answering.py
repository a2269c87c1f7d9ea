"""What an edit did: the grids that it changed, and the figures of those that it touched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanRecord, plan_record
from boundaries.grids.tables import Plan
from boundaries.plans.edits.overlap import versions_of
from boundaries.plans.loading import load_part
from geogrid.plans import Draft, GridFigures, OperationScope, figures

_OPEN_CASES = text("""
    select code, count(*) as cases from (
        -- A case on a shared edge counts for the grid with the smaller code, as lookups do.
        select distinct on (c.id) c.id, g.code
        from grids g
        join public_cases c on ST_Intersects(c.geom, g.geom)
        where g.id = any(:ids) and c.jurisdiction_id = :jurisdiction and c.status <> 'closed'
        order by c.id, g.code collate "C"
    ) as placed
    group by code
""")


@dataclass(frozen=True, slots=True)
class EditAnswer:
    """What an edit did.

    Parameters
    ----------
    plan : PlanRecord
        After it, with its new version.
    changed : tuple of mapping
        Grids before and after: ``before`` and ``after``, None where there is none, with code, name and so on.
    blocks : int
        Number of blocks that changed hands.
    figures : tuple of GridFigures
        Of the leaves touched, as they are now.
    open_cases : mapping of str to int
        Open cases by code of those leaves.
    versions : mapping of str to int
        Versions by code of those leaves, as they are now.
    """

    plan: PlanRecord
    changed: tuple[Mapping[str, Any], ...]
    blocks: int
    figures: tuple[GridFigures, ...]
    open_cases: Mapping[str, int]
    versions: Mapping[str, int]


def changed_grids(
    session: Session, plan: Plan, first: int, last: int, *, turned: bool = False
) -> tuple[Mapping[str, Any], ...]:
    """Return the grids that edits changed, as they were before the first and are after the last."""
    rows = session.execute(
        text("""
            select distinct on (g.grid_id) g.grid_id,
                first_value(g.before) over own as before, last_value(g.after) over own as after
            from edit_grids g join edits e on e.id = g.edit_id
            where e.plan_id = :plan and e.position > :first and e.position <= :last
            window own as (partition by g.grid_id order by e.position
                rows between unbounded preceding and unbounded following)
            order by g.grid_id
        """),
        {"plan": plan.id, "first": first, "last": last},
    ).all()
    sides = [(row.after, row.before) if turned else (row.before, row.after) for row in rows]
    return tuple({"before": before, "after": after} for before, after in sides if before or after)


@dataclass(frozen=True, slots=True)
class Done:
    """An operation that was carried out: the part of the plan after it, and the new land of grids by key."""

    after: Draft
    lands: Mapping[int, shapely.Geometry]


def answer_of(  # noqa: PLR0913, PLR0917 - what is known of the edit
    session: Session,
    plan: Plan,
    touched: set[int],
    blocks: int,
    changed: tuple[Mapping[str, Any], ...],
    done: Done | None = None,
) -> EditAnswer:
    """Return what an edit did, given the keys of the leaves that it touched and the grids that it changed.

    `done` is its only operation, where there was just one: what the plan is now need not be read again.
    """
    leaves = session.execute(
        text("select id, code from grids where id = any(:ids) and kind <> 'parent'"), {"ids": sorted(touched)}
    ).all()
    keys = sorted(row.id for row in leaves)
    if done is None or not set(keys) <= set(np.unique(done.after.owner).tolist()):
        done = Done(load_part(session, plan, OperationScope(tuple(row.code for row in leaves))), {})
    # Leaves without a block have no figures.
    present = set(np.unique(done.after.owner).tolist())
    keys = [key for key in keys if key in present]
    found = figures(done.after, keys, lands=done.lands)
    cases = {
        row.code: int(row.cases)
        for row in session.execute(_OPEN_CASES, {"jurisdiction": plan.jurisdiction_id, "ids": keys})
    }
    open_cases = {each.code: cases.get(each.code, 0) for each in found}
    return EditAnswer(plan_record(plan), changed, blocks, found, open_cases, versions_of(session, keys))
