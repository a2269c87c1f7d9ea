"""Delimited text (CSV): what it is packed in, its encoding, delimiter and header, and what damage looks like.

Every reader of text tables starts here, so that all see the same file in the same way.
"""

import csv
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, AnyStr, Final

from boundaries.text.cells import unled
from boundaries.text.encodings import DAMAGED, is_wide, require_certain, settle_encoding, wrong_encoding
from boundaries.text.packed import open_bytes
from geogrid.errors import InvalidInputError

_DELIMITERS: Final = (",", ";", "\t", "|")
_QUOTED: Final = re.compile(r'"[^"]*"')
# Excel's own line before the header, e.g. "sep=;".
_STATED: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_LONGEST_HEAD: Final = 1 << 16
LONGEST_LINE: Final = 16 << 20
"""Characters: what is longer is no line of a table, and a packed file may have one of gigabytes."""
HEADER_WITHIN: Final = 10
"""The header is looked for in so many lines."""


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a table and the reader of its rows.

    Parameters
    ----------
    columns : tuple of str
        Names, trimmed.
    delimiter : str
        One character.
    above : int
        Lines before the header: titles, and the one that states the delimiter.
    is_below : bool
        Whether there are titles among them.
    reader : csv reader
        Stands before the first row; its ``line_num`` counts from the header on.
    """

    columns: tuple[str, ...]
    delimiter: str
    above: int
    is_below: bool
    reader: Any
    _lines: "_Remembered"

    @property
    def line(self) -> int:
        """Number of the line that the header begins in."""
        return self.above + 1

    @property
    def next_line(self) -> int:
        """Number of the line that the next row begins in."""
        self._lines.forget()
        return self.above + int(self.reader.line_num) + 1

    def last_text(self) -> str:
        """Return the lines that were read since `next_line` was asked for, as they stand."""
        return self._lines.text()


def encoding_of(path: Path, encoding: str | None) -> str:
    """Return the encoding of a file; raises as `settle_encoding`, and where the file is damaged."""
    with damage(path), open_bytes(path) as file:
        line = file.readline(_LONGEST_HEAD)
        settled = settle_encoding(path.name, line, encoding)
        if not settled.endswith("-sig") and not is_wide(settled):
            require_certain(path.name, line + file.read(_LONGEST_HEAD).rpartition(b"\n")[0], encoding)
        return settled


@contextmanager
def narrow_text(path: Path, encoding: str | None) -> Iterator[tuple[Path, str]]:
    """Yield a file whose rows can be told apart as bytes, and its encoding; raises as `encoding_of`.

    That is the file itself, or a copy in UTF-8 with a mark, of the same name, where characters take two or four bytes
    or lines end with a carriage return alone, as old programs write them.
    """
    settled = encoding_of(path, encoding)
    with damage(path), open_bytes(path) as file:
        head = file.readline(_LONGEST_HEAD)
    is_returned = b"\r" in head[:-1] and b"\n" not in head
    if not (is_wide(settled) or is_returned):
        yield path, settled
        return
    with TemporaryDirectory(prefix="geogrid-") as folder:
        copy = Path(folder) / path.name
        with (
            damage(path),
            open_bytes(path) as file,
            io.TextIOWrapper(file, settled, newline="") as text,
            copy.open("w", encoding="utf-8-sig", newline="") as target,
        ):
            for line in bounded_lines(path, text):
                target.write(f"{line[:-1]}\n" if is_returned and line.endswith("\r") else line)
        yield copy, "utf-8-sig"


def bounded_lines(path: Path, file: IO[AnyStr]) -> Iterator[AnyStr]:
    """Yield the lines of a text, decoded or not; raises `InvalidInputError` at one without end."""
    while line := file.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise endless_line(path)
        yield line


def endless_line(path: Path) -> InvalidInputError:
    """Return the refusal of a file for a line that is no row."""
    return InvalidInputError.of(
        "too-large",
        f"{path.name} has a line of over {LONGEST_LINE:,} characters: that is no row of a table.",
        "Check the export: rows end with a line feed, and quoted cells are closed.",
    )


def read_header(path: Path, lines: Iterator[str], wanted: Sequence[str] = ()) -> Header:
    """Read the header from the lines of a text, ends of lines included.

    Parameters
    ----------
    path : Path
        For messages.
    lines : iterator of str
        Of the text, from its first line on.
    wanted : sequence of str
        Columns that will be asked for: the header is the first of ten lines that has them all, else the first that is
        no title, which has one cell where a line below has more.

    Raises
    ------
    InvalidInputError
        There is none, or it ends within quotes.
    """
    head = list(islice(lines, 1))
    statement = _STATED.fullmatch(head[0]) if head else None
    stated = statement.group(1) if statement else None
    first = int(stated is not None)
    head += islice(lines, HEADER_WITHIN)
    at = header_at([_cells(line, stated) for line in head[first:]], wanted) + first
    if not (head[at : at + 1] and head[at].strip()):
        raise InvalidInputError.of("empty", f"{path.name} has no header.", "The first line names the columns.")
    delimiter = stated or _delimiter(head[at])
    remembered = _Remembered(chain(head[at:], lines))
    reader = csv.reader(remembered, delimiter=delimiter, strict=True)
    try:
        names = next(reader)
    except csv.Error as error:
        raise broken_row(path, 1 + at, error) from error
    return Header(tuple(unled(name.strip()) for name in names), delimiter, at, at > first, reader, remembered)


def header_at(head: Sequence[Sequence[str]], wanted: Sequence[str]) -> int:
    """Return which of the first rows of a table is its header: the one with all that is wanted, else no title.

    Parameters
    ----------
    head : sequence of sequence of str
        Cells, trimmed.
    wanted : sequence of str
        Columns that will be asked for.
    """
    if wanted:
        found = next((at for at, cells in enumerate(head) if set(wanted) <= set(cells)), None)
        if found is not None:
            return found
    filled = [sum(map(bool, cells)) for cells in head]
    first = next((at for at, count in enumerate(filled) if count), 0)
    return next((at for at, count in enumerate(filled) if count > 1), first)


def _cells(line: str, stated: str | None) -> list[str]:
    try:
        names = next(csv.reader([line], delimiter=stated or _delimiter(line)), [])
    except csv.Error:
        return []
    # A name that goes on in the next line is one of a header: no title is quoted so.
    return [unled(name.strip()) for name in names] + ["\n"] * (line.count('"') % 2)


class _Remembered:
    """Lines on their way to a reader, kept until they are forgotten: a row that cannot be read is told as it stands."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._source = lines
        self._kept: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self._kept.append(line)
        return line

    def forget(self) -> None:
        self._kept.clear()

    def text(self) -> str:
        return "".join(self._kept)


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
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
        raise InvalidInputError.of("truncated", f"{path.name} is damaged or cut short: {error}.", DAMAGED) from error
    except OSError as error:
        if error.errno is not None:
            raise
        # What a packed text says of itself has no number.
        raise InvalidInputError.of("truncated", f"{path.name} is damaged or cut short: {error}.", DAMAGED) from error
    except UnicodeError as error:
        raise wrong_encoding(path.name, error, line=bad_line(path, error)) from error


def bad_line(path: Path, error: UnicodeError) -> int | None:
    """Return the first line that cannot be decoded; None where lines cannot be told apart as bytes."""
    encoding = getattr(error, "encoding", "")
    if not encoding or is_wide(encoding):
        return None
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return number
    return None
