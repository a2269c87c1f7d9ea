"""Columns that a user names, looked up and read; everything that is missing is said at once."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from geogrid.errors import Problem

_LOST = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]{2,}")
_EXACT = float(2**53)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NUMBER = r"[+-]?(?:(?:0|[1-9][0-9]{0,14})(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:(?P<mark>[ ,.'\u00a0\u202f])[0-9]{3})(?:(?P=mark)[0-9]{3})*(?:[.,][0-9]+)?")
_PARTING = re.compile(r"[ ,.'\u00a0\u202f]")
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


def text_or_none(values: pd.Series, *, is_text_table: bool = False) -> list[str | None]:
    """Return values as trimmed text: whole numbers without a decimal point, None for missing and empty ones.

    Parameters
    ----------
    values : (n,) Series
        A column.
    is_text_table : bool
        In text tables words such as NULL and NA stand for a missing value; other files have real nulls.
    """
    if pd.api.types.is_float_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return [None if np.isnan(value) else _number_text(value) for value in numbers.tolist()]
    return [_text(value, is_text_table=is_text_table) for value in values.tolist()]


def identifiers(
    values: pd.Series, file: str, *, is_text_table: bool = False
) -> tuple[list[str | None], tuple[Problem, ...]]:
    """Return the identifiers of a column, exactly, and what is wrong with them.

    Parameters
    ----------
    values : (n,) Series
        A column of codes or other numbers that name something; rows count from 1.
    file : str
        How to name it in messages.
    is_text_table : bool
        As `text_or_none` takes it.

    Returns
    -------
    list of str or None
        Without characters that nobody sees.
    tuple of Problem
        An error where digits are lost: the column holds floats beyond 2^53, or Excel's ``3.20115E+17``. A warning where
        invisible characters were left out.
    """
    found = text_or_none(values, is_text_table=is_text_table)
    seen = [None if text is None else (_INVISIBLE.sub("", text).strip() or None) for text in found]
    problems = []
    if pd.api.types.is_float_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        lost = np.flatnonzero(np.abs(np.nan_to_num(numbers)) >= _EXACT).tolist()
    else:
        lost = [which for which, text in enumerate(seen) if text is not None and has_lost_digits(text)]
    if lost:
        problems.append(_digits_lost(values, lost, file))
    changed = [which for which, (text, own) in enumerate(zip(found, seen, strict=True)) if text != own]
    if changed:
        problems.append(_invisible(values, changed, file))
    return seen, tuple(problems)


def kept_values(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of columns that are stored as they are: what JSON has no word for as text, None for missing.

    Moments are ISO 8601, days where a column has nothing but midnights; bytes are hexadecimal.
    """
    columns: dict[str, list[Any]] = {}
    for name in map(str, frame.columns):
        values = frame[name].astype(object).where(frame[name].notna(), None).tolist()
        moments = [value for value in values if isinstance(value, datetime)]
        are_days = bool(moments) and all(value.time() == time() and value.tzinfo is None for value in moments)
        columns[name] = [_kept(value, is_day=are_days) for value in values]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)] or [
        {} for _ in range(len(frame))
    ]


def _kept(value: Any, *, is_day: bool) -> Any:
    if isinstance(value, datetime):
        return (value.date() if is_day else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and abs(value) >= _EXACT:
        # Whoever reads it as JSON would round it.
        return str(value)
    return value.tolist() if isinstance(value, np.ndarray) else value


def has_lost_digits(text: str) -> bool:
    """Return whether a text is a number as a spreadsheet shortens long ones, e.g. ``3.20115E+17``."""
    return _LOST.fullmatch(text) is not None


def _digits_lost(values: pd.Series, rows: list[int], file: str) -> Problem:
    first = values.iloc[rows[0]]
    why = "no program keeps more than 15 digits of a number"
    if isinstance(first, str):
        why = "a spreadsheet has shortened them"
    return Problem(
        "digits-lost",
        f"{file}: {len(rows):,} numbers of the column {values.name} have lost their last digits, the first in row "
        f"{rows[0] + 1} ({first}): {why}.",
        "Export the codes as text.",
        subject=str(values.name),
        size=float(len(rows)),
        unit="rows",
    )


def _invisible(values: pd.Series, changed: list[int], file: str) -> Problem:
    characters = sorted({character for which in changed for character in _INVISIBLE.findall(str(values.iloc[which]))})
    named = ", ".join(f"U+{ord(character):04X}" for character in characters)
    return Problem(
        "invisible-character",
        f"{file}: {len(changed):,} values of the column {values.name} have characters that nobody sees ({named}), the "
        f"first in row {changed[0] + 1}; they are left out.",
        "Type the values anew where they came from.",
        severity="warning",
        subject=str(values.name),
        size=float(len(changed)),
        unit="rows",
    )


def why_no_number(text: str, *, is_count: bool = False) -> str:
    """Return what is wrong with a text that is no number, to say after the text.

    Parameters
    ----------
    text : str
        Trimmed.
    is_count : bool
        Whether things are counted: 1,234 is then a thousand and more; else it is one and a fraction.
    """
    if _DECIMAL_COMMA.fullmatch(text) and not (is_count and _THOUSANDS.fullmatch(text)):
        return f"has a decimal comma; write {text.replace(',', '.')}"
    if _THOUSANDS.fullmatch(text):
        marks = _PARTING.findall(text)
        point = max(text.rfind("."), text.rfind(",")) if len(set(marks)) > 1 else len(text)
        plain = _PARTING.sub("", text[:point]) + text[point:].replace(",", ".")
        return f"has marks between its thousands; write {plain}"
    return "is no number"


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


def _text(value: object, *, is_text_table: bool) -> str | None:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    text = _number_text(value) if isinstance(value, float) else str(value).strip()
    return None if not text or (is_text_table and text.lower() in _MISSING_WORDS) else text


def _number_text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _suggestion(column: str, present: Sequence[str]) -> str:
    folded = {name.casefold(): name for name in present}
    close = get_close_matches(column.casefold(), folded, n=1)
    return f" Did you mean {folded[close[0]]!r}?" if close else ""
