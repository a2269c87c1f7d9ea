"""What GDAL does not say of a Shapefile: that it is cut short, and that nobody knows its encoding."""

import codecs
import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

from boundaries.text.encodings import NAME_ENCODING, is_utf8, readings, require_certain
from geogrid.errors import InvalidInputError, Problem

_SHP_WORD_BYTES = 2
_SHP_LENGTH_AT = 24
_MOST_TABLE_BYTES = 256 << 20
"""Of the texts so many bytes tell the encoding; an archive may hold gigabytes of blanks."""
_MOST_CPG_BYTES = 1_024
_DBF_HEADER_BYTES = 32
_DBF_LANGUAGE_AT = 29
_DBF_FIELDS_END = 0x0D
# Language driver 0 says nothing and 0x57 says "the writer's own code page": both leave the encoding open.
_DBF_OPEN_LANGUAGES = (0x00, 0x57)
_DBF_LANGUAGES = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x4D: "gbk",
    0x4E: "cp949",
    0x4F: "big5",
    0x50: "cp874",
    0x64: "cp852",
    0x65: "cp866",
    0x7A: "gbk",
    0x78: "big5",
    0x7B: "cp932",
    0xC8: "cp1250",
    0xC9: "cp1251",
}
_OPEN_WORDS = frozenset({"OEM", "ANSI", "SYSTEM", "DEFAULT"})
_CODE_PAGE = re.compile(r"(?:ANSI|OEM|CP|WINDOWS|MS)?[ _-]?([0-9]{3,5})")
_CODE_PAGES = {"936": "gbk", "950": "big5", "65001": "utf-8", "54936": "gb18030", "88591": "latin-1"}


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


def dbf_cut_short(path: Path) -> Problem | None:
    """Return the problem of a DBF table that has fewer bytes than its header promises; of an archive GDAL says it."""
    if path.suffix.lower() != ".dbf":
        return None
    promised = _promised_dbf_bytes(path)
    return truncated(path, promised) if path.stat().st_size < promised else None


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


def require_encoding(path: Path, layer: str | None, encoding: str) -> bool:
    """Return whether a file is a Shapefile or DBF table, whose texts may be in the encoding that a user names.

    Raises
    ------
    InvalidInputError
        They are UTF-8, and another is named.
    """
    found = _table_of(path, layer)
    if found is None or len(found.table) < _DBF_HEADER_BYTES:
        return False
    require_certain(path.name, b"\n".join(_texts(found.table)), encoding)
    return True


def settle_encoding(path: Path, layer: str | None = None) -> str | None:
    """Return the encoding to read the text of a Shapefile in, lone, in a folder or in an archive.

    What a ``.cpg`` file or the header of the table states counts where the text is in it; where neither states any, or
    only the writer's own code page, UTF-8 is tried. None leaves other formats to GDAL. Of several layers in a folder or
    an archive each has its own.

    Raises
    ------
    UnicodeError
        The text is in none of them; its arguments are how it reads in others, as a sentence, and the encoding that
        is stated, each empty for none.
    InvalidInputError
        Nothing is stated, and the text can be of two encodings.
    """
    found = _table_of(path, layer)
    if found is None or len(found.table) < _DBF_HEADER_BYTES:
        return None
    stated = _stated(found)
    texts = _texts(found.table)
    for text in texts:
        if not _is_in(text, stated or "utf-8"):
            raise UnicodeError(readings(text, "it would begin"), stated or "")
    if stated is None:
        require_certain(path.name, b"\n".join(texts))
    return stated or "UTF-8"


def settled_encoding(path: Path, layer: str | None = None) -> str | None:
    """Return the encoding of a Shapefile or DBF table as `settle_encoding` does; raises `InvalidInputError`."""
    try:
        return settle_encoding(path, layer)
    except UnicodeError as error:
        reads, stated = error.args
        why = f"{path.name} has no .cpg file that states its encoding, and its text is not UTF-8."
        if stated:
            why = f"The text of {path.name} is not in the encoding {stated} that it states."
        raise InvalidInputError.of("encoding", f"{why}{reads}", NAME_ENCODING) from error


@dataclass(frozen=True, slots=True)
class _Dbf:
    """The table of a Shapefile and what its ``.cpg`` file says; None where there is none."""

    table: bytes
    cpg: str | None


def _table_of(path: Path, layer: str | None) -> _Dbf | None:
    if path.suffix.lower() == ".zip" and path.is_file():
        with zipfile.ZipFile(path) as archive:
            members = {name.lower(): name for name in archive.namelist()}
            tables = [name for name in members if name.endswith(".dbf") and not name.startswith("__macosx/")]
            named = f"{layer or ''}.dbf".lower()
            table = next((name for name in tables if name.rpartition("/")[2] == named), (*tables, None)[0])
            if table is None:
                return None
            cpg = members.get(f"{table.removesuffix('.dbf')}.cpg")
            with archive.open(members[table]) as file:
                head = file.read(_MOST_TABLE_BYTES)
            if cpg is None:
                return _Dbf(head, None)
            with archive.open(cpg) as file:
                return _Dbf(head, file.read(_MOST_CPG_BYTES).decode("latin-1"))
    if path.is_dir():
        shapes = sorted(each for each in path.iterdir() if each.suffix.lower() == ".shp")
        chosen = next((each for each in shapes if each.stem == layer), (*shapes, None)[0])
        return _table_of(chosen, layer) if chosen is not None else None
    table_file = companion(path, ".dbf") if path.suffix.lower() in {".shp", ".dbf"} else None
    if table_file is None:
        return None
    says = companion(path, ".cpg")
    with table_file.open("rb") as file:
        head = file.read(_MOST_TABLE_BYTES)
    return _Dbf(head, None if says is None else says.read_bytes()[:_MOST_CPG_BYTES].decode("latin-1"))


def _stated(found: _Dbf) -> str | None:
    """Return the encoding that is stated, None where it is left open or no program knows it."""
    word = "" if found.cpg is None else found.cpg.strip().strip("\x00\ufeffï»¿").upper()
    if not word or word in _OPEN_WORDS:
        language = found.table[_DBF_LANGUAGE_AT]
        return None if language in _DBF_OPEN_LANGUAGES else _DBF_LANGUAGES.get(language)
    number = _CODE_PAGE.fullmatch(word)
    name = _CODE_PAGES.get(number[1], f"cp{number[1]}") if number else word
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _is_in(text: bytes, encoding: str) -> bool:
    if codecs.lookup(encoding).name == "utf-8":
        return is_utf8(text)
    try:
        codecs.getincrementaldecoder(encoding)().decode(text)
    except UnicodeDecodeError:
        return False
    return True


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
    while at + _DBF_HEADER_BYTES <= min(header_bytes, len(content)) and content[at] != _DBF_FIELDS_END:
        names.append(content[at : at + 11].partition(b"\0")[0])
        width = content[at + 16]
        if content[at + 11 : at + 12] == b"C":
            fields.append((offset, width))
        offset += width
        at += _DBF_HEADER_BYTES
    # The header may promise more records than there are.
    end = min(header_bytes + records * record_bytes, len(content) - record_bytes + 1)
    values = (
        content[start + offset : start + offset + width].rstrip(b" \0")
        for start in range(header_bytes, end, max(record_bytes, 1))
        for offset, width in fields
    )
    return [text for text in (*names, *values) if not text.isascii()]
