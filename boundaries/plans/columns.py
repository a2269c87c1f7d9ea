"""A plan as columns: its blocks in one order, whose each is, the tree of its grids, and open cases by block."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.plans.loading import level_titles, polygons_packed
from geogrid.types import FloatArray, GeometryArray, IntArray, LevelName

LAND_LOADS: Final = ("households", "population", "buildings")
"""Loads of blocks, in the order of the columns."""

# Packed by the database, in one row: a tenth of the time that rows take.
_OWNERS: Final = text("""
    select string_agg(int8send(block_id), ''::bytea) as blocks, string_agg(int8send(grid_id), ''::bytea) as owners
    from (select block_id, grid_id from assignments where plan_id = :plan order by block_id) as ordered
""")
_BLOCKS: Final = text("""
    select string_agg(int8send(block_id), ''::bytea) as blocks
    from (select block_id from assignments where plan_id = :plan order by block_id) as ordered
""")
_LAND: Final = text("""
    select string_agg(float8send(coalesce(households, 'NaN')), ''::bytea) as households,
        string_agg(float8send(coalesce(population, 'NaN')), ''::bytea) as population,
        string_agg(float8send(coalesce(buildings, 'NaN')), ''::bytea) as buildings,
        string_agg(int4send(length(shape)), ''::bytea) as lengths, string_agg(shape, ''::bytea) as shapes
    from (
        select b.households, b.population, b.buildings, ST_AsBinary(b.geom) as shape
        from assignments a join blocks b on b.id = a.block_id where a.plan_id = :plan order by b.id
    ) as ordered
""")
_GRIDS: Final = text("""
    select g.id, g.code, g.name, g.level, g.parent_id, g.kind, g.category, g.locked_by, g.edited,
        g.households, g.population, g.buildings, held.names
    from grids g
    left join (
        select d.grid_id, array_agg(distinct d.holder) as names
        from duties d join grids own on own.id = d.grid_id and own.plan_id = :plan
        where d.validity @> now() group by d.grid_id
    ) held on held.grid_id = g.id
    where g.plan_id = :plan order by g.level, g.code collate "C"
""")
_CASES: Final = text("""
    select placed.block_id, count(*) as cases
    from public_cases c
    cross join lateral (
        select b.id as block_id from blocks b join assignments a on a.block_id = b.id and a.plan_id = :plan
        where b.jurisdiction_id = :jurisdiction and ST_Intersects(b.geom, c.geom) order by b.id limit 1
    ) as placed
    where c.jurisdiction_id = :jurisdiction and c.status <> 'closed'
    group by placed.block_id order by placed.block_id
""")


@dataclass(frozen=True, slots=True)
class PlanColumns:
    """Whose each block is, and the tree.

    Parameters
    ----------
    land : str
        Names the blocks: the same for plans of the same blocks.
    blocks : (n,) int64
        Numbers of the blocks, ascending.
    owner : (n,) uint32
        Position of the leaf of each among the grids.
    grids : mapping of str to list
        By column, the top first, then by code; `parent` is a position, -1 for the top.
    levels : tuple of LevelName
        Top first.
    """

    land: str
    blocks: IntArray
    owner: Any
    grids: dict[str, list[Any]]
    levels: tuple[LevelName, ...]


def land_key(session: Session, plan: PlanValues) -> str:
    """Return what names the blocks of a plan: the same as long as no block is cut or counted again."""
    return _key_of(bytes(session.scalar(_BLOCKS, {"plan": plan.id}) or b""))


def _key_of(blocks: bytes) -> str:
    return hashlib.sha256(blocks).hexdigest()[:32]


def read_land(session: Session, plan: PlanValues) -> tuple[GeometryArray, FloatArray]:
    """Return the polygons of a plan's blocks, degrees, and their loads, (n, 3), by number of the block."""
    row = session.execute(_LAND, {"plan": plan.id}).one()
    loads: FloatArray = np.column_stack(
        [np.frombuffer(bytes(getattr(row, name) or b""), dtype=">f8") for name in LAND_LOADS]
    ).astype(np.float64)
    return polygons_packed(bytes(row.lengths or b""), bytes(row.shapes or b"")), loads


def read_columns(session: Session, plan: PlanValues) -> PlanColumns:
    """Return whose each block of a plan is, and the tree of its grids with who is on duty today."""
    row = session.execute(_OWNERS, {"plan": plan.id}).one()
    packed = [bytes(part or b"") for part in row]
    blocks, owners = (np.frombuffer(part, dtype=">i8").astype(np.int64) for part in packed)
    result = session.execute(_GRIDS, {"plan": plan.id})
    fields: dict[str, list[Any]] = {name: [] for name in result.keys()}  # noqa: SIM118 - a result is no mapping
    # Taken apart at once: a town has a quarter of a million values here.
    fields |= {name: list(values) for name, values in zip(fields, zip(*result, strict=True), strict=False)}
    keys = np.array(fields["id"], dtype=np.int64)
    order = np.argsort(keys)
    owner = order[np.searchsorted(keys, owners, sorter=order)].astype(np.uint32)
    place = {key: position for position, key in enumerate(fields["id"])}
    names = ("code", "name", "level", "kind", "category", "locked_by", "edited", *LAND_LOADS)
    grids = {name: fields[name] for name in names}
    grids["parent"] = [place.get(parent, -1) for parent in fields["parent_id"]]
    grids["duties"] = [holders or [] for holders in fields["names"]]
    return PlanColumns(_key_of(packed[0]), blocks, owner, grids, level_titles(session, plan))


def open_cases_by_block(session: Session, plan: PlanValues) -> tuple[list[int], list[int]]:
    """Return the blocks of a plan in which cases are open, and how many; on a shared edge the smaller number has it."""
    rows = session.execute(_CASES, {"plan": plan.id, "jurisdiction": plan.jurisdiction_id}).all()
    return [row.block_id for row in rows], [row.cases for row in rows]
