"""Workbooks (XLSX) as tables: what a sheet says of its own size is not believed, and what it only shows is not read."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from io import BytesIO
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any, Final

from boundaries.files.chunks import ROWS_A_CHUNK, Chunk, Table, cell_text, settled_header
from boundaries.files.tables.workbook_bounds import MOST_COLUMNS, MOST_ROWS, require_bounded
from boundaries.text.delimited import HEADER_WITHIN, header_at
from boundaries.text.encodings import DAMAGED
from geogrid.errors import InvalidInputError

WORKBOOKS: Final = (".xlsx", ".xlsm")
_EXACT: Final = 10**15
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
_FAR_ROW: Final = re.compile(rb'<(?:\w+:)?row\s(?:[^<>]*\s)?r="([0-9]{7,}|[0-9.]+[eE][^"<]*)')
_LONGEST_NUMBER: Final = 20
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s>/]")
_CONTROL: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ERRORS: Final = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})
_PIECE_BYTES: Final = 1 << 20
_LONGEST_TAG: Final = 256

_Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class _Merged:
    """A range of cells shown as one; rows and columns count from 1, ends included."""

    left: int
    top: int
    right: int
    bottom: int


def read_workbook(path: Path, sheet: str | None, wanted: Sequence[str]) -> Table:
    """Return a sheet as a table.

    Parameters
    ----------
    path : Path
        ``.xlsx`` or ``.xlsm``.
    sheet : str, optional
        Needed where several have rows; sheets of charts and empty ones do not count.
    wanted : sequence of str
        Columns that are named: the header is the first row, of the first ten, that has all of them, alone or together
        with the row above it. Where none has them it is the first that is no title.

    Raises
    ------
    InvalidInputError
        It is no workbook, the sheet is not there or has no rows, or several have.
    """
    require_bounded(path)
    try:
        book = _load(path, data_only=True)
    except KeyError as error:
        raise InvalidInputError.of("unreadable", f"{path.name} is no workbook.", DAMAGED) from error
    name, notes = _settle_sheet(path, book, sheet)
    worksheet = book[name]
    total = max((worksheet.max_row or 1) - 1, 0)
    raw = _raw_sheet(path, worksheet)
    rows = _with_formulas(path, name, _rows(worksheet)) if raw.has_formulas else ((row, {}) for row in _rows(worksheet))
    filled = _filled(rows, raw.merged)
    head = list(islice(filled, HEADER_WITHIN))
    first, names = _header(head, wanted)
    columns = settled_header(path.name, names)
    if first > 1:
        notes = (*notes, f"The header of {path.name} is in row {first}; what stands above it is left out.")
    if raw.merged:
        notes = (*notes, f"{path.name} has {len(raw.merged)} merged cells; each row has the value that they show.")
    body = chain(head[first:], filled)
    return Table(columns, total, _chunks(body, len(columns), first + 1), notes)


def _load(path: Path, *, data_only: bool) -> Any:
    import openpyxl

    # Of a name that is not that of a workbook only the bytes are taken.
    named = path.suffix.lower() in WORKBOOKS
    return openpyxl.load_workbook(path if named else BytesIO(path.read_bytes()), read_only=True, data_only=data_only)


def _settle_sheet(path: Path, book: Any, sheet: str | None) -> tuple[str, tuple[str, ...]]:
    names = [each.title for each in book.worksheets]
    if sheet is not None:
        if sheet not in book.sheetnames:
            raise InvalidInputError.of(
                "no-sheet", f"{path.name} has no sheet {sheet!r}.", f"It has: {', '.join(book.sheetnames)}."
            )
        if sheet not in names:
            raise InvalidInputError.of(
                "no-sheet",
                f"The sheet {sheet!r} of {path.name} is a chart: it has no rows.",
                f"Sheets with cells: {', '.join(names)}.",
            )
        return sheet, ()
    with_rows = [each.title for each in book.worksheets if _has_rows(each)]
    if len(with_rows) > 1:
        raise InvalidInputError.of(
            "which-sheet",
            f"{path.name} has {len(with_rows)} sheets with rows: {', '.join(with_rows)}.",
            "Name one: --sheet.",
        )
    if not with_rows:
        raise InvalidInputError.of("empty", f"{path.name} has no sheet with rows.", "Check the export.")
    others = len(book.sheetnames) - 1
    return with_rows[0], (
        (f"Of {path.name} the sheet {with_rows[0]} is read; the others are empty.",) if others else ()
    )


def _has_rows(worksheet: Any) -> bool:
    return any(value is not None for row in _rows(worksheet) for value in row)


def _rows(worksheet: Any) -> Iterator[_Row]:
    """Yield all rows that are there, whatever the sheet says of its size; those that are left out are empty."""
    worksheet.reset_dimensions()
    yield from worksheet.iter_rows(max_row=MOST_ROWS, values_only=True)


@dataclass(frozen=True, slots=True)
class _RawSheet:
    """What only the text of a sheet tells."""

    merged: tuple[_Merged, ...]
    has_formulas: bool


def _raw_sheet(path: Path, worksheet: Any) -> _RawSheet:
    """Look through the text of a sheet: a workbook that is open for reading row by row keeps no merged cells."""
    from openpyxl.utils import range_boundaries

    merged: list[_Merged] = []
    has_formulas = False
    with zipfile.ZipFile(path) as archive, archive.open(worksheet._worksheet_path) as file:  # noqa: SLF001 - told nowhere else
        before = b""
        for piece in iter(lambda: file.read(_PIECE_BYTES), b""):
            text = before + piece
            has_formulas = has_formulas or _FORMULA.search(text) is not None
            _require_near(path, _FAR_ROW.search(text))
            found = list(_MERGED.finditer(text))
            merged += [_Merged(*range_boundaries(match[1].decode())) for match in found]
            # A tag may be cut by the end of a piece; one that was taken is not seen again.
            before = text[max(len(text) - _LONGEST_TAG, found[-1].end() if found else 0) :]
    return _RawSheet(tuple(merged), has_formulas)


def _require_near(path: Path, far: re.Match[bytes] | None) -> None:
    number = "" if far is None else far[1][:_LONGEST_NUMBER].decode("ascii", "replace")
    if number and not (number.isdecimal() and int(number) <= MOST_ROWS):
        raise InvalidInputError.of(
            "too-large",
            f"{path.name} has a row {number}; a sheet has {MOST_ROWS:,} at most.",
            "Save it anew by the program that made it, or as CSV.",
        )


def _with_formulas(path: Path, name: str, rows: Iterator[_Row]) -> Iterator[tuple[_Row, dict[int, str]]]:
    """Yield rows with the formulas of those cells that have no stored value, by position."""
    formulas = _rows(_load(path, data_only=False)[name])
    for values, written in zip_longest(rows, formulas, fillvalue=()):
        lacking = {
            position: str(getattr(cell, "text", cell))
            for position, (value, cell) in enumerate(zip_longest(values, written))
            if value is None and cell is not None
        }
        yield values, lacking


def _filled(
    rows: Iterator[tuple[_Row, dict[int, str]]], merged: Sequence[_Merged]
) -> Iterator[tuple[list[Any], dict[int, str]]]:
    """Yield rows in which each cell of a merged range has the value of its first one."""
    starts: dict[int, list[_Merged]] = {}
    for area in merged:
        starts.setdefault(area.top, []).append(area)
    shown: dict[_Merged, Any] = {}
    for line, (values, lacking) in enumerate(rows, start=1):
        row = list(values)
        _require_apart(line, [*shown, *starts.get(line, ())])
        for area in starts.get(line, ()):
            shown[area] = row[area.left - 1] if area.left <= len(row) else None
        for area, value in shown.items():
            row += [None] * (area.right - len(row))
            row[area.left - 1 : area.right] = [value] * (area.right - area.left + 1)
        shown = {area: value for area, value in shown.items() if area.bottom > line}
        yield row, lacking


def _require_apart(line: int, areas: Sequence[_Merged]) -> None:
    """Refuse merged cells that lie on each other: filling each in turn would take without end."""
    width = sum(area.right - area.left + 1 for area in areas)
    if width > MOST_COLUMNS:
        raise InvalidInputError.of(
            "overlap",
            f"Merged cells lie on each other in row {line}: {width:,} columns, and a sheet has {MOST_COLUMNS:,}.",
            "Take the merging back in that row, or save the sheet as CSV.",
        )


def _header(head: Sequence[tuple[list[Any], dict[int, str]]], wanted: Sequence[str]) -> tuple[int, list[str]]:
    """Return the number of the row that the header ends in, from 1, and its names."""
    rows = [[_text(value).strip() for value in row] for row, _ in head]
    above: list[str] = []
    for number, row in enumerate(rows, start=1):
        both = [below or over for over, below in zip_longest(above, row, fillvalue="")]
        for names in (row, both):
            if wanted and set(wanted) <= set(names):
                return number, _without_end(names)
        above = row
    at = header_at(rows, ())
    return at + 1, _without_end(rows[at]) if rows else []


def _without_end(names: list[str]) -> list[str]:
    named = [position for position, name in enumerate(names) if name]
    return names[: named[-1] + 1] if named else []


def _chunks(rows: Iterator[tuple[list[Any], dict[int, str]]], width: int, first: int) -> Iterator[Chunk]:
    chunk = Chunk([], [], {})
    for line, (values, lacking) in enumerate(rows, start=first):
        row = [_text(value) for value in values[:width]]
        formulas = {position: formula for position, formula in lacking.items() if position < width}
        if not any(row) and not formulas:
            continue
        if wrong := next((cell for cell in row if cell in _ERRORS), None):
            chunk.faults[len(chunk.rows)] = f"a cell has the error {wrong} of a formula"
        if formulas:
            chunk.faults[len(chunk.rows)] = f"the formula {next(iter(formulas.values()))!r} has no stored value"
            for position, formula in formulas.items():
                row += [""] * (position + 1 - len(row))
                row[position] = formula
        chunk.lines.append(line)
        chunk.rows.append(row + [""] * (width - len(row)))
        if len(chunk.rows) == ROWS_A_CHUNK:
            yield chunk
            chunk = Chunk([], [], {})
    yield chunk


def _text(value: Any) -> str:
    """Return a cell as text. Excel keeps 15 digits of a number, and writes control characters as ``_x000D_``."""
    if isinstance(value, str):
        return _CONTROL.sub(lambda code: chr(int(code[1], 16)), value).replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, datetime) and value.time() == time():
        # A day has no other form in a workbook than its first moment.
        return value.date().isoformat()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT:
        return cell_text(float(value))
    return cell_text(value)
