"""Which cases are wanted, and the condition that says so to the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, Polygon
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    and_,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from boundaries.cases.tables import Case
from boundaries.grids.tables import Grid, Plan
from geogrid.access import mask_text
from geogrid.errors import InvalidInputError

Bbox = tuple[float, float, float, float]

# Where cases stand is stored in a room above this one.
_WORKS = table(
    "case_works",
    column("case_id", BigInteger),
    column("holder", Text),
    column("seen_by", ARRAY(Text)),
    column("due_at", DateTime(timezone=True)),
    column("total_due_at", DateTime(timezone=True)),
).c
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
    numbers : tuple of int, optional
        Numbers of cases: only these.
    within : frozenset of str, optional
        Codes of grids of any level: only cases of these and of every grid below them; a code that no edition has lets
        nothing through. It is who asks that is limited so, not what he asks for.
    given_to : str, optional
        Besides those within: cases that this account has, or had.
    holder : str, optional
        Who has it: a login, or the name of a department.
    is_overdue : bool, optional
        Only cases of which a limit is up, or only those of which none is.
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
    numbers: tuple[int, ...] | None = None
    within: frozenset[str] | None = None
    given_to: str | None = None
    holder: str | None = None
    is_overdue: bool | None = None


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
        *(kind.in_(values) for kind, values in _choices(wanted) if values),
        # Texts are stored with the numbers of persons masked.
        *(_WORDS.ilike(f"%{_escaped(word)}%", escape="\\") for word in mask_text(wanted.text).split()),
    ]
    if wanted.external_id is not None:
        parts.append(Case.external_id == wanted.external_id)
    if wanted.has_grid is not None:
        parts.append(Case.grid_id.is_not(None) if wanted.has_grid else Case.grid_id.is_(None))
    if wanted.numbers is not None:
        parts.append(Case.id.in_(wanted.numbers))
    if wanted.within is not None:
        within = Case.grid_id.in_(_with_descendants(_named(session, jurisdiction_id, wanted.within), name="within"))
        parts.append(within if wanted.given_to is None else or_(within, _worked(_given_to(wanted.given_to))))
    if wanted.holder is not None:
        parts.append(_worked(_WORKS.holder == wanted.holder))
    if wanted.is_overdue is not None:
        is_up = or_(_WORKS.due_at < func.now(), _WORKS.total_due_at < func.now())
        is_overdue = and_(Case.status != "closed", _worked(is_up))
        parts.append(is_overdue if wanted.is_overdue else ~is_overdue)
    return and_(*parts)


def _worked(of_work: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that the work on a case is such."""
    return Case.id.in_(select(_WORKS.case_id).where(of_work))


def _given_to(login: str) -> ColumnElement[bool]:
    return _WORKS.seen_by.contains([login])


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
    found = _named(session, jurisdiction_id, (code,))
    if not found:
        raise InvalidInputError.of(
            "unknown-grid",
            f"No edition has a grid {code!r}.",
            "The codes are at /collections/grids/items.",
            subject="grid",
        )
    return Case.grid_id.in_(_with_descendants(found))


def is_in_grids(session: Session, case_id: int, codes: Collection[str]) -> bool:
    """Return whether a case is in one of some grids of its jurisdiction, or in one below them, in whichever edition."""
    town = session.scalar(select(Case.jurisdiction_id).where(Case.id == case_id))
    if town is None:
        return False
    within = _with_descendants(_named(session, town, codes))
    return session.scalar(select(Case.id).where(Case.id == case_id, Case.grid_id.in_(within))) is not None


def was_given(session: Session, case_id: int, login: str) -> bool:
    """Return whether an account has, or had, a case."""
    return session.scalar(select(_WORKS.case_id).where(_WORKS.case_id == case_id, _given_to(login))) is not None


def _named(session: Session, jurisdiction_id: int, codes: Collection[str]) -> Sequence[int]:
    """Return the grids of these codes in every edition of a jurisdiction."""
    statement = select(Grid.id).join(Plan, Plan.id == Grid.plan_id)
    return session.scalars(
        statement.where(Plan.jurisdiction_id == jurisdiction_id, Plan.validity.is_not(None), Grid.code.in_(list(codes)))
    ).all()


def _with_descendants(grid_ids: Sequence[int], *, name: str = "below") -> Select[tuple[int]]:
    below = select(Grid.id, Grid.plan_id).where(Grid.id.in_(grid_ids)).cte(name, recursive=True)
    child = aliased(Grid)
    below = below.union_all(
        select(child.id, child.plan_id).join(
            below, and_(child.plan_id == below.c.plan_id, child.parent_id == below.c.id)
        )
    )
    return select(below.c.id)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
