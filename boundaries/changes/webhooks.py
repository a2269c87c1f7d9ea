"""Webhooks as the operator sees them: added, listed, removed, and tried again after they had been given up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from boundaries.changes.deliveries import DELIVER, delivery_to
from boundaries.changes.feed import last_number, require_given
from boundaries.changes.tables import WebhookRow
from boundaries.jobs.storing import ask_for, forget_job
from boundaries.jurisdictions.records import JurisdictionValues
from geogrid.errors import NotFoundError

_LIST: Final = text("""
    select w.id, j.code as jurisdiction, w.url, w.types, w.position, w.is_active, w.failures, w.paused_until,
        w.delivered, w.last_delivered_at, w.last_error,
        count(r.next_at) as waiting, count(r.number) - count(r.next_at) as dead
    from webhooks w
    join jurisdictions j on j.id = w.jurisdiction_id
    left join webhook_retries r on r.webhook_id = w.id
    where cast(:id as int) is null or w.id = :id
    group by w.id, j.code order by w.id
""")
_DEAD: Final = text("""
    select number, attempts, failed_at, last_error from webhook_retries
    where webhook_id = :id and next_at is null order by number limit :limit
""")
_REMOVE: Final = text("delete from webhooks where id = :id")
_RESUME: Final = text("""
    update webhooks set is_active = true, failures = 0, paused_until = null, last_error = '' where id = :id
""")
_REVIVE: Final = text("""
    update webhook_retries set next_at = now(), attempts = 1 where webhook_id = :id and next_at is null
""")


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to add.

    Parameters
    ----------
    url : str
        Where changes are sent to.
    secret : bytes
        Signs them.
    types : tuple of str
        What is told, e.g. ``edition.published`` or ``case.*``; empty for everything.
    since : int, optional
        Number in the feed after which it begins; without it, with what is still to come.
    """

    url: str
    secret: bytes = field(repr=False)
    types: tuple[str, ...] = ()
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook and how it fares.

    Parameters
    ----------
    id : int
        Its number.
    jurisdiction, url, types
        As it was added.
    position : int
        How far in the feed it is.
    is_active : bool
        False after the receiver said that it is gone.
    failures, paused_until, last_error
        Failed tries in a row, when the next is due, what the last one said.
    delivered, last_delivered_at
        Changes that were taken, and when the last one was.
    waiting, dead : int
        Changes that are tried again; changes that were given up.
    """

    id: int
    jurisdiction: str
    url: str
    types: Sequence[str]
    position: int
    is_active: bool
    failures: int
    paused_until: datetime | None
    delivered: int
    last_delivered_at: datetime | None
    last_error: str
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A change that was given up, with the reason."""

    number: int
    attempts: int
    failed_at: datetime
    last_error: str


def add_webhook(session: Session, jurisdiction: JurisdictionValues, new: NewWebhook) -> Webhook:
    """Add a webhook.

    Raises
    ------
    ConflictError
        The feed has not reached its `since`.
    """
    if new.since is not None:
        require_given(session, new.since)
    row = WebhookRow(
        jurisdiction_id=jurisdiction.id,
        url=new.url,
        secret=new.secret,
        types=list(new.types),
        position=last_number(session, jurisdiction.id) if new.since is None else new.since,
    )
    session.add(row)
    session.flush()
    return get_webhook(session, row.id)


def list_webhooks(session: Session) -> tuple[Webhook, ...]:
    """Return every webhook."""
    return tuple(_webhook(row) for row in session.execute(_LIST, {"id": None}))


def get_webhook(session: Session, webhook_id: int) -> Webhook:
    """Return a webhook, or raise `NotFoundError`."""
    row = session.execute(_LIST, {"id": webhook_id}).one_or_none()
    if row is None:
        raise _missing(webhook_id)
    return _webhook(row)


def remove_webhook(session: Session, webhook_id: int) -> None:
    """Remove a webhook with what waits for it, or raise `NotFoundError`."""
    removed: Any = session.execute(_REMOVE, {"id": webhook_id})
    if removed.rowcount == 0:
        raise _missing(webhook_id)
    forget_job(session, DELIVER, str(webhook_id))


def retry_webhook(session: Session, webhook_id: int) -> int:
    """Go on with a webhook at once, its dead letters included.

    Returns
    -------
    int
        How many dead letters are tried again.

    Raises
    ------
    NotFoundError
        There is no such webhook.
    """
    resumed: Any = session.execute(_RESUME, {"id": webhook_id})
    if resumed.rowcount == 0:
        raise _missing(webhook_id)
    revived: Any = session.execute(_REVIVE, {"id": webhook_id})
    ask_for(session, [delivery_to(webhook_id)])
    return int(revived.rowcount)


def dead_letters(session: Session, webhook_id: int, *, limit: int = 1000) -> tuple[DeadLetter, ...]:
    """Return the changes that were given up, oldest first."""
    return tuple(DeadLetter(*row) for row in session.execute(_DEAD, {"id": webhook_id, "limit": limit}))


def _webhook(row: Row[*tuple[Any, ...]]) -> Webhook:
    return Webhook(*row)


def _missing(webhook_id: int) -> NotFoundError:
    return NotFoundError(f"There is no webhook {webhook_id}. See: geogrid webhook list")
