"""Importing addresses: every good row into the gazetteer, every other told and in the rejects file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import pandas as pd
from sqlalchemy.orm import Session

from boundaries.addresses.area_codes import CodePlaces, place_codes
from boundaries.addresses.rules import NO_ADDRESS
from boundaries.addresses.storing import import_addresses
from boundaries.files.addresses.nearness import far_faults, land_of
from boundaries.files.addresses.reading import AddressRows
from boundaries.files.rejects import Rejects
from geogrid.errors import InvalidInputError, Problem
from geogrid.wording import distance

_LISTED: Final = 20
_WITHOUT: Final = f"it has {NO_ADDRESS}"
_REJECTS: Final = ".rejects.csv"


@dataclass(slots=True)
class AddressCounts:
    """What became of the rows.

    Parameters
    ----------
    rows : int
        Read.
    stored : int
        Places in the gazetteer of this source, those of one number at one place merged.
    without_address : int
        Rejected rows that have neither street nor name.
    rejected : int
        All rejected rows.
    problems : list of Problem
        One a row that is more than without address, and one for all those without.
    notes : list of str
        What else is to be said.
    """

    rows: int
    stored: int = 0
    without_address: int = 0
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def source_of(path: Path) -> str:
    """Return the source that a file is when nobody names it: of a rejects file that which it was rejected from."""
    return path.name.removesuffix(_REJECTS) or path.name


def store_rows(  # noqa: PLR0913 - where, what and since when
    session: Session,
    jurisdiction_id: int,
    rows: AddressRows,
    rejects: Rejects,
    *,
    file: str,
    source: str,
    beside: bool,
    now: datetime,
) -> AddressCounts:
    """Store the good rows of a file.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    jurisdiction_id : int
        Whose gazetteer.
    rows : AddressRows
        As read.
    rejects : Rejects
        Takes the others; finished here, to be kept after the commit.
    file, source : str
        How to name the file in messages; the data set.
    beside : bool
        What the source had stays.
    now : datetime
        Whose edition's land counts.

    Raises
    ------
    InvalidInputError
        No row is good: the first twenty are listed, the others counted.
    """
    counts = AddressCounts(len(rows.lines))
    for wrong, far in zip(rows.faults, far_faults(rows.frame, land_of(session, jurisdiction_id, now)), strict=True):
        if far is not None:
            wrong.append(far)
    _reject(rows, rejects, counts, file)
    good = [which for which, wrong in enumerate(rows.faults) if not wrong]
    if not good:
        raise InvalidInputError(_refused(counts, file))
    frame = rows.frame.iloc[good].reset_index(drop=True)
    counts.stored = import_addresses(session, jurisdiction_id, frame, source, beside=beside)
    return counts


def store_codes(session: Session, jurisdiction_id: int, table: pd.DataFrame, source: str) -> AddressCounts:
    """Store a list of villages and towns by code; raises as `place_codes`."""
    placed = place_codes(session, jurisdiction_id, table)
    counts = AddressCounts(len(table), notes=list(_notes(placed)))
    counts.stored = import_addresses(session, jurisdiction_id, placed.areas, source)
    return counts


def _reject(rows: AddressRows, rejects: Rejects, counts: AddressCounts, file: str) -> None:
    rejects.write_header(rows.header)
    for cells, line, wrong in zip(rows.cells, rows.lines, rows.faults, strict=True):
        if not wrong:
            continue
        rejects.write(cells, line, wrong)
        counts.rejected += 1
        if wrong == [_WITHOUT]:
            counts.without_address += 1
            continue
        place, told = f"line {line}", "; ".join(wrong)
        counts.problems.append(
            Problem(_kind(wrong), f"{file}, {place}: {told}.", "Correct it or leave it out.", "warning", subject=place)
        )
    if counts.without_address:
        message = f"{file}: {counts.without_address:,} rows have {NO_ADDRESS}."
        counts.problems.append(
            Problem("no-address", message, severity="warning", size=counts.without_address, unit="rows")
        )
    rejects.finish()


def _refused(counts: AddressCounts, file: str) -> list[Problem]:
    """Return the problems of a file that has no good row: the first of them, and how many more there are."""
    if not counts.rows:
        return [Problem("empty", f"{file} has no rows.", "Check the export.")]
    problems = [replace(problem, severity="error") for problem in counts.problems[:_LISTED]]
    if rest := len(counts.problems) - len(problems):
        problems.append(Problem("more", f"{file}: {rest:,} more rows are rejected.", size=rest, unit="rows"))
    return problems


def _kind(wrong: list[str]) -> str:
    return "far-away" if any(reason.startswith("its point") for reason in wrong) else "bad-address"


def _notes(placed: CodePlaces) -> list[str]:
    notes = []
    above: Mapping[str, int] = placed.above
    if above:
        names = list(above)
        some = ", ".join(f"{above[name]:,} of {name}" for name in names[:5])
        more = f" and {len(names) - 5:,} others" if len(names) > 5 else ""  # noqa: PLR2004 - as many as are named
        notes.append(
            f"{sum(above.values()):,} areas have no grid of their own and stand at the area above them, "
            f"known to {distance(placed.widest_m)} at worst: {some}{more}."
        )
    if placed.unplaced:
        some = ", ".join(placed.unplaced[:5])
        notes.append(f"{len(placed.unplaced):,} areas have no grid, nor an area above them that has one: {some}.")
    return notes
