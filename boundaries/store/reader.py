"""Single reading statements at the cost of one way to the server and back."""

from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Engine

from boundaries.store.driver_errors import translate_errors
from boundaries.store.engine import reading_engine, retire

Connection = psycopg.Connection[Any]
Value = TypeVar("Value")
Work = Callable[[Connection], Value]
"""Reads by a connection, and may be done twice."""


class Reader:
    """Connections that only read, each statement its own transaction.

    Parameters
    ----------
    engine : Engine
        Of the database.
    plans_once : bool
        As `reading_engine`.
    """

    def __init__(self, engine: Engine, *, plans_once: bool = False) -> None:
        self._named = engine
        self.engine = reading_engine(engine, plans_once=plans_once)

    def read(self, work: Work[Value]) -> Value:
        """Return what work reads; done again where its connection had been lost, e.g. by a restart of the server.

        Raises
        ------
        GeogridError
            As `translate_errors`.
        """
        with translate_errors(self._named):
            try:
                return self._once(work)
            except psycopg.OperationalError:
                self.engine.dispose()
            return self._once(work)

    def close(self) -> None:
        """Give the connections back, for good."""
        retire(self.engine)

    def _once(self, work: Work[Value]) -> Value:
        held = self.engine.raw_connection()
        try:
            connection = held.driver_connection
            assert connection is not None  # noqa: S101 - a held connection is open; narrows a type
            found = work(connection)
        except psycopg.OperationalError:
            held.invalidate()
            raise
        finally:
            held.close()
        return found
