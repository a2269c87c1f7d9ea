"""Drafts from a table of block and grid: a plan that was made elsewhere, on the blocks of a plan that is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from boundaries.files.columns import has_lost_digits, missing_columns
from boundaries.files.table_reader import open_table
from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.grids.tables import Plan
from boundaries.plans.drafts import new_draft, record
from boundaries.plans.edits.editing import Author, keep_edit
from boundaries.plans.loading import load_whole
from boundaries.store.bulk_copy import new_ids
from geogrid.errors import InvalidInputError, Problem
from geogrid.plans import Tools, difference
from geogrid.plans.assigning import Assigned, assign, pieces_of_grids, read_assignment

_BLOCK_NAMES: Final = ("block", "block_id", "blockid", "unit", "unit_id", "id", "街区", "街区编号", "基础单元")
_GRID_NAMES: Final = ("grid", "grid_code", "gridcode", "code", "assignment", "district", "zone", "网格", "网格编码")


@dataclass(frozen=True, slots=True)
class AssignmentFile:
    """A table of block and grid, and which column holds what; those that are None are found by their names.

    Parameters
    ----------
    path : Path
        CSV, TSV, Parquet or XLSX.
    block, grid : str, optional
        Columns with the number of the block and the code of its grid.
    grid_name, parent : str, optional
        Columns with the name of the grid and the code of the grid above it, for grids that the plan does not have.
    encoding : str, optional
        Of the text, where the file does not say.
    """

    path: Path
    block: str | None = None
    grid: str | None = None
    grid_name: str | None = None
    parent: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class AssignmentResult:
    """What came of it: the draft, None where an error refuses the table, all problems, and how many blocks moved."""

    plan: PlanRecord | None
    problems: tuple[Problem, ...]
    moved: int = 0


def assign_draft(  # noqa: PLR0913 - one keyword a choice
    session: Session, base: PlanValues, file: AssignmentFile, *, name: str, author: Author, at: datetime
) -> AssignmentResult:
    """Make a draft from another plan whose blocks are in the grids that a table says.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    base : PlanValues
        Whose blocks the table is about; known grids stay what they are.
    file : AssignmentFile
        The table.
    name : str
        Of the draft.
    author : Author
        Who, and why.
    at : datetime
        Moment of the duties.

    Raises
    ------
    InvalidInputError
        The table cannot be read, or a column is missing or not found.
    """
    rows = _rows(file)
    grid_of, problems = read_assignment(load_whole(session, base), rows)
    if problems:
        return AssignmentResult(None, problems)
    made = new_draft(session, base, name=name, made_by=author.name, at=at, reason=author.reason)
    plan = session.get_one(Plan, made.id)
    copy = load_whole(session, plan)
    tools = Tools(lambda: new_ids(session, "grids", 1)[0], lambda: new_ids(session, "blocks", 1)[0])
    after = assign(copy, grid_of, rows, tools)
    delta = difference(copy, after)
    if not delta.is_empty:
        operation = {"kind": "assignment", "file": file.path.name}
        keep_edit(session, plan, copy, after, delta, operation=operation, author=author)
        record(session, plan, made_by=author.name, kind="edit", detail={"operations": ["assignment"], **operation})
    session.refresh(plan)
    return AssignmentResult(plan_record(plan), pieces_of_grids(after), len(delta.block_ids))


def _rows(file: AssignmentFile) -> list[Assigned]:
    rows: list[Assigned] = []
    faults: list[Problem] = []
    wanted = [name for name in (file.block, file.grid, file.grid_name, file.parent) if name is not None]
    with open_table(file.path, encoding=file.encoding, wanted=wanted) as table:
        places = _places(file, table.columns)
        for chunk in table.chunks:
            cells = [chunk.column(place) if place is not None else [""] * len(chunk.rows) for place in places]
            for which, values in enumerate(zip(*cells, strict=True)):
                line = chunk.lines[which]
                if which in chunk.faults:
                    faults.append(Problem("unreadable", f"Line {line}: {chunk.faults[which]}.", subject=str(line)))
                elif lost := next((cell for cell in values if has_lost_digits(cell)), None):
                    message = f"Line {line}: {lost!r} is a number that a spreadsheet has shortened."
                    faults.append(Problem("digits-lost", message, "Export the codes as text.", subject=str(line)))
                elif any(chunk.rows[which]):
                    rows.append(Assigned(line, *values))
    if faults:
        raise InvalidInputError(faults)
    return rows


def _places(file: AssignmentFile, columns: Sequence[str]) -> list[int | None]:
    """Return where block, grid, name and parent stand; None for what the table does not have."""
    given = {"--block": file.block, "--grid": file.grid, "--grid-name": file.grid_name, "--parent": file.parent}
    named = [(option, column) for option, column in given.items() if column is not None]
    problems = list(missing_columns(named, columns, file.path.name))
    wanted = dict(given)
    for option, names in (("--block", _BLOCK_NAMES), ("--grid", _GRID_NAMES)):
        if wanted[option] is None:
            taken = {column for column in wanted.values() if column is not None}
            by_name = {column.strip().casefold(): column for column in columns if column not in taken}
            wanted[option] = next((by_name[each] for each in names if each in by_name), None)
            if wanted[option] is None:
                what = option.removeprefix("--")
                message = f"{file.path.name} has no column that is called {what}, or anything like it."
                remedy = f"Name it: {option} COLUMN. It has: {', '.join(columns)}."
                problems.append(Problem("missing-column", message, remedy, subject=what))
    if problems:
        raise InvalidInputError(problems)
    return [None if column is None else columns.index(column) for column in wanted.values()]
