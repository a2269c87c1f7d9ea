"""The one place where errors of the database driver become errors of GeoGrid."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine
from sqlalchemy import exc as sqlalchemy_errors

from geogrid.errors import ConflictError, GeogridError, UnavailableError

_UNAVAILABLE_STATES = {
    "08": "the connection broke",
    "25006": "it is read-only",
    "42501": "its user may not do this",
    "53": "it has run out of room",
    "57014": "it gave up waiting",
    "57P": "it is stopping or starting",
    "58": "its disk or system fails",
}
_TRY_AGAIN_STATES = ("40001", "40P01", "55P03")


@contextmanager
def translate_errors(engine: Engine) -> Iterator[None]:
    """Turn what the driver raises into what GeoGrid says.

    Parameters
    ----------
    engine : Engine
        Names the database in messages, without its password.

    Raises
    ------
    UnavailableError
        The database cannot be reached or cannot work; the message names address and remedy.
    ConflictError
        A constraint or another transaction forbids it; the message names the constraint.
    """
    try:
        yield
    except sqlalchemy_errors.TimeoutError as error:
        raise UnavailableError(_cannot(engine, "all connections are busy")) from error
    except (psycopg.Error, sqlalchemy_errors.DBAPIError) as error:
        translated = _translated(error, engine)
        if translated is None:
            raise
        raise translated from error


def _translated(error: Exception, engine: Engine) -> GeogridError | None:
    """Return the error to raise; None for one that only a fault in GeoGrid can cause."""
    original = error.orig if isinstance(error, sqlalchemy_errors.DBAPIError) else error
    if not isinstance(original, psycopg.Error):
        return None
    state = original.sqlstate or ""
    if state.startswith("23"):
        return ConflictError(_forbidden(original))
    if state in _TRY_AGAIN_STATES:
        return ConflictError("Another user changed the same rows at the same time, so nothing was saved. Try again.")
    for prefix, reason in _UNAVAILABLE_STATES.items():
        if state.startswith(prefix):
            return UnavailableError(_cannot(engine, f"{reason} ({original.diag.message_primary})"))
    if not state and isinstance(original, psycopg.OperationalError | psycopg.InterfaceError):
        told, _, _ = str(original).removeprefix("connection failed: ").partition("\n")
        return UnavailableError(_cannot(engine, told))
    return None


def _cannot(engine: Engine, reason: str) -> str:
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=True)
    return (
        f"The database {address} cannot be used: {reason.rstrip('.')}. "
        "Look with: geogrid db status. GEOGRID_DATABASE_URL says which database is used."
    )


def _forbidden(error: psycopg.Error) -> str:
    told = error.diag
    subject = told.constraint_name or f"not null {told.table_name}.{told.column_name}"
    sentences = [f"The rule {subject} forbids this: {told.message_primary}", told.message_detail, told.message_hint]
    return " ".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence)
