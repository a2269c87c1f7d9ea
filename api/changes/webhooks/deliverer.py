"""Delivering beside the requests: every serving process looks for work, and the database gives each webhook to one."""

import logging
import random
import time
from threading import Event, Lock, Thread, current_thread

import orjson

from api.changes.bodies import entry_shape
from api.changes.webhooks.sender import Attempt, Message, Outcome, signed_headers
from api.changes.webhooks.settings import WebhookSettings
from api.changes.webhooks.targets import read_target
from api.state.store import Store
from boundaries.changes.deliveries import (
    Claim,
    Delivery,
    Failure,
    claim_webhook,
    next_deliveries,
    pass_over,
    release,
    settle_delivered,
    settle_failed,
)
from boundaries.changes.feed import FeedEntry
from geogrid.errors import GeogridError

_AT_ONCE = 4
_TURN_S = 10.0
_LEASE_TIMEOUTS = 3.0
_LONGEST_TIMEOUTS = 1.5
_MOST_PAUSE_S = 300.0
_STOP_S = 5.0
_JITTER = 0.1

logger = logging.getLogger(__name__)


class Deliverer:
    """Delivers changes to webhooks until it is stopped.

    Each webhook is served by one thread of one process at a time; some are served at once, so that one that hangs
    holds up no other. A claim ends by itself when its process dies.

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
        self._lease_s = _LEASE_TIMEOUTS * settings.webhook_timeout
        self._stopped = Event()
        self._wake = Event()
        self._lock = Lock()
        self._turns: dict[Thread, Attempt | None] = {}
        self._watcher: Thread | None = None
        self._problem = ""

    def start(self) -> None:
        """Begin to look for work, beside whatever else the process does."""
        self._watcher = Thread(target=self._watch, name="webhooks", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Break off what is under way; it is sent again, by whoever serves next."""
        self._stopped.set()
        self._wake.set()
        if self._watcher is not None:
            self._watcher.join(_STOP_S)
        for thread, attempt in self._under_way():
            if attempt is not None:
                attempt.break_off()
            thread.join(_STOP_S)

    def _watch(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                self._look()
            except GeogridError as error:
                self._tell_problem(str(error))
            except Exception:  # a thread that ended would deliver nothing any more, unnoticed
                logger.exception("Looking for webhooks failed; the next look is soon.")
            self._wake.wait(self._settings.webhook_poll)

    def _look(self) -> None:
        longest = _LONGEST_TIMEOUTS * self._settings.webhook_timeout
        turns = self._under_way()
        for _, attempt in turns:
            if attempt is not None and time.monotonic() - attempt.began > longest:
                attempt.break_off()
        for _ in range(_AT_ONCE - len(turns)):
            with self._store.unit_of_work() as session:
                claim = claim_webhook(session, lease_s=self._lease_s)
            self._problem = ""
            if claim is None:
                return
            thread = Thread(target=self._take_turn, args=(claim,), name=f"webhook-{claim.id}", daemon=True)
            with self._lock:
                self._turns[thread] = None
            thread.start()

    def _under_way(self) -> list[tuple[Thread, Attempt | None]]:
        with self._lock:
            return list(self._turns.items())

    def _note(self, thread: Thread, attempt: Attempt | None) -> None:
        with self._lock:
            self._turns[thread] = attempt

    def _take_turn(self, claim: Claim) -> None:
        try:
            self._deliver(claim)
            with self._store.unit_of_work() as session:
                release(session, claim)
        except GeogridError as error:
            self._tell_problem(str(error))
        except Exception:
            logger.exception("Delivering to webhook %d failed; it is tried again.", claim.id)
        finally:
            with self._lock:
                del self._turns[current_thread()]
            self._wake.set()

    def _deliver(self, claim: Claim) -> None:
        """Deliver what is due, until nothing is, something fails, or others have waited long enough."""
        ends, position = time.monotonic() + _TURN_S, claim.position
        while True:
            with self._store.unit_of_work() as session:
                due, after = next_deliveries(session, claim, position)
            if after == position and not due:
                return
            for delivery in due:
                if self._stopped.is_set() or time.monotonic() > ends or not self._try(claim, delivery):
                    return
            with self._store.unit_of_work() as session:
                pass_over(session, claim, after)
            position = after

    def _try(self, claim: Claim, delivery: Delivery) -> bool:
        """Send one change, write down what became of it, and return whether it was taken."""
        outcome = self._send(claim, delivery)
        if not outcome.error:
            with self._store.unit_of_work() as session:
                settle_delivered(session, claim, delivery, lease_s=self._lease_s)
            return True
        if not self._stopped.is_set():  # what we broke off ourselves is no failure of the receiver
            failure = self._failure(delivery, outcome)
            with self._store.unit_of_work() as session:
                settle_failed(session, claim, delivery, failure)
            _tell_failure(claim, delivery, failure)
        return False

    def _send(self, claim: Claim, delivery: Delivery) -> Outcome:
        message = message_of(delivery.entry, claim.jurisdiction)
        settings = self._settings
        try:
            target = read_target(claim.url)
        except GeogridError as error:
            return Outcome(str(error))
        attempt = Attempt(target, networks=settings.webhook_networks, timeout_s=settings.webhook_timeout)
        self._note(current_thread(), attempt)
        try:
            return attempt.send(message, signed_headers(message, claim.secret, at=time.time()))
        finally:
            self._note(current_thread(), None)

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
        )

    def _tell_problem(self, problem: str) -> None:
        if problem != self._problem:
            logger.warning("Webhooks cannot be served: %s", problem)
            self._problem = problem


def message_of(entry: FeedEntry, jurisdiction: str) -> Message:
    """Return the message that tells of a change; the same at every try."""
    body = {
        "type": entry.type,
        "timestamp": entry.at,
        "data": {**entry_shape(entry), "jurisdiction": jurisdiction},
    }
    return Message(f"change_{entry.number}", orjson.dumps(body))


def _tell_failure(claim: Claim, delivery: Delivery, failure: Failure) -> None:
    what = f"Webhook {claim.id} did not take change {delivery.entry.number}: {failure.error}"
    if failure.is_gone:
        logger.warning("%s It is told nothing more. To go on: geogrid webhook retry %d", what, claim.id)
    elif failure.delay_s is None:
        logger.warning("%s That was the last try. To try again: geogrid webhook retry %d", what, claim.id)
    else:
        logger.info("%s Tried again in %.0f s.", what, failure.delay_s)
