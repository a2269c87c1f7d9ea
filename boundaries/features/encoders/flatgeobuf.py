"""Features as FlatGeobuf 3, each written as soon as it is read.

Coordinates are copied from the WKB as they are. There is no spatial index, which would have to come before the first
feature and so would need all of them.

References
----------
Harrtell, B. (2018). FlatGeobuf specification, files header.fbs and feature.fbs.
"""

import struct
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from boundaries.features.encoders.flatbuffer import FlatTable, buffer_of
from boundaries.features.encoders.layer import Batches, Layer, Row, shifted
from geogrid.editions.fields import Field

_MAGIC: Final = b"fgb\x03fgb\x01"
_GEOMETRY_TYPES: Final = {"Point": 1, "Polygon": 3, "MultiPolygon": 6}
_COLUMN_TYPES: Final = {"text": 11, "integer": 7, "number": 10, "moment": 13}
_UINT: Final = struct.Struct("<I")
_FLAT_HEADER: Final = 9  # of WKB: byte order, type, number of parts or rings
_POINT_HEADER: Final = 5

# A feature's buffer begins the same way each time: root, then the tables of offsets that its tables share.
_FEATURE_FIELDS: Final = struct.pack("<4H", 8, 12, 4, 8)
_POLYGON_FIELDS: Final = struct.pack("<10H", 18, 16, 4, 8, 0, 0, 0, 0, 12, 0)
_MULTI_FIELDS: Final = struct.pack("<10H", 20, 12, 0, 0, 0, 0, 0, 0, 8, 4)
_POINT_FIELDS: Final = struct.pack("<10H", 18, 12, 0, 4, 0, 0, 0, 0, 8, 0)
_PREFIX: Final = 4 + len(_FEATURE_FIELDS) + len(_POLYGON_FIELDS) + len(_MULTI_FIELDS) + len(_POINT_FIELDS)
_AT_FEATURE, _AT_POLYGON, _AT_MULTI, _AT_POINT = 4, 12, 32, 52
_HEAD: Final = _UINT.pack(_PREFIX) + _FEATURE_FIELDS + _POLYGON_FIELDS + _MULTI_FIELDS + _POINT_FIELDS


def encode(batches: Batches, layer: Layer) -> Iterator[bytes]:
    """Yield the header, then the features of each batch."""
    yield _MAGIC + _header(layer)
    columns = [(place, field) for place, field in enumerate(_columns(layer))]
    for rows in shifted(batches, layer):
        yield b"".join(_feature(row, columns) for row in rows)


def _columns(layer: Layer) -> tuple[Field, ...]:
    identifier = Field("id", "integer" if layer.integer_id else "text", "Identifier")
    return (identifier, *layer.fields)


def _header(layer: Layer) -> bytes:
    columns = [
        FlatTable({0: field.name, 1: ("B", _COLUMN_TYPES[field.kind]), 2: field.title}) for field in _columns(layer)
    ]
    fields: dict[int, Any] = {0: layer.name, 2: ("B", _GEOMETRY_TYPES[layer.geometry]), 7: columns, 9: ("H", 0)}
    if layer.coord_type == "wgs84":  # shifted coordinates are in no system that has a name
        fields[10] = FlatTable({0: "EPSG", 1: ("i", layer.system.srid)})
    if layer.count:
        fields[8] = ("Q", layer.count)
    return buffer_of(FlatTable(fields))


def _feature(row: Row, columns: list[tuple[int, Field]]) -> bytes:
    properties = _properties(row, columns)
    buffer = bytearray(_HEAD)
    table = len(buffer)
    buffer += struct.pack("<iII", table - _AT_FEATURE, 0, 12 - 8)
    buffer += _UINT.pack(len(properties)) + properties
    _pad(buffer, 4, 0)
    if row[1] is not None:
        _UINT.pack_into(buffer, table + 4, len(buffer) - (table + 4))
        _geometry(buffer, memoryview(row[1]))
    else:
        # An offset of nothing: the field is left out by a table of offsets of its own.
        struct.pack_into("<i", buffer, table, table - len(buffer))
        buffer += struct.pack("<4H", 8, 12, 0, 8)
    return _UINT.pack(len(buffer)) + bytes(buffer)


def _properties(row: Row, columns: list[tuple[int, Field]]) -> bytes:
    found = bytearray()
    for place, field in columns:
        value = row[0] if place == 0 else row[place + 1]
        if value is None:
            continue
        if field.kind == "integer":
            found += struct.pack("<Hq", place, int(value))
        elif field.kind == "number":
            found += struct.pack("<Hd", place, value)
        else:
            text = (value.isoformat() if isinstance(value, datetime) else str(value)).encode()
            found += struct.pack("<HI", place, len(text)) + text
    return bytes(found)


def _geometry(buffer: bytearray, wkb: memoryview) -> None:
    """Append the geometry of a WKB in the order of bytes of this machine's database: little-endian."""
    kind = _UINT.unpack_from(wkb, 1)[0]
    if kind == _GEOMETRY_TYPES["Point"]:
        table = len(buffer)
        buffer += struct.pack("<iIBxxx", table - _AT_POINT, 0, kind)
        _coordinates(buffer, table + 4, [wkb[_POINT_HEADER : _POINT_HEADER + 16]])
    elif kind == _GEOMETRY_TYPES["Polygon"]:
        _polygon(buffer, wkb, 0)
    else:
        _multipolygon(buffer, wkb)


def _multipolygon(buffer: bytearray, wkb: memoryview) -> None:
    table, parts = len(buffer), _UINT.unpack_from(wkb, _POINT_HEADER)[0]
    buffer += struct.pack("<iIBxxx", table - _AT_MULTI, 8, _GEOMETRY_TYPES["MultiPolygon"])
    vector = len(buffer)
    buffer += _UINT.pack(parts) + bytes(4 * parts)
    place = _FLAT_HEADER
    for part in range(parts):
        at = vector + 4 + 4 * part
        _UINT.pack_into(buffer, at, len(buffer) - at)
        place = _polygon(buffer, wkb, place)


def _polygon(buffer: bytearray, wkb: memoryview, place: int) -> int:
    """Append the polygon at a place of the WKB and return where it ends."""
    rings = _UINT.unpack_from(wkb, place + _POINT_HEADER)[0]
    place += _FLAT_HEADER
    ends, points, total = [], [], 0
    for _ in range(rings):
        count = _UINT.unpack_from(wkb, place)[0]
        points.append(wkb[place + 4 : place + 4 + 16 * count])
        place += 4 + 16 * count
        total += count
        ends.append(total)
    table = len(buffer)
    buffer += struct.pack("<iIIBxxx", table - _AT_POLYGON, 12, 0, _GEOMETRY_TYPES["Polygon"])
    buffer += struct.pack(f"<{rings + 1}I", rings, *ends)
    _coordinates(buffer, table + 8, points)
    return place


def _coordinates(buffer: bytearray, at: int, points: list[memoryview]) -> None:
    """Append a vector of doubles, and point to it from a place before; eight bytes apart from the start of the file."""
    _pad(buffer, 8, 4 + 4)
    _UINT.pack_into(buffer, at, len(buffer) - at)
    buffer += _UINT.pack(sum(map(len, points)) // 8)
    for each in points:
        buffer += each


def _pad(buffer: bytearray, size: int, ahead: int) -> None:
    buffer += bytes(-(len(buffer) + ahead) % size)
