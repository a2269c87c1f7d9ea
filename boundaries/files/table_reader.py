"""Tables in chunks of text: CSV (plain or packed), Parquet and XLSX, with the line that each row stands in."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pandas as pd

from boundaries.files.arrow.parquet import open_parquet, read_batches
from boundaries.files.chunks import ROWS_A_CHUNK, Chunk, Table, cell_text, settled_header
from boundaries.files.tables.dbf import is_dbf, read_dbf
from boundaries.files.tables.workbook import WORKBOOKS, read_workbook
from boundaries.text.cells import unled
from boundaries.text.delimited import (
    Header,
    bounded_lines,
    broken_row,
    damage,
    encoding_of,
    is_cut_short,
    read_header,
)
from boundaries.text.encodings import DAMAGED
from boundaries.text.packed import is_delimited, is_workbook, open_bytes
from geogrid.errors import InvalidInputError, Problem
from geogrid.wording import counted

_COUNTED_BYTES = 1 << 20
_LISTED = 20
_PARQUET = (".parquet", ".pq")
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_table(path: Path) -> bool:
    """Return whether a file is a table by its name, and no layer of shapes."""
    if path.suffix.lower() in _PARQUET:
        return not _has_shapes(path)
    return path.suffix.lower() in WORKBOOKS or is_dbf(path) or is_delimited(path)


def _has_shapes(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return b"geo" in (pq.read_metadata(path).metadata or {})
    except (pa.ArrowInvalid, OSError):
        # Whoever reads it as a table says what is wrong.
        return False


@contextmanager
def open_table(
    path: Path,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    wanted: Sequence[str] = (),
    missing: Iterable[str] = (),
) -> Iterator[Table]:
    """Open a table by what its name ends with; a workbook that is called text is one, too.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.txt`` (each also packed as ``.gz``, ``.bz2``, ``.xz``, ``.zst``, or alone in a ``.zip``),
        ``.parquet``, ``.xlsx``, or ``.dbf`` (also alone in a ``.zip``).
    encoding : str, optional
        Of a text file; without it what its mark says, else UTF-8.
    sheet : str, optional
        Of a workbook; needed where several have rows.
    wanted : sequence of str
        Columns that will be asked for. In text and workbooks the header is the first of ten lines that has them all,
        else the first that is no title.
    missing : iterable of str
        Words that stand for an empty cell.

    Raises
    ------
    InvalidInputError
        There is no such file, it is none of these, or it is damaged; while rows are read also that it is cut short.
    """
    _require(path)
    suffix = path.suffix.lower()
    if suffix in _PARQUET:
        yield _parquet(path).checked(missing)
    elif suffix in WORKBOOKS or (is_delimited(path) and is_workbook(path)):
        with _damage(path):
            table = read_workbook(path, sheet, wanted)
        yield replace(table, chunks=_guarded(path, table.chunks)).checked(missing)
    elif is_dbf(path):
        yield read_dbf(path, encoding).checked(missing)
    elif is_delimited(path):
        with _open_text(path, encoding) as file:
            yield _delimited(path, file, wanted).checked(missing)
    else:
        raise _refusal(
            "unreadable",
            f"{path.name} is no table that GeoGrid knows: it reads .csv, .csv.gz, .tsv, .parquet, .xlsx and .dbf.",
            "Export it as one of them.",
        )


def read_frame(
    path: Path, *, encoding: str | None = None, sheet: str | None = None, wanted: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a whole table as text; raises as `open_table`, and lists the rows that cannot be read."""
    rows: list[list[str]] = []
    problems: list[Problem] = []
    with open_table(path, encoding=encoding, sheet=sheet, wanted=wanted) as table:
        for chunk in table.chunks:
            rows += chunk.rows
            for which, fault in list(chunk.faults.items())[: _LISTED - len(problems)]:
                line = f"line {chunk.lines[which]}"
                problems.append(Problem("unreadable", f"{path.name}, {line}: {fault}.", "Correct it.", subject=line))
            if len(problems) >= _LISTED:
                break
        columns = table.columns
    if problems:
        raise InvalidInputError(problems)
    return pd.DataFrame(rows, columns=list(columns), dtype=str)


def _require(path: Path) -> None:
    if not path.is_file():
        raise _refusal("no-file", f"There is no file {path}.", "Check the name; relative ones start at this folder.")
    if not path.stat().st_size:
        raise _refusal("empty", f"{path.name} is empty (0 bytes).", DAMAGED)
    with path.open("rb") as file:
        sign = file.read(len(_OLD_WORKBOOK))
    if sign == _OLD_WORKBOOK:
        raise _refusal("unreadable", f"{path.name} is a workbook of the old format (.xls).", "Save it as .xlsx.")


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what the readers raise into a refusal."""
    try:
        with damage(path):
            yield
    except zipfile.BadZipFile as error:
        other = ", or no workbook" if path.suffix.lower() in WORKBOOKS else ""
        raise _refusal("truncated", f"{path.name} is damaged or cut short{other}.", DAMAGED) from error


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


def _delimited(path: Path, file: IO[str], wanted: Sequence[str]) -> Table:
    with _damage(path):
        total = _count_lines(path)
        header = read_header(path, bounded_lines(path, file), wanted)
    columns = settled_header(path.name, header.columns)
    notes = (f"The header of {path.name} is in line {header.line}.",) if header.is_below else ()
    return Table(columns, max(total - header.line, 0), _guarded(path, _delimited_chunks(path, header)), notes)


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
            # As it stands: what is between the delimiters, quotes included.
            row = header.last_text().rstrip("\r\n").split(header.delimiter)
        else:
            if not row:
                continue
            if len(row) != width:
                chunk.faults[len(chunk.rows)] = f"the line has {counted(len(row), 'cell')}, the header has {width}"
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

    try:
        file, schema = open_parquet(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _refusal("truncated", f"{path.name} is damaged or cut short, or no Parquet file.", DAMAGED) from error
    columns = settled_header(path.name, schema.names)
    return Table(columns, file.metadata.num_rows, _parquet_chunks(path, read_batches(file, schema, rows=ROWS_A_CHUNK)))


def _parquet_chunks(path: Path, batches: Iterator[Any]) -> Iterator[Chunk]:
    import pyarrow as pa

    line = 1
    try:
        for batch in batches:
            columns = [[cell_text(value) for value in column.to_pylist()] for column in batch.columns]
            rows = [list(row) for row in zip(*columns, strict=True)]
            yield Chunk(list(range(line, line + len(rows))), rows, {})
            line += len(rows)
    except (pa.ArrowInvalid, OSError) as error:
        raise _refusal("truncated", f"{path.name} is damaged: {str(error).splitlines()[0]}", DAMAGED) from error


def _refusal(kind: str, message: str, remedy: str) -> InvalidInputError:
    return InvalidInputError.of(kind, message, remedy)
