"""What the formats have in common: pieces of rows, and numbers from whatever a column holds."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geogrid.errors import InvalidInputError, Problem
from geogrid.types import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyproj import CRS


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a file, in order.

    Parameters
    ----------
    x, y : (n,) float64
        Points as the file has them; NaN where they are missing or no numbers.
    rows : object
        The n rows, in a form that the format's writer takes.
    """

    x: FloatArray
    y: FloatArray
    rows: Any


@dataclass(frozen=True, slots=True)
class Answers:
    """What to write beside each row.

    Parameters
    ----------
    column : str
        Name of the new column.
    values : sequence of str
        What the column can hold.
    """

    column: str
    values: Sequence[str]


Answered = Iterator[tuple[Piece, "NDArray[np.int32]"]]


@dataclass(frozen=True, slots=True)
class PointSource:
    """A file that is open for reading once.

    Parameters
    ----------
    columns : tuple of str
        Names of its columns.
    total : int or None
        Number of rows, where the format says it.
    crs : CRS or None
        What the file says of its points.
    pieces : iterator of Piece
        All rows.
    write : callable
        Takes the path of the output, what to add, and each piece with positions in its values, -1 for nothing.
    """

    columns: tuple[str, ...]
    total: int | None
    crs: "CRS | None"
    pieces: Iterator[Piece]
    write: Callable[[Path, Answers, Answered], None]


def require_columns(path: Path, columns: Sequence[str], wanted: Sequence[str], new: str) -> None:
    """Refuse a file that lacks a column, has it twice, or already has the one to be added."""
    has = ", ".join(columns)
    problems = [
        Problem("no-column", f"{path.name} has no column {name!r}.", f"It has: {has}.", subject=name)
        for name in wanted
        if name not in columns
    ]
    problems += [
        Problem("repeated-column", f"{path.name} has column {name!r} more than once.", "Rename one.", subject=name)
        for name in wanted
        if columns.count(name) > 1
    ]
    if new in columns:
        message = f"{path.name} already has a column {new!r}."
        problems.append(Problem("column-exists", message, "Name another with --column.", subject=new))
    if problems:
        raise InvalidInputError(problems)


def refusal(kind: str, message: str, remedy: str) -> InvalidInputError:
    """Return the error of a file that cannot be used."""
    return InvalidInputError.of(kind, message, remedy)


def numbers(path: Path, name: str, column: "pa.Array") -> FloatArray:
    """Return a column as float64, NaN where there is no number.

    Raises
    ------
    InvalidInputError
        The column cannot hold numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return text_numbers(column)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)):
        message = f"Column {name!r} of {path.name} holds {column.type}, not numbers."
        raise refusal("no-numbers", message, "Name the columns of the coordinates.")
    found: FloatArray = pc.fill_null(column.cast(pa.float64(), safe=False), math.nan).to_numpy(zero_copy_only=False)
    return found


def text_numbers(column: "pa.Array") -> FloatArray:
    """Return numbers written as text, each the nearest double; NaN for anything else."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(column)
    present = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    try:
        found: FloatArray = pc.fill_null(present.cast(pa.float64()), math.nan).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        found = np.array([_number(text) for text in present.to_pylist()], dtype=np.float64)
    return found


def _number(text: str | None) -> float:
    try:
        return float(text or math.nan)
    except ValueError:
        return math.nan
