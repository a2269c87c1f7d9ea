"""Loads counted on blocks: rows at places, and rows of grids; what drafts have cut, too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.files.loads.rows import LoadRows, places_of
from boundaries.grids.records import PlanValues
from geogrid.blocks.ground import LoadPoints
from geogrid.blocks.spreading import spread
from geogrid.editions.fields import LOADS
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import FloatArray, GeometryArray, IntArray

_BLOCKS: Final = text(f"""
    select b.id, a.grid_id, {", ".join(f"b.{load}" for load in LOADS)}, ST_AsBinary(b.geom) as shape
    from assignments a
    left join block_successions s on s.old_id = a.block_id
    join blocks b on b.id = coalesce(s.new_id, a.block_id)
    where a.plan_id = :plan
    order by b.id
""")  # noqa: S608 - our own text
GRIDS: Final = text("select id, code, parent_id from grids where plan_id = :plan order by level")
_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class BlockLand:
    """The blocks of a plan as they are counted now."""

    ids: IntArray
    grid: IntArray
    loads: dict[str, FloatArray]
    polygons: GeometryArray


def block_land(session: Session, plan: int) -> BlockLand:
    """Return the blocks of a plan with the loads that they have now, those that follow in place of former ones."""
    found = session.execute(_BLOCKS, {"plan": plan}).all()
    loads = {load: np.array([getattr(row, load) for row in found], dtype=np.float64) for load in LOADS}
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in found], dtype=object))
    ids = np.array([row.id for row in found], dtype=np.int64)
    grid = np.array([row.grid_id for row in found], dtype=np.int64)
    return BlockLand(ids, grid, loads, np.asarray(shapes, dtype=object))


Counted = tuple[dict[str, FloatArray], tuple[Problem, ...], int]


def count_by_place(session: Session, reference: PlanValues, land: BlockLand, rows: LoadRows) -> Counted:
    """Return the sums of the rows in each block, NaN where none speaks of it."""
    del session
    owner = LoadPoints(places_of(rows), {}).owners(land.polygons)
    inside = owner >= 0
    if not inside.any():
        raise InvalidInputError.of(
            "elsewhere",
            f"None of the {len(rows):,} rows lies in a block of {reference.name!r}.",
            "Check the coordinate reference system.",
        )
    problems = []
    if not inside.all():
        outside = np.flatnonzero(~inside)
        named = ", ".join(str(row + 1) for row in outside[:_NAMED].tolist()) + (" ..." if len(outside) > _NAMED else "")
        message = f"{len(outside):,} rows lie in no block and are left out: rows {named}."
        problems.append(Problem("outside", message, "Look at them.", "warning", size=len(outside), unit="rows"))
    return sums_of_rows(owner, rows, len(land.ids)), (*rows.problems, *problems), int(inside.sum())


def sums_of_rows(owner: IntArray, rows: LoadRows, count: int) -> dict[str, FloatArray]:
    """Return the sums of rows by owner, NaN where no row states one; owners below 0 are none."""
    sums = {}
    for load, values in rows.loads.items():
        told = (owner >= 0) & ~np.isnan(values)
        total: FloatArray = np.bincount(owner[told], weights=values[told], minlength=count).astype(np.float64)
        total[np.bincount(owner[told], minlength=count) == 0] = np.nan
        sums[load] = total
    return sums


def count_by_code(session: Session, reference: PlanValues, land: BlockLand, rows: LoadRows) -> Counted:
    """Return what the loads of grids make of each block, NaN where no row speaks of it."""
    assert rows.codes is not None, "rows by code have codes"  # noqa: S101 - narrows a type
    above: dict[int, int | None] = {}
    ids: dict[str, int] = {}
    for row in session.execute(GRIDS, {"plan": reference.id}):
        above[row.id], ids[row.code] = row.parent_id, row.id
    codes = {grid: code for code, grid in ids.items()}
    problems = [
        Problem("unknown-grid", f"There is no grid {code!r} in {reference.name!r}.", "Correct the code.", subject=code)
        for code in rows.codes
        if code not in ids
    ]
    named = {ids[code] for code in rows.codes if code in ids}
    for grid in sorted(named):
        outer = next((up for up in _chain(above, above[grid]) if up in named), None)
        if outer is not None:
            message = f"Grid {codes[grid]} lies in {codes[outer]}, and both have a row: it would count twice."
            problems.append(Problem("counted-twice", message, "Leave one of them.", subject=codes[grid]))
    if problems:
        raise InvalidInputError(problems)
    below = {
        grid: [np.flatnonzero(land.grid == leaf) for leaf in above if grid in _chain(above, leaf)] for grid in named
    }
    area = shapely.area(land.polygons)
    counted = {}
    for load, values in rows.loads.items():
        result = np.full(len(land.ids), np.nan)
        for code, value in zip(rows.codes, values.tolist(), strict=True):
            own = np.concatenate(below[ids[code]])
            if np.isnan(value) or not len(own):
                continue
            had = np.nan_to_num(land.loads[load][own])
            result[own] = spread(value, had if had.sum() > 0 else area[own])
        counted[load] = result
    return counted, rows.problems, len(rows)


def _chain(above: Mapping[int, int | None], grid: int | None) -> list[int]:
    chain = []
    while grid is not None:
        chain.append(grid)
        grid = above[grid]
    return chain


def settle_blocks(  # noqa: PLR0913 - both plans, and what was counted
    land: BlockLand, first: BlockLand, rows: LoadRows, counted: dict[str, FloatArray], *, whole: bool,
    into: dict[int, dict[str, float]],
) -> None:  # fmt: skip
    """Say the loads of the blocks of a plan that are not settled by an earlier one."""
    ours = np.flatnonzero(~np.isin(land.ids, list(into))) if into else np.arange(len(land.ids))
    if not len(ours):
        return
    is_first = land is first
    # Blocks that a draft has cut: rows at places are counted on them, what grids state is shared as it was.
    here = counted if is_first else _on_pieces(land, first, rows, counted)
    for place in ours.tolist():
        loads = {load: float(land.loads[load][place]) for load in LOADS}
        for load, values in here.items():
            if not np.isnan(values[place]):
                loads[load] = float(values[place])
            elif whole:
                loads[load] = 0.0
        into[int(land.ids[place])] = loads


def _on_pieces(
    land: BlockLand, first: BlockLand, rows: LoadRows, counted: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    if rows.places is not None:
        return sums_of_rows(LoadPoints(places_of(rows), {}).owners(land.polygons), rows, len(land.ids))
    owner = LoadPoints(shapely.point_on_surface(land.polygons), {}).owners(first.polygons)
    found = {}
    for load, values in counted.items():
        result = np.full(len(land.ids), np.nan)
        for block in np.unique(owner[owner >= 0]).tolist():
            own = np.flatnonzero(owner == block)
            if not np.isnan(values[block]):
                had = np.nan_to_num(land.loads[load][own])
                result[own] = spread(values[block], had if had.sum() > 0 else shapely.area(land.polygons[own]))
        found[load] = result
    return found


def changed_blocks(lands: Mapping[int, BlockLand], fresh: dict[int, dict[str, float]]) -> dict[int, dict[str, float]]:
    """Return the blocks whose loads differ from what they are."""
    changed = {}
    for land in lands.values():
        for place, block in enumerate(land.ids.tolist()):
            was = [float(land.loads[load][place]) for load in LOADS]
            if not np.array_equal(was, [fresh[block][load] for load in LOADS], equal_nan=True):
                changed[block] = fresh[block]
    return changed
