"""What an edit changed, as rows: grids with their derived land and loads, blocks with their grids."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.fields import EDITED_TYPES, load_columns
from boundaries.grids.tables import Plan
from boundaries.plans.loading import node_json
from boundaries.store.bulk_copy import copy_rows, hex_ewkb, number_or_none
from geogrid.blocks.polygons import as_multi
from geogrid.editions.fields import LOADS
from geogrid.geometry.overlays import DEGREE, union_of_coverage
from geogrid.plans import Delta, Draft
from geogrid.plans.delta import NOT_IN_PLAN, NodeChange
from geogrid.plans.lands import lands_of_leaves

_LAND_AND_TREE: Final = (*(name for name in EDITED_TYPES if name not in LOADS), "duties")

_CHILDREN: Final = text(f"""
    select g.id, g.parent_id, {load_columns("g")}, ST_AsBinary(g.geom) as shape
    from grids g where g.parent_id = any(:parents)
    order by g.id
""")  # noqa: S608 - our own text

_STORED_BLOCKS: Final = text("select id from blocks where id = any(:ids)")
_AS_JSON: Final = ", ".join(f"'{name}', g.{name}" for name in EDITED_TYPES)
_STORE: Final = text(f"""
    insert into edit_grids (edit_id, grid_id, before, after, geom_before, geom_after)
    select :edit, r.grid_id, was.row,
        case when r.gone then null else coalesce(was.row, '{{}}') || r.fields end,
        case when r.gone or r.shape is not null then g.geom end,
        cast(r.shape as geometry)
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(grid_id int, gone bool, fields jsonb, shape text)
    left join grids g on g.id = r.grid_id
    left join lateral (
        select jsonb_build_object(
            {_AS_JSON},
            'duties', coalesce((select jsonb_agg(jsonb_build_array(d.role, d.holder, d.phone) order by d.id)
                from duties d where d.grid_id = g.id), '[]')
        ) as row
        where g.id is not null
    ) was on true
""")  # noqa: S608 - our own text


def store_rows(  # noqa: PLR0913 - both sides
    session: Session, plan: Plan, edit_id: int, *, old: Draft, new: Draft, delta: Delta
) -> dict[int, shapely.Geometry]:
    """Store what an edit changed, before the plan itself is changed; return the new land of grids by key.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan : Plan
        A locked draft, as it is before the edit.
    edit_id : int
        The edit.
    old, new : Draft
        The part of the plan that the operation worked on, before and after.
    delta : Delta
        Their difference.
    """
    rows = {change.key: _fields(change) for change in delta.nodes}
    shapes = lands_of_leaves(new, _leaves_with_new_land(delta, new))
    for key in shapes:
        rows.setdefault(key, {}).update(_loads(new.loads(key)))
    for key, (shape, loads) in _parents(session, old, new, delta, shapes, rows).items():
        shapes[key] = shape
        rows.setdefault(key, {}).update(loads)
    gone = {change.key for change in delta.nodes if change.after is None}
    _insert(session, edit_id, rows, shapes, gone)
    _store_blocks(session, plan, edit_id, delta)
    return shapes


def _fields(change: NodeChange) -> dict[str, Any]:
    """Return the columns of a grid that an edit changed; all of a new one."""
    if change.after is None:
        return {}
    after = node_json(change.after)
    before = {} if change.before is None else node_json(change.before)
    return {name: after[name] for name in _LAND_AND_TREE if name not in before or before[name] != after[name]}


def _leaves_with_new_land(delta: Delta, new: Draft) -> list[int]:
    keys = np.unique(np.concatenate([delta.before, delta.after])).tolist()
    # A merger hands over loads that no block has, so a changed node counts as well where its land is loaded.
    owners = set(np.unique(new.owner).tolist())
    keys += [change.key for change in delta.nodes if change.before is None or _unplaced_differs(change)]
    return sorted({key for key in keys if key in owners})


def _unplaced_differs(change: NodeChange) -> bool:
    return change.after is not None and change.before is not None and change.after.unplaced != change.before.unplaced


def _loads(values: Iterable[float]) -> dict[str, float | None]:
    return dict(zip(LOADS, map(number_or_none, values), strict=True))


def _parents(  # noqa: PLR0913, PLR0917 - what is known of the leaves
    session: Session,
    old: Draft,
    new: Draft,
    delta: Delta,
    shapes: Mapping[int, shapely.Geometry],
    rows: Mapping[int, Mapping[str, Any]],
) -> dict[int, tuple[shapely.Geometry, dict[str, float | None]]]:
    """Return the land and the loads of the grids above whose land changed, from the lowest up."""
    affected = sorted(_affected(old, new, delta), key=lambda key: -new.nodes[key].level)
    if not affected:
        return {}
    known: dict[int, tuple[shapely.Geometry, tuple[float | None, ...]]] = {}
    parent_of: dict[int, int | None] = {}
    asked = {*affected, *(change.before.parent for change in delta.nodes if change.before and change.before.parent)}
    for row in session.execute(_CHILDREN, {"parents": sorted(asked)}):
        parent_of[row.id] = row.parent_id
        known[row.id] = (shapely.from_wkb(bytes(row.shape)), (row.households, row.population, row.buildings))
    for change in delta.nodes:
        parent_of[change.key] = None if change.after is None else change.after.parent
    for key, shape in shapes.items():
        parent_of[key] = new.nodes[key].parent
        known[key] = (shape, tuple(rows[key].get(load) for load in LOADS))
    found: dict[int, tuple[shapely.Geometry, dict[str, float | None]]] = {}
    below: dict[int | None, set[int]] = {}
    for key, parent in parent_of.items():
        below.setdefault(parent, set()).add(key)
    for key in affected:
        children = [known[child] for child in sorted(below.get(key, ())) if child in known]
        land = np.array([shape for shape, _ in children], dtype=np.object_)
        united: shapely.Geometry = union_of_coverage(land, metre=DEGREE)
        loads = [_sum(values) for values in zip(*(values for _, values in children), strict=True)]
        known[key] = (united, tuple(loads))
        if key in parent_of:
            below[parent_of[key]].discard(key)
        below.setdefault(new.nodes[key].parent, set()).add(key)
        found[key] = (united, dict(zip(LOADS, loads, strict=True)))
    return found


def _sum(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return float(sum(present)) if present else None


def _affected(old: Draft, new: Draft, delta: Delta) -> set[int]:
    """Return the grids above whose land changed: all above what was touched, but for those above everything."""
    chains = [set(new.chain(new.nodes[key].parent)) for key in delta.after.tolist() if key in new.nodes]
    chains += [set(old.chain(old.nodes[key].parent)) for key in delta.before.tolist() if key != NOT_IN_PLAN]
    for change in delta.nodes:
        was = None if change.before is None else change.before.parent
        now = None if change.after is None else change.after.parent
        if was != now or change.before is None or change.after is None or _unplaced_differs(change):
            chains += [set(old.chain(was)), set(new.chain(now))]
    chains = [chain for chain in chains if chain]
    if not chains:
        return set()
    touched = frozenset().union(*chains) - chains[0].intersection(*chains[1:])
    return {key for key in touched if key in new.nodes}


def _insert(
    session: Session,
    edit_id: int,
    rows: Mapping[int, Mapping[str, Any]],
    shapes: Mapping[int, shapely.Geometry],
    gone: set[int],
) -> None:
    keys = sorted(shapes)
    drawn = dict(zip(keys, hex_ewkb(as_multi(np.array([shapes[key] for key in keys], dtype=np.object_))), strict=True))
    records = [
        {"grid_id": key, "gone": key in gone, "fields": fields, "shape": drawn.get(key)}
        for key, fields in sorted(rows.items())
    ]
    session.execute(_STORE, {"edit": edit_id, "rows": json.dumps(records, ensure_ascii=False)})


def _store_blocks(session: Session, plan: Plan, edit_id: int, delta: Delta) -> None:
    come = delta.blocks.rows(np.isin(delta.blocks.ids, delta.block_ids[delta.before == NOT_IN_PLAN]))
    # Blocks of another plan are stored already.
    stored = session.scalars(_STORED_BLOCKS, {"ids": come.ids.tolist()}).all() if len(come) else ()
    come = come.rows(~np.isin(come.ids, stored))
    if len(come):
        rows = (
            (block, plan.jurisdiction_id, *map(number_or_none, loads), shape)
            for block, loads, shape in zip(come.ids.tolist(), come.loads, hex_ewkb(come.polygons), strict=True)
        )
        copy_rows(session, "blocks", ("id", "jurisdiction_id", *LOADS, "geom"), rows)
    sides = (
        (edit_id, block, before or None, after or None)
        for block, before, after in zip(
            delta.block_ids.tolist(), delta.before.tolist(), delta.after.tolist(), strict=True
        )
    )
    copy_rows(session, "edit_blocks", ("edit_id", "block_id", "before", "after"), sides)
