"""Jurisdictions created, and brought up to date."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from geoalchemy2.shape import from_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from boundaries.jurisdictions.reading import levels_of
from boundaries.jurisdictions.tables import Jurisdiction, LevelRow, LevelScheme
from geogrid.blocks.polygons import as_multi
from geogrid.errors import ConflictError
from geogrid.types import LevelName

_HAS_PLANS: Final = text("select exists (select from plans where jurisdiction_id = :jurisdiction)")


_ONE_IMPORT_AT_A_TIME: Final = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


def lock_import(session: Session, what: str, code: str) -> None:
    """Wait until nobody else imports the same into a jurisdiction; others wait until this transaction ends.

    The jurisdiction need not be stored yet.
    """
    session.execute(_ONE_IMPORT_AT_A_TIME, {"name": f"import of {what} into {code}"})


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
    return bool(session.scalar(_HAS_PLANS, {"jurisdiction": jurisdiction.id}))


def _save_levels(session: Session, scheme_id: int, levels: Sequence[LevelName]) -> None:
    session.execute(delete(LevelRow).where(LevelRow.scheme_id == scheme_id))
    session.add_all(
        LevelRow(scheme_id=scheme_id, position=position, name=level.name, name_zh=level.name_zh)
        for position, level in enumerate(levels, start=1)
    )
