"""Jurisdictions and their levels."""

from collections.abc import Sequence
from typing import Final

from geoalchemy2.shape import to_shape
from shapely import MultiPolygon, Polygon
from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.jurisdictions.records import JurisdictionRecord, JurisdictionValues, jurisdiction_record
from boundaries.jurisdictions.tables import Jurisdiction, LevelRow
from geogrid.errors import InvalidInputError, NotFoundError

NOTHING_STORED: Final = "No town is stored yet: run `geogrid demo` or `geogrid import town`."


def get_jurisdiction(session: Session, code: str) -> Jurisdiction:
    """Return a jurisdiction by its code, or raise `NotFoundError` with the codes there are."""
    found = session.scalar(select(Jurisdiction).where(Jurisdiction.code == code))
    if found is None:
        raise NotFoundError(f"There is no jurisdiction {code!r}. {_known(session)}")
    return found


def the_jurisdiction(session: Session, code: str | None) -> JurisdictionRecord:
    """Return the jurisdiction named, or the only one there is.

    Raises
    ------
    NotFoundError
        There is none, or none of that code.
    InvalidInputError
        No code is given and there are several.
    """
    if code is not None:
        return jurisdiction_record(get_jurisdiction(session, code))
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
    return jurisdiction_record(found[0])


def jurisdiction_codes(session: Session) -> tuple[str, ...]:
    """Return the codes of all jurisdictions, in order."""
    return tuple(session.scalars(select(Jurisdiction.code).order_by(Jurisdiction.code)))


def jurisdiction_of(session: Session, jurisdiction_id: int) -> JurisdictionRecord:
    """Return a jurisdiction by the number that a plan or a case names."""
    return jurisdiction_record(session.get_one(Jurisdiction, jurisdiction_id))


def limit_at(session: Session, jurisdiction_id: int) -> Polygon | MultiPolygon | None:
    """Return the outer limit of a jurisdiction; see `limit_of`."""
    return limit_of(session.get_one(Jurisdiction, jurisdiction_id))


def _known(session: Session) -> str:
    codes = session.scalars(select(Jurisdiction.code).order_by(Jurisdiction.code)).all()
    if not codes:
        return NOTHING_STORED
    return f"Stored are: {', '.join(codes)}."


def levels_of(session: Session, jurisdiction: JurisdictionValues) -> Sequence[LevelRow]:
    """Return the levels of a jurisdiction, top first."""
    return session.scalars(
        select(LevelRow).where(LevelRow.scheme_id == jurisdiction.scheme_id).order_by(LevelRow.position)
    ).all()


def limit_of(jurisdiction: Jurisdiction) -> Polygon | MultiPolygon | None:
    """Return the outer limit, degrees, WGS 84, where one is stored."""
    limit = jurisdiction.limit_geom
    return None if limit is None else to_shape(limit)  # type: ignore[return-value]
