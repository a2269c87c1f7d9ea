"""What there is to know about the store, without starting or changing anything."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine, text

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store import schema
from boundaries.store.driver_errors import translate_errors
from boundaries.store.engine import engine_for
from boundaries.store.server_engine import open_server_engine
from boundaries.store.server_role import AS_OWNER, SERVER_ROLE, is_bound
from boundaries.store.settings import StoreSettings
from geogrid.errors import GeogridError, UnavailableError

_VERSIONS = """
select current_setting('server_version'), (select extversion from pg_extension where extname = 'postgis')
"""


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """The store at one moment.

    Parameters
    ----------
    state : {"running", "stopped", "missing", "unreachable"}
        `missing`: the private database has not been created yet. `unreachable`: see `problem`.
    is_private : bool
        Whether GeoGrid starts and stops it.
    schema_needed : str
        Revision of the tables that this GeoGrid needs.
    address : str, optional
        Without the password.
    data_folder : Path, optional
        Of a private one.
    port : int, optional
        Where it listens.
    postgresql, postgis : str, optional
        Versions of a running one.
    schema_found : str, optional
        Revision of its tables.
    server : str, optional
        As whom `geogrid serve` logs in to a running one, as a sentence.
    problem : str, optional
        Why it is unreachable, as a sentence.
    """

    state: Literal["running", "stopped", "missing", "unreachable"]
    is_private: bool
    schema_needed: str
    address: str | None = None
    data_folder: Path | None = None
    port: int | None = None
    postgresql: str | None = None
    postgis: str | None = None
    schema_found: str | None = None
    server: str | None = None
    problem: str | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it runs with the tables that this GeoGrid needs."""
        return self.state == "running" and self.schema_found == self.schema_needed


def is_read_only(engine: Engine) -> bool:
    """Return whether a database takes no writes: a standby, or one that is set so."""
    with translate_errors(engine), engine.connect() as connection:
        return bool(connection.scalar(text("select current_setting('transaction_read_only') = 'on'")))


def store_status(settings: StoreSettings) -> StoreStatus:
    """Look at the store.

    Parameters
    ----------
    settings : StoreSettings
        Which store.

    Returns
    -------
    StoreStatus
        Also when it cannot be reached.
    """
    if settings.database_url:
        status = _server_status(engine_for(settings.database_url), data_folder=None)
        return replace(status, server=_login_of_server(settings)) if status.is_usable else status
    cluster = PrivateCluster(settings.home)
    server = cluster.running()
    if server is not None:
        status = _server_status(engine_for(cluster.url(), only_scram=True), data_folder=cluster.data)
        return replace(status, server=f"{SERVER_ROLE}, which GeoGrid makes and looks after")
    return StoreStatus(
        state="stopped" if cluster.exists else "missing",
        is_private=True,
        schema_needed=schema.head_revision(),
        data_folder=cluster.data,
    )


def _login_of_server(settings: StoreSettings) -> str:
    """Return as whom a server with an address of its own logs in, and whether it can."""
    if not settings.server_database_url:
        return AS_OWNER
    try:
        engine = open_server_engine(settings)
    except GeogridError as error:
        return f"It cannot log in: {error}"
    try:
        return str(engine.url.username) if is_bound(engine) else AS_OWNER
    finally:
        engine.dispose()


def _server_status(engine: Engine, *, data_folder: Path | None) -> StoreStatus:
    status = StoreStatus(
        state="unreachable",
        is_private=data_folder is not None,
        schema_needed=schema.head_revision(),
        address=engine.url.set(drivername="postgresql").render_as_string(hide_password=True),
        data_folder=data_folder,
        port=engine.url.port,
    )
    try:
        with translate_errors(engine), engine.connect() as connection:
            postgresql, postgis = connection.execute(text(_VERSIONS)).one()
        found = schema.current_revision(engine)
    except UnavailableError as error:
        return replace(status, problem=str(error))
    finally:
        engine.dispose()
    return replace(status, state="running", postgresql=postgresql, postgis=postgis, schema_found=found)
