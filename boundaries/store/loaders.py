"""How values of the store become values of Python, whatever a row holds: a list must not fall with one of its rows."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.datetime import TimestamptzBinaryLoader, TimestamptzLoader
from psycopg.types.json import set_json_loads

from boundaries.text.json_values import stored_json
from boundaries.text.moments import FIRST_SHOWN, LAST_SHOWN


class _BoundedTextLoader(TimestamptzLoader):
    def load(self, data: Any) -> datetime:
        try:
            return _bounded(super().load(data))
        except psycopg.DataError:
            text = bytes(data)
            return FIRST_SHOWN if text.startswith(b"-") or text.endswith(b"BC") else LAST_SHOWN


class _BoundedBinaryLoader(TimestamptzBinaryLoader):
    def load(self, data: Any) -> datetime:
        try:
            return _bounded(super().load(data))
        except psycopg.DataError:
            # Microseconds since 2000, the highest bit is the sign.
            return FIRST_SHOWN if bytes(data)[0] & 0x80 else LAST_SHOWN


def _bounded(moment: datetime) -> datetime:
    return min(max(moment, FIRST_SHOWN), LAST_SHOWN)


def use_tolerant_loaders(connection: psycopg.Connection[Any]) -> None:
    """Make a connection read times that Python has no date for as the nearest it has, and JSON as `stored_json`."""
    connection.adapters.register_loader("timestamptz", _BoundedTextLoader)
    connection.adapters.register_loader("timestamptz", _BoundedBinaryLoader)
    set_json_loads(stored_json, connection)
