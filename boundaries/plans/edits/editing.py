"""Edits of drafts: carried out, recorded with what they changed, taken back and done again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import shapely
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from boundaries.basemap.reading import has_water, water_frame
from boundaries.grids.records import PlanValues
from boundaries.grids.tables import Plan
from boundaries.plans.drafts import lock_draft, record
from boundaries.plans.edits.answering import Done, EditAnswer, answer_of, changed_grids
from boundaries.plans.edits.overlap import (
    Seen,
    mark_touched,
    require_as_seen,
    require_fits,
    require_only_seen,
    rows_of,
    touched_keys,
)
from boundaries.plans.edits.steps import LAST_PLACE, put_edit, take_step
from boundaries.plans.edits.storing import store_rows
from boundaries.plans.loading import barriers_near, buildings_near, load_part, own_levels
from boundaries.plans.tables import Edit
from boundaries.store.bulk_copy import new_ids
from geogrid.errors import ConflictError
from geogrid.plans import Buildings, Delta, Draft, Operation, OperationScope, Tools, scope_of
from geogrid.plans.operations.perform import perform
from geogrid.plans.operations.records import record_of
from geogrid.plans.state import Rules

_DERIVED = "array['households', 'population', 'buildings']"
_OWN_GRIDS = text(f"""
    select grid_id, coalesce(before->>'kind', after->>'kind') <> 'parent'
        or before is null or after is null or before - {_DERIVED} <> after - {_DERIVED} as is_own
    from edit_grids where edit_id = :edit
""")  # noqa: S608 - our own text


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a plan, and why."""

    name: str
    reason: str = ""


def edit(  # noqa: PLR0913 - who, what and what he had seen
    session: Session,
    plan_id: int,
    wanted: Sequence[Operation],
    *,
    author: Author,
    version: int | None,
    seen: Seen | None = None,
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
    seen : mapping of str to int, optional
        Versions of all grids that it touches, by code, as they were read: what others did elsewhere does not matter.

    Raises
    ------
    NotFoundError, InvalidInputError
        An operation cannot be carried out.
    ConflictError, StaleError
        The plan is no draft, or it or a grid is not as it was read.
    """
    plan = lock_draft(session, plan_id, version=version)
    named = None if seen is None else require_as_seen(session, plan, seen)
    make_room(session, plan, author, len(wanted))
    touched: set[int] = set()
    blocks = 0
    before, after = plan.position, plan.position + len(wanted)
    done: Done | None = None
    for operation in wanted:
        delta, done = _carry_out(session, plan, operation, author)
        if named is not None:
            require_only_seen(session, plan, delta, named)
        touched |= set(delta.touched_leaves().tolist())
        blocks += len(delta.block_ids)
    changed = changed_grids(session, plan, before, after)
    detail = {"operations": [record_of(each)["kind"] for each in wanted], "reason": author.reason}
    record(session, plan, made_by=author.name, kind="edit", detail={**detail, "grids": rows_of(changed)})
    return answer_of(session, plan, touched, blocks, changed, done=done if len(wanted) == 1 else None)


def make_room(session: Session, plan: Plan, author: Author, count: int) -> None:
    """Forget what an author has taken back, since he goes on otherwise; what others took back waits for them.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan : Plan
        A locked draft.
    author : Author
        Who is about to edit.
    count : int
        How many edits come now.
    """
    undone = (Edit.plan_id == plan.id, Edit.position > plan.position)
    session.execute(delete(Edit).where(*undone, Edit.made_by == author.name))
    waiting = session.scalars(select(Edit.id).where(*undone).order_by(Edit.position)).all()
    # Places may be taken by those that move as well: all go aside first.
    for first in (LAST_PLACE - len(waiting), plan.position + count + 1):
        for place, edit_id in enumerate(waiting, start=first):
            put_edit(session, edit_id, place)


def _carry_out(session: Session, plan: Plan, operation: Operation, author: Author) -> tuple[Delta, Done]:
    scope = scope_of(operation)
    part = load_part(session, plan, scope)
    after, delta = perform(part, operation, _tools(session, plan, scope, part, author))
    lands = keep_edit(session, plan, part, after, delta, operation=record_of(operation), author=author)
    return delta, Done(after, lands)


def keep_edit(  # noqa: PLR0913 - both sides, what and who
    session: Session,
    plan: Plan,
    part: Draft,
    after: Draft,
    delta: Delta,
    *,
    operation: Mapping[str, Any],
    author: Author,
) -> dict[int, shapely.Geometry]:
    """Store what leads from one state of a draft to another as its next edit, and bring the draft there.

    Returns the new land of grids by key.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan : Plan
        A locked draft.
    part, after : Draft
        It, or a part of it, before and after.
    delta : Delta
        Their difference.
    operation : mapping
        What was asked for, as it is told.
    author : Author
        Who, and why.
    """
    plan.position += 1
    made = Edit(
        plan_id=plan.id,
        position=plan.position,
        made_by=author.name,
        reason=author.reason,
        operation=dict(operation),
    )
    if delta.rules is not None:
        _note_rules(session, plan, made, *delta.rules)
    session.add(made)
    session.flush()
    lands = store_rows(session, plan, made.id, old=part, new=after, delta=delta)
    take_step(session, plan.id, made.id, forward=True)
    mark_touched(session, plan, touched_keys(delta))
    return lands


def _note_rules(session: Session, plan: Plan, made: Edit, before: Rules, after: Rules) -> None:
    """Keep with an edit what it changes of the levels and the band."""
    if before.levels != after.levels:
        made.levels_before = [asdict(title) for title in own_levels(session, plan)]
        made.levels_after = [asdict(title) for title in after.levels]
    if (before.load, before.band) != (after.load, after.band):
        made.band_before, made.band_after = _band_json(before), _band_json(after)


def _band_json(rules: Rules) -> dict[str, Any]:
    low, high = rules.band or (None, None)
    return {"load": rules.load, "low": low, "high": high}


def _tools(session: Session, plan: Plan, scope: OperationScope, part: Draft, author: Author) -> Tools:
    tools = Tools(lambda: new_ids(session, "grids", 1)[0], lambda: new_ids(session, "blocks", 1)[0], author=author.name)
    if scope.area is not None:
        return replace(tools, buildings=_buildings(session, plan, scope.area, part))
    is_wet = scope.water and has_water(session, plan.jurisdiction_id)
    if scope.barriers or is_wet:
        tools = replace(tools, barriers=barriers_near(session, plan, part.blocks.polygons))
    return replace(tools, water=water_frame(session, plan.jurisdiction_id).geometry.to_numpy()) if is_wet else tools


def _buildings(session: Session, plan: Plan, area: shapely.Geometry, part: Draft) -> Buildings:
    """Return the buildings of every block that may be cut: its pieces share its loads by them."""
    cut = part.blocks.polygons[shapely.intersects(part.blocks.polygons, area)]
    return buildings_near(session, plan, shapely.box(*shapely.total_bounds(cut)) if len(cut) else area)


def undo(session: Session, plan_id: int, *, author: Author, version: int | None, is_own: bool = False) -> EditAnswer:
    """Take the last edit back, or the author's own last one.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan_id : int
        A draft.
    author : Author
        Who, and why.
    version : int, optional
        The plan as it was read; None to take it as it is.
    is_own : bool
        What others did after it stays, where it has not touched the same grids.

    Raises
    ------
    NotFoundError, ConflictError, StaleError
        As `edit`; there is no such edit; somebody else has touched the same grids since.
    """
    plan = lock_draft(session, plan_id, version=version)
    made = _own_edit(session, plan, author, forward=False) if is_own else _edit_at(session, plan, plan.position)
    if made is None:
        raise ConflictError(f"There is no edit of plan {plan.id} to take back.")
    if made.sealed:
        raise ConflictError(
            f"Edit {made.position} of plan {plan.id} was made before its blocks or their loads were counted again, "
            "and is no longer taken back. Edit the plan as it is now."
        )
    if made.position < plan.position:
        require_fits(session, plan, made, forward=False)
    take_step(session, plan.id, made.id, forward=False)
    # What is taken back comes first of all that can be done again.
    _move_edit(session, plan, made.id, first=made.position, last=plan.position)
    plan.position -= 1
    return _stepped(session, plan, made, author, kind="undo")


def redo(session: Session, plan_id: int, *, author: Author, version: int | None, is_own: bool = False) -> EditAnswer:
    """Do the edit again that was taken back last, or the author's own one; else as `undo`."""
    plan = lock_draft(session, plan_id, version=version)
    made = _own_edit(session, plan, author, forward=True) if is_own else _edit_at(session, plan, plan.position + 1)
    if made is None:
        raise ConflictError(f"There is no edit of plan {plan.id} to do again.")
    require_fits(session, plan, made, forward=True)
    take_step(session, plan.id, made.id, forward=True)
    _move_edit(session, plan, made.id, first=made.position, last=plan.position + 1)
    plan.position += 1
    return _stepped(session, plan, made, author, kind="redo")


def _own_edit(session: Session, plan: Plan, author: Author, *, forward: bool) -> Edit | None:
    """Return the author's last edit, or the one of his that was taken back last."""
    own = select(Edit).where(Edit.plan_id == plan.id, Edit.made_by == author.name).limit(1)
    if forward:
        return session.scalar(own.where(Edit.position > plan.position).order_by(Edit.position))
    found = session.scalar(own.where(Edit.position <= plan.position).order_by(Edit.position.desc()))
    last = None if found is not None else _edit_at(session, plan, plan.position)
    if last is not None:
        raise ConflictError(
            f"{author.name or 'Whoever asks'} has made no edit of plan {plan.id} that stands. The last one is of "
            f"{last.made_by or 'somebody'} ({last.operation.get('kind')}), who may take it back."
        )
    return found


def _move_edit(session: Session, plan: Plan, edit_id: int, *, first: int, last: int) -> None:
    """Put an edit from one place in the order to another; those between move up."""
    if first == last:
        return
    step, low, high = (-1, first + 1, last) if first < last else (1, last, first - 1)
    between = select(Edit.id, Edit.position).where(Edit.plan_id == plan.id, Edit.position.between(low, high))
    moved = session.execute(between.order_by(Edit.position if step < 0 else Edit.position.desc())).all()
    put_edit(session, edit_id, LAST_PLACE)
    for row in moved:
        put_edit(session, row.id, row.position + step)
    put_edit(session, edit_id, last)


def _edit_at(session: Session, plan: Plan, position: int) -> Edit | None:
    return session.scalar(select(Edit).where(Edit.plan_id == plan.id, Edit.position == position))


def _stepped(session: Session, plan: Plan, made: Edit, author: Author, *, kind: str) -> EditAnswer:
    sides = text("select before, after from edit_blocks where edit_id = :edit")
    rows = session.execute(sides, {"edit": made.id}).all()
    touched = {key for row in rows for key in row if key is not None}
    own = session.execute(_OWN_GRIDS, {"edit": made.id}).all()
    mark_touched(session, plan, touched | {row.grid_id for row in own if row.is_own})
    touched |= {row.grid_id for row in own}
    session.refresh(made)
    changed = changed_grids(session, plan, made.position - 1, made.position, turned=kind == "undo")
    detail = {"position": made.position, "operations": [made.operation["kind"]], "reason": author.reason}
    record(session, plan, made_by=author.name, kind=kind, detail={**detail, "grids": rows_of(changed)})
    return answer_of(session, plan, touched, len(rows), changed)


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
