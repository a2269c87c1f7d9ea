"""Which cases are wanted, and the condition that says so to the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, Polygon
from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select, true
from sqlalchemy.orm import Session, aliased

from boundaries.cases.tables import Case
from boundaries.grids.tables import Grid, Plan
from geogrid.errors import InvalidInputError

Bbox = tuple[float, float, float, float]

# The very expression of the index ix_cases_words.
_WORDS: ColumnElement[str] = literal_column("(cases.text || ' ' || cases.address)")


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases are wanted; what is left out does not limit.

    Parameters
    ----------
    grid : str, optional
        Code of a grid of any level: cases of that grid and of every grid below it, in whichever edition they were
        assigned.
    bbox : tuple of float, optional
        West, south, east, north, degrees, WGS 84; its edge counts as inside.
    polygon : Polygon or MultiPolygon, optional
        Degrees, WGS 84; its edge counts as inside.
    since, until : datetime, optional
        Reported at or after `since` and before `until`.
    channels, categories, statuses : tuple of str
        Any of them.
    text : str
        Words that all occur in the text or the address, in any letter case.
    external_id : str, optional
        Number in the system the case came from.
    has_grid : bool, optional
        Only cases with a grid, or only those without one, which wait for somebody to place them.
    """

    grid: str | None = None
    bbox: Bbox | None = None
    polygon: Polygon | MultiPolygon | None = None
    since: datetime | None = None
    until: datetime | None = None
    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    text: str = ""
    external_id: str | None = None
    has_grid: bool | None = None


def condition(session: Session, jurisdiction_id: int, wanted: CaseFilter) -> ColumnElement[bool]:
    """Return the filter as a condition on `Case`.

    Raises
    ------
    InvalidInputError
        The filter names a grid that no edition of the jurisdiction has.
    """
    parts = [
        Case.jurisdiction_id == jurisdiction_id,
        _in_grid(session, jurisdiction_id, wanted.grid),
        *_in_place(wanted),
        *_in_period(wanted),
        *(column.in_(values) for column, values in _choices(wanted) if values),
        *(_WORDS.ilike(f"%{_escaped(word)}%", escape="\\") for word in wanted.text.split()),
    ]
    if wanted.external_id is not None:
        parts.append(Case.external_id == wanted.external_id)
    if wanted.has_grid is not None:
        parts.append(Case.grid_id.is_not(None) if wanted.has_grid else Case.grid_id.is_(None))
    return and_(*parts)


def _choices(wanted: CaseFilter) -> tuple[tuple[ColumnElement[str], tuple[str, ...]], ...]:
    return (
        (Case.channel, wanted.channels),  # type: ignore[return-value]
        (Case.category, wanted.categories),
        (Case.status, wanted.statuses),
    )


def _in_place(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if wanted.bbox is not None:
        # Not the bare && operator: it compares boxes rounded to single precision.
        parts.append(func.ST_Intersects(Case.geom, func.ST_MakeEnvelope(*wanted.bbox, 4326)))
    if wanted.polygon is not None:
        parts.append(func.ST_Intersects(Case.geom, from_shape(wanted.polygon, srid=4326)))
    return parts


def _in_period(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        parts.append(Case.reported_at >= wanted.since)
    if wanted.until is not None:
        parts.append(Case.reported_at < wanted.until)
    return parts


def _in_grid(session: Session, jurisdiction_id: int, code: str | None) -> ColumnElement[bool]:
    if code is None:
        return true()
    named = (
        select(Grid.id)
        .join(Plan, Plan.id == Grid.plan_id)
        .where(Plan.jurisdiction_id == jurisdiction_id, Plan.validity.is_not(None), Grid.code == code)
    )
    found = session.scalars(named).all()
    if not found:
        raise InvalidInputError.of(
            "unknown-grid",
            f"No edition has a grid {code!r}.",
            "The codes are at /collections/grids/items.",
            subject="grid",
        )
    return Case.grid_id.in_(_with_descendants(found))


def _with_descendants(grid_ids: Sequence[int]) -> Select[tuple[int]]:
    below = select(Grid.id, Grid.plan_id).where(Grid.id.in_(grid_ids)).cte("below", recursive=True)
    child = aliased(Grid)
    below = below.union_all(
        select(child.id, child.plan_id).join(
            below, and_(child.plan_id == below.c.plan_id, child.parent_id == below.c.id)
        )
    )
    return select(below.c.id)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
