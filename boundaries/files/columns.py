"""Columns that a user names, looked up and read; everything that is missing is said at once."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd

from geogrid.errors import Problem

_NUMBER = r"[+-]?(?:(?:0|[1-9][0-9]{0,14})(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_MISSING_WORDS = frozenset({"", "nan", "none", "null", "<null>", "na", "n/a"})


def missing_columns(wanted: Iterable[tuple[str, str]], present: Sequence[str], file: str) -> tuple[Problem, ...]:
    """List named columns that a file has not.

    Parameters
    ----------
    wanted : iterable of (str, str)
        Option and column.
    present : sequence of str
        Columns of the file.
    file : str
        How to name it.
    """
    return tuple(
        Problem(
            "missing-column",
            f"{file} has no column {column!r} ({option}).{_suggestion(column, present)}",
            f"It has: {', '.join(present)}.",
            subject=column,
        )
        for option, column in wanted
        if column not in present
    )


def text_or_none(values: pd.Series) -> list[str | None]:
    """Return values as trimmed text: whole numbers without a decimal point, None for missing and empty ones."""
    if pd.api.types.is_float_dtype(values.dtype):
        return [
            None if np.isnan(value) else _number_text(value) for value in values.to_numpy(dtype=np.float64).tolist()
        ]
    return [_text(value) for value in values.tolist()]


def with_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of text with those columns as numbers that hold nothing else; empty cells are missing.

    Digits that start with a zero, or are more than a float holds exactly, are identifiers and stay text.
    """
    columns = {}
    for name in table:
        trimmed = table[name].str.strip()
        is_number = trimmed[trimmed != ""].str.fullmatch(_NUMBER).all()
        present = (trimmed if is_number else table[name]).where(trimmed != "")
        columns[name] = pd.to_numeric(present) if is_number else present
    return pd.DataFrame(columns, index=table.index)


def _text(value: object) -> str | None:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    text = _number_text(value) if isinstance(value, float) else str(value).strip()
    return None if text.lower() in _MISSING_WORDS else text


def _number_text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _suggestion(column: str, present: Sequence[str]) -> str:
    folded = {name.casefold(): name for name in present}
    close = get_close_matches(column.casefold(), folded, n=1)
    return f" Did you mean {folded[close[0]]!r}?" if close else ""
