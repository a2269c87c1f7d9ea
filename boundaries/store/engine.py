"""Opening the store: a server by address, or the private one; sessions; the extensions it needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store import schema
from boundaries.store.driver_errors import translate_errors
from boundaries.store.settings import StoreSettings
from geogrid.errors import InvalidInputError, UnavailableError

EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
_POSTGRESQL_NAMES = ("postgres", "postgresql")
_EXTENSIONS_LOCK = 7_340_211_001
_CONNECT_TIMEOUT_SECONDS = 10
READING_SECONDS = 60


def open_engine(settings: StoreSettings) -> Engine:
    """Open the store for work.

    Without an address the private cluster is created and started as needed, and an empty one is given its tables.

    Parameters
    ----------
    settings : StoreSettings
        Which store.

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
    engine = connect(settings)
    try:
        if not settings.database_url:
            schema.upgrade_if_empty(engine)
        schema.require_current(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def connect(settings: StoreSettings) -> Engine:
    """Open the store whatever its tables: for looking after it. Parameters and errors as `open_engine`."""
    if settings.database_url:
        engine = engine_for(settings.database_url)
    else:
        engine = engine_for(PrivateCluster(settings.home).ensure(), only_scram=True)
    try:
        _ensure_extensions(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def engine_for(address: str | URL, *, only_scram: bool = False) -> Engine:
    """Return an engine that has not connected yet.

    Parameters
    ----------
    address : str or URL
        ``postgres://``, ``postgresql://`` or with any driver's name; psycopg is used.
    only_scram : bool
        Refuse a server that asks for the password in the clear: on the loopback any local user could be listening
        in the place of a stopped server.

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
        pool_pre_ping=True,
        connect_args=arguments,
        execution_options={"geogrid_arguments": arguments},
    )
    event.listen(engine, "connect", _use_utc)
    _close_what_comes_back_late(engine)
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
    reading = create_engine(
        "postgresql+psycopg://",
        creator=lambda: _reading_connection(engine, plans_once=plans_once),
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
    )
    _close_what_comes_back_late(reading)
    return reading


def _close_what_comes_back_late(engine: Engine) -> None:
    """Close connections that are in use while their engine is disposed of once they are given back.

    The pool that they came from is gone by then and would leave them open.
    """
    disposals: list[Engine] = []
    event.listen(engine, "engine_disposed", disposals.append)

    @event.listens_for(engine, "connect")
    def _note(_: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["disposals"] = len(disposals)

    @event.listens_for(engine, "checkin")
    def _close(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        if connection is not None and record.info.get("disposals") != len(disposals):
            connection.close()


def _reading_connection(engine: Engine, *, plans_once: bool) -> psycopg.Connection[object]:
    arguments, options = engine.dialect.create_connect_args(engine.url)
    found: psycopg.Connection[object] = psycopg.connect(*arguments, **{**options, **_arguments_of(engine)})
    found.autocommit = True
    plans = "force_generic_plan" if plans_once else "auto"
    found.execute(f"set time zone 'UTC'; set statement_timeout = '{READING_SECONDS}s'; set plan_cache_mode = {plans}")
    if plans_once:
        found.prepare_threshold = 0  # the first use plans, and the second has it
    return found


def _arguments_of(engine: Engine) -> dict[str, Any]:
    arguments: dict[str, Any] = engine.get_execution_options().get("geogrid_arguments", {})
    return arguments


def normalised(address: str | URL) -> URL:
    """Return the address with the driver that GeoGrid uses. Raises as `engine_for`."""
    try:
        url = make_url(address)
    except (exc.ArgumentError, ValueError) as error:
        # The address may hold a password, so the message does not repeat it.
        raise InvalidInputError.of(
            "database-url",
            "GEOGRID_DATABASE_URL is not an address.",
            "Write it as postgresql://user:password@host:5432/database, special characters percent-encoded.",
        ) from error
    if url.drivername.partition("+")[0] not in _POSTGRESQL_NAMES:
        raise InvalidInputError.of(
            "database-url",
            f"GEOGRID_DATABASE_URL begins with {url.drivername}://, and GeoGrid keeps its data in PostGIS.",
            "Write it as postgresql://user:password@host:5432/database.",
        )
    return url.set(drivername="postgresql+psycopg")


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of sessions; rows stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


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


def _use_utc(connection: psycopg.Connection[object], _record: object) -> None:
    connection.execute("set time zone 'UTC'")
    connection.commit()


def _ensure_extensions(engine: Engine) -> None:
    with translate_errors(engine), engine.connect() as connection:
        if not _missing_extensions(connection):
            return
        # Two at once would both try, and one would fail.
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _EXTENSIONS_LOCK})
        for name in _missing_extensions(connection):
            _create_extension(connection, name)
        connection.commit()


def _missing_extensions(connection: Connection) -> list[str]:
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
