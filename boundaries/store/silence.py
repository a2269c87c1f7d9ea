"""A database that does not answer, though its machine does: what waits for it is ended, what comes is refused at once.

A process that is stopped, or whose disk hangs, keeps its connections open. Limits of PostgreSQL are kept by PostgreSQL,
so they end nothing there.
"""

import logging
import os
import socket
import time
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any, Final
from weakref import WeakSet

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

from geogrid.errors import UnavailableError

LOOK_S: Final = 1.0
SUSPECT_S: Final = 3.0
"""Who waits longer for one statement makes us ask whether the database answers at all."""
ASK_S: Final = 5
"""So long a busy database may take to let a connection in, in whole seconds as libpq has it; it is asked twice."""
SILENT: Final = "The database does not answer. Lookups as of now go on; what needs the database fails until it does."

logger = logging.getLogger(__name__)


class Silence:
    """Watches the connections of a store.

    Parameters
    ----------
    engine : Engine
        Of the store; it is asked for a connection of its own where others wait.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._connections: WeakSet[psycopg.Connection[Any]] = WeakSet()
        self._waiting: dict[int, float] = {}
        self._stopped = Event()
        self.is_silent = False
        engine.dispose()  # connections so far are not watched
        self.follow(engine)
        Thread(target=self._watch, name="database-silence", daemon=True).start()

    def follow(self, engine: Engine) -> None:
        """Watch the connections of an engine of the same database, too."""

        @event.listens_for(engine, "connect")
        def _note(connection: psycopg.Connection[Any], _: object) -> None:
            with self._lock:
                self._connections.add(connection)

        @event.listens_for(engine, "do_connect")
        def _refuse(*_: object) -> None:
            if self.is_silent:
                raise psycopg.OperationalError("the database does not answer")

    def require_answers(self) -> None:
        """Refuse what would wait without end.

        Raises
        ------
        UnavailableError
            The database did not answer when it was asked last.
        """
        if self.is_silent:
            raise UnavailableError(SILENT)

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_S):
            if self.is_silent:
                if self._answers():
                    self.is_silent = False
                    logger.warning("The database answers again.")
            elif self._is_suspect() and not self._answers() and not self._answers():
                self.is_silent = True
                ended = self._break_off()
                logger.error("The database does not answer; %d connections to it are broken off.", ended)

    def _is_suspect(self) -> bool:
        """Return whether a statement has been waited for too long."""
        now = time.monotonic()
        with self._lock:
            active = {
                id(each)
                for each in self._connections
                if not each.closed and each.pgconn.transaction_status == TransactionStatus.ACTIVE
            }
        self._waiting = {number: self._waiting.get(number, now) for number in active}
        return any(now - since >= SUSPECT_S for since in self._waiting.values())

    def _answers(self) -> bool:
        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        more = self._engine.get_execution_options().get("geogrid_arguments", {})
        try:
            psycopg.connect(*arguments, **{**options, **more, "connect_timeout": ASK_S}).close()
        except psycopg.errors.ConnectionTimeout:
            return False
        except psycopg.Error:
            # It refuses, or is gone: who waits for it is told so by the system.
            return True
        return True

    def _break_off(self) -> int:
        with self._lock:
            connections = [each for each in self._connections if not each.closed]
        for each in connections:
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(each.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
        self._waiting = {}
        return len(connections)
