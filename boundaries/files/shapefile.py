"""What GDAL does not say of a Shapefile: that it is cut short, and that nobody knows its encoding."""

import struct
from pathlib import Path

from boundaries.text.encodings import as_gbk, is_utf8
from geogrid.errors import Problem

_SHP_WORD_BYTES = 2
_SHP_LENGTH_AT = 24
_DBF_HEADER_BYTES = 32
_DBF_LANGUAGE_AT = 29
_DBF_FIELDS_END = 0x0D
# Language driver 0 says nothing and 0x57 says "the writer's own code page": both leave the encoding open.
_DBF_OPEN_LANGUAGES = (0x00, 0x57)


def cut_short(path: Path) -> Problem | None:
    """Return the problem of a Shapefile (or its DBF table) that has fewer bytes than its header promises."""
    with path.open("rb") as file:
        header = file.read(_SHP_LENGTH_AT + 4)
    promised = 0
    if len(header) == _SHP_LENGTH_AT + 4:
        promised = struct.unpack_from(">i", header, _SHP_LENGTH_AT)[0] * _SHP_WORD_BYTES
    if path.stat().st_size < max(promised, _SHP_LENGTH_AT + 4):
        return truncated(path, promised)
    table = companion(path, ".dbf")
    if table is None:
        return Problem(
            "missing-file",
            f"{path.with_suffix('.dbf').name} is missing: it holds the columns of {path.name}.",
            "A Shapefile is several files of one name (.shp, .shx, .dbf, .prj); copy them together.",
        )
    promised = _promised_dbf_bytes(table)
    return truncated(table, promised) if table.stat().st_size < promised else None


def truncated(path: Path, promised: int) -> Problem:
    """Return the problem of a file that ends too early."""
    return Problem(
        "truncated",
        f"{path.name} is cut short: it has {path.stat().st_size:,} bytes, and its header promises {promised:,}.",
        "Copy it again from where it came.",
    )


def companion(path: Path, suffix: str) -> Path | None:
    """Return the file beside a Shapefile that has this suffix in either case, if there is one."""
    for candidate in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if candidate.exists():
            return candidate
    return None


def settle_encoding(path: Path) -> str | None:
    """Return the encoding to read a Shapefile's text in; None leaves it to what the file states.

    Raises
    ------
    UnicodeError
        The file states no encoding and its text is not UTF-8; the message shows it as GBK, if it can be that.
    """
    table = companion(path, ".dbf")
    if table is None or companion(path, ".cpg") is not None:
        return None
    content = table.read_bytes()
    if len(content) < _DBF_HEADER_BYTES or content[_DBF_LANGUAGE_AT] not in _DBF_OPEN_LANGUAGES:
        return None
    for text in _texts(content):
        if not is_utf8(text):
            raise UnicodeError(as_gbk(text))
    return "UTF-8"


def _promised_dbf_bytes(table: Path) -> int:
    with table.open("rb") as file:
        header = file.read(_DBF_HEADER_BYTES)
    if len(header) < _DBF_HEADER_BYTES:
        return _DBF_HEADER_BYTES
    records, header_bytes, record_bytes = struct.unpack_from("<IHH", header, 4)
    return int(header_bytes + records * record_bytes)


def _texts(content: bytes) -> list[bytes]:
    """Return the names of the fields and then the values of the text fields that are not plain ASCII."""
    records, header_bytes, record_bytes = struct.unpack_from("<IHH", content, 4)
    fields = []
    offset = 1
    at = _DBF_HEADER_BYTES
    names = []
    while at + _DBF_HEADER_BYTES <= header_bytes and content[at] != _DBF_FIELDS_END:
        names.append(content[at : at + 11].partition(b"\0")[0])
        width = content[at + 16]
        if content[at + 11 : at + 12] == b"C":
            fields.append((offset, width))
        offset += width
        at += _DBF_HEADER_BYTES
    values = (
        content[start + offset : start + offset + width].rstrip(b" \0")
        for start in range(header_bytes, header_bytes + records * record_bytes, max(record_bytes, 1))
        for offset, width in fields
    )
    return [text for text in (*names, *values) if not text.isascii()]
