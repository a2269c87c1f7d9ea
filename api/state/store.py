"""The store as the server holds it: opened when it can be, again after it could not."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from boundaries.cluster.healing import Healer
from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.editions.index_files import IndexFolder
from boundaries.store.driver_errors import PUBLIC_REMEDY
from boundaries.store.engine import Patience, retire, unit_of_work
from boundaries.store.reader import Reader, Work
from boundaries.store.server_engine import open_server_engine
from boundaries.store.server_role import is_bound
from boundaries.store.settings import StoreSettings
from boundaries.store.silence import Silence
from geogrid.errors import GeogridError, UnavailableError

Value = TypeVar("Value")

_PUBLIC = f"The database cannot be used: it cannot be reached or started. {PUBLIC_REMEDY}"
_STOPPING = "The server stops. Try again when it has been started anew."

logger = logging.getLogger(__name__)


class Store:
    """A store that may not be there yet; every use tries to open it.

    Parameters
    ----------
    settings : StoreSettings
        Which store.
    patience : Patience, optional
        How long statements may take; as long as they like, if left out.
    public_fields : sequence of str
        Which fields of cases everybody may see, of what people wrote.
    """

    def __init__(
        self,
        settings: StoreSettings,
        *,
        patience: Patience | None = None,
        public_fields: Sequence[str] = (),
    ) -> None:
        self._settings = settings
        self._patience = patience
        self._public_fields = public_fields
        self._healer = Healer(PrivateCluster(settings.home) if settings.is_private else None)
        self.is_bound = True
        self._lock, self._opening = Lock(), Lock()
        self._engine: Engine | None = None
        self._silence: Silence | None = None
        self._readers: dict[bool, Reader] = {}
        self._is_closed = False

    @property
    def indexes(self) -> IndexFolder:
        """Where this machine keeps copies of compiled indexes."""
        return IndexFolder(self._settings.home / "indexes")

    def engine(self) -> Engine:
        """Return the open engine.

        Raises
        ------
        GeogridError
            As `open_server_engine`.
        UnavailableError
            The store is closed: the server stops; or the database does not answer.
        """
        engine = self._engine
        if engine is None:
            # A lock of its own: whoever closes the store must not wait for a database that does not answer.
            with self._opening:
                engine = self._engine
                if engine is None:
                    engine = self._kept(self._opened())
        if self._silence is not None:
            self._silence.require_answers()
        return engine

    def _kept(self, engine: Engine) -> Engine:
        try:
            with self._lock:
                self._require_open()
                self._engine, self._silence = engine, Silence(engine)
        except BaseException:
            retire(engine)
            raise
        return engine

    def _require_open(self) -> None:
        # A thread that nobody waited for, such as the probe of a slow database, would open what nobody closes.
        if self._is_closed:
            raise UnavailableError(_STOPPING)

    def _opened(self) -> Engine:
        self._require_open()
        try:
            engine = open_server_engine(
                self._settings, patience=self._patience, even_if_stopped=False, public_fields=self._public_fields
            )
            self.is_bound = _is_bound(engine)
        except UnavailableError as error:
            # What is said of folders, hosts and users is for the log of who runs this.
            public = error.public if error.public != str(error) else _PUBLIC
            raise UnavailableError(str(error), public=public) from error
        return engine

    @property
    def healing(self) -> str:
        """What is being done about a private database that has died, empty where nothing is."""
        return self._healer.told

    def heal(self) -> bool:
        """Start a private database that has died again, not more often than its back-off lets; return whether it was.

        One that somebody stopped on purpose stays stopped.
        """
        if self._engine is None or not self._healer.heal():
            return False
        self._let_go()
        return True

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
        engine = self.engine()
        reader = self._readers.get(by_key)
        if reader is None:
            with self._lock:
                reader = self._readers.get(by_key)
                if reader is None:
                    self._require_open()
                    reader = self._readers[by_key] = Reader(engine, plans_once=by_key)
                    if self._silence is not None:
                        self._silence.follow(reader.engine)
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
        """Give the connections back, for good."""
        with self._lock:
            self._is_closed = True
        self._let_go()

    def _let_go(self) -> None:
        with self._lock:
            engine, self._engine = self._engine, None
            readers, self._readers = self._readers, {}
            silence, self._silence = self._silence, None
        if silence is not None:
            silence.stop()
        for reader in readers.values():
            reader.close()
        if engine is not None:
            retire(engine)


def _is_bound(engine: Engine) -> bool:
    try:
        return is_bound(engine)
    except GeogridError:
        engine.dispose()
        raise
