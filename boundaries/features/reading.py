"""Features read from the store: pages at once, large answers a batch at a time by a cursor of the server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any, Final

import psycopg
from psycopg.adapt import Loader
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine

from boundaries.features.selection import Condition, Selection, Statement, as_features, as_values, counting, extents
from boundaries.store.driver_errors import translate_errors, unfit_value
from boundaries.store.engine import READING_SECONDS
from boundaries.text.numbers import LARGEST_INT32, read_identifier
from geogrid.errors import InvalidInputError

Row = tuple[Any, ...]
Connection = psycopg.Connection[Any]
FeatureReader = Callable[[Connection, Selection], list[bytes]]
Bounds = tuple[float, float, float, float]

AT_ONCE: Final = 1_000
_FIRST_BATCH: Final = 50
_LARGEST_BATCH: Final = 1_000
_BATCH_BYTES: Final = 500_000
"""About so much is read at once, whether features are small or large."""


class _AsBytes(Loader):
    """Texts stay as they come: features are passed on, not looked at."""

    def load(self, data: Any) -> bytes:
        return bytes(data)


def count(connection: Connection, wanted: Selection) -> int:
    """Return how many features match, whatever the page.

    Raises
    ------
    InvalidInputError
        The filter cannot be computed, e.g. divides by zero.
    """
    statement = counting(wanted)
    with connection.cursor() as cursor, _refused():
        row = cursor.execute(statement.sql.encode(), statement.values).fetchone()
    return int(row[0]) if row else 0


def extent(connection: Connection, wanted: Selection) -> tuple[Bounds | None, datetime | None, datetime | None]:
    """Return the box of a collection in stored coordinates, and the first and last of its instants."""
    statement = extents(wanted.collection, wanted.scope)
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        row: Any = cursor.execute(statement.sql.encode(), statement.values).fetchone()
    if row is None or row.west is None:
        return None, None, None
    return (row.west, row.south, row.east, row.north), row.since, row.until


def read_features(connection: Connection, wanted: Selection) -> list[bytes]:
    """Return the texts of a page of GeoJSON features; for pages of at most `AT_ONCE`."""
    statement = as_features(wanted)
    with connection.cursor() as cursor, _refused():
        cursor.adapters.register_loader("text", _AsBytes)
        return [row[1] for row in cursor.execute(statement.sql.encode(), statement.values)]


def read_values(connection: Connection, wanted: Selection) -> list[Row]:
    """Return a page as rows of identifier, WKB and values; for pages of at most `AT_ONCE`."""
    statement = as_values(wanted)
    with connection.cursor() as cursor, _refused():
        return cursor.execute(statement.sql.encode(), statement.values, binary=True).fetchall()


def read_one(
    connection: Connection, wanted: Selection, identifier: str, read: FeatureReader = read_features
) -> bytes | None:
    """Return the text of one GeoJSON feature by its identifier, None where there is none.

    A feature of an edition that is not in force has the edition's number after an ``@``.
    """
    for found in _named(wanted, identifier):
        rows = read(connection, found)
        if rows:
            return rows[0]
    return None


def _named(wanted: Selection, identifier: str) -> Iterator[Selection]:
    """Yield where a feature may be: under its plain name, then in the edition that its name ends in."""
    key = wanted.collection.field(wanted.collection.key)
    is_number = wanted.collection.integer_id or (key is not None and key.kind == "integer")
    name, _, edition = identifier.rpartition("@")
    tried = [(identifier, wanted.scope)]
    number = read_identifier(edition, LARGEST_INT32)
    if wanted.collection.timing == "validity" and name and number is not None:
        tried.append((name, replace(wanted.scope, plans=(number,))))
    for text, scope in tried:
        value = read_identifier(text) if is_number else text
        if value is not None:
            condition = Condition(f"f.{wanted.collection.key} = %(key)s", {"key": value})
            yield replace(wanted, scope=scope, condition=condition, limit=1)


def stream_features(engine: Engine, wanted: Selection) -> Iterator[list[bytes]]:
    """Yield the texts of GeoJSON features in batches; the first is read at once, so that errors come before."""
    return _primed(_features(engine, as_features(wanted)))


def stream_values(engine: Engine, wanted: Selection) -> Iterator[list[Row]]:
    """Yield rows of identifier, WKB and values in batches; the first is read at once."""
    return _primed(_batches(engine, as_values(wanted), as_bytes=False))


def _features(engine: Engine, statement: Statement) -> Iterator[list[bytes]]:
    for rows in _batches(engine, statement, as_bytes=True):
        yield [row[1] for row in rows]


def _batches(engine: Engine, statement: Statement, *, as_bytes: bool) -> Iterator[list[Row]]:
    with translate_errors(engine), engine.connect() as held:
        connection = held.connection.driver_connection
        assert connection is not None  # noqa: S101 - a held connection is open; narrows a type
        connection.execute(f"set local statement_timeout = '{READING_SECONDS}s'")
        with connection.cursor("features", binary=not as_bytes) as cursor, _refused():
            if as_bytes:
                cursor.adapters.register_loader("text", _AsBytes)
            cursor.execute(statement.sql.encode(), statement.values)
            size = _FIRST_BATCH
            while rows := cursor.fetchmany(size):
                yield rows
                read = sum(len(row[1] or b"") for row in rows) + len(rows)
                size = max(1, min(_LARGEST_BATCH, len(rows) * _BATCH_BYTES // read))


def _primed(batches: Iterator[Any]) -> Iterator[Any]:
    first = next(batches, None)
    return iter(()) if first is None else chain([first], batches)


@contextmanager
def _refused() -> Iterator[None]:
    """Turn what only a filter can cause into a refusal of the filter."""
    try:
        yield
    except (psycopg.DataError, psycopg.InternalError) as error:
        if error.sqlstate is None:
            raise unfit_value(error) from error
        raise InvalidInputError.of(
            "filter", f"The filter cannot be computed: {error.diag.message_primary}.", "Change it.", subject="filter"
        ) from error
