"""Delimited text (CSV): what it is packed in, its encoding, delimiter and header, and what damage looks like.

Every reader of text tables starts here, so that all see the same file in the same way.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final, cast

from boundaries.text.cells import unled
from boundaries.text.encodings import DAMAGED, is_wide, settle_encoding, wrong_encoding
from geogrid.errors import InvalidInputError

SUFFIXES: Final = (".csv", ".tsv", ".txt")
_PACKED: Final = ".gz"
_COMPRESSION: Final = 5
_DELIMITERS: Final = (",", ";", "\t", "|")
_QUOTED: Final = re.compile(r'"[^"]*"')
# Excel's own line before the header, e.g. "sep=;".
_STATED: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_LONGEST_HEAD: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a table and the reader of its rows.

    Parameters
    ----------
    columns : tuple of str
        Names, trimmed.
    delimiter : str
        One character.
    stated : int
        Lines before the header: 1 where a line states the delimiter.
    reader : csv reader
        Stands before the first row; its ``line_num`` counts from the header on.
    """

    columns: tuple[str, ...]
    delimiter: str
    stated: int
    reader: Any

    @property
    def next_line(self) -> int:
        """Number of the line that the next row begins in."""
        return self.stated + int(self.reader.line_num) + 1


def is_delimited(path: Path) -> bool:
    """Return whether the name of a file says that it is delimited text, plain or gzip."""
    inner = path.with_suffix("") if path.suffix.lower() == _PACKED else path
    return inner.suffix.lower() in SUFFIXES


@contextmanager
def open_bytes(path: Path, mode: str = "rb") -> Iterator[IO[bytes]]:
    """Open the text of a file as bytes, plain or gzip."""
    if path.suffix.lower() == _PACKED:
        with gzip.open(path, mode, compresslevel=_COMPRESSION) as packed:
            yield cast("IO[bytes]", packed)
    else:
        with path.open(mode) as file:
            yield cast("IO[bytes]", file)


def encoding_of(path: Path, encoding: str | None) -> str:
    """Return the encoding of a file; raises as `settle_encoding`, and where the file is damaged."""
    with damage(path), open_bytes(path) as file:
        return settle_encoding(path.name, file.readline(_LONGEST_HEAD), encoding)


def narrow_encoding_of(path: Path, encoding: str | None) -> str:
    """Return the encoding of a file whose rows are told apart as bytes; raises as `encoding_of`, and for UTF-16."""
    settled = encoding_of(path, encoding)
    if is_wide(settled):
        raise InvalidInputError.of("encoding", f"Text in {settled} cannot be read row by row.", "Save it as UTF-8.")
    return settled


def read_header(path: Path, lines: Iterator[str]) -> Header:
    """Read the header from the lines of a text, ends of lines included.

    Raises
    ------
    InvalidInputError
        There is none, or it ends within quotes.
    """
    first = next(lines, "")
    stated = _STATED.fullmatch(first)
    if stated:
        first = next(lines, "")
    if not first.strip():
        raise InvalidInputError.of("empty", f"{path.name} has no header.", "The first line names the columns.")
    delimiter = stated.group(1) if stated else _delimiter(first)
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    try:
        names = next(reader)
    except csv.Error as error:
        raise broken_row(path, 1 + bool(stated), error) from error
    return Header(tuple(unled(name.strip()) for name in names), delimiter, int(bool(stated)), reader)


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=_QUOTED.sub("", header).count)


def is_cut_short(error: csv.Error) -> bool:
    """Return whether the text ended within a quoted cell."""
    return "end of data" in str(error)


def broken_row(path: Path, line: int, error: csv.Error) -> InvalidInputError:
    """Return the refusal of a file for a row that cannot be cut into cells."""
    if is_cut_short(error):
        message = f"{path.name} is cut short: it ends within the quoted cell of line {line}."
        return InvalidInputError.of("truncated", message, DAMAGED)
    return InvalidInputError.of("unreadable", f"{path.name}, line {line}: {error}.", DAMAGED)


@contextmanager
def damage(path: Path) -> Iterator[None]:
    """Turn what reading a text raises into a refusal."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInputError.of("truncated", f"{path.name} is damaged or cut short: {error}.", DAMAGED) from error
    except UnicodeError as error:
        raise wrong_encoding(path.name, error) from error
