"""Plans as `geogrid.plans` works on them: the part that an operation needs, or all of it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from boundaries.grids.fields import load_columns, stored_columns
from boundaries.grids.records import PlanValues
from geogrid.blocks.barriers import PEDESTRIAN
from geogrid.blocks.land_loads import STREETS, StreetMetres
from geogrid.codes import code_profile
from geogrid.editions import Duty
from geogrid.editions.fields import LOADS
from geogrid.plans import BlockTable, Buildings, Draft, Lines, Node, OperationScope, Rules
from geogrid.plans.state import NO_LOADS, flat
from geogrid.types import FloatArray, GeometryArray, GridCode, IntArray, LevelName

_NEAR_DEGREES: Final = 0.002
_ROUNDING: Final = 1e-6

_WANTED: Final = text("""
    with recursive
    named as (
        select id from grids where plan_id = :plan and code = any(:codes)
        union
        select grid_id from assignments where plan_id = :plan and block_id = any(:blocks)
        union
        select a.grid_id from blocks b join assignments a on a.plan_id = :plan and a.block_id = b.id
        where cast(:area as geometry) is not null and ST_DWithin(b.geom, cast(:area as geometry), 1e-7)
    ),
    near as (
        select id from named
        union
        select other.id from named join grids own on own.id = named.id
        join grids other on other.plan_id = :plan and other.kind <> 'parent' and ST_Intersects(other.geom, own.geom)
        where :beside
    ),
    below as (
        select id from near
        union
        select g.id from below join grids g on g.plan_id = :plan and g.parent_id = below.id
    )
    select id from below
""")
_NODES: Final = text(f"""
    with recursive up as (
        select id, parent_id from grids where id = any(:ids)
        union
        select g.id, g.parent_id from up join grids g on g.id = up.parent_id
    ),
    wanted as (
        select id from up
        union
        select g.id from up join grids own on own.id = up.id and own.id = any(:ids)
        join grids g on :siblings and g.plan_id = :plan and g.parent_id = own.parent_id
    )
    select g.id, {stored_columns("g")}, g.locked_by, held.duties
    from grids g
    left join lateral (
        select jsonb_agg(jsonb_build_array(d.role, d.holder, d.phone) order by d.id) as duties
        from duties d where d.grid_id = g.id
    ) held on true
    where g.id in (select id from wanted)
    order by g.id
""")  # noqa: S608 - our own text
_ALL_NODES: Final = text(f"""
    select g.id, {stored_columns("g")}, g.locked_by, held.duties
    from grids g
    left join (
        select d.grid_id, jsonb_agg(jsonb_build_array(d.role, d.holder, d.phone) order by d.id) as duties
        from duties d join grids own on own.id = d.grid_id and own.plan_id = :plan
        group by d.grid_id
    ) held on held.grid_id = g.id
    where g.plan_id = :plan
    order by g.id
""")  # noqa: S608 - our own text
# Packed by the database, in one row: a fraction of the time that rows take.
_BLOCKS: Final = f"""
    select string_agg(int8send(id), ''::bytea) as ids, string_agg(int8send(grid_id), ''::bytea) as owners,
        {", ".join(f"string_agg(float8send(coalesce({name}, 'NaN')), ''::bytea) as {name}" for name in LOADS)},
        string_agg(int4send(length(shape)), ''::bytea) as lengths, string_agg(shape, ''::bytea) as shapes
    from (
        select b.id, a.grid_id, {load_columns("b")}, ST_AsBinary(b.geom) as shape
        from assignments a join blocks b on b.id = a.block_id
        where a.plan_id = :plan {{which}}
        order by b.id
    ) as ordered
"""  # noqa: S608 - our own text
_SOME_BLOCKS: Final = text(_BLOCKS.format(which="and a.grid_id = any(:ids)"))
_ALL_BLOCKS: Final = text(_BLOCKS.format(which=""))
_BLOCKS_OF_TWO: Final = text(f"""
    select b.id, one.grid_id as one, other.grid_id as other, {load_columns("b")},
        ST_AsBinary(b.geom) as shape
    from (select block_id, grid_id from assignments where plan_id = :one) as one
    full join (select block_id, grid_id from assignments where plan_id = :other) as other using (block_id)
    join blocks b on b.id = block_id
    order by b.id
""")  # noqa: S608 - our own text
_OWN_LEVELS: Final = text("select name, name_zh from plan_levels where plan_id = :plan order by position")
_LEVELS_OF_ALL: Final = text("""
    select levels.name, levels.name_zh from levels join jurisdictions using (scheme_id)
    where jurisdictions.id = :id order by levels.position
""")
_CODES: Final = text("select code from grids where plan_id = :plan")
_BUILDINGS: Final = text("""
    select id, name, households, ST_AsBinary(geom) as shape from buildings
    where jurisdiction_id = :jurisdiction
        and (cast(:area as geometry) is null or geom && ST_Expand(cast(:area as geometry), :near))
    order by id
""")
_BARRIERS: Final = text("""
    select rank, kind, ST_AsBinary(geom) as shape from barriers
    where jurisdiction_id = :jurisdiction and geom && cast(:area as geometry)
    order by id
""")
_STREETS: Final = text("""
    select ST_AsBinary(geom) from barriers
    where jurisdiction_id = :jurisdiction and kind = 'highway' and rank >= :least
    order by id
""")


def rules_of(session: Session, plan: PlanValues) -> Rules:
    """Return what a plan is judged by."""
    levels = level_titles(session, plan)
    band = None if plan.band_low is None or plan.band_high is None else (plan.band_low, plan.band_high)
    streets = _streets(session, plan) if plan.load == STREETS else None
    return Rules(len(levels), plan.load, band, code_profile(plan.code_profile), levels, streets)


def _streets(session: Session, plan: PlanValues) -> StreetMetres:
    """Return the streets whose metres a plan balances; see `carry_streets`."""
    found = session.execute(_STREETS, {"jurisdiction": plan.jurisdiction_id, "least": PEDESTRIAN}).scalars()
    lines = np.asarray(shapely.from_wkb(np.array([bytes(shape) for shape in found], dtype=object)), dtype=object)
    return StreetMetres.of(lines, flat(lines)[1])


def load_part(session: Session, plan: PlanValues, scope: OperationScope) -> Draft:
    """Return the part of a plan that an operation needs.

    Parameters
    ----------
    session : Session
        Only read from; the plan is locked by the caller if it is to change.
    plan : PlanValues
        Of any state.
    scope : OperationScope
        Which part. Grids and blocks that are not there are left for the operation to refuse.
    """
    if scope.whole:
        return load_whole(session, plan, land=scope.land)
    wanted = {
        "plan": plan.id,
        "codes": list(scope.grids),
        "blocks": list(scope.blocks),
        "area": _ewkt(scope.area),
        "beside": scope.beside,
    }
    ids = list(session.scalars(_WANTED, wanted))
    nodes = session.execute(_NODES, {"plan": plan.id, "ids": ids, "siblings": scope.siblings}).all()
    blocks = session.execute(_SOME_BLOCKS, {"plan": plan.id, "ids": ids}).one() if scope.land else None
    taken = frozenset(session.scalars(_CODES, {"plan": plan.id})) if scope.siblings else frozenset()
    return _draft(nodes, blocks, rules_of(session, plan), taken)


def read_one_moment(session: Session) -> None:
    """Make a session that has not read yet see the store as it is now to its end, whatever others commit meanwhile.

    A whole plan is read by several statements, and a draft may change between them.
    """
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def load_whole(session: Session, plan: PlanValues, *, land: bool = True) -> Draft:
    """Return all of a plan."""
    nodes = session.execute(_ALL_NODES, {"plan": plan.id}).all()
    blocks = session.execute(_ALL_BLOCKS, {"plan": plan.id}).one() if land else None
    return _draft(nodes, blocks, rules_of(session, plan), frozenset())


def load_two(session: Session, one: PlanValues, other: PlanValues) -> tuple[Draft, Draft]:
    """Return all of two plans; the blocks that both have, mostly all, are read once."""
    rows = session.execute(_BLOCKS_OF_TWO, {"one": one.id, "other": other.id}).all()
    blocks = _block_table(rows)
    found = []
    for plan, side in ((one, 1), (other, 2)):
        owner: FloatArray = np.array([row[side] for row in rows], dtype=np.float64)
        own = np.flatnonzero(~np.isnan(owner))
        nodes = session.execute(_ALL_NODES, {"plan": plan.id}).all()
        found.append(_with_tree(nodes, blocks.rows(own), owner[own].astype(np.int64), rules_of(session, plan)))
    return found[0], found[1]


def _draft(nodes: Sequence[Row[Any]], blocks: Row[Any] | None, rules: Rules, taken: frozenset[str]) -> Draft:
    if blocks is None:
        return _with_tree(nodes, BlockTable.empty(), np.empty(0, dtype=np.int64), rules, taken)
    ids, owner = (np.frombuffer(bytes(part or b""), dtype=">i8").astype(np.int64) for part in blocks[:2])
    columns = (np.frombuffer(bytes(getattr(blocks, name) or b""), dtype=">f8") for name in LOADS)
    loads: FloatArray = np.column_stack([*columns]).astype(np.float64)
    polygons = polygons_packed(bytes(blocks.lengths or b""), bytes(blocks.shapes or b""))
    return _with_tree(nodes, BlockTable(ids, polygons, loads), owner, rules, taken)


def polygons_packed(lengths: bytes, shapes: bytes) -> GeometryArray:
    """Return polygons that the database packed: their lengths as big-endian int32, and their WKB, one after another."""
    ends = np.cumsum(np.frombuffer(lengths, dtype=">i4")).tolist()
    parts: GeometryArray = np.empty(len(ends), dtype=object)
    parts[:] = [shapes[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
    return np.asarray(shapely.from_wkb(parts), dtype=object)


def _block_table(rows: Sequence[Row[Any]]) -> BlockTable:
    loads: FloatArray = np.array([row[-4:-1] for row in rows], dtype=np.float64).reshape(-1, len(LOADS))
    polygons = shapely.from_wkb(np.array([row.shape for row in rows], dtype=object))
    return BlockTable(np.array([row.id for row in rows], dtype=np.int64), np.asarray(polygons, dtype=object), loads)


def _with_tree(
    nodes: Sequence[Row[Any]], blocks: BlockTable, owner: IntArray, rules: Rules, taken: frozenset[str] = frozenset()
) -> Draft:
    unplaced = _unplaced(nodes, owner, blocks.loads)
    tree = {row.id: _node(row, unplaced.get(row.id, NO_LOADS)) for row in nodes}
    return Draft(blocks, owner, tree, rules, taken)


def _unplaced(nodes: Sequence[Row[Any]], owner: IntArray, loads: FloatArray) -> dict[int, tuple[float, ...]]:
    """Return the loads of leaves that no block has: what is stored of the leaf beyond the sum of its blocks."""
    keys, position = np.unique(owner, return_inverse=True)
    sums: FloatArray = np.zeros((len(keys), len(LOADS)))
    np.add.at(sums, position, np.nan_to_num(loads))
    held = dict(zip(keys.tolist(), sums, strict=True))
    leaves = [row for row in nodes if row.id in held]
    stored: FloatArray = np.array([row[7:10] for row in leaves], dtype=np.float64).reshape(-1, len(LOADS))
    stored = np.nan_to_num(stored)
    beyond = stored - np.array([held[row.id] for row in leaves]).reshape(-1, len(LOADS))
    real = beyond > _ROUNDING * np.maximum(stored, 1.0)
    return {
        leaves[which].id: tuple(np.where(real[which], beyond[which], 0.0).tolist())
        for which in np.flatnonzero(real.any(axis=1)).tolist()
    }


def _node(row: Row[Any], unplaced: tuple[float, ...]) -> Node:
    return Node(
        key=row.id,
        code=GridCode(row.code),
        name=row.name,
        level=row.level,
        parent=row.parent_id,
        kind=row.kind,
        category=row.category,
        unplaced=unplaced,
        duties=tuple(Duty(*duty) for duty in row.duties or ()),
        attributes=row.attributes,
        locked_by=row.locked_by,
    )


def buildings_near(session: Session, plan: PlanValues, area: shapely.Geometry | None) -> Buildings:
    """Return the buildings of a plan's jurisdiction in and around an area, or all."""
    rows = session.execute(
        _BUILDINGS, {"jurisdiction": plan.jurisdiction_id, "area": _ewkt(area), "near": _NEAR_DEGREES}
    ).all()
    if not rows:
        return Buildings()
    return Buildings(
        np.array([row.id for row in rows], dtype=np.int64),
        tuple(row.name for row in rows),
        np.asarray(shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object)), dtype=object),
        np.array([np.nan if row.households is None else row.households for row in rows], dtype=np.float64),
    )


def barriers_near(session: Session, plan: PlanValues, polygons: Iterable[shapely.Geometry]) -> Lines:
    """Return the barriers in the envelope of some blocks."""
    land = list(polygons)
    if not land:
        return Lines()
    bounds = shapely.total_bounds(land)
    rows = session.execute(
        _BARRIERS, {"jurisdiction": plan.jurisdiction_id, "area": _ewkt(shapely.box(*bounds.tolist()))}
    ).all()
    return Lines(
        np.asarray(shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object)), dtype=object),
        np.array([row.rank for row in rows], dtype=np.int64),
        tuple(row.kind for row in rows),
    )


def _ewkt(area: shapely.Geometry | None) -> str | None:
    return None if area is None else f"SRID=4326;{shapely.to_wkt(area, rounding_precision=-1)}"


def level_titles(session: Session, plan: PlanValues) -> tuple[LevelName, ...]:
    """Return the names of the levels of a plan, top first: its own, or those of its jurisdiction."""
    own = own_levels(session, plan)
    if own:
        return own
    rows = session.execute(_LEVELS_OF_ALL, {"id": plan.jurisdiction_id})
    return tuple(LevelName(row.name, row.name_zh) for row in rows)


def own_levels(session: Session, plan: PlanValues) -> tuple[LevelName, ...]:
    """Return the names of the levels of a plan where they are not those of its jurisdiction; else nothing."""
    return tuple(LevelName(row.name, row.name_zh) for row in session.execute(_OWN_LEVELS, {"plan": plan.id}))


def node_json(node: Node) -> dict[str, Any]:
    """Return the columns of a grid that are not derived, as edits keep them."""
    return {
        "code": node.code,
        "name": node.name,
        "level": node.level,
        "parent_id": node.parent,
        "kind": node.kind,
        "category": node.category,
        "attributes": json.loads(json.dumps(node.attributes)),
        "locked_by": node.locked_by,
        "duties": [[duty.role, duty.holder, duty.phone] for duty in node.duties],
    }
