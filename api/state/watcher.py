"""The one thread that looks at the store beside the requests, and tells who wants to hear of it."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from api.state.editions import EditionBook

Listener = Callable[[frozenset[int]], None]
"""Told the numbers of the editions in force; it returns at once and works elsewhere."""

_STOP_S = 5.0

logger = logging.getLogger(__name__)


class StoreWatcher:
    """Refreshes the editions in memory again and again, and tells its listeners when other ones are in force.

    Parameters
    ----------
    editions : EditionBook
        What is refreshed.
    refresh_seconds : float
        Between two looks.
    heal : callable, optional
        Called after each look that failed.
    """

    def __init__(
        self, editions: EditionBook, *, refresh_seconds: float, heal: Callable[[], object] | None = None
    ) -> None:
        self._editions = editions
        self._heal = heal
        self._refresh_seconds = refresh_seconds
        self._listeners: list[Listener] = []
        self._in_force: frozenset[int] = frozenset()
        self._stopped = Event()
        self._thread: Thread | None = None

    def subscribe(self, listener: Listener) -> None:
        """Tell a listener of the editions in force, now if there are any, and whenever others are."""
        self._listeners.append(listener)
        if self._in_force:
            listener(self._in_force)

    def start(self) -> None:
        """Look at the store once, then again and again beside the requests."""
        self.look()
        self._thread = Thread(target=self._watch, name="store-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; a look that waits for a frozen database is left alone after some seconds."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def look(self) -> None:
        """Look at the store now."""
        self._editions.refresh()
        if self._editions.problem is not None and self._heal is not None:
            self._heal()
        in_force = frozenset(self._editions.in_force())
        if in_force != self._in_force:
            self._in_force = in_force
            for listener in self._listeners:
                listener(in_force)

    def _watch(self) -> None:
        while not self._stopped.wait(self._refresh_seconds):
            try:
                self.look()
            except Exception:  # a thread that ended would leave the server with old editions, unnoticed
                logger.exception("Looking for new editions failed; the next look is soon.")
