"""Cells of the CSV files that people open: no text is taken for a formula, and every text can be read back.

Everything that we write as CSV goes through `CellWriter`. The one exception is the output of ``geogrid locate``, whose
rows are those of the input byte for byte; there the new cell alone is led.

References
----------
OWASP, CSV Injection: a cell that starts with = + - @, a tab or an end of line is run as a formula by spreadsheets, as
are the full-width forms that East Asian versions take for the same signs.
"""

import csv
import math
import re
from collections.abc import Iterable
from datetime import date, time
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the full-width forms
_LED: Final = re.compile(f"'*[{re.escape(''.join(FORMULA_STARTS))}]")
# A negative number stays a number. One with a plus does not: it is a telephone number, which would lose its sign.
_NEGATIVE: Final = re.compile(r"-(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def led(text: str) -> str:
    """Return a text led by an apostrophe where a spreadsheet would run it, or where `unled` would change it."""
    return f"'{text}" if _LED.match(text) and not _NEGATIVE.fullmatch(text) else text


def unled(text: str) -> str:
    """Return the text that `led` was given."""
    return text[1:] if text.startswith("'") and _LED.match(text) else text


class CellWriter:
    """A writer of CSV rows, with commas and CR LF as RFC 4180 has them.

    Texts are led by an apostrophe where they would be run; numbers stay numbers; times are written as ISO 8601; None
    and NaN are empty.
    """

    def __init__(self, file: IO[str]) -> None:
        self._writer = csv.writer(file, lineterminator="\r\n")

    def write(self, row: Iterable[Any]) -> None:
        """Write a row."""
        self._writer.writerow([_cell(value) for value in row])

    def write_all(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write rows."""
        for row in rows:
            self.write(row)


def write_plain(file: IO[str], rows: Iterable[Iterable[str]]) -> None:
    """Write rows with every text as it is, for a program that reads them at once: nobody is to open such a file."""
    csv.writer(file).writerows(rows)


def write_table(file: IO[str], table: "pd.DataFrame") -> None:
    """Write a header and the rows of a table."""
    writer = CellWriter(file)
    writer.write(table.columns)
    writer.write_all(table.itertuples(index=False, name=None))


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return led(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.isoformat() if isinstance(value, date | time) else value
