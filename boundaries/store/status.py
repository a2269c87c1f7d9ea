"""What there is to know about the store, without starting or changing anything."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine, text

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store import schema
from boundaries.store.driver_errors import translate_errors
from boundaries.store.engine import engine_for
from boundaries.store.settings import StoreSettings
from geogrid.errors import UnavailableError

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
    problem: str | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it runs with the tables that this GeoGrid needs."""
        return self.state == "running" and self.schema_found == self.schema_needed


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
        return _server_status(engine_for(settings.database_url), data_folder=None)
    cluster = PrivateCluster(settings.home)
    server = cluster.running()
    if server is not None:
        return _server_status(engine_for(cluster.url(), only_scram=True), data_folder=cluster.data)
    return StoreStatus(
        state="stopped" if cluster.exists else "missing",
        is_private=True,
        schema_needed=schema.head_revision(),
        data_folder=cluster.data,
    )


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
