"""Many rows at once, by COPY."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.types import GeometryArray


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows by COPY in the session's transaction and return how many there were.

    Parameters
    ----------
    session : Session
        Its transaction is used and left open.
    table, columns : str, sequence of str
        Where to; quoted as identifiers.
    rows : iterable of sequence
        One value a column; geometries as hexadecimal EWKB, see `hex_ewkb`.
    """
    session.flush()
    connection = session.connection().connection.driver_connection
    assert connection is not None, "a session's connection is open while it is used"  # noqa: S101 - narrows a type
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def new_ids(session: Session, table: str, count: int) -> list[int]:
    """Reserve `count` identifiers of a table's identity column, so that rows can refer to each other before COPY."""
    found = session.execute(
        text("select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :count)"),
        {"table": table, "count": count},
    )
    return [int(identifier) for identifier in found.scalars()]


def hex_ewkb(geometries: GeometryArray) -> list[str]:
    """Return geometries in EPSG:4326 in the form that COPY takes.

    Parameters
    ----------
    geometries : (n,) of shapely geometry
        Longitude, latitude in degrees.
    """
    tagged = shapely.set_srid(shapely.force_2d(np.asarray(geometries, dtype=object)), 4326)
    return list(shapely.to_wkb(tagged, hex=True, include_srid=True))


def number_or_none(value: float | None) -> float | None:
    """Return a number for the store: missing ones (None, NaN) as null."""
    return None if value is None or np.isnan(value) else float(value)
