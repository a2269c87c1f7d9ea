"""Delimited text: every row is written back byte for byte, with one cell more at its end.

Cells of the input that a spreadsheet would run stay as they are: the rows are the user's own. The new cell is led.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from boundaries.files.points.rows import Answered, Answers, Piece, PointSource, refusal, require_columns, text_numbers
from boundaries.text.cells import led
from boundaries.text.delimited import (
    LONGEST_LINE,
    bounded_lines,
    broken_row,
    damage,
    endless_line,
    narrow_text,
    read_header,
)
from boundaries.text.packed import create_bytes, open_bytes
from geogrid.errors import InvalidInputError, Problem
from geogrid.types import FloatArray
from geogrid.wording import counted

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK_BYTES = 8 << 20
_ROWS_A_PIECE = 100_000
_LISTED = 20
# In some encodings this byte is also the second half of a character.
_AMBIGUOUS = b"|"
_DECIMAL_COMMA = r"^\s*[+-]?[0-9]+,[0-9]+\s*$"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the text is cut into rows and cells."""

    path: Path
    encoding: str
    header: bytes
    delimiter: bytes
    newline: bytes
    columns: tuple[str, ...]
    first_line: int
    x_at: int
    y_at: int

    @property
    def xy_at(self) -> tuple[int, int]:
        return self.x_at, self.y_at


@contextmanager
def open_text(path: Path, *, x: str, y: str, new: str, encoding: str | None) -> Iterator[PointSource]:
    """Open a file of delimited text, plain or packed; the header is the first line that has both columns."""
    with narrow_text(path, encoding) as (narrow, name), damage(narrow), open_bytes(narrow) as file:
        layout = _layout(narrow, file, name, (x, y, new))

        def write(target: Path, answers: Answers, answered: Answered) -> None:
            _write(target, layout, answers, answered)

        yield PointSource(layout.columns, None, None, _pieces(layout, file), write)


def _layout(path: Path, file: IO[bytes], encoding: str, names: tuple[str, str, str]) -> _Layout:
    x, y, new = names
    with open_bytes(path) as peeked:
        header = read_header(path, _decoded(bounded_lines(path, peeked), encoding, []), (x, y))
    raw = list(islice(bounded_lines(path, file), header.next_line - 1))
    require_columns(path, header.columns, (x, y), new)
    newline = b"\r\n" if raw[-1].endswith(b"\r\n") else b"\n"
    return _Layout(
        path=path,
        # The mark stands before the header only.
        encoding=encoding.removesuffix("-sig"),
        header=b"".join(raw).rstrip(b"\r\n"),
        delimiter=header.delimiter.encode(encoding.removesuffix("-sig")),
        newline=newline,
        columns=header.columns,
        first_line=header.next_line,
        x_at=header.columns.index(x),
        y_at=header.columns.index(y),
    )


def _decoded(raw_lines: Iterable[bytes], encoding: str, consumed: list[bytes]) -> Iterator[str]:
    """Yield lines as text, and keep their bytes, so that rows can be written back as they are."""
    for raw in raw_lines:
        consumed.append(raw)
        yield raw.decode(encoding)


def _pieces(layout: _Layout, file: IO[bytes]) -> Iterator[Piece]:
    """Yield all rows: by whole blocks while no cell is quoted, row by row from the first quote on."""
    line = layout.first_line
    blocks = _blocks(layout.path, file)
    for block in blocks:
        quoted = b'"' in block or (layout.delimiter == _AMBIGUOUS and layout.encoding != "utf-8")
        piece = None if quoted else _plain_piece(layout, block, line)
        if piece is None:
            yield from _quoted_pieces(layout, chain([block], blocks), line)
            return
        line += block.count(b"\n")
        yield piece


def _blocks(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    """Yield the text in blocks of whole lines."""
    rest = b""
    while chunk := file.read(_BLOCK_BYTES):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield rest + chunk[:end]
            rest = chunk[end:]
        else:
            rest += chunk
            if len(rest) > LONGEST_LINE:
                raise endless_line(path)
    if rest:
        yield rest


def _plain_piece(layout: _Layout, block: bytes, line: int) -> Piece | None:
    """Return the rows of a block without quotes; None where its lines are not its rows."""
    import pyarrow.csv as pacsv

    rows = [row for row in (each.rstrip(b"\r") for each in block.split(b"\n")) if row]
    width = len(layout.columns)
    wrong = [i for i, row in enumerate(rows) if row.count(layout.delimiter) != width - 1]
    if wrong:
        raise _wrong_width(layout, [(line + i, rows[i].count(layout.delimiter) + 1) for i in wrong[:_LISTED]])
    if not rows:
        return _piece(layout, [], [], [])
    names = [f"c{i}" for i in range(width)]
    wanted = [names[layout.x_at], names[layout.y_at]]
    table = pacsv.read_csv(
        io.BytesIO(block),
        pacsv.ReadOptions(column_names=names, block_size=len(block) + 1, use_threads=False, encoding=layout.encoding),
        pacsv.ParseOptions(delimiter=layout.delimiter.decode(), quote_char=False),
        pacsv.ConvertOptions(include_columns=wanted, column_types=dict.fromkeys(wanted, "string"), null_values=[]),
    )
    if table.num_rows != len(rows):
        return None
    x, y = (
        _coordinates(layout, table.column(name).combine_chunks(), at)
        for name, at in zip(wanted, layout.xy_at, strict=True)
    )
    return Piece(x, y, rows)


def _quoted_pieces(layout: _Layout, blocks: Iterator[bytes], line: int) -> Iterator[Piece]:
    """Yield rows as the csv module cuts them, so that quoted cells may hold anything."""
    rows: list[bytes] = []
    xs: list[str] = []
    ys: list[str] = []
    wrong: list[tuple[int, int]] = []
    for begin, raw, cells in _quoted_rows(layout, blocks, line):
        if len(cells) != len(layout.columns):
            wrong.append((begin, len(cells)))
        elif not wrong:
            rows.append(raw)
            xs.append(cells[layout.x_at])
            ys.append(cells[layout.y_at])
        if len(wrong) == _LISTED:
            break
        if len(rows) == _ROWS_A_PIECE:
            yield _piece(layout, xs, ys, rows)
            rows, xs, ys = [], [], []
    if wrong:
        raise _wrong_width(layout, wrong)
    yield _piece(layout, xs, ys, rows)


def _quoted_rows(layout: _Layout, blocks: Iterator[bytes], line: int) -> Iterator[tuple[int, bytes, list[str]]]:
    """Yield each row with the line it begins in, its bytes and its cells."""
    consumed: list[bytes] = []
    raw_lines = chain.from_iterable(io.BytesIO(block) for block in blocks)
    reader = csv.reader(
        _decoded(raw_lines, layout.encoding, consumed), delimiter=layout.delimiter.decode(), strict=True
    )
    while True:
        begin = line + reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise broken_row(layout.path, begin, error) from error
        if cells is None:
            return
        raw = b"".join(consumed).rstrip(b"\r\n")
        consumed.clear()
        if raw:
            yield begin, raw, cells


def _piece(layout: _Layout, xs: list[str], ys: list[str], rows: list[bytes]) -> Piece:
    import pyarrow as pa

    x, y = (
        _coordinates(layout, pa.array(texts, pa.string()), at) for texts, at in zip((xs, ys), layout.xy_at, strict=True)
    )
    return Piece(x, y, rows)


def _coordinates(layout: _Layout, texts: "pa.Array", at: int) -> FloatArray:
    """Return a column of coordinates; raises `InvalidInputError` where they are written with a comma for the point."""
    import pyarrow.compute as pc

    found = text_numbers(texts)
    if np.isnan(found).any():
        written = texts.filter(pc.match_substring_regex(texts, _DECIMAL_COMMA))
        if len(written):
            text = written[0].as_py().strip()
            raise refusal(
                "no-numbers",
                f"{layout.path.name} has {counted(len(written), 'coordinate')} with a decimal comma in the column "
                f"{layout.columns[at]!r}, e.g. {text!r}.",
                f"Write them with a point: {text.replace(',', '.')}.",
            )
    return found


def _wrong_width(layout: _Layout, lines: list[tuple[int, int]]) -> InvalidInputError:
    width = len(layout.columns)
    return InvalidInputError(
        Problem(
            "wrong-width",
            f"{layout.path.name}, line {line}: {counted(cells, 'cell')}, the header has {width}.",
            "Quote cells that contain the delimiter.",
            subject=f"line {line}",
        )
        for line, cells in lines
    )


def _write(target: Path, layout: _Layout, answers: Answers, answered: Answered) -> None:
    """Write each row with its answer; the last ending serves rows without one."""
    try:
        endings = [layout.delimiter + _cell(layout, value) + layout.newline for value in (*answers.values, "")]
        heading = _cell(layout, answers.column)
    except UnicodeEncodeError as error:
        message = f"{error.object!r} cannot be written in the encoding {layout.encoding}."
        raise refusal("encoding", message, "Save the points as UTF-8 first.") from error
    with create_bytes(target) as file:
        file.write(layout.header + layout.delimiter + heading + layout.newline)
        for piece, positions in answered:
            parts = [b""] * (2 * len(piece.rows))
            parts[::2] = piece.rows
            parts[1::2] = [endings[position] for position in positions.tolist()]
            file.write(b"".join(parts))


def _cell(layout: _Layout, value: str) -> bytes:
    value = led(value)
    if any(mark in value for mark in (layout.delimiter.decode(), '"', "\n", "\r")):
        value = '"' + value.replace('"', '""') + '"'
    return value.encode(layout.encoding)
