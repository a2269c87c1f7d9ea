"""Files of OpenStreetMap as people have them: packed in any way, under any name, in any order of their ids.

GDAL reads XML, and blocks of PBF that are plain or packed by zlib. What else there is comes here first: whole files
packed by bzip2 or xz are unpacked, blocks packed by lzma, lz4 or zstd are written anew, plain. Histories are no towns.
"""

import bz2
import gzip
import lzma
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from boundaries.text.encodings import DAMAGED
from boundaries.text.xml import after_prolog, as_ascii
from geogrid.errors import InvalidInputError

SUFFIXES: Final = (".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.xz", ".osh", ".osh.gz", ".osh.bz2")
"""Names of extracts end so; others are known by their content."""

MOST_BYTES: Final = 16 << 30
"""What a packed file may come to."""

_PACKINGS: Final[Mapping[bytes, Callable[[Path], Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_OWN_TO_GDAL: Final = b"\x1f\x8b"
_HEAD_BYTES: Final = 4_096
_PIECE_BYTES: Final = 1 << 20
_MOST_BLOB_BYTES: Final = 32 << 20
"""By the format: a block that says more is none."""
_RAW, _RAW_SIZE, _ZLIB, _LZMA, _LZ4, _ZSTD = 1, 2, 3, 4, 6, 7
_NAMES: Final = {_LZ4: "lz4_raw", _ZSTD: "zstd"}
_BYTES, _VARINT = 2, 0
_HISTORY: Final = b"HistoricalInformation"
_XML: Final = re.compile(rb"<osm[\s>]")
_GONE: Final = re.compile(rb"visible=[\"']false[\"']")


def is_extract(path: Path) -> bool:
    """Return whether a file is an OpenStreetMap extract, by its content or, where that says nothing, by its name."""
    return path.name.lower().endswith(SUFFIXES) or _is_osm(_head(path))


@contextmanager
def openable(path: Path) -> Iterator[Path]:
    """Yield the path under which GDAL reads an extract: the file itself, or a copy of it unpacked.

    Raises
    ------
    InvalidInputError
        It is empty, a history, damaged, or too large.
    """
    if not path.is_file():
        yield path
        return
    head = _head(path)
    if not head:
        raise InvalidInputError.of(
            "unreadable", f"{path.name} is empty or damaged: it has no data.", "Download or export it again."
        )
    if _HISTORY in head or _GONE.search(head) or ".osh" in path.name.lower():
        raise InvalidInputError.of(
            "history",
            f"{path.name} holds the history of its objects, with what is gone and every former state.",
            "Take one moment of it, e.g. osmium time-filter town.osh.pbf -o town.osm.pbf.",
        )
    packing = _packing(path)
    if packing in (None, _OWN_TO_GDAL) and not _has_foreign_blocks(path, head):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="geogrid-") as folder:
        plain = Path(folder) / f"town{'.osm' if _is_xml(head) else '.osm.pbf'}"
        try:
            with _unpacked(path) as source, plain.open("wb") as target:
                (_copy if _is_xml(head) else _rewrite)(path.name, source, target)
        except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
            message = f"{path.name} is damaged or cut short: {str(error).rstrip('.')}."
            raise InvalidInputError.of("unreadable", message, DAMAGED) from error
        yield plain


def _packing(path: Path) -> bytes | None:
    with path.open("rb") as file:
        start = file.read(8)
    return next((magic for magic in _PACKINGS if start.startswith(magic)), None)


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    packing = _packing(path)
    with path.open("rb") if packing is None else _PACKINGS[packing](path) as file:
        yield file


def _head(path: Path) -> bytes:
    """Return the first bytes of a file, unpacked; of what is no file, or packed and damaged, none."""
    if not path.is_file():
        return b""
    try:
        with _unpacked(path) as file:
            return file.read(_HEAD_BYTES)
    except (OSError, EOFError, lzma.LZMAError):
        return b""


def _is_osm(head: bytes) -> bool:
    return b"OSMHeader" in head[4:32] or _is_xml(head)


def _is_xml(head: bytes) -> bool:
    return _XML.match(after_prolog(as_ascii(head))) is not None


def _copy(name: str, source: IO[bytes], target: IO[bytes]) -> None:
    while piece := source.read(_PIECE_BYTES):
        target.write(piece)
        _require_small(name, target)


def _require_small(name: str, target: IO[bytes]) -> None:
    if target.tell() > MOST_BYTES:
        raise InvalidInputError.of(
            "too-large",
            f"{name} comes to over {MOST_BYTES / 1e9:,.1f} GB when it is unpacked, which is the most.",
            "Cut the town out of it first, e.g. osmium extract.",
        )


# The format of PBF: a length, a header that names the kind and the size of what follows, and that, packed or not.


def _has_foreign_blocks(path: Path, head: bytes) -> bool:
    """Return whether a PBF file has blocks that GDAL cannot unpack; all blocks of a file are packed alike."""
    if b"OSMHeader" not in head[4:32]:
        return False
    try:
        with _unpacked(path) as source:
            packings = {packing for _, (_, blob) in zip(range(3), _blocks(source), strict=False)
                        for packing, value in _fields(blob) if isinstance(value, bytes)}  # fmt: skip
    except (OSError, EOFError, ValueError):
        return False  # GDAL says what is wrong with it
    return bool(packings & {_LZMA, _LZ4, _ZSTD})


def _rewrite(name: str, source: IO[bytes], target: IO[bytes]) -> None:
    for kind, blob in _blocks(source):
        plain = _field(_RAW, _plain(dict(_fields(blob))))
        header = _field(1, kind) + _number(3 << 3 | _VARINT) + _number(len(plain))
        target.write(len(header).to_bytes(4, "big") + header + plain)
        _require_small(name, target)


def _blocks(source: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    while start := source.read(4):
        header = dict(_fields(_exactly(source, int.from_bytes(start, "big"))))
        kind, size = header.get(1), header.get(3)
        if not isinstance(kind, bytes) or not isinstance(size, int):
            raise ValueError("a block has no size")  # noqa: TRY004 - the file is wrong, not its type
        yield kind, _exactly(source, size)


def _exactly(source: IO[bytes], size: int) -> bytes:
    if size > _MOST_BLOB_BYTES:
        raise ValueError(f"a block of {size:,} bytes, {_MOST_BLOB_BYTES:,} are the most")
    found = source.read(size)
    if len(found) < size:
        raise EOFError("its last block is not whole")
    return found


def _plain(blob: dict[int, bytes | int]) -> bytes:
    """Return what a blob holds, unpacked."""
    import pyarrow as pa

    size = blob.get(_RAW_SIZE, 0)
    for packing, value in blob.items():
        if not isinstance(value, bytes) or not isinstance(size, int) or not 0 <= size <= _MOST_BLOB_BYTES:
            continue
        if packing == _RAW:
            return value
        if packing == _LZMA:
            return lzma.decompress(value)
        if packing == _ZLIB:
            return zlib.decompress(value)
        if packing in _NAMES:
            return bytes(pa.Codec(_NAMES[packing]).decompress(value, size, asbytes=True))
    raise ValueError("a block is packed in a way that is not known")


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield number and value of each field of a message of Protocol Buffers; only numbers and bytes occur here."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        value, place = _varint(message, place)
        if key & 7 == _VARINT:
            yield key >> 3, value
        elif key & 7 == _BYTES:
            yield key >> 3, message[place : place + value]
            place += value
        else:
            raise ValueError("a field of a kind that does not occur")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says whether more follows
            return value, place
        shift += 7
    raise EOFError("a number is not whole")


def _number(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _field(number: int, value: bytes) -> bytes:
    return _number(number << 3 | _BYTES) + _number(len(value)) + value
