"""A plan made elsewhere: a table that says of each block which grid it is in, checked whole, then carried out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import shapely

from geogrid.errors import Problem
from geogrid.plans.operations.tools import Tools, with_unplaced
from geogrid.plans.state import NO_LOADS, Draft, Node, union
from geogrid.types import GridCode

_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Assigned:
    """A row of the table.

    Parameters
    ----------
    line : int
        Where it stands.
    block : str
        Number of a block, as it is written.
    grid : str
        Code of a grid, known or new.
    name, parent : str
        Of a new grid: its name, the code of the grid above; empty where the table does not say.
    """

    line: int
    block: str
    grid: str
    name: str = ""
    parent: str = ""


@dataclass(slots=True)
class _TableReading:
    draft: Draft
    problems: list[Problem] = field(default_factory=list)
    grid_of: dict[int, str] = field(default_factory=dict)
    lines: dict[int, list[int]] = field(default_factory=dict)


def read_assignment(draft: Draft, rows: Sequence[Assigned]) -> tuple[dict[int, str], tuple[Problem, ...]]:
    """Return the grid of each block, and everything that is wrong with a table.

    Parameters
    ----------
    draft : Draft
        The plan whose blocks it is about, whole.
    rows : sequence of Assigned
        As they stand in the table.
    """
    reading = _TableReading(draft)
    for row in rows:
        _read(reading, row)
    _twice(reading)
    _unknown_and_missing(reading)
    _grids(reading, rows)
    return reading.grid_of, tuple(reading.problems)


def _read(reading: _TableReading, row: Assigned) -> None:
    number = row.block.removesuffix(".0")
    if not (number.isascii() and number.isdecimal() and 0 < len(number) < 19):  # noqa: PLR2004 - fits the store
        message = (
            f"Line {row.line}: {row.block!r} is no number of a block."
            if row.block
            else f"Line {row.line} has no block."
        )
        reading.problems.append(
            Problem("bad-block", message, "Write the number that the plan's blocks have.", subject=str(row.line))
        )
        return
    block = int(number)
    reading.lines.setdefault(block, []).append(row.line)
    if not row.grid:
        message = f"Line {row.line}: block {block} is given no grid."
        reading.problems.append(Problem("no-grid", message, "Write the code of one.", subject=str(block)))
    reading.grid_of.setdefault(block, row.grid)


def _twice(reading: _TableReading) -> None:
    for block, lines in reading.lines.items():
        if len(lines) > 1:
            message = f"Block {block} stands in lines {_some(lines)}."
            reading.problems.append(Problem("block-twice", message, "Leave it one line.", subject=str(block)))


def _unknown_and_missing(reading: _TableReading) -> None:
    known = set(reading.draft.blocks.ids.tolist())
    unknown = sorted(reading.grid_of.keys() - known)
    missing = sorted(known - reading.grid_of.keys())
    for block in unknown:
        message = f"Line {reading.lines[block][0]}: the plan has no block {block}."
        reading.problems.append(
            Problem(
                "unknown-block",
                message,
                "Take the numbers from the blocks of the plan it is based on.",
                subject=str(block),
            )
        )
        del reading.grid_of[block]
    places = shapely.point_on_surface(reading.draft.blocks.polygons[np.isin(reading.draft.blocks.ids, missing)])
    for block, place in zip(missing, places, strict=True):
        reading.problems.append(
            Problem(
                "missing-block",
                f"Block {block} is in no line.",
                "Give it a grid: a plan leaves no land out.",
                subject=str(block),
                lonlat=(round(place.x, 7), round(place.y, 7)),
            )
        )


def _grids(reading: _TableReading, rows: Sequence[Assigned]) -> None:
    nodes = {str(node.code): node for node in reading.draft.nodes.values()}
    depth = reading.draft.rules.depth
    for code in sorted({row.grid for row in rows if row.grid in nodes and not nodes[row.grid].is_leaf}):
        message = f"Grid {code} is of level {nodes[code].level}, and blocks are in grids of level {depth}."
        reading.problems.append(Problem("not-a-leaf", message, "Name the grids below it.", subject=code))
    said: dict[str, Counter[str]] = {}
    for row in rows:
        if row.parent:
            said.setdefault(row.grid, Counter())[row.parent] += 1
    for code, parents in sorted(said.items()):
        if len(parents) > 1:
            message = f"Grid {code} is put below {_some(sorted(parents))}."
            reading.problems.append(Problem("two-parents", message, "Name one.", subject=code))
        for parent in sorted(parents):
            if parent not in nodes or nodes[parent].level != depth - 1:
                message = f"Grid {code} is put below {parent}, which is no grid of level {depth - 1}."
                reading.problems.append(Problem("unknown-parent", message, "Name one that the plan has.", subject=code))


def _some(values: Sequence[object]) -> str:
    more = f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    return ", ".join(map(str, values[:_LISTED])) + more


def assign(draft: Draft, grid_of: Mapping[int, str], rows: Sequence[Assigned], tools: Tools) -> Draft:
    """Return a plan with its blocks in the grids that a sound table gives them.

    Grids that the plan has stay what they are; of new ones the parent is the one that the table names, else the one in
    which most of their blocks were. Grids that are given no block end.

    Parameters
    ----------
    draft : Draft
        Whole.
    grid_of : mapping of int to str
        Grid of every block.
    rows : sequence of Assigned
        For names and parents.
    tools : Tools
        Numbers of what is new.
    """
    leaves = {str(node.code): node for node in draft.nodes.values() if node.is_leaf}
    codes = np.array([grid_of[block] for block in draft.blocks.ids.tolist()], dtype=object)
    above = draft.owner_at(draft.rules.depth - 1)
    said = {row.grid: row for row in rows}
    by_code = {str(node.code): node.key for node in draft.nodes.values()}
    for code in sorted(set(codes.tolist()) - leaves.keys()):
        keys, counts = np.unique(above[codes == code], return_counts=True)
        parent = by_code.get(said[code].parent, int(keys[counts.argmax()])) if draft.rules.depth > 1 else None
        name = said[code].name or code
        leaves[code] = Node(tools.new_grid(), GridCode(code), name, draft.rules.depth, parent, "comprehensive")
    owner = np.array([leaves[code].key for code in codes.tolist()], dtype=np.int64)
    used = set(codes.tolist())
    result = replace(draft, owner=owner).with_nodes(*(leaves[code] for code in used))
    return _without_empty(draft, result)


def _without_empty(before: Draft, after: Draft) -> Draft:
    """Return the plan without leaves that have no land; loads that no block has go where most of their land went."""
    for key in sorted(set(before.owner.tolist()) - set(after.owner.tolist())):
        node = before.nodes[key]
        if any(node.unplaced):
            keys, counts = np.unique(after.owner[before.owner == key], return_counts=True)
            heir = after.nodes[int(keys[counts.argmax()])]
            after = after.with_nodes(with_unplaced(heir, replace(node, unplaced=node.unplaced or NO_LOADS)))
        after = after.without(key)
    while True:
        parents = {node.parent for node in after.nodes.values()}
        bare = [key for key, node in after.nodes.items() if not node.is_leaf and key not in parents]
        if not bare:
            return after
        after = after.without(*bare)


def pieces_of_grids(draft: Draft) -> tuple[Problem, ...]:
    """Return a warning for each leaf that is in separate pieces, with a place in the second largest."""
    problems = []
    for key in np.unique(draft.owner).tolist():
        shape = union(draft.blocks.polygons[draft.members(key)])
        parts = shapely.get_parts(shape)
        if len(parts) < 2:  # noqa: PLR2004 - in one piece
            continue
        second = parts[np.argsort(-shapely.area(parts), kind="stable")[1]].representative_point()
        code = str(draft.nodes[key].code)
        problems.append(
            Problem(
                "fragments",
                f"Grid {code} is in {len(parts)} separate pieces.",
                "Move them to the grids around them.",
                severity="warning",
                subject=code,
                lonlat=(round(second.x, 7), round(second.y, 7)),
                size=float(len(parts)),
                unit="pieces",
            )
        )
    return tuple(sorted(problems, key=lambda problem: problem.subject))
