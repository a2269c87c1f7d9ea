"""Cases (诉求): stored once, found again by grid, place, period, channel, category, status and words."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, RowMapping, Select, func, select, text, tuple_
from sqlalchemy.orm import Session

from boundaries.cases.fields import PUBLIC_CASES, case_select, public_case_select
from boundaries.cases.filtering import CaseFilter, condition
from boundaries.cases.storing import AddedCase, NewCase, add_cases
from boundaries.cases.tables import Case, CaseEvent
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.text.json_values import as_object
from geogrid.errors import NotFoundError
from geogrid.types import FloatArray

__all__ = [
    "AddedCase",
    "CaseEventRecord",
    "CaseFacets",
    "CaseFilter",
    "CaseKey",
    "CasePage",
    "CaseRecord",
    "NewCase",
    "add_cases",
    "case_facets",
    "case_frame",
    "count_cases",
    "events_of",
    "find_cases",
    "get_case",
    "latest_points",
    "town_of_case",
]


_PUBLIC = PUBLIC_CASES.c
# How much a box or a word lets through is known by its value only: a plan for all values takes twenty times as long.
_PLAN_ANEW = text("set local plan_cache_mode = force_custom_plan")
_PLANNED_ANEW = "geogrid.planned_anew"


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A stored case as callers see it.

    `grid` is the code of its leaf grid, None where it has none; of the `reporter` there is what may be shown, None
    where nothing is known of him.
    """

    id: int
    jurisdiction: str
    source: str
    external_id: str | None
    channel: str
    category: str
    text: str
    address: str
    status: str
    reported_at: datetime
    closed_at: datetime | None
    located_by: str | None
    positional_error_m: float
    grid: str | None
    grid_name: str | None
    edition: str | None
    lon: float | None
    lat: float | None
    attributes: Mapping[str, Any]
    reporter: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class CaseEventRecord:
    """Something that happened to a case."""

    at: datetime
    kind: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class CaseKey:
    """Place of a case in the order of pages: newest first, the higher number first among equals."""

    reported_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases, newest first, and whether there are more on either side."""

    cases: tuple[CaseRecord, ...]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True, slots=True)
class CaseFacets:
    """What the cases of a jurisdiction are made of: counts by value, and the period they span."""

    total: int
    without_grid: int
    channels: Mapping[str, int]
    categories: Mapping[str, int]
    statuses: Mapping[str, int]
    first_reported_at: datetime | None
    last_reported_at: datetime | None


def find_cases(  # noqa: PLR0913 - one keyword a choice of the page
    session: Session,
    jurisdiction_id: int,
    wanted: CaseFilter,
    *,
    limit: int,
    older_than: CaseKey | None = None,
    newer_than: CaseKey | None = None,
) -> CasePage:
    """Return a page of cases, newest first.

    Pages are cut by key, not by offset: cases that arrive meanwhile neither repeat nor hide others.

    Parameters
    ----------
    session : Session
        Only read from.
    jurisdiction_id : int
        Whose cases.
    wanted : CaseFilter
        Which ones.
    limit : int
        Cases a page, at least 1.
    older_than, newer_than : CaseKey, optional
        At most one: the page right after, or right before, this case.

    Raises
    ------
    InvalidInputError
        The filter names a grid that no edition has.
    """
    statement = _records().where(condition(session, jurisdiction_id, wanted))
    _plan_anew(session)
    key = tuple_(Case.reported_at, Case.id)
    if newer_than is not None:
        statement = statement.where(key > tuple_(newer_than.reported_at, newer_than.id))
        statement = statement.order_by(Case.reported_at, Case.id)
    else:
        if older_than is not None:
            statement = statement.where(key < tuple_(older_than.reported_at, older_than.id))
        statement = statement.order_by(Case.reported_at.desc(), Case.id.desc())
    rows = session.execute(statement.limit(limit + 1)).mappings().all()
    more, cases = len(rows) > limit, tuple(_record(row) for row in rows[:limit])
    if newer_than is not None:
        return CasePage(cases[::-1], has_newer=more, has_older=True)
    return CasePage(cases, has_newer=older_than is not None, has_older=more)


def _plan_anew(session: Session) -> None:
    """Have the statements of this transaction planned for their values; said once."""
    transaction = session.get_transaction()
    if transaction is None or session.info.get(_PLANNED_ANEW) is not transaction:
        session.execute(_PLAN_ANEW)
        session.info[_PLANNED_ANEW] = session.get_transaction()


def count_cases(session: Session, jurisdiction_id: int, wanted: CaseFilter) -> int:
    """Return how many cases a filter lets through."""
    _plan_anew(session)
    return session.scalars(
        select(func.count()).select_from(Case).where(condition(session, jurisdiction_id, wanted))
    ).one()


def get_case(session: Session, case_id: int) -> CaseRecord:
    """Return a case by its number, or raise `NotFoundError`."""
    row = session.execute(_records().where(Case.id == case_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"There is no case {case_id}.")
    return _record(row)


def town_of_case(session: Session, case_id: int) -> str | None:
    """Return the code of a case's jurisdiction, whether the case is seen or not; None for a number without a case."""
    statement = select(Jurisdiction.code).join(PUBLIC_CASES, _PUBLIC.jurisdiction_id == Jurisdiction.id)
    return session.scalar(statement.where(_PUBLIC.id == case_id))


def events_of(session: Session, case_id: int) -> tuple[CaseEventRecord, ...]:
    """Return what happened to a case, oldest first."""
    rows = session.execute(
        select(CaseEvent.at, CaseEvent.kind, CaseEvent.detail)
        .where(CaseEvent.case_id == case_id)
        .order_by(CaseEvent.at, CaseEvent.id)
    )
    return tuple(CaseEventRecord(row.at, row.kind, as_object(row.detail)) for row in rows)


def case_frame(session: Session, jurisdiction_id: int, wanted: CaseFilter) -> gpd.GeoDataFrame:
    """Return cases as a table, oldest first.

    Returns
    -------
    GeoDataFrame
        EPSG:4326; columns id, channel, category, status, text, address, reported_at (UTC), grid (code or None),
        geometry (Point, or None for a case without one).
    """
    names = ("id", "channel", "category", "status", "text", "address", "reported_at", "grid")
    rows = session.execute(
        case_select(*names, "lon", "lat")
        .where(condition(session, jurisdiction_id, wanted))
        .order_by(Case.reported_at, Case.id)
    ).all()
    frame = pd.DataFrame(rows, columns=[*names, "lon", "lat"])
    frame["reported_at"] = pd.to_datetime(frame["reported_at"], utc=True)
    has_point = frame["lon"].notna().to_numpy()
    points = np.full(len(frame), None, dtype=object)
    points[has_point] = shapely.points(frame.loc[has_point, ["lon", "lat"]].to_numpy(dtype=float))
    return gpd.GeoDataFrame(frame[list(names)], geometry=points, crs="EPSG:4326")


def latest_points(session: Session, jurisdiction_id: int, *, limit: int) -> FloatArray:
    """Return the points of the latest cases that have one; they are public.

    Returns
    -------
    (n, 2) float64
        Longitude and latitude, degrees, WGS 84; the latest first.
    """
    rows = session.execute(
        public_case_select("lon", "lat")
        .where(_PUBLIC.jurisdiction_id == jurisdiction_id, _PUBLIC.geom.is_not(None))
        .order_by(_PUBLIC.reported_at.desc(), _PUBLIC.id.desc())
        .limit(limit)
    ).all()
    return np.array([(row.lon, row.lat) for row in rows], dtype=np.float64).reshape(-1, 2)


def case_facets(session: Session, jurisdiction_id: int) -> CaseFacets:
    """Return counts of a jurisdiction's cases by channel, category and status, most frequent first; they are public."""
    own = _PUBLIC.jurisdiction_id == jurisdiction_id
    period = func.min(_PUBLIC.reported_at), func.max(_PUBLIC.reported_at)
    total, with_grid, first, last = session.execute(
        select(func.count(), func.count(_PUBLIC.grid_id), *period).where(own)
    ).one()
    return CaseFacets(
        total=total,
        without_grid=total - with_grid,
        channels=_counts(session, own, _PUBLIC.channel),
        categories=_counts(session, own, _PUBLIC.category),
        statuses=_counts(session, own, _PUBLIC.status),
        first_reported_at=first,
        last_reported_at=last,
    )


def _counts(session: Session, own: ColumnElement[bool], column: Any) -> dict[str, int]:
    rows = session.execute(
        select(column, func.count()).where(own).group_by(column).order_by(func.count().desc(), column)
    )
    return dict(iter(rows))


def _records() -> Select[*tuple[Any, ...]]:
    return case_select(*(field.name for field in fields(CaseRecord)))


def _record(row: RowMapping) -> CaseRecord:
    return CaseRecord(**{**row, "attributes": as_object(row["attributes"])})
