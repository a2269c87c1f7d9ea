"""Opening the store for the server: as a role that is no owner, wherever there is one."""

from collections.abc import Sequence

from sqlalchemy import URL, Engine

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store import schema
from boundaries.store.driver_errors import translate_errors
from boundaries.store.engine import (
    Patience,
    bound_waiting,
    engine_for,
    missing_extensions,
    normalised,
    open_engine,
)
from boundaries.store.keys import KEYS, KeySource
from boundaries.store.server_role import (
    AS_OWNER,
    SERVER_ROLE,
    give_rights,
    is_above,
    make_role,
    making_statement,
    marking_statement,
    prepare_role,
    require_rights,
    unmarked_functions,
)
from boundaries.store.settings import StoreSettings
from geogrid.errors import InvalidInputError, UnavailableError


def open_server_engine(
    settings: StoreSettings,
    *,
    patience: Patience | None = None,
    even_if_stopped: bool = True,
    public_fields: Sequence[str] = (),
) -> Engine:
    """Open the store as the server's own role; as the owner, where only his address is known.

    In the private cluster the role is made as needed, and given the rights of this version.

    Parameters
    ----------
    settings : StoreSettings
        Which store.
    patience, even_if_stopped
        As `open_engine`.
    public_fields : sequence of str
        Which fields of cases everybody may see, of what people wrote.

    Returns
    -------
    Engine
        Of a server that answers, with the tables of this version of GeoGrid.

    Raises
    ------
    UnavailableError, ConflictError, InvalidInputError
        As `open_engine`; also where the role lacks rights.
    """
    engine = engine_for(
        _address(settings, even_if_stopped=even_if_stopped), only_scram=settings.is_private, public_fields=public_fields
    )
    engine.update_execution_options(**{KEYS: KeySource.of(settings)})
    try:
        _require_usable(engine)
        if settings.server_database_url:
            require_rights(engine)
        if patience is not None:
            bound_waiting(engine, patience)
    except BaseException:
        engine.dispose()
        raise
    return engine


def server_address(settings: StoreSettings) -> URL:
    """Return the address of the server's role where the settings name one, with its password.

    Raises
    ------
    UnavailableError
        The file of the password cannot be read.
    InvalidInputError
        The address is not one of a role on a PostgreSQL server.
    """
    url = normalised(settings.server_database_url or "", setting="GEOGRID_SERVER_DATABASE_URL")
    if not url.username:
        raise InvalidInputError.of(
            "database-url",
            "GEOGRID_SERVER_DATABASE_URL names no role.",
            f"Write it as postgresql://{SERVER_ROLE}:password@host:5432/database.",
        )
    if settings.server_password_file is None or url.password:
        return url
    try:
        return url.set(password=settings.server_password_file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UnavailableError(
            f"The file of GEOGRID_SERVER_PASSWORD_FILE, {settings.server_password_file}, cannot be read: "
            f"{error.strerror if isinstance(error, OSError) else 'it is no text'}."
        ) from error


def ensure_private_role(settings: StoreSettings, owner: Engine) -> URL:
    """Make the role of the server in the private cluster as needed, and return its address.

    Parameters
    ----------
    settings : StoreSettings
        Of a private cluster.
    owner : Engine
        Of it, with the tables of this version.
    """
    password, is_new = PrivateCluster(settings.home).server_password()
    prepare_role(owner, SERVER_ROLE, password, renew=is_new)
    return owner.url.set(username=SERVER_ROLE, password=password)


def look_after_role(settings: StoreSettings, owner: Engine) -> str:
    """Bring the role of the server to this version.

    Parameters
    ----------
    settings : StoreSettings
        Name it, unless the cluster is private.
    owner : Engine
        Of a store with the tables of this version.

    Returns
    -------
    str
        What is left for an administrator of the cluster, as a sentence; empty where nothing is.

    Raises
    ------
    UnavailableError
        The owner of the engine may not give rights on the tables.
    """
    if settings.is_private:
        ensure_private_role(settings, owner)
        return ""
    if not settings.server_database_url:
        return AS_OWNER
    url = server_address(settings)
    role = url.username or ""
    if not make_role(owner, role, url.password):
        return (
            f"There is no role {role} yet, and {owner.url.username} may not make it. Ask an administrator for: "
            f"{making_statement(role)} Then set its password, and run geogrid db upgrade again."
        )
    if is_above(owner, role):
        return (
            f"The role {role} of GEOGRID_SERVER_DATABASE_URL is the owner of the tables, or above him, so that no "
            f"policy binds it. Name another there, such as {SERVER_ROLE}, and run geogrid db upgrade again."
        )
    give_rights(owner, role)
    unmarked = unmarked_functions(owner)
    if not unmarked:
        return ""
    return (
        "Searches of cases by place and words are slow in a large store until an administrator of the cluster has "
        f"run, in this database: {marking_statement(unmarked)}"
    )


def _address(settings: StoreSettings, *, even_if_stopped: bool) -> URL:
    if settings.server_database_url:
        return server_address(settings)
    owner = open_engine(settings, even_if_stopped=even_if_stopped)
    try:
        return owner.url if settings.database_url else ensure_private_role(settings, owner)
    finally:
        owner.dispose()


def _require_usable(engine: Engine) -> None:
    with translate_errors(engine), engine.connect() as connection:
        missing = missing_extensions(connection)
    if missing:
        raise UnavailableError(
            f"The database {engine.url.database} lacks the extensions {', '.join(missing)}. Run: geogrid db upgrade "
            "(where GEOGRID_DATABASE_URL is the address of the owner of the tables)"
        )
    schema.require_current(engine)
