"""The one place where errors of the database driver become errors of GeoGrid."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine
from sqlalchemy import exc as sqlalchemy_errors

from geogrid.errors import ConflictError, GeogridError, InvalidInputError, UnavailableError

PUBLIC_REMEDY = "Try again in a few seconds; the log of the server says more."
_READ_ONLY = "it is read-only"
_UNAVAILABLE_STATES = {
    "08": "the connection broke",
    "25006": _READ_ONLY,
    "42501": "its user may not do this",
    "53": "it has run out of room",
    "57014": "it gave up waiting",
    "57P": "it is stopping or starting",
    "58": "its disk or system fails",
}
_TRY_AGAIN_STATES = ("40001", "40P01", "55P03")
_OF_WHOLE_ROWS = ("23502", "23514")
_VALUE_STATES = ("22003", "22008", "22021", "22P02", "22P05")


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
    InvalidInputError
        A value is beyond what its column holds, or a text contains NUL.
    """
    try:
        yield
    except sqlalchemy_errors.TimeoutError as error:
        raise _cannot(engine, "all connections are busy") from error
    except (psycopg.Error, sqlalchemy_errors.DBAPIError) as error:
        translated = _translated(error, engine)
        if translated is None:
            # As it is, it would bring values of rows into the log: in its message, its detail, its parameters.
            raise _fault(error).with_traceback(error.__traceback__) from None
        raise translated from error


class StatementError(Exception):
    """A statement that the database does not understand: a fault of GeoGrid, told without any value of a row."""


def _fault(error: Exception) -> StatementError:
    original = error.orig if isinstance(error, sqlalchemy_errors.DBAPIError) else error
    state = (original.sqlstate if isinstance(original, psycopg.Error) else None) or "no code"
    statement = (error.statement or "") if isinstance(error, sqlalchemy_errors.DBAPIError) else ""
    return StatementError(f"{type(original).__name__} ({state}) at: {' '.join(statement.split())[:1000]}")


def _translated(error: Exception, engine: Engine) -> GeogridError | None:
    """Return the error to raise; None for one that only a fault in GeoGrid can cause."""
    original = error.orig if isinstance(error, sqlalchemy_errors.DBAPIError) else error
    if not isinstance(original, psycopg.Error):
        return None
    return _refusal(original) or _failure(original, engine)


def _refusal(original: psycopg.Error) -> GeogridError | None:
    """Return the error where the database works, and does not do this."""
    state = original.sqlstate or ""
    if state.startswith("23"):
        return ConflictError(_forbidden(original))
    if state in _TRY_AGAIN_STATES:
        return ConflictError("Another user changed the same rows at the same time, so nothing was saved. Try again.")
    if isinstance(original, psycopg.DataError) and (not state or state in _VALUE_STATES):
        return unfit_value(original)
    return None


def _failure(original: psycopg.Error, engine: Engine) -> GeogridError | None:
    """Return the error where the database cannot be used."""
    state = original.sqlstate or ""
    for prefix, reason in _UNAVAILABLE_STATES.items():
        if state.startswith(prefix):
            return _cannot(engine, f"{reason} ({original.diag.message_primary})", public=reason)
    if not state and isinstance(original, psycopg.OperationalError | psycopg.InterfaceError):
        told, _, _ = str(original).removeprefix("connection failed: ").partition("\n")
        return _cannot(engine, told, public="it cannot be reached")
    return None


def unfit_value(error: psycopg.Error) -> InvalidInputError:
    """Return the refusal of a value that the database has no room for; NUL is refused by the driver, without a code."""
    reason = "it is out of range, or no such value" if error.sqlstate else "a text contains the character NUL"
    return InvalidInputError.of("value", f"A value cannot be looked up or stored: {reason}.", "Change it.")


READ_ONLY = "Lookups, lists and maps work; nothing can be stored, edited or published until it takes writes again."
"""What goes on while the database is read-only."""


def _cannot(engine: Engine, reason: str, *, public: str = "") -> UnavailableError:
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=True)
    told = public or reason
    return UnavailableError(
        f"The database {address} cannot be used: {reason.rstrip('.')}. "
        "Look with: geogrid db status. GEOGRID_DATABASE_URL says which database is used.",
        public=f"The database cannot be used: {told}. {READ_ONLY if told == _READ_ONLY else PUBLIC_REMEDY}",
    )


def _forbidden(error: psycopg.Error) -> str:
    told = error.diag
    subject = told.constraint_name or f"not null {told.table_name}.{told.column_name}"
    # "Failing row contains" would tell the whole row.
    detail = None if error.sqlstate in _OF_WHOLE_ROWS else told.message_detail
    sentences = [f"The rule {subject} forbids this: {told.message_primary}", detail, told.message_hint]
    return " ".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence)
