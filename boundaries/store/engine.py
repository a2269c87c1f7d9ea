"""Opening the store: a server by address, or the private one; sessions; the extensions it needs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url, text
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store import schema
from boundaries.store.driver_errors import translate_errors
from boundaries.store.keys import KEYS, KeySource
from boundaries.store.last_words import say_last_words
from boundaries.store.loaders import use_tolerant_loaders
from boundaries.store.settings import StoreSettings
from boundaries.store.sight import SightedSession
from geogrid.errors import InvalidInputError, UnavailableError

EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
_POSTGRESQL_NAMES = ("postgres", "postgresql")
_EXTENSIONS_LOCK = 7_340_211_001
_CONNECT_TIMEOUT_SECONDS = 10
READING_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that statements, locks and open transactions may take."""

    statement_s: int = 60
    lock_s: int = 5
    idle_s: int = 300


def open_engine(settings: StoreSettings, *, patience: Patience | None = None, even_if_stopped: bool = True) -> Engine:
    """Open the store for work, as the owner of its tables; the server has `open_server_engine`.

    Without an address the private cluster is created and started as needed, and an empty one is given its tables.

    Parameters
    ----------
    settings : StoreSettings
        Which store.
    patience : Patience, optional
        How long a statement may take; as long as it likes, if left out.
    even_if_stopped : bool
        Whether to start a private cluster that somebody stopped.

    Returns
    -------
    Engine
        Of a server that answers, with its extensions and the tables of this version of GeoGrid.

    Raises
    ------
    UnavailableError
        The server cannot be reached or started, or lacks an extension that we may not create.
    ConflictError
        Its tables are of another version of GeoGrid.
    InvalidInputError
        The address is not one of a PostgreSQL server.
    """
    engine = connect(settings, even_if_stopped=even_if_stopped)
    try:
        if not settings.database_url:
            schema.upgrade_if_empty(engine)
        schema.require_current(engine)
        if patience is not None:
            bound_waiting(engine, patience)
    except BaseException:
        engine.dispose()
        raise
    return engine


def bound_waiting(engine: Engine, patience: Patience) -> None:
    """Bound how long statements, locks and open transactions of an engine may take."""
    engine.dispose()  # connections so far are without bounds

    @event.listens_for(engine, "connect")
    def _bound(connection: psycopg.Connection[object], _: object) -> None:
        connection.execute(
            f"set statement_timeout = '{patience.statement_s}s'; set lock_timeout = '{patience.lock_s}s'; "
            f"set idle_in_transaction_session_timeout = '{patience.idle_s}s'".encode()
        )
        connection.commit()


def connect(settings: StoreSettings, *, even_if_stopped: bool = True) -> Engine:
    """Open the store whatever its tables: for looking after it. Parameters and errors as `open_engine`."""
    if settings.database_url:
        engine = engine_for(settings.database_url)
    elif settings.server_database_url:
        raise UnavailableError(
            "GEOGRID_SERVER_DATABASE_URL is the address of the server's own role, which this needs more rights than. "
            "Set GEOGRID_DATABASE_URL to the address of the owner of the tables."
        )
    else:
        engine = engine_for(PrivateCluster(settings.home).ensure(even_if_stopped=even_if_stopped), only_scram=True)
    engine.update_execution_options(**{KEYS: KeySource.of(settings)})
    try:
        _ensure_extensions(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def engine_for(address: str | URL, *, only_scram: bool = False, public_fields: Sequence[str] = ()) -> Engine:
    """Return an engine that has not connected yet.

    Parameters
    ----------
    address : str or URL
        ``postgres://``, ``postgresql://`` or with any driver's name; psycopg is used.
    only_scram : bool
        Refuse a server that asks for the password in the clear: on the loopback any local user could be listening
        in the place of a stopped server.
    public_fields : sequence of str
        Which fields the view of public cases shows of what people wrote.

    Returns
    -------
    Engine
        Checks each connection before use, so that a restart of the server is survived. Times come in UTC.

    Raises
    ------
    InvalidInputError
        The address is not one of a PostgreSQL server.
    """
    arguments: dict[str, str | int] = {"connect_timeout": _CONNECT_TIMEOUT_SECONDS, "application_name": "geogrid"}
    if only_scram:
        arguments["require_auth"] = "scram-sha-256"
    engine = create_engine(
        normalised(address),
        poolclass=_EmptiedPool,
        pool_pre_ping=True,
        hide_parameters=True,  # complaints and telephone numbers have no place in a log
        connect_args=arguments,
        execution_options={"geogrid_arguments": arguments, "geogrid_public": ",".join(public_fields)},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: psycopg.Connection[object], _: ConnectionPoolEntry) -> None:
        use_tolerant_loaders(connection)
        connection.execute(*_first_words(engine))
        connection.commit()

    return engine


def reading_engine(engine: Engine, *, plans_once: bool = False) -> Engine:
    """Return an engine of the same database for single reading statements, each its own transaction.

    Nothing goes to the server but the statement itself: no check of the connection before, no begin and no commit.
    Who uses it tries again where the connection was lost, which is harmless for reading.

    Parameters
    ----------
    engine : Engine
        Of the database.
    plans_once : bool
        Whether a statement that is used again keeps its plan whatever its values: right for what is looked up by a
        key, where planning anew takes several times as long as reading.
    """
    return create_engine(
        "postgresql+psycopg://",
        poolclass=_EmptiedPool,
        creator=lambda: _reading_connection(engine, plans_once=plans_once),
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_reset_on_return=None,
    )


def retire(engine: Engine) -> None:
    """Dispose of an engine for good: what threads still hold of it, or take from it yet, is closed when given back."""
    engine.dispose()
    engine.pool.dispose()  # the one that is there for whoever comes late


class _EmptiedPool(QueuePool):
    """A pool that, once disposed of, keeps nothing: what comes back to it late would stay open, with no one to use it.

    Whether a connection was taken, or was still being made, when the pool was disposed of does not matter.
    """

    _is_over = False

    def dispose(self) -> None:
        """Close what is here, and what comes back from now on."""
        self._is_over = True
        super().dispose()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        if self._is_over:
            super().dispose()


def _reading_connection(engine: Engine, *, plans_once: bool) -> psycopg.Connection[object]:
    arguments, options = engine.dialect.create_connect_args(engine.url)
    found: psycopg.Connection[object] = psycopg.connect(*arguments, **{**options, **_arguments_of(engine)})
    found.autocommit = True
    use_tolerant_loaders(found)
    plans = "force_generic_plan" if plans_once else "auto"
    found.execute(*_first_words(engine))
    found.execute(f"set statement_timeout = '{READING_SECONDS}s'; set plan_cache_mode = {plans}")
    if plans_once:
        found.prepare_threshold = 0  # the first use plans, and the second has it
    return found


def _first_words(engine: Engine) -> tuple[str, tuple[str]]:
    """Return the statement, with its parameter, that every connection begins with."""
    fields: str = engine.get_execution_options().get("geogrid_public", "")
    return "select set_config('TimeZone', 'UTC', false), set_config('geogrid.public_fields', %s, false)", (fields,)


def _arguments_of(engine: Engine) -> dict[str, Any]:
    arguments: dict[str, Any] = engine.get_execution_options().get("geogrid_arguments", {})
    return arguments


def normalised(address: str | URL, *, setting: str = "GEOGRID_DATABASE_URL") -> URL:
    """Return the address of a setting with the driver that GeoGrid uses. Raises as `engine_for`."""
    try:
        url = make_url(address)
    except (exc.ArgumentError, ValueError) as error:
        # The address may hold a password, so the message does not repeat it.
        raise InvalidInputError.of(
            "database-url",
            f"{setting} is not an address.",
            "Write it as postgresql://user:password@host:5432/database, special characters percent-encoded.",
        ) from error
    if url.drivername.partition("+")[0] not in _POSTGRESQL_NAMES:
        raise InvalidInputError.of(
            "database-url",
            f"{setting} begins with {url.drivername}://, and GeoGrid keeps its data in PostGIS.",
            "Write it as postgresql://user:password@host:5432/database.",
        )
    return url.set(drivername="postgresql+psycopg")


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of sessions; rows stay readable after the commit."""
    return sessionmaker(engine, class_=SightedSession, expire_on_commit=False)


@contextmanager
def unit_of_work(engine: Engine) -> Iterator[Session]:
    """Open a session that is committed at the end, or rolled back whole by an error.

    Parameters
    ----------
    engine : Engine
        The store.

    Yields
    ------
    Session
        For repositories, which do not commit.

    Raises
    ------
    UnavailableError, ConflictError
        As `translate_errors`, of the statements and of the commit.
    """
    with translate_errors(engine), session_factory(engine).begin() as session:
        yield session
        say_last_words(session)


def _ensure_extensions(engine: Engine) -> None:
    with translate_errors(engine), engine.connect() as connection:
        if not missing_extensions(connection):
            return
        # Two at once would both try, and one would fail.
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _EXTENSIONS_LOCK})
        for name in missing_extensions(connection):
            _create_extension(connection, name)
        connection.commit()


def missing_extensions(connection: Connection) -> list[str]:
    """Return the extensions that GeoGrid needs and a database lacks."""
    present = set(connection.scalars(text("select extname from pg_extension")))
    return [name for name in EXTENSIONS if name not in present]


def _create_extension(connection: Connection, name: str) -> None:
    try:
        connection.execute(text(f"create extension if not exists {name}"))
    except exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise UnavailableError(
                f"The database {connection.engine.url.database} lacks the extension {name}, which its user "
                f"{connection.engine.url.username} may not create. Ask its administrator for: create extension {name};"
            ) from error
        if isinstance(error.orig, psycopg.errors.FeatureNotSupported | psycopg.errors.UndefinedFile):
            raise UnavailableError(
                f"The server of database {connection.engine.url.database} has no extension {name}. "
                "Install PostGIS and the contributed modules there, e.g.: apt-get install postgresql-postgis"
            ) from error
        raise
