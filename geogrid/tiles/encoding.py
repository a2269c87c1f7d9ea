"""Mapbox vector tiles written from arrays.

References
----------
Mapbox (2016). Vector Tile Specification, version 2.1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from struct import pack
from typing import Final

import numpy as np
import shapely

from geogrid.blocks.polygons import as_multi
from geogrid.tiles.matrices import EXTENT
from geogrid.types import GeometryArray, IntArray

Value = str | int | float | None

_MOVE_TO_ONE: Final = 9
_LINE_TO: Final = 2
_CLOSE_PATH: Final = 15
_POINT, _POLYGON = 1, 3
_MOST_BYTES: Final = 5
_SEVEN_BITS: Final = 0x7F
_MORE: Final = 0x80
_SMALL: Final = tuple(bytes((number,)) for number in range(_MORE))


@dataclass(frozen=True, slots=True)
class TileLayer:
    """A layer of a tile.

    Parameters
    ----------
    name : str
        As styles name it.
    ids : (n,) int64
        Identifiers of the features, not negative.
    shapes : (n,) of Polygon, MultiPolygon or Point
        Whole units of the tile; polygons or points, not both, and none of them empty.
    fields : mapping of str to sequence of n values
        Texts, numbers; None for none.
    """

    name: str
    ids: IntArray
    shapes: GeometryArray
    fields: Mapping[str, Sequence[Value]]


def encoded(layers: Sequence[TileLayer]) -> bytes:
    """Return a tile; layers without features are left out."""
    return b"".join(_chunk(3, _layer(layer)) for layer in layers if len(layer.ids))


def _layer(layer: TileLayer) -> bytes:
    is_area = shapely.get_dimensions(layer.shapes[0]) > 0
    geometries = _areas(layer.shapes) if is_area else _points(layer.shapes)
    kind = b"\x18" + _varint(_POLYGON if is_area else _POINT)
    keys = [name for name, column in layer.fields.items() if any(value is not None for value in column)]
    tags, values = _tags([layer.fields[name] for name in keys], len(layer.ids))
    parts = [b"\x78\x02", _chunk(1, layer.name.encode())]
    for number, own, drawn in zip(layer.ids.tolist(), tags, geometries, strict=True):
        described = _chunk(2, own) if own else b""  # GDAL takes a tile with an empty one for something else
        parts.append(_chunk(2, b"\x08" + _varint(number) + described + kind + _chunk(4, drawn)))
    parts += [_chunk(3, key.encode()) for key in keys]
    parts += values
    parts.append(b"\x28" + _varint(EXTENT))
    return b"".join(parts)


def _tags(columns: Sequence[Sequence[Value]], count: int) -> tuple[list[bytes], list[bytes]]:
    """Return for each feature the numbers of its keys and values, and the values, each once."""
    tags: list[list[bytes]] = []
    values: list[bytes] = []
    for key, column in enumerate(columns):
        packed: dict[Value, bytes] = {None: b""}
        head = _varint(key)
        for value in dict.fromkeys(column):
            if value is not None:
                packed[value] = head + _varint(len(values))
                values.append(_value(value))
        tags.append([packed[value] for value in column])
    return [b"".join(own) for own in zip(*tags, strict=True)] if tags else [b""] * count, values


def _value(value: str | float) -> bytes:
    """Return a value as it stands in a layer; there are many, so short texts are written at once."""
    if isinstance(value, str):
        text = value.encode()
        if len(text) < _MORE - 2:
            return b"\x22" + _SMALL[len(text) + 2] + b"\x0a" + _SMALL[len(text)] + text
        return _chunk(4, _chunk(1, text))
    if isinstance(value, float):
        return b"\x22\x09\x19" + pack("<d", value)
    return _chunk(4, b"\x30" + _varint(value << 1 if value >= 0 else ~(value << 1)))


def _points(shapes: GeometryArray) -> list[bytes]:
    xy = shapely.get_coordinates(shapes).astype(np.int64)
    stream = np.column_stack((np.full(len(xy), _MOVE_TO_ONE), _zigzag(xy))).ravel()
    return _sliced(stream, np.arange(len(xy) + 1) * 3)


def _areas(shapes: GeometryArray) -> list[bytes]:
    """Return the commands that draw each polygon: outlines clockwise as seen, holes against it."""
    _, coordinates, offsets = shapely.to_ragged_array(shapely.orient_polygons(as_multi(shapes)))
    to_ring, to_polygon, to_shape = (np.asarray(values, dtype=np.int64) for values in offsets)
    starts, lengths = to_ring[:-1], np.diff(to_ring) - 1  # a ring's last vertex is its first
    first_ring = to_polygon[to_shape]
    own_ring = np.repeat(np.arange(len(lengths)), lengths)
    inner = np.arange(len(own_ring)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    xy = coordinates[starts[own_ring] + inner].astype(np.int64)
    before = np.vstack(([[0, 0]], xy[:-1]))
    # Each shape begins at the corner of the tile; the pen stays where a ring ends.
    begins = (np.cumsum(lengths) - lengths)[first_ring[:-1]]
    before[begins] = 0
    moves = _zigzag(xy - before)
    # A ring is: move to, two numbers, line to, two numbers for each further vertex, close.
    places = np.concatenate(([0], np.cumsum(2 * lengths + 3)))
    stream = np.empty(places[-1], dtype=np.int64)
    stream[places[:-1]] = _MOVE_TO_ONE
    stream[places[:-1] + 3] = (lengths - 1) << 3 | _LINE_TO
    stream[places[1:] - 1] = _CLOSE_PATH
    at = places[own_ring] + 1 + 2 * inner + (inner > 0)
    stream[at], stream[at + 1] = moves[:, 0], moves[:, 1]
    return _sliced(stream, places[first_ring])


def _zigzag(numbers: IntArray) -> IntArray:
    return (numbers << 1) ^ (numbers >> 63)


def _sliced(numbers: IntArray, offsets: IntArray) -> list[bytes]:
    """Return numbers as varints, cut where each feature begins."""
    size = np.ones(len(numbers), dtype=np.int64)
    for more in range(1, _MOST_BYTES):
        size += numbers >= 1 << 7 * more
    ends = np.concatenate(([0], np.cumsum(size)))
    written = np.empty(ends[-1], dtype=np.uint8)
    for place in range(int(size.max(initial=1))):
        longer = size > place
        piece = numbers[longer] >> 7 * place & _SEVEN_BITS
        written[ends[:-1][longer] + place] = piece | np.where(size[longer] > place + 1, _MORE, 0)
    whole = written.tobytes()
    cuts = ends[offsets].tolist()
    return [whole[begin:end] for begin, end in pairwise(cuts)]


def _chunk(field: int, content: bytes) -> bytes:
    return _SMALL[field << 3 | 2] + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    if number < _MORE:
        return _SMALL[number]
    packed = bytearray()
    while number > _SEVEN_BITS:
        packed.append(number & _SEVEN_BITS | _MORE)
        number >>= 7
    packed.append(number)
    return bytes(packed)
