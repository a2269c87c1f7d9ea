"""Small FlatBuffers, written front to back: a table, then what it points to.

References
----------
Google (2014). FlatBuffers internals: tables begin with the distance to their list of offsets; all else is pointed
to forwards.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_UINT: Final = struct.Struct("<I")
_SIZE_PREFIX: Final = 4


@dataclass(frozen=True, slots=True)
class FlatTable:
    """Fields by number: a text, a table, a list of tables, or a number with its format, e.g. ``("H", 0)``."""

    fields: Mapping[int, Any]


def buffer_of(root: FlatTable) -> bytes:
    """Return a buffer led by its size."""
    buffer = bytearray(_UINT.size)
    _write(buffer, 0, root)
    return _UINT.pack(len(buffer)) + bytes(buffer)


def _write(buffer: bytearray, at: int, table: FlatTable) -> None:
    """Append a table, and point to it from a place before."""
    count = max(table.fields) + 1
    _align(buffer, 4)
    offsets = len(buffer)
    buffer += bytes(4 + 2 * count)
    # Eight is the largest number that a table holds; as in every FlatBuffer, counted with the size in front.
    _align(buffer, 8, ahead=_SIZE_PREFIX)
    start = len(buffer)
    buffer += struct.pack("<i", start - offsets)
    pointing = []
    for number, value in sorted(table.fields.items()):
        form, content = value if isinstance(value, tuple) else ("I", 0)
        size = struct.calcsize(form)
        _align(buffer, size, ahead=_SIZE_PREFIX)
        struct.pack_into("<H", buffer, offsets + 4 + 2 * number, len(buffer) - start)
        if not isinstance(value, tuple):
            pointing.append((len(buffer), value))
        buffer += struct.pack(f"<{form}", content)
    struct.pack_into("<HH", buffer, offsets, 4 + 2 * count, len(buffer) - start)
    _UINT.pack_into(buffer, at, start - at)
    for place, value in pointing:
        _point(buffer, place, value)


def _point(buffer: bytearray, at: int, value: Any) -> None:
    if isinstance(value, FlatTable):
        _write(buffer, at, value)
        return
    _align(buffer, 4)
    _UINT.pack_into(buffer, at, len(buffer) - at)
    if isinstance(value, str):
        text = value.encode()
        buffer += _UINT.pack(len(text)) + text + b"\0"
        return
    vector = len(buffer)
    buffer += _UINT.pack(len(value)) + bytes(4 * len(value))
    for number, each in enumerate(value):
        _write(buffer, vector + 4 + 4 * number, each)


def _align(buffer: bytearray, size: int, *, ahead: int = 0) -> None:
    buffer += bytes(-(len(buffer) + ahead) % size)
