"""``/health``: whether the process lives, and whether it can do its work."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.kit.replies import json_reply
from api.state.dependencies import Editions
from api.state.editions import EditionBook
from api.state.store import Store
from boundaries.store.driver_errors import READ_ONLY
from boundaries.store.schema import require_current
from boundaries.store.server_role import AS_OWNER
from boundaries.store.status import is_read_only
from geogrid.errors import GeogridError, UnavailableError

router = APIRouter(prefix="/health", tags=["health"])

_PATIENCE_S: Final = 0.8
_SILENT: Final = "The database does not answer. Lookups as of now go on; what needs the database waits or fails."


class DatabaseProbe:
    """Looks at the database in a thread of its own: one that is frozen must not hold up the answer about it.

    Parameters
    ----------
    look : callable
        Returns what is wrong, None where nothing is.
    """

    def __init__(self, look: Callable[[], str | None]) -> None:
        self._look = look
        self._lock = Lock()
        self._running: asyncio.Future[str | None] | None = None

    async def problem(self) -> str | None:
        """Return what is wrong, within a second."""
        with self._lock:
            if (
                self._running is None
                or self._running.done()
                or self._running.get_loop() is not asyncio.get_running_loop()
            ):
                self._running = self._begin()
            running = self._running
        try:
            return await asyncio.wait_for(asyncio.shield(running), _PATIENCE_S)
        except TimeoutError:
            return _SILENT

    def _begin(self) -> "asyncio.Future[str | None]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str | None] = loop.create_future()

        def settle(found: str | None) -> None:
            if not future.done():
                future.set_result(found)

        def look() -> None:
            try:
                found = self._look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the database cannot be used
                found = f"The database cannot be used ({type(error).__name__}). The log of the server says more."
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, found)

        # Not one of the threads of requests: all of these may be waiting for the database already.
        Thread(target=look, name="database-probe", daemon=True).start()
        return future


@router.get("/live")
async def live() -> Response:
    """Say that the process answers."""
    return json_reply({"status": "live"})


@router.get("/ready", responses={503: {"description": "Not ready, with the reasons."}})
async def ready(request: Request, editions: Editions) -> Response:
    """Say within a second whether the database answers with the right tables, and an edition is in memory.

    503 with the reasons where not. With a database that takes no writes the status is `read-only`, and the check says
    what goes on. A server that logs in as the owner of the tables is told in `advice` what would be better.
    """
    probe: DatabaseProbe = request.app.state.probe
    problems = {"database": await probe.problem(), "edition": _edition_problem(editions)}
    reasons = [reason for reason in problems.values() if reason is not None and reason != READ_ONLY_CHECK]
    is_bounded = problems["database"] == READ_ONLY_CHECK
    body: dict[str, Any] = {
        "status": "not ready" if reasons else "read-only" if is_bounded else "ready",
        "checks": {name: "ok" if reason is None else reason for name, reason in problems.items()},
    }
    store: Store = request.app.state.store
    if not reasons and not store.is_bound:
        body["advice"] = AS_OWNER
    headers = {"Cache-Control": "no-store"}
    return json_reply(body, status=503 if reasons else 200, headers=headers)


READ_ONLY_CHECK: Final = f"The database is read-only. {READ_ONLY}"


def database_probe(store: Store) -> DatabaseProbe:
    """Return the probe of a store."""

    def look() -> str | None:
        try:
            engine = store.engine()
            require_current(engine)
            return READ_ONLY_CHECK if is_read_only(engine) else None
        except UnavailableError as error:
            return f"{error.public} {store.healing}".rstrip()
        except GeogridError as error:
            return str(error)

    return DatabaseProbe(look)


def _edition_problem(editions: EditionBook) -> str | None:
    now = datetime.now(UTC)
    if any(calendar.edition_at(now) for calendar in editions.calendars.values()):
        return None
    return editions.problem or "No edition is in force. Publish a plan, or run: geogrid demo"
