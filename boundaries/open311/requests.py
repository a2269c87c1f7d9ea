"""Cases as requests for services: those of the categories that are offered, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.cases.intake import API_SOURCE

_FIND: Final = text("""
    select c.id, c.category, c.status = 'closed' as is_closed, c.channel, c.text, c.address, c.reported_at,
        coalesce(
            c.closed_at, (select max(e.at) from case_events e where e.case_id = c.id), c.reported_at
        ) as changed_at,
        ST_X(c.geom) as lon, ST_Y(c.geom) as lat, g.code as grid, g.name as grid_name, g.plan_id as edition_id,
        p.name as edition, c.attributes
    from cases c
    left join grids g on g.id = c.grid_id
    left join plans p on p.id = g.plan_id
    where c.jurisdiction_id = :jurisdiction and c.category = any(:categories)
        and (cast(:ids as int8[]) is null or c.id = any(:ids))
        and (cast(:since as timestamptz) is null or c.reported_at >= :since)
        and (cast(:until as timestamptz) is null or c.reported_at <= :until)
        and (cast(:closed as bool) is null or (c.status = 'closed') = :closed)
    order by c.reported_at desc, c.id desc limit :limit offset :offset
""")
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
    """A case as a request; `edition_id` is of the edition that its grid is of, `changed_at` of its last event."""

    id: int
    category: str
    is_closed: bool
    channel: str
    text: str
    address: str
    reported_at: datetime
    changed_at: datetime
    lon: float | None
    lat: float | None
    grid: str | None
    grid_name: str | None
    edition_id: int | None
    edition: str | None
    attributes: dict[str, Any]


def find_requests(
    session: Session, jurisdiction_id: int, wanted: RequestFilter, *, limit: int, offset: int = 0
) -> Sequence[ServiceRequest]:
    """Return requests, newest first.

    Parameters
    ----------
    session : Session
        Only read from.
    jurisdiction_id : int
        Whose.
    wanted : RequestFilter
        Which ones.
    limit, offset : int
        How many, and how many to leave out before them.
    """
    values = {
        "jurisdiction": jurisdiction_id,
        "categories": list(wanted.categories),
        "ids": None if wanted.ids is None else list(wanted.ids),
        "since": wanted.since,
        "until": wanted.until,
        "closed": wanted.is_closed,
        "limit": limit,
        "offset": offset,
    }
    return [ServiceRequest(*row) for row in session.execute(_FIND, values)]


def token_of(session: Session, case_id: int) -> str:
    """Return the token of a case that came in over the interface."""
    return str(session.execute(_TOKEN_OF, {"id": case_id}).scalar_one())


def case_of_token(session: Session, jurisdiction_id: int, token: str) -> int | None:
    """Return the number of the case that a token stands for, None for a token that was never given."""
    values = {"jurisdiction": jurisdiction_id, "source": API_SOURCE, "token": token}
    return session.execute(_BY_TOKEN, values).scalar_one_or_none()
