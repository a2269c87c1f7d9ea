"""What is to be delivered to webhooks: by one process at a time, settled change by change, never lost.

A webhook has a place in the feed. A change is either delivered or written down for another try before the place moves
past it, so a process that is killed leaves nothing behind but a change that is sent twice. That there is something to
deliver follows from places and tries; who does it, and that it is one only, is the job of the webhook. The clock is the
database's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.changes.feed import FeedEntry, changes_after, changes_numbered
from boundaries.jobs.records import NewJob
from boundaries.jobs.storing import ask_for

DELIVER: Final = "webhook"
"""Kind of the jobs; the key is the number of the webhook."""
_BATCH: Final = 100

_TO_DELIVER: Final = text("""
    select w.id, greatest(w.paused_until, work.due_at) as due_at
    from webhooks w
    cross join lateral (
        select case
            when exists (select from changes c where c.jurisdiction_id = w.jurisdiction_id and c.number > w.position)
            then cast(:now as timestamptz)
            else (select min(r.next_at) from webhook_retries r where r.webhook_id = w.id)
        end as due_at
    ) work
    left join jobs j on j.kind = :kind and j.key = w.id::text
    where w.is_active and work.due_at is not null and (
        j.id is null
        -- One with tries behind it is being done now, or rests after it was cut short.
        or j.attempts = 0 and j.failed_at is null and j.due_at > greatest(w.paused_until, work.due_at)
    )
    order by w.id
""")
_RECIPIENT: Final = text("""
    select w.id, w.jurisdiction_id, j.code as jurisdiction, w.url, w.secret, w.types, w.position
    from webhooks w join jurisdictions j on j.id = w.jurisdiction_id
    where w.id = :id and w.is_active and coalesce(w.paused_until <= now(), true)
""")
_DUE: Final = text("""
    select number, case when last_error = :held then 0 else attempts end as attempts from webhook_retries
    where webhook_id = :id and next_at <= now() order by number limit :limit
""")
_FORGET: Final = text("delete from webhook_retries where webhook_id = :id and number = any(:numbers)")
_PASS: Final = text("update webhooks set position = greatest(position, :number) where id = :id")
_DELIVERED: Final = text("""
    update webhooks set position = greatest(position, :number), failures = 0, paused_until = null, last_error = '',
        delivered = delivered + 1, last_delivered_at = now()
    where id = :id
""")
_FAILED: Final = text("""
    update webhooks set position = greatest(position, :number), failures = failures + 1, last_error = :error,
        is_active = is_active and not :gone,
        paused_until = case when :pause = 0 and failures < :borne then paused_until else now() + make_interval(
            secs => greatest(:pause, least(:first * 2 ^ least(greatest(failures - :borne, 0), 30), :most))) end
    where id = :id
    returning coalesce(paused_until > now(), false) or not is_active
""")
_WAITING: Final = text("""
    select r.number, happened.case_id, c.plan_id
    from webhook_retries r
    join changes c on c.number = r.number
    left join case_events happened on happened.id = c.case_event_id
    where r.webhook_id = :id and r.next_at is not null
""")
_HOLD_BACK: Final = text("""
    insert into webhook_retries (webhook_id, number, attempts, next_at, last_error)
    select r.webhook_id, :number, 1, r.next_at, :held
    from webhook_retries r where r.webhook_id = :id and r.number = :behind
    on conflict (webhook_id, number) do update set next_at = excluded.next_at
""")
_HELD: Final = "It waits for an earlier change of the same case or plan."
_BORNE: Final = 4
"""Answers in a row that refuse single changes before the webhook rests as a whole."""
_TRY_AGAIN: Final = text("""
    insert into webhook_retries (webhook_id, number, attempts, next_at, last_error)
    select id, :number, :attempts, now() + make_interval(secs => cast(:delay as float8)), :error
    from webhooks where id = :id
    on conflict (webhook_id, number) do update
        set attempts = excluded.attempts, next_at = excluded.next_at, last_error = excluded.last_error
""")


Subject = tuple[str, int | None]
"""Kind and number of what a change is about."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A webhook that has something to be told."""

    id: int
    jurisdiction_id: int
    jurisdiction: str
    url: str
    secret: bytes = field(repr=False)
    types: Sequence[str]
    position: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A change to deliver, and how often that has failed."""

    entry: FeedEntry
    failed: int


@dataclass(frozen=True, slots=True)
class Failure:
    """What became of a try that failed.

    Parameters
    ----------
    error : str
        What the receiver did.
    delay_s : float, optional
        Until the next try; without one the change becomes a dead letter.
    first_pause_s, most_pause_s : float
        The webhook rests for the first after one failure, twice as long after each further one, at most the second.
    pause_s : float
        It rests at least so long: the receiver asked for it.
    is_gone : bool
        The receiver wants nothing any more.
    is_answer : bool
        The receiver answered, so it lives: this change alone is tried again, and the webhook rests only after some of
        these in a row.
    """

    error: str
    delay_s: float | None
    first_pause_s: float
    most_pause_s: float
    pause_s: float = 0.0
    is_gone: bool = False
    is_answer: bool = False


def ask_for_deliveries(session: Session, now: datetime) -> None:
    """Ask for the jobs of the webhooks that have something to deliver: at once, or when they have rested."""
    due = session.execute(_TO_DELIVER, {"now": now, "kind": DELIVER})
    ask_for(session, [delivery_to(row.id, row.due_at) for row in due])


def delivery_to(webhook_id: int, due_at: datetime | None = None) -> NewJob:
    """Return the job that delivers to a webhook."""
    return NewJob(DELIVER, str(webhook_id), due_at)


def get_recipient(session: Session, webhook_id: int) -> Recipient | None:
    """Return a webhook to deliver to; None where it is removed, wants nothing any more or rests."""
    row = session.execute(_RECIPIENT, {"id": webhook_id}).one_or_none()
    return None if row is None else Recipient(*row)


def next_deliveries(session: Session, recipient: Recipient, position: int) -> tuple[list[Delivery], int]:
    """Return what is due: what failed before, then what is new, each oldest first.

    Parameters
    ----------
    session : Session
        What waits for a change that is no longer there is deleted.
    recipient : Recipient
        Of `get_recipient`.
    position : int
        Where in the feed the new begins.

    Returns
    -------
    list of Delivery
        At most some hundreds.
    int
        Position after them, for `pass_over` when all of them are settled.
    """
    rows = session.execute(_DUE, {"id": recipient.id, "limit": _BATCH, "held": _HELD})
    failed = {row.number: row.attempts for row in rows}
    again = changes_numbered(session, tuple(failed)) if failed else ()
    lost = failed.keys() - {entry.number for entry in again}
    if lost:  # a draft was deleted, and what was to be told of it with it
        session.execute(_FORGET, {"id": recipient.id, "numbers": list(lost)})
    scanned = changes_after(session, recipient.jurisdiction_id, position, limit=_BATCH)
    new = [entry for entry in scanned if is_wanted(recipient.types, entry.type)]
    after = scanned[-1].number if scanned else position
    return [Delivery(entry, failed[entry.number]) for entry in again] + [Delivery(entry, 0) for entry in new], after


def waiting_subjects(session: Session, recipient: Recipient) -> dict[Subject, set[int]]:
    """Return the numbers of changes that wait for another try, by the case or plan that they are about."""
    waiting: dict[Subject, set[int]] = {}
    for row in session.execute(_WAITING, {"id": recipient.id}):
        waiting.setdefault(_subject(row.case_id, row.plan_id), set()).add(row.number)
    return waiting


def subject_of(entry: FeedEntry) -> Subject:
    """Return the case or plan that a change is about: its changes are told in their order."""
    return _subject(entry.case_id, entry.plan_id)


def _subject(case_id: int | None, plan_id: int | None) -> Subject:
    return ("plan", plan_id) if case_id is None else ("case", case_id)


def hold_back(session: Session, recipient: Recipient, number: int, *, behind: int) -> None:
    """Put a change behind an earlier one that waits for another try; that it waits is no failure of its own."""
    session.execute(_HOLD_BACK, {"id": recipient.id, "number": number, "behind": behind, "held": _HELD})
    session.execute(_PASS, {"id": recipient.id, "number": number})


def pass_over(session: Session, recipient: Recipient, position: int) -> None:
    """Move a webhook's place past changes that are settled or that it does not want."""
    session.execute(_PASS, {"id": recipient.id, "number": position})


def is_wanted(types: Sequence[str], kind: str) -> bool:
    """Return whether a type of change is among those asked for, e.g. ``case.received`` in ``case.*``."""
    return not types or any(kind == each or (each.endswith("*") and kind.startswith(each[:-1])) for each in types)


def settle_delivered(session: Session, recipient: Recipient, delivery: Delivery) -> None:
    """Write down that a change was taken."""
    session.execute(_DELIVERED, {"id": recipient.id, "number": delivery.entry.number})
    session.execute(_FORGET, {"id": recipient.id, "numbers": [delivery.entry.number]})


def settle_failed(session: Session, recipient: Recipient, delivery: Delivery, failure: Failure) -> bool:
    """Write down that a change was not taken, and when it is tried again; return whether the webhook rests now."""
    again: dict[str, Any] = {
        "id": recipient.id,
        "number": delivery.entry.number,
        "attempts": delivery.failed + 1,
        "delay": failure.delay_s,
        "error": failure.error,
    }
    session.execute(_TRY_AGAIN, again)
    rest: dict[str, Any] = {
        "id": recipient.id,
        "number": delivery.entry.number,
        "error": failure.error,
        "gone": failure.is_gone,
        "pause": failure.pause_s,
        "borne": _BORNE if failure.is_answer else 0,
        "first": failure.first_pause_s,
        "most": failure.most_pause_s,
    }
    return bool(session.execute(_FAILED, rest).scalar_one_or_none() in {True, None})
