"""What an Arrow stream becomes, read from its heads before anything is decompressed.

References
----------
Apache Arrow, Columnar Format, 1.5: Message.fbs; a compressed buffer begins with its length as it was, 64 bits, -1 where
it is stored as it is.
"""

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from geogrid.errors import InvalidInputError

if TYPE_CHECKING:
    import pyarrow as pa

_DICTIONARY, _RECORDS = 2, 3
_HEADER_TYPE, _HEADER = 1, 2
_LENGTH, _BUFFERS, _COMPRESSION = 0, 2, 3
_OF_DICTIONARY: Final = 1
_BUFFER_BYTES: Final = 16


def sizes_of(message: "pa.ipc.Message") -> tuple[int, int]:
    """Return the rows of a message and its bytes when decompressed.

    Raises
    ------
    ValueError
        Its head contradicts itself.
    """
    try:
        return _sizes(memoryview(message.metadata).cast("B"), message)
    except (struct.error, IndexError) as error:
        raise ValueError(f"a head that cannot be read ({error})") from error


def require_bounded(path: Path, mapped: "pa.MemoryMappedFile", *, most_bytes: int, most_message_bytes: int) -> None:
    """Refuse an Arrow file or stream that would become too large, before anything of it is decompressed.

    Parameters
    ----------
    path : Path
        Its name is told.
    mapped : pyarrow.MemoryMappedFile
        At its first message; it is there again afterwards.
    most_bytes, most_message_bytes : int
        What all messages, and one, may come to.

    Raises
    ------
    InvalidInputError
        It becomes larger.
    """
    import pyarrow as pa

    begin, whole = mapped.tell(), 0
    for number, message in enumerate(pa.ipc.MessageReader.open_stream(mapped)):
        size = sizes_of(message)[1]
        whole += size
        for what, count, most in (
            (f"Message {number} of {path.name}", size, most_message_bytes),
            (path.name, whole, most_bytes),
        ):
            if count > most:
                raise too_large(what, count, most)
    mapped.seek(begin)


def too_large(what: str, size: int, most: int) -> InvalidInputError:
    """Return the refusal of what comes to more than it may."""
    sizes = f"comes to {size / 1e6:,.0f} MB when it is unpacked; {most / 1e6:,.0f} MB are the most"
    return InvalidInputError.of("too-large", f"{what} {sizes}.", "Write it in several files, or with less in a cell.")


def _sizes(head: memoryview, message: "pa.ipc.Message") -> tuple[int, int]:
    root = _unsigned(head, 0)
    kind_at, header_at = _field(head, root, _HEADER_TYPE), _field(head, root, _HEADER)
    kind = head[kind_at] if kind_at else 0
    if kind not in {_DICTIONARY, _RECORDS} or not header_at or message.body is None:
        return 0, 0
    records = header_at + _unsigned(head, header_at)
    if kind == _DICTIONARY:
        data_at = _field(head, records, _OF_DICTIONARY)
        records = data_at + _unsigned(head, data_at)
    length_at, buffers_at = _field(head, records, _LENGTH), _field(head, records, _BUFFERS)
    rows = struct.unpack_from("<q", head, length_at)[0] if length_at else 0
    if not _field(head, records, _COMPRESSION) or not buffers_at:
        return rows, message.body.size
    body, vector = memoryview(message.body).cast("B"), buffers_at + _unsigned(head, buffers_at)
    total = 0
    for number in range(_unsigned(head, vector)):
        offset, length = struct.unpack_from("<qq", head, vector + 4 + number * _BUFFER_BYTES)
        if length > 0:
            plain = struct.unpack_from("<q", body, offset)[0]
            if plain < -1:
                raise ValueError("a buffer of a negative length")
            total += length if plain == -1 else plain
    return rows, total


def _unsigned(head: memoryview, place: int) -> int:
    found: int = struct.unpack_from("<I", head, place)[0]
    return found


def _field(head: memoryview, table: int, number: int) -> int:
    """Return where a field of a flatbuffers table stands, 0 where it is left out."""
    vtable = table - struct.unpack_from("<i", head, table)[0]
    at = 4 + 2 * number
    if at >= struct.unpack_from("<H", head, vtable)[0]:
        return 0
    offset = struct.unpack_from("<H", head, vtable + at)[0]
    return table + offset if offset else 0
