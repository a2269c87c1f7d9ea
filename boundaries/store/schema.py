"""The version of the tables: which one a store has, which one this GeoGrid needs, and bringing it there."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text

from boundaries.store.driver_errors import translate_errors
from geogrid.errors import ConflictError

VERSION_TABLE = "geogrid_revision"
"""Own name, so that a database shared with another application keeps both histories apart."""

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_UPGRADE_LOCK = 7_340_211_002


@cache
def head_revision() -> str:
    """Return the revision that this version of GeoGrid needs."""
    head = _scripts().get_current_head()
    if head is None:
        raise ConflictError("This installation of GeoGrid has no migrations. Install it again.")
    return str(head)


def current_revision(engine: Engine) -> str | None:
    """Return the revision of a store; None for one without our tables."""
    with translate_errors(engine), engine.connect() as connection:
        return _revision(connection)


def upgrade(engine: Engine) -> bool:
    """Bring the tables to this version, in one transaction; two at once wait for each other.

    Parameters
    ----------
    engine : Engine
        Store that has its extensions.

    Returns
    -------
    bool
        False when there was nothing to do.

    Raises
    ------
    ConflictError
        The store is of a newer GeoGrid.
    """
    from alembic import command

    with translate_errors(engine), engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        before = _revision(connection)
        if before == head_revision():
            return False
        _refuse_newer(before)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return True


def upgrade_if_empty(engine: Engine) -> bool:
    """Create the tables in a store that has none; return whether it was so."""
    return current_revision(engine) is None and upgrade(engine)


def require_current(engine: Engine) -> None:
    """Refuse a store whose tables are not of this version.

    Parameters
    ----------
    engine : Engine
        The store.

    Raises
    ------
    ConflictError
        Its tables are missing, older or newer; the message names both revisions and the remedy.
    """
    found = current_revision(engine)
    if found == head_revision():
        return
    _refuse_newer(found)
    has = "has no tables yet" if found is None else f"has tables of revision {found}"
    raise ConflictError(f"The store {has}; this GeoGrid needs {head_revision()}. Run: geogrid db upgrade")


def _refuse_newer(found: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise ConflictError(
            f"The store has tables of revision {found}, made by a newer GeoGrid; this one knows up to "
            f"{head_revision()}. Use the newer GeoGrid."
        )


def _revision(connection: Connection) -> str | None:
    if connection.scalar(text("select to_regclass(:table)"), {"table": VERSION_TABLE}) is None:
        return None
    revision: str | None = connection.scalar(text(f"select version_num from {VERSION_TABLE}"))  # noqa: S608 - ours
    return revision


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())
