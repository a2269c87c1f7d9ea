"""Editions and grids, read from the store."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from boundaries.editions.index_files import IndexFolder, open_index
from boundaries.grids.fields import GRIDS_OF_PLANS, grid_columns
from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.grids.tables import DutyRow, Grid, Plan
from boundaries.jurisdictions.tables import Jurisdiction
from geogrid.editions import Duty, Edition, GridInfo
from geogrid.editions.fields import GRID_COLUMNS, LOADS
from geogrid.errors import ConflictError
from geogrid.types import GridCode

_GRIDS: Final = f"""
    select g.id, g.key_id, {grid_columns()}{{shape}} {GRIDS_OF_PLANS}
    where g.plan_id = :plan and (cast(:level as int) is null or g.level = :level)
    order by g.code collate "C"
"""
_ROWS: Final = text(_GRIDS.format(shape=""))
_ROWS_WITH_SHAPES: Final = text(_GRIDS.format(shape=", ST_AsBinary(g.geom) as shape"))


def edition_at(session: Session, jurisdiction_id: int, at: datetime) -> PlanRecord | None:
    """Return the edition in force at a moment, if there was one."""
    row = session.scalar(select(Plan).where(Plan.jurisdiction_id == jurisdiction_id, Plan.validity.contains(at)))
    return None if row is None else plan_record(row)


def edition_until(session: Session, jurisdiction_id: int, at: datetime) -> PlanRecord | None:
    """Return the edition in force at a moment, or, where none is, the last one before."""
    row = session.scalar(
        select(Plan)
        .where(Plan.jurisdiction_id == jurisdiction_id, func.lower(Plan.validity) <= at)
        .order_by(func.lower(Plan.validity).desc())
        .limit(1)
    )
    return None if row is None else plan_record(row)


def edition_after(session: Session, jurisdiction_id: int, at: datetime) -> PlanRecord | None:
    """Return the first edition that starts at a moment or later."""
    row = session.scalar(
        select(Plan)
        .where(Plan.jurisdiction_id == jurisdiction_id, func.lower(Plan.validity) >= at)
        .order_by(func.lower(Plan.validity))
        .limit(1)
    )
    return None if row is None else plan_record(row)


def editions_of(session: Session, jurisdiction_id: int) -> Sequence[PlanRecord]:
    """Return every edition of a jurisdiction, oldest first."""
    rows = session.scalars(
        select(Plan)
        .where(Plan.jurisdiction_id == jurisdiction_id, Plan.validity.is_not(None))
        .order_by(func.lower(Plan.validity))
    )
    return [plan_record(row) for row in rows]


def compile_edition(session: Session, plan: PlanValues, *, at: datetime, indexes: IndexFolder | None = None) -> Edition:
    """Return a published plan compiled for lookups.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Published or retired.
    at : datetime
        Moment whose duties are in force.
    indexes : IndexFolder, optional
        Where local copies of compiled indexes are; without it the index is compiled from the polygons.

    Raises
    ------
    ConflictError
        The plan was never published.
    """
    if plan.valid_from is None:
        raise ConflictError(f"Plan {plan.name!r} ({plan.id}) is {plan.state}, not an edition. Publish it first.")
    rows = session.execute(_ROWS, {"plan": plan.id, "level": None}).all()
    grids = {GridCode(row.code): _info(row) for row in rows}
    leaf_rows = [row for row in rows if row.kind != "parent"]
    return Edition(
        id=plan.id,
        jurisdiction=session.get_one(Jurisdiction, plan.jurisdiction_id).code,
        name=plan.name,
        valid_from=plan.valid_from,
        valid_to=plan.valid_to,
        leaves=tuple(grids[GridCode(row.code)] for row in leaf_rows),
        grids=grids,
        duties=duties_at(session, plan.id, at),
        index=open_index(session, plan, indexes),
    )


def _info(row: Row[Any]) -> GridInfo:
    return GridInfo(
        id=row.id,
        code=GridCode(row.code),
        name=row.name,
        level=row.level,
        level_name=row.level_name,
        parent=row.parent,
        kind=row.kind,
        category=row.category,
        key=row.key_id,
    )


def duties_at(session: Session, plan_id: int, at: datetime) -> dict[GridCode, tuple[Duty, ...]]:
    """Return the duties in force at a moment, by grid."""
    rows = session.execute(
        select(Grid.code, DutyRow.role, DutyRow.holder, DutyRow.phone)
        .join(Grid, Grid.id == DutyRow.grid_id)
        .where(Grid.plan_id == plan_id, DutyRow.validity.contains(at))
        .order_by(DutyRow.id)
    )
    found: dict[GridCode, list[Duty]] = defaultdict(list)
    for row in rows:
        found[GridCode(row.code)].append(Duty(row.role, row.holder, row.phone))
    return {code: tuple(duties) for code, duties in found.items()}


def grid_frame(
    session: Session, plan: PlanValues, *, level: int | None = None, at: datetime | None = None
) -> gpd.GeoDataFrame:
    """Return the grids of a plan as a table.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Of any state.
    level : int, optional
        Only this level, 1 is the top.
    at : datetime, optional
        Moment whose duties are shown; without it the duty column is empty.

    Returns
    -------
    GeoDataFrame
        EPSG:4326, by code; columns code, name, level, level_name, parent, kind, category, households, population,
        buildings, duty (role and holder, several parted by semicolons), contact (the same with telephones), geometry
        (MultiPolygon).
    """
    rows = session.execute(_ROWS_WITH_SHAPES, {"plan": plan.id, "level": level}).all()
    duties = {} if at is None else duties_at(session, plan.id, at)
    frame = pd.DataFrame({name: [getattr(row, name) for row in rows] for name in GRID_COLUMNS})
    for load in LOADS:
        frame[load] = frame[load].astype(float)
    frame["duty"] = [
        "; ".join(f"{duty.role} {duty.holder}" for duty in duties.get(GridCode(row.code), ())) for row in rows
    ]
    frame["contact"] = [_contacts(duties.get(GridCode(row.code), ())) for row in rows]
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object))
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")


def _contacts(duties: Iterable[Duty]) -> str:
    return "; ".join(" ".join(filter(None, (duty.role, duty.holder, duty.phone))) for duty in duties)
