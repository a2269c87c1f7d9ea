"""Tables in chunks of text: CSV (plain or gzip), Parquet and XLSX, with the line that each row stands in."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import IO, Any

import pandas as pd

from boundaries.text.cells import unled
from boundaries.text.delimited import (
    Header,
    broken_row,
    damage,
    encoding_of,
    is_cut_short,
    is_delimited,
    open_bytes,
    read_header,
)
from boundaries.text.encodings import DAMAGED
from geogrid.errors import InvalidInputError, Problem

ROWS_A_CHUNK = 5_000
_NUL = "\0"
_COUNTED_BYTES = 1 << 20
_LISTED = 20


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
    """

    lines: list[int]
    rows: list[list[str]]
    faults: dict[int, str]

    def column(self, position: int) -> list[str]:
        """Return the trimmed cells of a column; empty for rows that are too short."""
        return [row[position].strip() if position < len(row) else "" for row in self.rows]


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
    """

    columns: tuple[str, ...]
    total: int
    chunks: Iterator[Chunk]


@contextmanager
def open_table(path: Path, *, encoding: str | None = None, sheet: str | None = None) -> Iterator[Table]:
    """Open a table by what its name ends with.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.txt`` (each also with ``.gz``), ``.parquet`` or ``.xlsx``.
    encoding : str, optional
        Of a text file; without it what its mark says, else UTF-8.
    sheet : str, optional
        Of a workbook; needed where several have rows.

    Raises
    ------
    InvalidInputError
        There is no such file, it is none of these, or it is damaged; while rows are read also that it is cut short.
    """
    _require(path)
    suffix = path.suffix.lower()
    if suffix in {".parquet", ".pq"}:
        yield _checked(_parquet(path))
    elif suffix in {".xlsx", ".xlsm"}:
        yield _checked(_workbook(path, sheet))
    elif is_delimited(path):
        with _open_text(path, encoding) as file:
            yield _checked(_delimited(path, file))
    else:
        raise _refusal(
            "unreadable",
            f"{path.name} is no table that GeoGrid knows: it reads .csv, .csv.gz, .tsv, .parquet and .xlsx.",
            "Export it as one of them.",
        )


def read_frame(path: Path, *, encoding: str | None = None, sheet: str | None = None) -> pd.DataFrame:
    """Return a whole table as text; raises as `open_table`, and lists the rows that cannot be read."""
    rows: list[list[str]] = []
    problems: list[Problem] = []
    with open_table(path, encoding=encoding, sheet=sheet) as table:
        for chunk in table.chunks:
            rows += chunk.rows
            for which, fault in list(chunk.faults.items())[: _LISTED - len(problems)]:
                line = f"line {chunk.lines[which]}"
                problems.append(Problem("unreadable", f"{path.name}, {line}: {fault}.", "Correct it.", subject=line))
        columns = table.columns
    if problems:
        raise InvalidInputError(problems)
    return pd.DataFrame(rows, columns=list(columns), dtype=str)


def _checked(table: Table) -> Table:
    """Return a table whose rows with null characters, which the store cannot hold, are faults."""
    return replace(table, chunks=map(_without_nulls, table.chunks))


def _without_nulls(chunk: Chunk) -> Chunk:
    for which, row in enumerate(chunk.rows):
        if any(_NUL in cell for cell in row):
            chunk.faults.setdefault(which, "a cell has a null character")
    return chunk


def _require(path: Path) -> None:
    if not path.is_file():
        raise _refusal("no-file", f"There is no file {path}.", "Check the name; relative ones start at this folder.")
    if not path.stat().st_size:
        raise _refusal("empty", f"{path.name} is empty (0 bytes).", DAMAGED)


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what the readers raise into a refusal."""
    try:
        with damage(path):
            yield
    except zipfile.BadZipFile as error:
        raise _refusal("truncated", f"{path.name} is damaged or cut short, or no workbook.", DAMAGED) from error


def _guarded(path: Path, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Pass chunks on; damage that shows while they are read is a refusal."""
    while True:
        with _damage(path):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


@contextmanager
def _open_text(path: Path, encoding: str | None) -> Iterator[IO[str]]:
    settled = encoding_of(path, encoding)
    with open_bytes(path) as file, io.TextIOWrapper(file, settled, newline="") as lines:
        yield lines


def _delimited(path: Path, file: IO[str]) -> Table:
    with _damage(path):
        total = _count_lines(path)
        header = read_header(path, file)
    columns = _header(path, header.columns)
    return Table(columns, max(total - 1, 0), _guarded(path, _delimited_chunks(path, header)))


def _delimited_chunks(path: Path, header: Header) -> Iterator[Chunk]:
    chunk, width = Chunk([], [], {}), len(header.columns)
    while True:
        line = header.next_line
        row: list[str] = []
        try:
            row = next(header.reader)
        except StopIteration:
            break
        except csv.Error as error:
            if is_cut_short(error):
                raise broken_row(path, line, error) from error
            chunk.faults[len(chunk.rows)] = f"the line cannot be read: {error}"
        else:
            if not row:
                continue
            if len(row) != width:
                chunk.faults[len(chunk.rows)] = f"the line has {len(row)} cells, the header has {width}"
        chunk.lines.append(line)
        chunk.rows.append([unled(cell) if cell[:1] == "'" else cell for cell in row])
        if len(chunk.rows) == ROWS_A_CHUNK:
            yield chunk
            chunk = Chunk([], [], {})
    yield chunk


def _count_lines(path: Path) -> int:
    with open_bytes(path) as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_COUNTED_BYTES), b""))


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise _refusal("truncated", f"{path.name} is damaged or cut short, or no Parquet file.", DAMAGED) from error
    columns = _header(path, file.schema_arrow.names)
    return Table(columns, file.metadata.num_rows, _parquet_chunks(path, file))


def _parquet_chunks(path: Path, file: Any) -> Iterator[Chunk]:
    import pyarrow as pa

    line = 1
    try:
        for batch in file.iter_batches(batch_size=ROWS_A_CHUNK):
            columns = [[_cell_text(value) for value in column.to_pylist()] for column in batch.columns]
            rows = [list(row) for row in zip(*columns, strict=True)]
            yield Chunk(list(range(line, line + len(rows))), rows, {})
            line += len(rows)
    except (pa.ArrowInvalid, OSError) as error:
        raise _refusal("truncated", f"{path.name} is damaged: {str(error).splitlines()[0]}", DAMAGED) from error


def _workbook(path: Path, sheet: str | None) -> Table:
    import openpyxl

    try:
        with _damage(path):
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except KeyError as error:
        raise _refusal("unreadable", f"{path.name} is no workbook.", DAMAGED) from error
    names = list(book.sheetnames)
    if sheet is None and len(names) > 1:
        raise _refusal("which-sheet", f"{path.name} has {len(names)} sheets: {', '.join(names)}.", "Name one: --sheet.")
    if sheet is not None and sheet not in names:
        raise _refusal("no-sheet", f"{path.name} has no sheet {sheet!r}.", f"It has: {', '.join(names)}.")
    worksheet = book[sheet or names[0]]
    rows = worksheet.iter_rows(values_only=True)
    header = [_cell_text(value) for value in next(rows, ())]
    while header and not header[-1]:
        header.pop()
    columns = _header(path, header)
    return Table(columns, max((worksheet.max_row or 1) - 1, 0), _guarded(path, _sheet_chunks(rows, len(columns))))


def _sheet_chunks(rows: Iterator[tuple[Any, ...]], width: int) -> Iterator[Chunk]:
    chunk = Chunk([], [], {})
    for line, values in enumerate(rows, start=2):
        row = [_cell_text(value) for value in values[:width]]
        if not any(row):
            continue
        chunk.lines.append(line)
        chunk.rows.append(row + [""] * (width - len(row)))
        if len(chunk.rows) == ROWS_A_CHUNK:
            yield chunk
            chunk = Chunk([], [], {})
    yield chunk


def _cell_text(value: Any) -> str:
    """Return a typed cell as the text that a CSV file would have."""
    if value is None or value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _header(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    columns = tuple(name.strip() for name in names)
    if not any(columns):
        raise _refusal("empty", f"{path.name} has no header.", "The first line names the columns.")
    repeated = sorted({name for name in columns if name and columns.count(name) > 1})
    if repeated:
        raise InvalidInputError(
            Problem("repeated-column", f"{path.name} has column {name!r} more than once.", "Rename one.", subject=name)
            for name in repeated
        )
    return columns


def _refusal(kind: str, message: str, remedy: str) -> InvalidInputError:
    return InvalidInputError.of(kind, message, remedy)
