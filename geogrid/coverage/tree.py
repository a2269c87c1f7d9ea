"""The level tree of a file's rows: who is whose parent, at which level, and what is wrong with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geogrid.errors import Problem


@dataclass(frozen=True, slots=True)
class Tree:
    """Grids by code with their parent and level.

    Parameters
    ----------
    parents : mapping of str to (str or None)
        Parent of each grid, None at the top; parents that have no row of their own are in it.
    levels : mapping of str to int
        Level of each grid, 1 is the top.
    derived : frozenset of str
        Grids without a row: they are the union of their children.
    """

    parents: Mapping[str, str | None]
    levels: Mapping[str, int]
    derived: frozenset[str]

    @property
    def depth(self) -> int:
        """Number of levels."""
        return max(self.levels.values())

    def with_children(self) -> frozenset[str]:
        """Return the codes of the grids that have children."""
        return frozenset(parent for parent in self.parents.values() if parent is not None)


def check_codes(codes: Sequence[str | None], places: Sequence[tuple[float, float] | None]) -> tuple[Problem, ...]:
    """List rows without code and codes of several rows.

    Parameters
    ----------
    codes : sequence of (str or None)
        In the order of the file.
    places : sequence of ((lon, lat) or None)
        Where each row is.
    """
    problems = [
        Problem(
            "null-code",
            f"Row {row} has no code.",
            "Give it one.",
            subject=f"row {row}",
            lonlat=place,
        )
        for row, (code, place) in enumerate(zip(codes, places, strict=True), start=1)
        if code is None
    ]
    rows: dict[str, list[int]] = {}
    for row, code in enumerate(codes, start=1):
        if code is not None:
            rows.setdefault(code, []).append(row)
    problems += [
        Problem(
            "duplicate-code",
            f"Code {code} stands in {len(row_numbers)} rows: {', '.join(map(str, row_numbers))}.",
            "Give each grid a code of its own; parts of one grid are joined with --dissolve.",
            subject=code,
            lonlat=places[row_numbers[1] - 1],
        )
        for code, row_numbers in rows.items()
        if len(row_numbers) > 1
    ]
    return tuple(problems)


def grow_tree(
    codes: Sequence[str], ancestors: Sequence[Sequence[str | None]]
) -> tuple[Tree | None, tuple[Problem, ...]]:
    """Return the tree that rows with their parents' codes describe.

    Parameters
    ----------
    codes : sequence of str
        One a row; distinct.
    ancestors : sequence of sequence of (str or None)
        Columns of parents' codes, the nearest first; none for a single level.

    Returns
    -------
    tree : Tree or None
        None where the problems leave none.
    problems : tuple of Problem
        Unknown parents, circles, contradictions. Parents that are no rows are derived, if that is so for every row
        at the top; otherwise they are unknown.
    """
    if not ancestors:
        return Tree(dict.fromkeys(codes), dict.fromkeys(codes, 1), frozenset()), ()
    parents: dict[str, str | None] = dict(zip(codes, ancestors[0], strict=True))
    tops = [code for code, parent in parents.items() if parent is None or parent not in parents]
    unknown = [code for code in tops if parents[code] is not None]
    problems: list[Problem] = []
    derived: frozenset[str] = frozenset()
    if unknown and len(unknown) == len(tops):
        problems += _derive_ancestors(parents, codes, ancestors)
        derived = frozenset(parents) - frozenset(codes)
    else:
        problems += _unknown_parents(unknown, parents)
    problems += _circles(parents)
    if problems:
        return None, tuple(problems)
    return Tree(parents, _levels(parents), derived), ()


def check_levels(tree: Tree, stated: Mapping[str, int], level_names: Sequence[str]) -> tuple[Problem, ...]:
    """List grids whose stated level is not the level below their parent's, and too many or too few levels.

    Parameters
    ----------
    tree : Tree
        As the parents say.
    stated : mapping of str to int
        Level of some grids as the file says, 1 is the top.
    level_names : sequence of str
        Names of the levels, top first; empty if there are none.
    """
    problems = [
        Problem(
            "level-mismatch",
            f"Grid {code} is stated to be of level {stated[code]}, but its chain of parents makes it level {level}.",
            "Correct its level or its parent.",
            subject=code,
        )
        for code, level in tree.levels.items()
        if stated.get(code, level) != level
    ]
    if level_names and len(level_names) != tree.depth:
        problems.append(
            Problem(
                "level-count",
                f"The file has {_levels_text(tree.depth)}, and {len(level_names)} names are given "
                f"({', '.join(level_names)}).",
                "Name each level once with --level-names, top first; the columns of parents are named by --parent.",
            )
        )
    return tuple(problems)


def _levels_text(count: int) -> str:
    return f"{count} level{'s' if count > 1 else ''}"


def _derive_ancestors(
    parents: dict[str, str | None], codes: Sequence[str], ancestors: Sequence[Sequence[str | None]]
) -> list[Problem]:
    """Add the parents that are no rows, and theirs, to `parents`; list contradictions."""
    problems, rows = [], set(codes)
    for lower, upper in zip(ancestors, [*ancestors[1:], [None] * len(codes)], strict=True):
        for row, child, parent in zip(codes, lower, upper, strict=True):
            if child is None or child in rows:
                continue
            if parents.setdefault(child, parent) != parent:
                problems.append(
                    Problem(
                        "two-parents",
                        f"Grid {child} has two parents, {parents[child]} and {parent} (that of grid {row}).",
                        "A grid has one parent.",
                        subject=child,
                    )
                )
    return problems


def _unknown_parents(unknown: Sequence[str], parents: Mapping[str, str | None]) -> list[Problem]:
    return [
        Problem(
            "unknown-parent",
            f"Grid {code} names parent {parents[code]}, which no row has as its code.",
            "Correct it, add the row, or leave it empty at the top level.",
            subject=code,
        )
        for code in unknown
    ]


def _circles(parents: Mapping[str, str | None]) -> list[Problem]:
    """List every circle of parents once, from its smallest code."""
    settled: set[str] = set()
    circles: dict[str, list[str]] = {}
    for start in parents:
        path: list[str] = []
        code: str | None = start
        while code is not None and code not in settled and code in parents:
            if code in path:
                circle = path[path.index(code) :]
                first = circle.index(min(circle))
                circles[min(circle)] = circle[first:] + circle[: first + 1]
                break
            path.append(code)
            code = parents[code]
        settled.update(path)
    return [
        Problem(
            "circle",
            f"Grids are each other's parents in a circle: {' -> '.join(circle)}.",
            "Correct the parent of one of them.",
            subject=code,
        )
        for code, circle in sorted(circles.items())
    ]


def _levels(parents: Mapping[str, str | None]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for start in parents:
        path = []
        code: str | None = start
        while code is not None and code not in levels:
            path.append(code)
            code = parents[code]
        level = 0 if code is None else levels[code]
        for below, member in enumerate(reversed(path), start=1):
            levels[member] = level + below
    return levels


def counts_by_level(tree: Tree) -> dict[int, int]:
    """Return how many grids each level has, top first."""
    return dict(sorted(Counter(tree.levels.values()).items()))
