"""Jurisdictions and their levels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from geoalchemy2.shape import from_shape, to_shape
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from boundaries.grids.tables import Jurisdiction, Level, LevelScheme, Plan
from geogrid.blocks.polygons import as_multi
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError


@dataclass(frozen=True, slots=True)
class LevelName:
    """The name of a level, in English and Chinese."""

    name: str
    name_zh: str = ""


def get_jurisdiction(session: Session, code: str) -> Jurisdiction:
    """Return a jurisdiction by its code, or raise `NotFoundError` with the codes there are."""
    found = session.scalar(select(Jurisdiction).where(Jurisdiction.code == code))
    if found is None:
        raise NotFoundError(f"There is no jurisdiction {code!r}. {_known(session)}")
    return found


def the_jurisdiction(session: Session, code: str | None) -> Jurisdiction:
    """Return the jurisdiction named, or the only one there is.

    Raises
    ------
    NotFoundError
        There is none, or none of that code.
    InvalidInputError
        No code is given and there are several.
    """
    if code is not None:
        return get_jurisdiction(session, code)
    found = session.scalars(select(Jurisdiction).limit(2)).all()
    if not found:
        raise NotFoundError(_known(session))
    if len(found) > 1:
        raise InvalidInputError.of(
            "which-jurisdiction",
            "There is more than one jurisdiction; name one.",
            _known(session),
            subject="jurisdiction",
        )
    return found[0]


def list_jurisdictions(session: Session) -> Sequence[Jurisdiction]:
    """Return every jurisdiction by code."""
    return session.scalars(select(Jurisdiction).order_by(Jurisdiction.code)).all()


def _known(session: Session) -> str:
    codes = session.scalars(select(Jurisdiction.code).order_by(Jurisdiction.code)).all()
    if not codes:
        return "No jurisdiction is stored yet: run `geogrid demo` or `geogrid import grids`."
    return f"Stored are: {', '.join(codes)}."


def save_jurisdiction(  # noqa: PLR0913 - one keyword a column
    session: Session,
    *,
    code: str,
    name: str,
    levels: Sequence[LevelName],
    time_zone: str = "UTC",
    attribution: Sequence[str] = (),
    limit: BaseGeometry | None = None,
) -> Jurisdiction:
    """Create a jurisdiction, or bring an existing one up to date.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    code, name : str
        Short name for addresses and commands; name for people.
    levels : sequence of LevelName
        Top level first, 1 to 6 of them.
    time_zone : str
        IANA name.
    attribution : sequence of str
        Lines that every map shows.
    limit : Polygon or MultiPolygon, optional
        Outer limit, longitude and latitude in degrees, WGS 84.

    Raises
    ------
    ConflictError
        The jurisdiction has editions and `levels` differ in number from theirs.
    """
    found = session.scalar(select(Jurisdiction).where(Jurisdiction.code == code))
    if found is None:
        scheme = LevelScheme(name=code)
        session.add(scheme)
        session.flush()
        found = Jurisdiction(code=code, scheme_id=scheme.id)
        session.add(found)
    elif len(levels) != len(levels_of(session, found)) and _has_plans(session, found):
        raise ConflictError(
            f"Jurisdiction {code!r} has plans with {len(levels_of(session, found))} levels; {len(levels)} were given. "
            "Give as many, or use another jurisdiction code."
        )
    found.name, found.time_zone, found.attribution = name, time_zone, list(attribution)
    if limit is not None:
        found.limit_geom = from_shape(as_multi(np.array([limit], dtype=object))[0], srid=4326)
    _save_levels(session, found.scheme_id, levels)
    session.flush()
    return found


def _has_plans(session: Session, jurisdiction: Jurisdiction) -> bool:
    return session.scalar(select(Plan.id).where(Plan.jurisdiction_id == jurisdiction.id).limit(1)) is not None


def _save_levels(session: Session, scheme_id: int, levels: Sequence[LevelName]) -> None:
    session.execute(delete(Level).where(Level.scheme_id == scheme_id))
    session.add_all(
        Level(scheme_id=scheme_id, position=position, name=level.name, name_zh=level.name_zh)
        for position, level in enumerate(levels, start=1)
    )


def levels_of(session: Session, jurisdiction: Jurisdiction) -> Sequence[Level]:
    """Return the levels of a jurisdiction, top first."""
    return session.scalars(
        select(Level).where(Level.scheme_id == jurisdiction.scheme_id).order_by(Level.position)
    ).all()


def limit_of(jurisdiction: Jurisdiction) -> Polygon | MultiPolygon | None:
    """Return the outer limit, degrees, WGS 84, where one is stored."""
    limit = jurisdiction.limit_geom
    return None if limit is None else to_shape(limit)  # type: ignore[return-value]
