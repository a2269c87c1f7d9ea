"""Delivering to a webhook: the handler of its job, which the database gives to one process at a time."""

import logging
import random
import time
from collections.abc import Mapping
from threading import Event, Lock

import orjson

from api.changes.bodies import entry_shape
from api.changes.webhooks.sender import Attempt, Message, Outcome, signed_headers
from api.changes.webhooks.settings import WebhookSettings
from api.changes.webhooks.targets import read_target
from api.state.store import Store
from boundaries.changes.deliveries import (
    Delivery,
    Failure,
    Recipient,
    Subject,
    ask_for_deliveries,
    get_recipient,
    hold_back,
    next_deliveries,
    pass_over,
    settle_delivered,
    settle_failed,
    subject_of,
    waiting_subjects,
)
from boundaries.changes.feed import FeedEntry
from boundaries.jobs.records import JobDone, Kind, Turn
from boundaries.jobs.retries import Retries
from boundaries.store.sight import RowSight, seeing
from geogrid.errors import GeogridError

_AT_ONCE = 4
_TURN_S = 10.0
_MOST_PAUSE_S = 300.0
_JITTER = 0.1
# Of the job, which fails where the store does or its process is killed; a receiver that refuses is no failure of it.
_RETRIES = Retries(first_s=1.0, most_s=300.0, limit=50)

logger = logging.getLogger(__name__)


class Deliverer:
    """Delivers changes to a webhook, a turn at a time.

    Each change is settled in a transaction of its own, so that a process that dies sends one change twice at most; the
    job is held meanwhile, and gone when all is delivered.

    Parameters
    ----------
    store : Store
        Where webhooks and changes are.
    settings : WebhookSettings
        How long to wait, and when to try again.
    """

    def __init__(self, store: Store, settings: WebhookSettings) -> None:
        self._store = store
        self._settings = settings
        self._stopped = Event()
        self._lock = Lock()
        self._attempts: set[Attempt] = set()

    def kind(self) -> Kind:
        """Return how the jobs of webhooks are done."""
        return Kind(self.deliver, _RETRIES, find=ask_for_deliveries, at_once=_AT_ONCE, stop=self.stop)

    def stop(self) -> None:
        """Break off what is under way; it is sent again, by whoever does the job next."""
        self._stopped.set()
        with self._lock:
            attempts = list(self._attempts)
        for attempt in attempts:
            attempt.break_off()

    def deliver(self, turn: Turn) -> JobDone:
        """Deliver what is due, until nothing is, something fails, or others have waited long enough."""
        with self._store.unit_of_work() as session:
            recipient = get_recipient(session, int(turn.job.key or 0))
        if recipient is None:
            return JobDone()
        # Of cases it tells what the feed of this jurisdiction tells, and nothing else.
        with seeing(RowSight(feeds=frozenset({recipient.jurisdiction_id}))):
            return self._deliver(turn, recipient)

    def _deliver(self, turn: Turn, recipient: Recipient) -> JobDone:
        ends, position, taken = time.monotonic() + _TURN_S, recipient.position, 0
        while True:
            with self._store.unit_of_work() as session:
                due, after = next_deliveries(session, recipient, position)
                waiting = waiting_subjects(session, recipient)
            if after == position and not due:
                return _told(recipient, taken)
            for delivery in due:
                if self._stopped.is_set() or time.monotonic() > ends:
                    return JobDone(again_at=turn.now)
                turn.require_held()
                if self._held_back(recipient, delivery, waiting):
                    continue
                failure, rests = self._try(recipient, delivery)
                numbers = waiting.setdefault(subject_of(delivery.entry), set())
                if failure is None:
                    taken += 1
                    numbers.discard(delivery.entry.number)
                elif rests or self._stopped.is_set():
                    return _told(recipient, taken, failure.error)
                else:
                    (numbers.discard if failure.delay_s is None else numbers.add)(delivery.entry.number)
            with self._store.unit_of_work() as session:
                pass_over(session, recipient, after)
            position = after

    def _held_back(self, recipient: Recipient, delivery: Delivery, waiting: Mapping[Subject, set[int]]) -> bool:
        """Return whether a change has to wait for an earlier one of its subject, which is written down."""
        number = delivery.entry.number
        earlier = [each for each in waiting.get(subject_of(delivery.entry), ()) if each < number]
        if not earlier:
            return False
        with self._store.unit_of_work() as session:
            hold_back(session, recipient, number, behind=min(earlier))
        return True

    def _try(self, recipient: Recipient, delivery: Delivery) -> tuple[Failure | None, bool]:
        """Send one change, write down what became of it, and return how it failed and whether the webhook rests."""
        outcome = self._send(recipient, delivery)
        if not outcome.error:
            with self._store.unit_of_work() as session:
                settle_delivered(session, recipient, delivery)
            return None, False
        failure = self._failure(delivery, outcome)
        if not self._stopped.is_set():  # what we broke off ourselves is no failure of the receiver
            with self._store.unit_of_work() as session:
                rests = settle_failed(session, recipient, delivery, failure)
            _tell_failure(recipient, delivery, failure)
            return failure, rests
        return failure, True

    def _send(self, recipient: Recipient, delivery: Delivery) -> Outcome:
        message = message_of(delivery.entry, recipient.jurisdiction)
        settings = self._settings
        try:
            target = read_target(recipient.url)
        except GeogridError as error:
            return Outcome(str(error))
        attempt = Attempt(target, networks=settings.webhook_networks, timeout_s=settings.webhook_timeout)
        with self._lock:
            self._attempts.add(attempt)
        try:
            if self._stopped.is_set():  # too late for `stop` to see this attempt
                attempt.break_off()
            return attempt.send(message, signed_headers(message, recipient.secret, at=time.time()))
        finally:
            with self._lock:
                self._attempts.discard(attempt)

    def _failure(self, delivery: Delivery, outcome: Outcome) -> Failure:
        delays = self._settings.webhook_retries
        is_last = delivery.failed >= len(delays) or outcome.is_gone
        spread = 1 + random.uniform(0, _JITTER)  # noqa: S311 - spreads load, hides nothing
        return Failure(
            error=outcome.error,
            delay_s=None if is_last else max(delays[delivery.failed] * spread, outcome.rest_s),
            first_pause_s=delays[0],
            most_pause_s=max(delays[0], _MOST_PAUSE_S),
            pause_s=outcome.rest_s,
            is_gone=outcome.is_gone,
            is_answer=outcome.is_answer,
        )


def message_of(entry: FeedEntry, jurisdiction: str) -> Message:
    """Return the message that tells of a change; the same at every try."""
    body = {
        "type": entry.type,
        "timestamp": entry.at,
        "data": {**entry_shape(entry), "jurisdiction": jurisdiction},
    }
    return Message(f"change_{entry.number}", orjson.dumps(body))


def _tell_failure(recipient: Recipient, delivery: Delivery, failure: Failure) -> None:
    what = f"Webhook {recipient.id} did not take change {delivery.entry.number}: {failure.error}"
    if failure.is_gone:
        logger.warning("%s It is told nothing more. To go on: geogrid webhook retry %d", what, recipient.id)
    elif failure.delay_s is None:
        logger.warning("%s That was the last try. To try again: geogrid webhook retry %d", what, recipient.id)
    else:
        logger.info("%s Tried again in %.0f s.", what, failure.delay_s)


def _told(recipient: Recipient, taken: int, error: str = "") -> JobDone:
    words = f"Webhook {recipient.id} took {taken} {'change' if taken == 1 else 'changes'}"
    return JobDone(f"{words}, and not the next: {error}" if error else f"{words}." if taken else "")
