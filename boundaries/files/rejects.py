"""The rejects file: the rows that were not imported, with their line and the reason, there only once it is whole."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from boundaries.text.cells import CellWriter
from geogrid.errors import UnavailableError

LINE, REASON = "line", "reason"


def has_reasons(columns: Sequence[str]) -> bool:
    """Return whether a table is a rejects file, to be imported again."""
    return tuple(columns[-2:]) == (LINE, REASON)


@dataclass(slots=True)
class Rejects:
    """Rejected rows on their way to a file.

    Parameters
    ----------
    path : Path
        Where the file will be.
    count : int
        Rows so far.
    """

    path: Path
    _file: IO[str]
    _writer: CellWriter
    count: int = 0
    _width: int = field(default=0)
    _table: int = field(default=0)

    def write_header(self, columns: Sequence[str]) -> None:
        """Write the columns of the table, then those of the line and the reason; those that a rejects file has go."""
        self._table = len(columns)
        kept = columns[:-2] if has_reasons(columns) else columns
        self._width = len(kept)
        self._writer.write([*kept, LINE, REASON])

    def write(self, cells: Sequence[str], line: int, reasons: Sequence[str]) -> None:
        """Write a row; cells beyond the header are joined to the last one."""
        kept = list(cells[: self._width])
        if len(cells) > self._table and kept:
            kept[-1] = ",".join([kept[-1], *cells[self._table :]])
        kept += [""] * (self._width - len(kept))
        with _file_errors(self.path):
            self._writer.write([*kept, line, "; ".join(reasons)])
        self.count += 1

    def finish(self) -> None:
        """Bring everything to the disk; the file has its name only after `keep`."""
        with _file_errors(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def keep(self) -> None:
        """Give the file its name, in place of an older one."""
        self._file.close()
        try:
            Path(self._file.name).replace(self.path)
        except OSError as error:
            raise UnavailableError(
                f"The cases are imported, but the rejects file {self.path} cannot be put in place: {error.strerror}. "
                "Import again, which adds nothing, with another place for --rejects."
            ) from error


@contextmanager
def open_rejects(path: Path) -> Iterator[Rejects]:
    """Open a rejects file beside its final name; it is removed unless it is kept.

    Parameters
    ----------
    path : Path
        Its name once the import is stored.

    Raises
    ------
    UnavailableError
        The folder or the disk does not let it be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _file_errors(path):
        file = beside.open("w", encoding="utf-8-sig", newline="")
    try:
        # utf-8-sig: spreadsheets take a file without the mark for the local code page, and Chinese is lost.
        yield Rejects(path, file, CellWriter(file))
    finally:
        with suppress(OSError):
            file.close()
        beside.unlink(missing_ok=True)


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"The rejects file {path} cannot be written: {error.strerror}. "
            "Nothing was imported. Name another place with --rejects."
        ) from error
