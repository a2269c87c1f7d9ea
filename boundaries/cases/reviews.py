"""Addresses that a person has to look at, what that person chose, and what is learned from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from boundaries.addresses.answers import GeocodeAnswer
from boundaries.addresses.learning import learn_alias
from boundaries.cases.tables import Case, CaseEvent, GeocodeReview
from geogrid.editions import Edition
from geogrid.errors import ConflictError, NotFoundError

_CHOSEN_ERROR_M = 15.0


@dataclass(frozen=True, slots=True)
class AddressReview:
    """An address that waits for a person; `candidates` are what it may mean, likeliest first."""

    id: int
    question: str
    case_id: int | None
    candidates: Sequence[dict[str, Any]]
    created_at: datetime


def add_review(
    session: Session,
    jurisdiction_id: int,
    question: str,
    answers: Sequence[GeocodeAnswer],
    *,
    case_id: int | None = None,
) -> int:
    """Put an address into the queue, with the case that it came with, and return the review's number."""
    candidates = [
        {
            "lon": round(answer.lon, 7),
            "lat": round(answer.lat, 7),
            "address": answer.address,
            "level": answer.matched_level,
            "score": round(answer.score, 3),
            "error_m": round(answer.positional_error_m, 1),
            "why": list(answer.why),
        }
        for answer in answers
    ]
    review = GeocodeReview(jurisdiction_id=jurisdiction_id, question=question, case_id=case_id, candidates=candidates)
    session.add(review)
    session.flush()
    return review.id


def open_reviews(session: Session, jurisdiction_id: int, *, limit: int = 100) -> list[AddressReview]:
    """Return the addresses that wait, oldest first."""
    waiting = (
        select(GeocodeReview)
        .where(GeocodeReview.jurisdiction_id == jurisdiction_id, GeocodeReview.resolved_at.is_(None))
        .order_by(GeocodeReview.id)
        .limit(limit)
    )
    return [
        AddressReview(row.id, row.question, row.case_id, row.candidates, row.created_at)
        for row in session.scalars(waiting)
    ]


def resolve_review(  # noqa: PLR0913 - one keyword a part of the choice
    session: Session,
    jurisdiction_id: int,
    review_id: int,
    lonlat: tuple[float, float],
    *,
    by: str,
    edition: Edition | None,
) -> None:
    """Take a person's choice: the case gets its place and grid, and the next such address is found at once.

    Parameters
    ----------
    session : Session
        Not committed.
    jurisdiction_id, review_id : int
        Which review.
    lonlat : tuple of float
        The place, WGS 84.
    by : str
        Who chose.
    edition : Edition, optional
        In force, for the case's grid.

    Raises
    ------
    NotFoundError
        There is no such review in this jurisdiction.
    ConflictError
        Somebody has chosen already.
    """
    review = session.scalar(
        select(GeocodeReview)
        .where(GeocodeReview.id == review_id, GeocodeReview.jurisdiction_id == jurisdiction_id)
        .with_for_update()
    )
    if review is None:
        raise NotFoundError(f"There is no review {review_id}. GET /geocode/reviews lists those that wait.")
    if review.resolved_at is not None:
        raise ConflictError(f"AddressReview {review_id} was resolved by {review.resolved_by or 'somebody'} already.")
    review.resolved_at, review.resolved_by = func.now(), by
    review.choice = {"lon": lonlat[0], "lat": lonlat[1]}
    learn_alias(session, jurisdiction_id, review.question, lonlat)
    if review.case_id is not None:
        _place_case(session, review.case_id, lonlat, by=by, edition=edition)
    session.flush()


def _place_case(
    session: Session, case_id: int, lonlat: tuple[float, float], *, by: str, edition: Edition | None
) -> None:
    case = session.get_one(Case, case_id)
    located = None if edition is None else edition.locate(*lonlat)
    case.geom = _point(lonlat)
    case.located_by, case.positional_error_m = "address", _CHOSEN_ERROR_M
    case.grid_id = None if located is None else located.grid.id
    detail = {"by": by, "lon": lonlat[0], "lat": lonlat[1], "grid": None if located is None else located.grid.code}
    session.add(CaseEvent(case_id=case_id, kind="geocoded", detail=detail))


def _point(lonlat: tuple[float, float]) -> WKBElement:
    return from_shape(shapely.Point(lonlat), srid=4326)
