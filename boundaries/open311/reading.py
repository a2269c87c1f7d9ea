"""Cases as requests for services: those of the categories that are offered, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.cases.fields import PUBLIC_CASES, PUBLIC_COLUMNS, public_case_select
from boundaries.cases.intake import API_SOURCE
from boundaries.store.sight import see_case

_TOKEN_OF: Final = text("select source_key from cases where id = :id")
_BY_TOKEN: Final = text("""
    select id from cases where jurisdiction_id = :jurisdiction and source = :source and source_key = :token
""")


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests are wanted; what is left out does not limit.

    Parameters
    ----------
    categories : tuple of str
        Names of services.
    ids : tuple of int, optional
        Numbers of cases.
    since, until : datetime, optional
        When they were made; both count as inside.
    is_closed : bool, optional
        Only closed ones, or only open ones.
    """

    categories: tuple[str, ...]
    ids: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_closed: bool | None = None


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A case as a request; `edition_id` is of the edition that its grid is of, `changed_at` of its last event.

    What people wrote is None where it is not public.
    """

    id: int
    category: str
    is_closed: bool
    channel: str
    text: str | None
    address: str | None
    reported_at: datetime
    changed_at: datetime
    lon: float | None
    lat: float | None
    grid: str | None
    grid_name: str | None
    edition_id: int | None
    edition: str | None
    address_id: str | None
    media_url: str | None


def find_requests(
    session: Session, jurisdiction_id: int, query: RequestFilter, *, limit: int, offset: int = 0
) -> Sequence[ServiceRequest]:
    """Return requests, newest first.

    Parameters
    ----------
    session : Session
        Only read from.
    jurisdiction_id : int
        Whose.
    query : RequestFilter
        Which ones.
    limit, offset : int
        How many, and how many to leave out before them.
    """
    case = PUBLIC_CASES.c
    parts = [case.jurisdiction_id == jurisdiction_id, case.category.in_(query.categories)]
    if query.ids is not None:
        parts.append(case.id.in_(query.ids))
    if query.since is not None:
        parts.append(case.reported_at >= query.since)
    if query.until is not None:
        parts.append(case.reported_at <= query.until)
    if query.is_closed is not None:
        parts.append(PUBLIC_COLUMNS["is_closed"].is_(query.is_closed))
    statement = public_case_select(*(field.name for field in fields(ServiceRequest))).where(*parts)
    statement = statement.order_by(case.reported_at.desc(), case.id.desc()).limit(limit).offset(offset)
    rows = session.execute(statement).mappings()
    return [ServiceRequest(**row) for row in rows]


def token_of(session: Session, case_id: int) -> str:
    """Return the token of a case that came in over the interface."""
    return str(session.execute(_TOKEN_OF, {"id": case_id}).scalar_one())


def case_of_token(session: Session, jurisdiction_id: int, token: str) -> int | None:
    """Return the number of the case that a token stands for, None for a token that was never given."""
    see_case(session, jurisdiction_id, API_SOURCE, token)
    values = {"jurisdiction": jurisdiction_id, "source": API_SOURCE, "token": token}
    return session.execute(_BY_TOKEN, values).scalar_one_or_none()
