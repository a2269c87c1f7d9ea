"""The store as the server holds it: opened when it can be, again after it could not."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from boundaries.editions.index_files import IndexFolder
from boundaries.store.engine import open_engine, unit_of_work
from boundaries.store.reader import Reader, Work
from boundaries.store.settings import StoreSettings
from geogrid.errors import GeogridError

Value = TypeVar("Value")

logger = logging.getLogger(__name__)


class Store:
    """A store that may not be there yet; every use tries to open it.

    Parameters
    ----------
    settings : StoreSettings
        Which store.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._engine: Engine | None = None
        self._readers: dict[bool, Reader] = {}

    @property
    def indexes(self) -> IndexFolder:
        """Where this machine keeps copies of compiled indexes."""
        return IndexFolder(self._settings.home / "indexes")

    def engine(self) -> Engine:
        """Return the open engine.

        Raises
        ------
        GeogridError
            As `open_engine`.
        """
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    self._engine = open_engine(self._settings)
        return self._engine

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """Open a session, committed at the end or rolled back whole; errors as `unit_of_work` and `engine`."""
        with unit_of_work(self.engine()) as session:
            yield session

    def read(self, work: Work[Value], *, by_key: bool = False) -> Value:
        """Return what reading statements give; done again once where the connection was lost.

        Parameters
        ----------
        work : callable
            Reads by a connection.
        by_key : bool
            Whether it looks up single rows by a key: such a statement is planned only once.

        Raises
        ------
        GeogridError
            As `translate_errors` and `engine`.
        """
        reader = self._readers.get(by_key)
        if reader is None:
            engine = self.engine()
            with self._lock:
                reader = self._readers.get(by_key)
                if reader is None:
                    reader = self._readers[by_key] = Reader(engine, plans_once=by_key)
        return reader.read(work)

    def warm(self) -> None:
        """Connect for reading, so that the first request need not; a store that is not there is tried again then."""
        try:
            for by_key in (False, True):
                # A connection loads PostGIS when it first needs it.
                self.read(lambda by: by.execute("select ST_AsBinary(ST_MakePoint(0, 0))"), by_key=by_key)
        except GeogridError as error:
            logger.info("Not connected ahead of the first request: %s", error)

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            engine, self._engine = self._engine, None
            readers, self._readers = self._readers, {}
        for reader in readers.values():
            reader.close()
        if engine is not None:
            engine.dispose()
