"""The index as one file: the only place under `geogrid` that touches files.

Layout, little-endian: magic, version, length and checksum of the header, length of the file; the header, a list
of sections, each with name, type, rows, columns and place; then the sections, each at a multiple of 64 bytes.
"""

import mmap
import os
import struct
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from geogrid.errors import GeogridError, InvalidInputError, NotFoundError
from geogrid.jit import Array

FilePath = str | os.PathLike[str]

MAGIC: Final = b"GeoGrid\x1a"
VERSION: Final = 1
_PREFIX: Final = struct.Struct("<8sIIIQ")
_SECTION: Final = struct.Struct("<16s4sQQQ")
_TYPES: Final = ("<f8", "<i8", "<i4")
_ALIGNMENT: Final = 64
_LONGEST_HEADER: Final = 1 << 16
_READABLE: Final = 0o644
_REBUILD: Final = "Build the index again and save it."


def write_sections(path: FilePath, sections: Mapping[str, Array]) -> None:
    """Write arrays of one or two dimensions to a file, all or nothing: a reader sees the old file or the new one.

    Raises
    ------
    GeogridError
        The file cannot be written.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                _write(file.fileno(), sections)
            temporary.chmod(_READABLE)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        raise GeogridError(f"The index cannot be saved as '{target}': {error.strerror}.") from error


def _write(descriptor: int, sections: Mapping[str, Array]) -> None:
    arrays = {name: np.ascontiguousarray(array, _little(array.dtype)) for name, array in sections.items()}
    at = _aligned(_PREFIX.size + _SECTION.size * len(arrays))
    header, places = b"", []
    for name, array in arrays.items():
        columns = array.shape[1] if array.ndim > 1 else 0
        header += _SECTION.pack(name.encode(), array.dtype.str.encode(), len(array), columns, at)
        places.append(at)
        at = _aligned(at + array.nbytes)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(_PREFIX.pack(MAGIC, VERSION, len(header), zlib.crc32(header), at))
        file.write(header)
        for place, array in zip(places, arrays.values(), strict=True):
            file.seek(place)
            file.write(array.reshape(-1).view(np.uint8).data)
        file.truncate(at)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can open folders."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_sections(path: FilePath) -> dict[str, Array]:
    """Map the arrays of a file into memory, read-only; pages are read when they are touched.

    Raises
    ------
    NotFoundError
        There is no such file.
    InvalidInputError
        The file is no index, is of a newer version, damaged in its header or cut short.
    """
    source = Path(path)
    try:
        with source.open("rb") as file:
            prefix = file.read(_PREFIX.size)
            length = os.fstat(file.fileno()).st_size
            header = file.read(_check_prefix(source, prefix, length))
            if zlib.crc32(header) != _PREFIX.unpack(prefix)[3]:
                raise _refused(source, "its header is damaged")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no index file '{source}'.") from error
    except OSError as error:
        raise GeogridError(f"The index file '{source}' cannot be read: {error.strerror}.") from error
    return dict(_section(source, mapped, fields) for fields in _SECTION.iter_unpack(header))


def _check_prefix(source: Path, prefix: bytes, length: int) -> int:
    """Return the length of the header."""
    if len(prefix) < _PREFIX.size or not prefix.startswith(MAGIC):
        raise _refused(source, "it does not begin as one")
    _, version, header, _, total = _PREFIX.unpack(prefix)
    if version > VERSION:
        raise _refused(source, f"it has format {version}, this GeoGrid reads up to {VERSION}", "Update GeoGrid.")
    if length != total:
        raise _refused(source, f"it is {length:,} bytes long instead of {total:,}, probably cut short")
    if header % _SECTION.size or header > _LONGEST_HEADER or _PREFIX.size + header > length:
        raise _refused(source, "its header is damaged")
    return int(header)


def _section(source: Path, mapped: mmap.mmap, fields: tuple[bytes, bytes, int, int, int]) -> tuple[str, Array]:
    name, kind, rows, columns, place = fields
    text = kind.rstrip(b"\0").decode("ascii", "replace")
    if text not in _TYPES:
        raise _refused(source, f"it holds data of an unknown type {text!r}")
    dtype = np.dtype(text)
    count = rows * max(columns, 1)
    if place % _ALIGNMENT or place + count * dtype.itemsize > len(mapped):
        raise _refused(source, "a part of it lies beyond its end")
    array = np.frombuffer(mapped, dtype, count, place) if count else np.empty(0, dtype)
    if columns:
        array = array.reshape(rows, columns)
    return name.rstrip(b"\0").decode("ascii", "replace"), array.astype(dtype.newbyteorder("="), copy=False)


def _refused(source: Path, reason: str, remedy: str = _REBUILD) -> InvalidInputError:
    return InvalidInputError.of("index-file", f"'{source}' is no usable index file: {reason}.", remedy)


def _little(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    return dtype.newbyteorder("<")


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
