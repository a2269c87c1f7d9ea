"""Delimited text: every row is written back byte for byte, with one cell more at its end."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, cast

from boundaries.files.points.rows import (
    DAMAGED,
    Answered,
    Answers,
    Piece,
    Source,
    refusal,
    require_columns,
    text_numbers,
)
from geogrid.errors import InvalidInputError, Problem

_BLOCK_BYTES = 8 << 20
_ROWS_A_PIECE = 100_000
_DELIMITERS = (b",", b";", b"\t", b"|")
_LISTED = 20
_COMPRESSION = 5
_WIDE = ("utf-16", "utf-32")
# In some encodings this byte is also the second half of a character.
_AMBIGUOUS = b"|"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the text is cut into rows and cells."""

    path: Path
    encoding: str
    delimiter: bytes
    newline: bytes
    columns: tuple[str, ...]
    x_at: int
    y_at: int


@contextmanager
def open_text(path: Path, *, x: str, y: str, new: str, encoding: str | None) -> Iterator[Source]:
    """Open a file of delimited text, plain or gzip, its first line the header."""
    name = _settled(encoding or "utf-8")
    with _damage(path, name), _open(path, "rb") as file:
        header = file.readline()
        layout = _layout(path, header, name, (x, y, new))

        def write(target: Path, answers: Answers, answered: Answered) -> None:
            _write(target, layout, header.rstrip(b"\r\n"), answers, answered)

        yield Source(layout.columns, None, None, _pieces(layout, file), write)


def _settled(encoding: str) -> str:
    """Return the name of an encoding whose rows can be told apart as bytes."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise refusal("encoding", f"There is no encoding {encoding!r}.", "Use e.g. --encoding gbk.") from error
    if name.startswith(_WIDE):
        raise refusal("encoding", f"Text in {name} cannot be read row by row.", "Save it as UTF-8.")
    return "utf-8" if name == "utf-8-sig" else name


@contextmanager
def _damage(path: Path, encoding: str) -> Iterator[None]:
    """Turn what reading raises into a refusal."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise refusal("truncated", f"{path.name} is damaged or cut short: {error}.", DAMAGED) from error
    except UnicodeDecodeError as error:
        raise refusal(
            "encoding",
            f"The text of {path.name} is not in the encoding {encoding}.",
            "Name the right one: --encoding gbk for most Chinese files, else e.g. big5, cp1252.",
        ) from error


@contextmanager
def _open(path: Path, mode: str) -> Iterator[IO[bytes]]:
    if path.suffix.lower() == ".gz":
        with gzip.open(path, mode, compresslevel=_COMPRESSION) as zipped:
            yield cast("IO[bytes]", zipped)
    else:
        with path.open(mode) as file:
            yield cast("IO[bytes]", file)


def _layout(path: Path, header: bytes, encoding: str, wanted: tuple[str, str, str]) -> _Layout:
    text = header.removeprefix(codecs.BOM_UTF8).decode(encoding)
    if not text.strip():
        raise refusal("empty", f"{path.name} has no header.", "The first line names the columns.")
    delimiter = max(_DELIMITERS, key=header.count)
    columns = tuple(name.strip() for name in next(csv.reader([text], delimiter=delimiter.decode())))
    x, y, new = wanted
    require_columns(path, columns, (x, y), new)
    newline = b"\r\n" if header.endswith(b"\r\n") else b"\n"
    return _Layout(path, encoding, delimiter, newline, columns, columns.index(x), columns.index(y))


def _pieces(layout: _Layout, file: IO[bytes]) -> Iterator[Piece]:
    """Yield all rows: by whole blocks while no cell is quoted, row by row from the first quote on."""
    line = 2
    blocks = _blocks(file)
    for block in blocks:
        quoted = b'"' in block or (layout.delimiter == _AMBIGUOUS and layout.encoding != "utf-8")
        piece = None if quoted else _plain_piece(layout, block, line)
        if piece is None:
            yield from _quoted_pieces(layout, chain([block], blocks), line)
            return
        line += block.count(b"\n")
        yield piece


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the text in blocks of whole lines."""
    rest = b""
    while chunk := file.read(_BLOCK_BYTES):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield rest + chunk[:end]
            rest = chunk[end:]
        else:
            rest += chunk
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
        return _piece([], [], [])
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
    x, y = (text_numbers(table.column(name).combine_chunks()) for name in wanted)
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
            yield _piece(xs, ys, rows)
            rows, xs, ys = [], [], []
    if wrong:
        raise _wrong_width(layout, wrong)
    yield _piece(xs, ys, rows)


def _quoted_rows(layout: _Layout, blocks: Iterator[bytes], line: int) -> Iterator[tuple[int, bytes, list[str]]]:
    """Yield each row with the line it begins in, its bytes and its cells."""
    consumed: list[bytes] = []

    def lines() -> Iterator[str]:
        for block in blocks:
            for raw in io.BytesIO(block):
                consumed.append(raw)
                yield raw.decode(layout.encoding)

    reader = csv.reader(lines(), delimiter=layout.delimiter.decode(), strict=True)
    while True:
        begin = line + reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise refusal("unreadable", f"{layout.path.name}, line {begin}: {error}.", DAMAGED) from error
        if cells is None:
            return
        raw = b"".join(consumed).rstrip(b"\r\n")
        consumed.clear()
        if raw:
            yield begin, raw, cells


def _piece(xs: list[str], ys: list[str], rows: list[bytes]) -> Piece:
    import pyarrow as pa

    return Piece(text_numbers(pa.array(xs, pa.string())), text_numbers(pa.array(ys, pa.string())), rows)


def _wrong_width(layout: _Layout, lines: list[tuple[int, int]]) -> InvalidInputError:
    width = len(layout.columns)
    return InvalidInputError(
        Problem(
            "wrong-width",
            f"{layout.path.name}, line {line}: {cells} cells, the header has {width}.",
            "Quote cells that contain the delimiter.",
            subject=f"line {line}",
        )
        for line, cells in lines
    )


def _write(target: Path, layout: _Layout, header: bytes, answers: Answers, answered: Answered) -> None:
    """Write each row with its answer; the last ending serves rows without one."""
    try:
        endings = [layout.delimiter + _cell(layout, value) + layout.newline for value in (*answers.values, "")]
        heading = _cell(layout, answers.column)
    except UnicodeEncodeError as error:
        message = f"{error.object!r} cannot be written in the encoding {layout.encoding}."
        raise refusal("encoding", message, "Save the points as UTF-8 first.") from error
    with _open(target, "wb") as file:
        file.write(header + layout.delimiter + heading + layout.newline)
        for piece, positions in answered:
            parts = [b""] * (2 * len(piece.rows))
            parts[::2] = piece.rows
            parts[1::2] = [endings[position] for position in positions.tolist()]
            file.write(b"".join(parts))


def _cell(layout: _Layout, value: str) -> bytes:
    if any(mark in value for mark in (layout.delimiter.decode(), '"', "\n", "\r")):
        value = '"' + value.replace('"', '""') + '"'
    return value.encode(layout.encoding)
