"""Importing loads: counted again on the blocks of drafts and of the edition in force, which itself never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import shapely
from geoalchemy2 import functions as geo
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from boundaries.basemap.tables import Building
from boundaries.editions.reading import edition_at
from boundaries.files.loads.counting import (
    GRIDS,
    BlockLand,
    block_land,
    changed_blocks,
    count_by_code,
    count_by_place,
    settle_blocks,
    sums_of_rows,
)
from boundaries.files.loads.rows import LoadRows, places_of
from boundaries.grids.records import PlanValues, plan_record
from boundaries.grids.succession import succeed_blocks
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.records import JurisdictionValues
from boundaries.jurisdictions.storing import lock_import
from boundaries.plans.carrying import seal_edits
from boundaries.plans.drafts import get_plan, list_plans, lock_plan, record
from geogrid.blocks.ground import LoadPoints
from geogrid.errors import ConflictError, Problem
from geogrid.types import FloatArray

_NO_EDITION: Final = ("draft", "in_review", "approved")


@dataclass(frozen=True, slots=True)
class GridLoad:
    """A leaf whose load changed: `before` and `after` by name of the load."""

    code: str
    before: Mapping[str, float]
    after: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LoadImport:
    """What an import of loads found and did.

    Parameters
    ----------
    matched, unmatched : int
        Rows that fell on a block or grid, and rows that did not.
    before, after : mapping of str to float
        Sums of the reference plan, by load.
    blocks : int
        Blocks of all plans whose loads changed.
    kept : mapping of str to float
        What blocks have that no row speaks of; it stays.
    grids : tuple of GridLoad
        Leaves of the reference plan whose loads changed.
    reference : str
        Name of that plan: the edition in force, else the newest draft.
    plans : tuple of int
        Drafts whose grids have the new loads now.
    problems : tuple of Problem
        Warnings.
    """

    matched: int
    unmatched: int
    before: Mapping[str, float]
    after: Mapping[str, float]
    blocks: int
    kept: Mapping[str, float]
    grids: tuple[GridLoad, ...]
    reference: str
    plans: tuple[int, ...]
    problems: tuple[Problem, ...]


def import_loads(  # noqa: PLR0913 - one keyword a choice
    session: Session,
    jurisdiction: JurisdictionValues,
    rows: LoadRows,
    *,
    at: datetime,
    plan: int | None = None,
    whole: bool = False,
    made_by: str = "",
    dry_run: bool = False,
) -> LoadImport:
    """Count loads again, without a redraw.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    jurisdiction : JurisdictionValues
        Whose.
    rows : LoadRows
        From `read_loads`.
    at : datetime
        Moment of the edition that codes are looked up in.
    plan : int, optional
        Another plan to look codes up in.
    whole : bool
        The file tells of all: what it does not speak of becomes 0.
    made_by, dry_run : str, bool
        Who; only say what would change.

    Raises
    ------
    InvalidInputError
        Codes that cannot be counted, all of them; no row falls on a block.
    ConflictError
        There is neither an edition in force nor a draft.

    Notes
    -----
    Blocks never change: where a load differs the block is followed by one of the same land, which drafts have from
    then on, and drafts that are made later. Editions keep theirs.
    """
    lock_import(session, "loads", jurisdiction.code)
    drafts = [draft.id for draft in list_plans(session, jurisdiction) if draft.state in _NO_EDITION]
    reference = _reference(session, jurisdiction, plan, drafts, at)
    lands = {reference.id: block_land(session, reference.id)}
    lands |= {draft: block_land(session, draft) for draft in sorted(drafts) if draft != reference.id}
    first = lands[reference.id]
    counted, problems, matched = (count_by_code if rows.codes is not None else count_by_place)(
        session, reference, first, rows
    )
    fresh: dict[int, dict[str, float]] = {}
    for land in lands.values():
        settle_blocks(land, first, rows, counted, whole=whole, into=fresh)
    changed = changed_blocks(lands, fresh)
    result = _result(session, reference, first, rows, changed, matched, problems, counted)
    if not dry_run and changed:
        _store(session, jurisdiction, rows, drafts, changed, made_by)
    return LoadImport(**result, plans=tuple(drafts))


def _reference(
    session: Session, jurisdiction: JurisdictionValues, plan: int | None, drafts: Sequence[int], at: datetime
) -> PlanValues:
    if plan is not None:
        found = get_plan(session, plan)
        if found.jurisdiction_id != jurisdiction.id:
            raise ConflictError(f"Plan {plan} is not of jurisdiction {jurisdiction.code!r}.")
        return found
    edition = edition_at(session, jurisdiction.id, at)
    if edition is not None:
        return edition
    if not drafts:
        raise ConflictError(f"Jurisdiction {jurisdiction.code!r} has neither an edition in force nor a draft.")
    return plan_record(session.get_one(Plan, max(drafts)))


def _result(  # noqa: PLR0913, PLR0917 - everything that is told
    session: Session,
    reference: PlanValues,
    land: BlockLand,
    rows: LoadRows,
    changed: Mapping[int, Mapping[str, float]],
    matched: int,
    problems: tuple[Problem, ...],
    counted: Mapping[str, FloatArray],
) -> dict[str, Any]:
    after = {
        load: np.array(
            [
                changed.get(block, {}).get(load, was)
                for block, was in zip(land.ids.tolist(), land.loads[load], strict=True)
            ]
        )
        for load in rows.loads
    }
    codes = {grid.id: grid.code for grid in session.execute(GRIDS, {"plan": reference.id})}
    grids = []
    for grid in np.unique(land.grid).tolist():
        own = land.grid == grid
        was = {load: float(np.nansum(land.loads[load][own])) for load in rows.loads}
        now = {load: float(np.nansum(after[load][own])) for load in rows.loads}
        if was != now:
            grids.append(GridLoad(codes[grid], was, now))
    return {
        "matched": matched,
        "unmatched": len(rows) - matched,
        "before": {load: float(np.nansum(land.loads[load])) for load in rows.loads},
        "after": {load: float(np.nansum(after[load])) for load in rows.loads},
        "blocks": len(changed),
        "kept": {load: float(np.nansum(after[load][np.isnan(counted[load])])) for load in rows.loads},
        "grids": tuple(sorted(grids, key=lambda each: each.code)),
        "reference": reference.name,
        "problems": problems,
    }


def _store(  # noqa: PLR0913, PLR0917 - what, whose, who
    session: Session,
    jurisdiction: JurisdictionValues,
    rows: LoadRows,
    drafts: Sequence[int],
    changed: Mapping[int, Mapping[str, float]],
    made_by: str,
) -> None:
    plans = [lock_plan(session, draft, version=None) for draft in sorted(drafts)]
    loads: dict[int, dict[str, float | None]] = {
        block: {load: None if np.isnan(value) else value for load, value in values.items()}
        for block, values in changed.items()
    }
    succeed_blocks(session, sorted(drafts), loads)
    for plan in plans:
        seal_edits(session, plan.id)
        record(session, plan, made_by=made_by, kind="loads", detail={"blocks": len(changed)})
    if rows.places is not None and "households" in rows.loads:
        _count_in_buildings(session, jurisdiction, rows)


def _count_in_buildings(session: Session, jurisdiction: JurisdictionValues, rows: LoadRows) -> None:
    """Give the buildings that rows lie in their households, since pieces of blocks share loads by them."""
    statement = select(Building.id, geo.ST_AsBinary(Building.geom).label("shape")).where(
        Building.jurisdiction_id == jurisdiction.id
    )
    found = session.execute(statement.order_by(Building.id)).all()
    if not found:
        return
    shapes = np.asarray(shapely.from_wkb(np.array([bytes(row.shape) for row in found], dtype=object)), dtype=object)
    sums = sums_of_rows(LoadPoints(places_of(rows), {}).owners(shapes), rows, len(found))["households"]
    told = np.flatnonzero(~np.isnan(sums)).tolist()
    values = [{"id": found[place].id, "households": float(sums[place])} for place in told]
    if values:
        session.execute(text("update buildings set households = :households where id = :id"), values)
