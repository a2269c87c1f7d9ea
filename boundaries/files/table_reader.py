"""Tables in chunks of text: CSV (plain or gzip), Parquet and XLSX, with the line that each row stands in."""

import codecs
import csv
import gzip
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import IO, Any

from geogrid.errors import InvalidInputError, Problem

ROWS_A_CHUNK = 5_000
_DELIMITERS = (",", ";", "\t", "|")
_DAMAGED = "Copy it again from where it came, or export it again."
_COUNTED_BYTES = 1 << 20


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
        Of a text file; without it UTF-8.
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
        yield _parquet(path)
    elif suffix in {".xlsx", ".xlsm"}:
        yield _workbook(path, sheet)
    elif suffix in {".csv", ".tsv", ".txt", ".gz"}:
        with _open_text(path, encoding) as file:
            yield _delimited(path, file)
    else:
        raise _refusal(
            "unreadable",
            f"{path.name} is no table that GeoGrid knows: it reads .csv, .csv.gz, .tsv, .parquet and .xlsx.",
            "Export it as one of them.",
        )


def _require(path: Path) -> None:
    if not path.is_file():
        raise _refusal("no-file", f"There is no file {path}.", "Check the name; relative ones start at this folder.")
    if not path.stat().st_size:
        raise _refusal("empty", f"{path.name} is empty (0 bytes).", _DAMAGED)


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what the readers raise into a refusal."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _refusal("truncated", f"{path.name} is damaged or cut short: {error}.", _DAMAGED) from error
    except zipfile.BadZipFile as error:
        raise _refusal("truncated", f"{path.name} is damaged or cut short, or no workbook.", _DAMAGED) from error
    except UnicodeError as error:
        raise _refusal(
            "encoding",
            f"The text of {path.name} is not in the encoding {getattr(error, 'encoding', 'given')}.",
            "Name the right one: --encoding gbk for most Chinese files, else e.g. big5, cp1252.",
        ) from error


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
    try:
        codecs.lookup(encoding or "utf-8-sig")
    except LookupError as error:
        raise _refusal("encoding", f"There is no encoding {encoding!r}.", "Use e.g. --encoding gbk.") from error
    opener: Any = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rt", encoding=encoding or "utf-8-sig", newline="") as file:
        yield file


def _delimited(path: Path, file: IO[str]) -> Table:
    with _damage(path):
        total = _count_lines(path)
        first = file.readline()
    delimiter = max(_DELIMITERS, key=first.count)
    columns = _header(path, next(csv.reader([first], delimiter=delimiter, strict=True), []))
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    return Table(columns, max(total - 1, 0), _guarded(path, _delimited_chunks(path, reader, len(columns))))


def _delimited_chunks(path: Path, reader: Any, width: int) -> Iterator[Chunk]:
    chunk = Chunk([], [], {})
    while True:
        line = reader.line_num + 2  # the header is read already, and lines count from 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if "end of data" in str(error):
                raise _refusal(
                    "truncated", f"{path.name} is cut short: it ends within the quoted cell of line {line}.", _DAMAGED
                ) from error
            row = []
            chunk.faults[len(chunk.rows)] = f"the line cannot be read: {error}"
        else:
            if not row:
                continue
            if len(row) != width:
                chunk.faults[len(chunk.rows)] = f"the line has {len(row)} cells, the header has {width}"
        chunk.lines.append(line)
        chunk.rows.append(row)
        if len(chunk.rows) == ROWS_A_CHUNK:
            yield chunk
            chunk = Chunk([], [], {})
    yield chunk


def _count_lines(path: Path) -> int:
    opener: Any = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_COUNTED_BYTES), b""))


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise _refusal("truncated", f"{path.name} is damaged or cut short, or no Parquet file.", _DAMAGED) from error
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
        raise _refusal("truncated", f"{path.name} is damaged: {str(error).splitlines()[0]}", _DAMAGED) from error


def _workbook(path: Path, sheet: str | None) -> Table:
    import openpyxl

    try:
        with _damage(path):
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except KeyError as error:
        raise _refusal("unreadable", f"{path.name} is no workbook.", _DAMAGED) from error
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
