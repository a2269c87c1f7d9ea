"""Edits of drafts: carried out, recorded with what they changed, taken back and done again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.grids.tables import Plan
from boundaries.plans.drafts import lock_draft, record
from boundaries.plans.edits.steps import take_step
from boundaries.plans.edits.storing import store_rows
from boundaries.plans.loading import barriers_near, buildings_near, load_part, own_levels
from boundaries.plans.tables import Edit
from boundaries.store.bulk_copy import new_ids
from geogrid.errors import ConflictError
from geogrid.plans import Buildings, Delta, Draft, GridFigures, Operation, OperationScope, Tools, figures, scope_of
from geogrid.plans.operations.perform import perform
from geogrid.plans.operations.records import record_of

_OPEN_CASES = text("""
    select code, count(*) as cases from (
        -- A case on a shared edge counts for the grid with the smaller code, as lookups do.
        select distinct on (c.id) c.id, g.code
        from grids g
        join cases c on c.jurisdiction_id = :jurisdiction and c.status <> 'closed' and ST_Intersects(c.geom, g.geom)
        where g.id = any(:ids)
        order by c.id, g.code collate "C"
    ) as placed
    group by code
""")


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a plan, and why."""

    name: str
    reason: str = ""


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
    """

    plan: PlanRecord
    changed: tuple[Mapping[str, Any], ...]
    blocks: int
    figures: tuple[GridFigures, ...]
    open_cases: Mapping[str, int]


def edit(
    session: Session, plan_id: int, wanted: Sequence[Operation], *, author: Author, version: int | None
) -> EditAnswer:
    """Carry operations out, one after the other: all or, by an error, none.

    Parameters
    ----------
    session : Session
        Flushed, not committed; a refused operation leaves it to be rolled back.
    plan_id : int
        A draft.
    wanted : sequence of Operation
        Each becomes an edit that can be taken back by itself.
    author : Author
        Who and why.
    version : int, optional
        The plan as it was read; None to take it as it is.

    Raises
    ------
    NotFoundError, InvalidInputError
        An operation cannot be carried out.
    ConflictError, StaleError
        The plan is no draft, or is not as it was read.
    """
    plan = lock_draft(session, plan_id, version=version)
    session.execute(delete(Edit).where(Edit.plan_id == plan.id, Edit.position > plan.position))
    touched: set[int] = set()
    blocks = 0
    before, after = plan.position, plan.position + len(wanted)
    for operation in wanted:
        delta = _carry_out(session, plan, operation, author)
        touched |= set(delta.touched_leaves().tolist())
        blocks += len(delta.block_ids)
    detail = {"operations": [record_of(each)["kind"] for each in wanted], "reason": author.reason}
    record(session, plan, made_by=author.name, kind="edit", detail=detail)
    return _answer(session, plan, touched, blocks, _changed(session, plan, before, after))


def _carry_out(session: Session, plan: Plan, operation: Operation, author: Author) -> Delta:
    scope = scope_of(operation)
    part = load_part(session, plan, scope)
    after, delta = perform(part, operation, _tools(session, plan, scope, part))
    plan.position += 1
    made = Edit(
        plan_id=plan.id,
        position=plan.position,
        made_by=author.name,
        reason=author.reason,
        operation=record_of(operation),
    )
    if delta.rules is not None:
        made.levels_before = [asdict(title) for title in own_levels(session, plan)]
        made.levels_after = [asdict(title) for title in after.rules.levels]
    session.add(made)
    session.flush()
    store_rows(session, plan, made.id, old=part, new=after, delta=delta)
    take_step(session, plan.id, made.id, forward=True)
    return delta


def _tools(session: Session, plan: Plan, scope: OperationScope, part: Draft) -> Tools:
    tools = Tools(lambda: new_ids(session, "grids", 1)[0], lambda: new_ids(session, "blocks", 1)[0])
    if scope.area is not None:
        return Tools(tools.new_grid, tools.new_block, buildings=_buildings(session, plan, scope.area, part))
    if scope.barriers:
        return Tools(tools.new_grid, tools.new_block, barriers=barriers_near(session, plan, part.blocks.polygons))
    return tools


def _buildings(session: Session, plan: Plan, area: shapely.Geometry, part: Draft) -> Buildings:
    """Return the buildings of every block that may be cut: its pieces share its loads by them."""
    cut = part.blocks.polygons[shapely.intersects(part.blocks.polygons, area)]
    return buildings_near(session, plan, shapely.box(*shapely.total_bounds(cut)) if len(cut) else area)


def undo(session: Session, plan_id: int, *, author: Author, version: int | None) -> EditAnswer:
    """Take the last edit back. Raises `ConflictError` if there is none, else as `edit`."""
    plan = lock_draft(session, plan_id, version=version)
    made = _edit_at(session, plan, plan.position)
    if made is None:
        raise ConflictError(f"There is no edit of plan {plan.id} to take back.")
    take_step(session, plan.id, made.id, forward=False)
    plan.position -= 1
    return _stepped(session, plan, made, author, kind="undo")


def redo(session: Session, plan_id: int, *, author: Author, version: int | None) -> EditAnswer:
    """Do the edit again that was taken back last. Raises `ConflictError` if there is none, else as `edit`."""
    plan = lock_draft(session, plan_id, version=version)
    made = _edit_at(session, plan, plan.position + 1)
    if made is None:
        raise ConflictError(f"There is no edit of plan {plan.id} to do again.")
    take_step(session, plan.id, made.id, forward=True)
    plan.position += 1
    return _stepped(session, plan, made, author, kind="redo")


def _edit_at(session: Session, plan: Plan, position: int) -> Edit | None:
    return session.scalar(select(Edit).where(Edit.plan_id == plan.id, Edit.position == position))


def _stepped(session: Session, plan: Plan, made: Edit, author: Author, *, kind: str) -> EditAnswer:
    detail = {"position": made.position, "operations": [made.operation["kind"]], "reason": author.reason}
    record(session, plan, made_by=author.name, kind=kind, detail=detail)
    sides = text("select before, after from edit_blocks where edit_id = :edit")
    rows = session.execute(sides, {"edit": made.id}).all()
    touched = {key for row in rows for key in row if key is not None}
    own = text("select grid_id from edit_grids where edit_id = :edit")
    touched |= set(session.scalars(own, {"edit": made.id}))
    changed = _changed(session, plan, made.position - 1, made.position, turned=kind == "undo")
    return _answer(session, plan, touched, len(rows), changed)


def _changed(
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


def _answer(
    session: Session, plan: Plan, touched: set[int], blocks: int, changed: tuple[Mapping[str, Any], ...]
) -> EditAnswer:
    codes = session.scalars(
        text("select code from grids where id = any(:ids) and kind <> 'parent'"), {"ids": sorted(touched)}
    )
    now = load_part(session, plan, OperationScope(tuple(codes)))
    found = figures(now, np.unique(now.owner).tolist())
    ids = {"jurisdiction": plan.jurisdiction_id, "ids": np.unique(now.owner).tolist()}
    cases = {row.code: int(row.cases) for row in session.execute(_OPEN_CASES, ids)}
    return EditAnswer(plan_record(plan), changed, blocks, found, {each.code: cases.get(each.code, 0) for each in found})


def list_edits(session: Session, plan: PlanValues) -> list[dict[str, Any]]:
    """Return the edits of a plan in order, those taken back marked as such."""
    rows = session.scalars(select(Edit).where(Edit.plan_id == plan.id).order_by(Edit.position))
    return [
        {
            "position": row.position,
            "at": row.made_at,
            "by": row.made_by,
            "reason": row.reason,
            "operation": row.operation,
            "undone": row.position > plan.position,
        }
        for row in rows
    ]
