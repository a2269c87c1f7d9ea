"""Editions and grids, read from the store."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geoalchemy2 import functions as geo
from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.orm import Session, aliased

from boundaries.editions.index_files import IndexFolder, open_index
from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.grids.tables import DutyRow, Grid, Plan, PlanLevel
from boundaries.jurisdictions.tables import Jurisdiction, Level
from geogrid.editions import Duty, Edition, GridInfo
from geogrid.errors import ConflictError
from geogrid.types import GridCode

_TREE_COLUMNS = ("code", "name", "level", "level_name", "parent", "kind", "category")
_LOADS = ("households", "population", "buildings")
GRID_FIELDS = (*_TREE_COLUMNS, *_LOADS)
"""What tables and tiles tell of a grid."""


def edition_at(session: Session, jurisdiction_id: int, at: datetime) -> PlanRecord | None:
    """Return the edition in force at a moment, if there was one."""
    row = session.scalar(select(Plan).where(Plan.jurisdiction_id == jurisdiction_id, Plan.validity.contains(at)))
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
    rows = _grid_rows(session, plan)
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


def _grid_rows(session: Session, plan: PlanValues, *more: ColumnElement[Any]) -> Sequence[Row[tuple[int, ...]]]:
    parent = aliased(Grid)
    statement = (
        select(
            Grid.id,
            Grid.code,
            Grid.name,
            Grid.level,
            func.coalesce(PlanLevel.name, Level.name, "").label("level_name"),
            parent.code.label("parent"),
            Grid.kind,
            Grid.category,
            Grid.households,
            Grid.population,
            Grid.buildings,
            *more,
        )
        .join(Plan, Plan.id == Grid.plan_id)
        .join(Jurisdiction, Jurisdiction.id == Plan.jurisdiction_id)
        .outerjoin(Level, and_(Level.scheme_id == Jurisdiction.scheme_id, Level.position == Grid.level))
        .outerjoin(PlanLevel, and_(PlanLevel.plan_id == Plan.id, PlanLevel.position == Grid.level))
        .outerjoin(parent, parent.id == Grid.parent_id)
        .where(Grid.plan_id == plan.id)
        .order_by(Grid.code.collate("C"))
    )
    return session.execute(statement).all()  # type: ignore[return-value]


def _info(row: Row[tuple[int, ...]]) -> GridInfo:
    return GridInfo(
        id=row.id,
        code=GridCode(row.code),
        name=row.name,
        level=row.level,
        level_name=row.level_name,
        parent=row.parent,
        kind=row.kind,
        category=row.category,
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
    for code, role, holder, phone in rows:
        found[GridCode(code)].append(Duty(role, holder, phone))
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
        buildings, duty (role and holder, several parted by semicolons), geometry (MultiPolygon).
    """
    rows = [
        row
        for row in _grid_rows(session, plan, geo.ST_AsBinary(Grid.geom).label("shape"))
        if level is None or row.level == level
    ]
    duties = {} if at is None else duties_at(session, plan.id, at)
    frame = pd.DataFrame({name: [getattr(row, name) for row in rows] for name in GRID_FIELDS})
    for load in _LOADS:
        frame[load] = frame[load].astype(float)
    frame["duty"] = [
        "; ".join(f"{duty.role} {duty.holder}" for duty in duties.get(GridCode(row.code), ())) for row in rows
    ]
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object))
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")
