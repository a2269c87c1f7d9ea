"""What happens to plans, told to the pages that have them open: one look at the store for all of them."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any, Final

import orjson

from api.plans.bodies import claim_shape
from api.state.store import Store
from boundaries.plans.claims import Visitor, claims_of_plans, note_presence, people_at, steps_after
from geogrid.errors import GeogridError

_POLL_S: Final = 0.4
_SEEN_EVERY_S: Final = 8.0
_BREATH_S: Final = 12.0
_MOST_WAITING: Final = 2_000

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Listener:
    """An open page: what it has seen, and where it hears.

    Parameters
    ----------
    visitor : Visitor
        Who looks at which plan.
    version : int
        Of the plan, the last one that it was told.
    put : callable
        Hands over a piece of the answer; called from another thread.
    around : bytes
        The last that it was told of people and claims.
    """

    visitor: Visitor
    version: int
    put: Callable[[bytes], None]
    around: bytes = field(default=b"")


class PlanHub:
    """Looks at the store for all open pages of this process together, and tells each what is new.

    Any number of servers work side by side: what they tell, they read from the store.

    Parameters
    ----------
    store : Store
        Where plans are. Nothing is asked of it while nobody listens.
    poll_s : float
        Between two looks.
    """

    def __init__(self, store: Store, *, poll_s: float = _POLL_S) -> None:
        self._store = store
        self._poll_s = poll_s
        self._lock = Lock()
        self._listeners: dict[str, Listener] = {}
        self._gone: set[str] = set()
        self._stopped = Event()
        self._wake = Event()
        self._thread: Thread | None = None
        self._seen_at = 0.0

    def join(self, plan_id: int, name: str, version: int, put: Callable[[bytes], None]) -> Listener:
        """Tell a page, from now on, what happens to a plan after a version; others see that somebody is there."""
        listener = Listener(Visitor(plan_id, secrets.token_hex(12), name), version, put)
        with self._lock:
            self._listeners[listener.visitor.page] = listener
            self._seen_at = 0.0
            if self._thread is None and not self._stopped.is_set():
                self._thread = Thread(target=self._watch, name="plan-hub", daemon=True)
                self._thread.start()
        self._wake.set()
        return listener

    def leave(self, listener: Listener) -> None:
        """Tell a page no more."""
        with self._lock:
            self._listeners.pop(listener.visitor.page, None)
            self._gone.add(listener.visitor.page)
        self._wake.set()

    def stop(self) -> None:
        """Stop looking; nobody is there any more."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                is_idle = not self._listeners and not self._gone
            self._wake.wait(None if is_idle else self._poll_s)
            self._wake.clear()
            try:
                self._look()
            except GeogridError as error:
                logger.info("Open plans are told nothing at the moment: %s", error)
            except Exception:  # a thread that ended would leave every open page without news, unnoticed
                logger.exception("Looking at open plans failed; the next look is soon.")

    def _look(self) -> None:
        with self._lock:
            listeners, gone, self._gone = list(self._listeners.values()), self._gone, set()
            is_due = time.monotonic() - self._seen_at >= _SEEN_EVERY_S
        if not listeners and not gone:
            return
        plans = {each.visitor.plan_id for each in listeners}
        with self._store.unit_of_work() as session:
            if gone or is_due:
                note_presence(session, [each.visitor for each in listeners] if is_due else [], gone)
            if not listeners:
                return
            seen = {plan: min(each.version for each in listeners if each.visitor.plan_id == plan) for plan in plans}
            steps = steps_after(session, seen)
            people, claims = people_at(session, plans), claims_of_plans(session, plans)
        if is_due:
            self._seen_at = time.monotonic()
        for listener in listeners:
            plan = listener.visitor.plan_id
            around = {"people": people.get(plan, []), "claims": [claim_shape(each) for each in claims.get(plan, [])]}
            _tell(listener, steps.get(plan, []), around)


def _tell(listener: Listener, steps: Iterable[Mapping[str, Any]], around: Mapping[str, Any]) -> None:
    for step in steps:
        if step["version"] > listener.version:
            listener.put(_event("change", step, number=step["version"]))
            listener.version = step["version"]
    told = _event("people", around)
    if told != listener.around:
        listener.put(told)
        listener.around = told


def _event(kind: str, data: Mapping[str, Any], *, number: int | None = None) -> bytes:
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {kind}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at which plan, which version of it he has seen, and how many seconds he listens."""

    plan_id: int
    name: str
    version: int
    seconds: float


async def stream(hub: PlanHub, visit: Visit, closing: asyncio.Event | None) -> AsyncIterator[bytes]:
    """Yield what happens to a plan as server-sent events, until the other end goes or the server stops.

    Parameters
    ----------
    hub : PlanHub
        Tells.
    visit : Visit
        Who listens.
    closing : asyncio.Event, optional
        Set when the server wants its connections to end.
    """
    loop, pieces = asyncio.get_running_loop(), asyncio.Queue[bytes](_MOST_WAITING)
    over = asyncio.Event()

    def keep(piece: bytes) -> None:
        try:
            pieces.put_nowait(piece)
        except asyncio.QueueFull:
            # Who does not read for long is told nothing more, and asks again from where he was.
            over.set()

    def put(piece: bytes) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(keep, piece)

    yield b"retry: 1500\n\n"
    if not visit.seconds:
        return
    listener, end = hub.join(visit.plan_id, visit.name, visit.version, put), loop.time() + visit.seconds
    try:
        while loop.time() < end and not over.is_set():
            piece = await _next(pieces, closing, min(_BREATH_S, end - loop.time()))
            if piece is None:
                return
            yield piece
    finally:
        hub.leave(listener)


async def _next(pieces: asyncio.Queue[bytes], closing: asyncio.Event | None, seconds: float) -> bytes | None:
    """Return the next piece, a breath where there is none for long, or None when it is time to end."""
    waiting: set[asyncio.Task[Any]] = {asyncio.ensure_future(pieces.get())}
    if closing is not None:
        waiting.add(asyncio.ensure_future(closing.wait()))
    try:
        done, _ = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        found = [task.result() for task in done]
    finally:
        for task in waiting:
            task.cancel()
    if closing is not None and closing.is_set():
        return None
    return next((each for each in found if isinstance(each, bytes)), b": still here\n\n")
