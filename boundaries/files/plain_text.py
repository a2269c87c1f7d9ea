"""Delimited text for GDAL: the one reader of tables settles what it is, and GDAL reads a copy without surprises."""

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from boundaries.files.table_reader import open_table
from boundaries.text.delimited import LONGEST_LINE
from geogrid.errors import InvalidInputError, Problem

_LISTED: Final = 20
_SYSTEM: Final = ".prj"


@contextmanager
def plain_copy(path: Path, encoding: str | None) -> Iterator[Path]:
    """Yield a copy of delimited text in UTF-8, unpacked, with commas and the header in its first line.

    GDAL by itself takes rows of any width, columns of one name twice and ``sep=;`` for a header, and reads neither
    UTF-16 nor most packings.

    Parameters
    ----------
    path : Path
        As `boundaries.text.packed.is_delimited` knows it; a ``.prj`` beside it says the CRS and is copied, too.
    encoding : str, optional
        Of the text; without it what its mark says, else UTF-8.

    Raises
    ------
    InvalidInputError
        As `open_table`, and with twenty of the lines that cannot be read, or have another number of cells than the
        header.
    """
    # Outlines are longer than the cells that the csv module takes by itself; lines are bounded already.
    csv.field_size_limit(LONGEST_LINE)
    with TemporaryDirectory(prefix="geogrid-") as folder:
        plain = Path(folder) / f"{path.name.partition('.')[0]}.csv"
        with open_table(path, encoding=encoding) as table, plain.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.columns)
            for chunk in table.chunks:
                faults = list(chunk.faults.items())[:_LISTED]
                if faults:
                    raise InvalidInputError(_unreadable(path, chunk.lines[at], fault) for at, fault in faults)
                writer.writerows(chunk.rows)
        if path.with_suffix(_SYSTEM).is_file():
            shutil.copy(path.with_suffix(_SYSTEM), plain.with_suffix(_SYSTEM))
        yield plain


def _unreadable(path: Path, number: int, fault: str) -> Problem:
    line = f"line {number}"
    return Problem(
        "unreadable",
        f"{path.name}, {line}: {fault}.",
        "Correct it; quote cells that contain the delimiter.",
        subject=line,
    )
