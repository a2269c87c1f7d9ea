"""Tables as their readers hand them out: chunks of text cells, with the line that each row stands in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any, Final

from geogrid.errors import InvalidInputError, Problem

ROWS_A_CHUNK: Final = 5_000
_NUL: Final = "\0"
_EXACT: Final = 10**15


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a table.

    Parameters
    ----------
    lines : list of int
        Line of the file (row of the sheet, row of the table) that each row begins in.
    rows : list of list of str
        Cells as text; as many as the header has, unless `faults` says otherwise.
    faults : dict of int to str
        What is wrong with the row at a position.
    missing : frozenset of str
        Words that stand for an empty cell; in `rows` they are as they were.
    """

    lines: list[int]
    rows: list[list[str]]
    faults: dict[int, str]
    missing: frozenset[str] = frozenset()

    def column(self, position: int) -> list[str]:
        """Return the trimmed cells of a column; empty for rows that are too short, and for words of `missing`."""
        cells = [row[position].strip() if position < len(row) else "" for row in self.rows]
        return ["" if cell in self.missing else cell for cell in cells] if self.missing else cells


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is open for reading once.

    Parameters
    ----------
    columns : tuple of str
        Names of the header.
    total : int
        Number of rows; of a CSV file the number of its lines, which is near it.
    chunks : iterator of Chunk
        The rows in order.
    notes : tuple of str
        Sentences on what was found and settled: where the header is, which sheet was taken.
    """

    columns: tuple[str, ...]
    total: int
    chunks: Iterator[Chunk]
    notes: tuple[str, ...] = ()

    def checked(self, missing: Iterable[str] = ()) -> "Table":
        """Return the table with rows of null characters, which the store cannot hold, as faults.

        Parameters
        ----------
        missing : iterable of str
            Words that stand for an empty cell, e.g. ``NULL``.
        """
        words = frozenset(missing)
        return replace(self, chunks=(_checked(chunk, words) for chunk in self.chunks))


def _checked(chunk: Chunk, missing: frozenset[str]) -> Chunk:
    for which, row in enumerate(chunk.rows):
        if any(_NUL in cell for cell in row):
            chunk.faults.setdefault(which, "a cell has a null character")
    return replace(chunk, missing=missing) if missing else chunk


def cell_text(value: Any) -> str:
    """Return a typed cell as the text that a CSV file would have.

    Floats from 10^15 on are written with an exponent, as Excel does: their last digits are not those of the number that
    was meant.
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        return ""
    if isinstance(value, float):
        if abs(value) >= _EXACT:
            return f"{value:.15G}"
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, datetime | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def settled_header(name: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the trimmed names of a header; raises `InvalidInputError` where there are none, or some twice."""
    columns = tuple(name.strip() for name in names)
    if not any(columns):
        raise InvalidInputError.of("empty", f"{name} has no header.", "The first line names the columns.")
    repeated = sorted({column for column in columns if column and columns.count(column) > 1})
    if repeated:
        raise InvalidInputError(
            Problem("repeated-column", f"{name} has column {column!r} more than once.", "Rename one.", subject=column)
            for column in repeated
        )
    return columns
