"""Drafts carried over to blocks that were cut from streets and buildings of another year."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from boundaries.grids.tables import BlockBase, Plan
from boundaries.plans.tables import Edit
from boundaries.store.bulk_copy import copy_rows, hex_ewkb
from geogrid.blocks.polygons import as_multi
from geogrid.editions.fields import LOADS
from geogrid.geometry.overlays import DEGREE, union_of_coverage
from geogrid.plans.carrying import Carried, carry
from geogrid.types import FloatArray, GeometryArray, IntArray

_LOADS: Final = ", ".join(f"b.{load}" for load in LOADS)
_OF_PLAN: Final = text(f"""
    select b.id, a.grid_id, {_LOADS}, ST_AsBinary(b.geom) as shape
    from assignments a join blocks b on b.id = a.block_id where a.plan_id = :id order by b.id
""")  # noqa: S608 - our own text
_OF_BASE: Final = text(f"""
    select b.id, {_LOADS}, ST_AsBinary(b.geom) as shape
    from base_blocks o left join block_successions s on s.old_id = o.block_id
    join blocks b on b.id = coalesce(s.new_id, o.block_id) where o.base_id = :id order by b.id
""")  # noqa: S608 - our own text
_GRIDS: Final = text("select id, code, level, parent_id, kind from grids where plan_id = :plan")
_UPDATE: Final = text(f"""
    update grids set geom = cast(:shape as geometry), {", ".join(f"{load} = :{load}" for load in LOADS)} where id = :id
""")  # noqa: S608 - our own text


@dataclass(frozen=True, slots=True)
class GridCarried:
    """What became of the load of a leaf.

    Parameters
    ----------
    code : str
        Of the leaf.
    before, after : float
        Its load.
    counted : float
        Of the difference, what is of buildings and households that are new, gone or counted otherwise on its land.
    gained, lost : float
        What came and went with land, where a new block crosses the former boundary; by share of the block's land.
    is_gone : bool
        No block is left for it; its land went to its neighbours.
    """

    code: str
    before: float
    after: float
    counted: float
    gained: float
    lost: float
    is_gone: bool


@dataclass(frozen=True, slots=True)
class _Blocks:
    ids: IntArray
    loads: FloatArray
    polygons: GeometryArray


def latest_base(session: Session, jurisdiction_id: int) -> BlockBase | None:
    """Return the latest base of a jurisdiction; None where its blocks were never cut anew."""
    statement = select(BlockBase).where(BlockBase.jurisdiction_id == jurisdiction_id)
    return session.scalar(statement.order_by(BlockBase.id.desc()).limit(1))


def seal_edits(session: Session, plan_id: int) -> None:
    """Keep the edits of a draft as a record; those that are undone are forgotten, and none is taken back any more."""
    position = select(Plan.position).where(Plan.id == plan_id).scalar_subquery()
    session.execute(delete(Edit).where(Edit.plan_id == plan_id, Edit.position > position))
    session.execute(text("update edits set sealed = true where plan_id = :plan"), {"plan": plan_id})


def carry_over(session: Session, plan_id: int, base_id: int, load: str, *, store: bool) -> tuple[GridCarried, ...]:
    """Bring a plan to the blocks of a base, and say what became of its loads.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan_id : int
        Locked, and no edition where it is stored.
    base_id : int
        Whose blocks.
    load : str
        What is told of.
    store : bool
        Else only say what would become of it.
    """
    rows = session.execute(_OF_PLAN, {"id": plan_id}).all()
    former, owner = _blocks(rows), np.array([row.grid_id for row in rows], dtype=np.int64)
    fresh = _blocks(session.execute(_OF_BASE, {"id": base_id}).all())
    if np.isin(former.ids, fresh.ids).any():
        return ()
    carried = carry(fresh.polygons, former.polygons, owner)
    codes = {grid.id: grid.code for grid in session.execute(_GRIDS, {"plan": plan_id}) if grid.kind != "parent"}
    told = _told(codes, former, owner, fresh, carried, LOADS.index(load))
    if store:
        _store(session, plan_id, fresh, carried.owner)
        seal_edits(session, plan_id)
    return told


def _blocks(rows: object) -> _Blocks:
    found = list(rows)  # type: ignore[call-overload]
    loads = np.array([[getattr(row, load) for load in LOADS] for row in found], dtype=np.float64)
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in found], dtype=object))
    ids = np.array([row.id for row in found], dtype=np.int64)
    return _Blocks(ids, loads.reshape(-1, len(LOADS)), np.asarray(shapes, dtype=object))


def _told(  # noqa: PLR0913, PLR0917 - both sides
    codes: Mapping[int, str], former: _Blocks, owner: IntArray, fresh: _Blocks, carried: Carried, load: int
) -> tuple[GridCarried, ...]:
    was, now = np.nan_to_num(former.loads[:, load]), np.nan_to_num(fresh.loads[:, load])
    part = now[carried.block] * carried.share
    stays = carried.owner[carried.block] == carried.grid
    told = []
    for grid, code in sorted(codes.items(), key=lambda item: item[1]):
        before, after = float(was[owner == grid].sum()), float(now[carried.owner == grid].sum())
        lost = float(part[(carried.grid == grid) & ~stays].sum())
        held = float(part[(carried.grid == grid) & stays].sum())
        gained = after - held
        is_gone = not bool((carried.owner == grid).any())
        told.append(GridCarried(code, before, after, after - before - gained + lost, gained, lost, is_gone))
    return tuple(told)


def _store(session: Session, plan_id: int, fresh: _Blocks, owner: IntArray) -> None:
    session.execute(text("delete from assignments where plan_id = :plan"), {"plan": plan_id})
    rows = ((plan_id, block, grid) for block, grid in zip(fresh.ids.tolist(), owner.tolist(), strict=True))
    copy_rows(session, "assignments", ("plan_id", "block_id", "grid_id"), rows)
    grids = {grid.id: grid for grid in session.execute(_GRIDS, {"plan": plan_id})}
    members: dict[int, list[int]] = {grid: [] for grid in grids}
    for block, leaf in enumerate(owner.tolist()):
        up: int | None = leaf
        while up is not None:
            members[up].append(block)
            up = grids[up].parent_id
    empty = sorted((grid for grid, own in members.items() if not own), key=lambda grid: -int(grids[grid].level))
    for grid in empty:
        session.execute(text("delete from grids where id = :id"), {"id": grid})
    values = []
    for grid, own in members.items():
        if own:
            shape = union_of_coverage(fresh.polygons[own], metre=DEGREE)
            known = ~np.isnan(fresh.loads[own])
            sums = np.where(known.any(axis=0), np.nansum(fresh.loads[own], axis=0), np.nan)
            loads = {load: None if np.isnan(value) else float(value) for load, value in zip(LOADS, sums, strict=True)}
            values.append({"id": grid, "shape": hex_ewkb(as_multi(np.array([shape], dtype=object)))[0], **loads})
    session.execute(_UPDATE, values)
    session.expire_all()
