"""The level tree of a file: by codes of parents, or by the level of each row and what lies within what."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from boundaries.files.grids.fields import GridRows
from geogrid.coverage.tree import Tree, check_levels, grow_tree
from geogrid.errors import Problem
from geogrid.types import GeometryArray, IntArray, LevelName

DEFAULT_LEVELS: tuple[tuple[LevelName, ...], ...] = tuple(
    tuple(LevelName(*pair) for pair in pairs)
    for pairs in (
        [("grid", "网格")],
        [("community", "社区"), ("grid", "网格")],
        [("street", "街道"), ("community", "社区"), ("grid", "网格")],
        [("district", "区县"), ("street", "街道"), ("community", "社区"), ("grid", "网格")],
        [
            ("district", "区县"),
            ("street", "街道"),
            ("community", "社区"),
            ("area grid", "片区"),
            ("micro grid", "微网格"),
        ],
        [
            ("city", "市"),
            ("district", "区县"),
            ("street", "街道"),
            ("community", "社区"),
            ("area grid", "片区"),
            ("micro grid", "微网格"),
        ],
    )
)
"""Names of levels where nobody gives any, by their number."""

_CHINESE = {level.name: level.name_zh for levels in DEFAULT_LEVELS for level in levels} | {"township": "乡镇"}


@dataclass(frozen=True, slots=True)
class Levels:
    """Names of the levels, top first; `names` is empty where nobody gave any."""

    names: tuple[LevelName, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Levels":
        """Return the levels of a list such as ``district,community,grid`` or ``区县,社区,网格`` or ``ward/坊,grid``."""
        parsed = []
        for word in filter(None, (part.strip() for part in text.replace("，", ",").split(","))):
            name, _, chinese = (side.strip() for side in word.partition("/"))
            parsed.append(LevelName(name, chinese or _CHINESE.get(name.lower(), "")))
        return cls(tuple(parsed))

    def or_default(self, depth: int) -> tuple[LevelName, ...]:
        """Return the names of so many levels, the usual ones where nobody gave any; none where they do not fit."""
        if self.names or depth > len(DEFAULT_LEVELS):
            return self.names if len(self.names) == depth else ()
        return DEFAULT_LEVELS[depth - 1]


def settle_tree(
    rows: GridRows, labels: Sequence[str], polygons: GeometryArray, levels: Levels
) -> tuple[Tree | None, tuple[Problem, ...]]:
    """Return the tree of the rows.

    Parameters
    ----------
    rows : GridRows
        As read.
    labels : sequence of str
        Distinct code of each row.
    polygons : (n,) Polygon or MultiPolygon
        Valid; where a file states levels and no parents, a grid's parent is the one of the level above that holds it.
    levels : Levels
        Names that the stated levels may use.
    """
    stated, problems = _stated_levels(rows, labels, levels)
    ancestors: Sequence[Sequence[str | None]] = rows.parents
    if not ancestors and len(set(stated.values())) > 1:
        if problems:
            return None, problems
        holders, problems = _holders(labels, stated, polygons)
        if problems:
            return None, problems
        ancestors = [holders]
    tree, tree_problems = grow_tree(labels, ancestors)
    found = (*problems, *tree_problems)
    if tree is None:
        return None, found
    names = [level.name for level in levels.names]
    if tree.depth > len(DEFAULT_LEVELS):
        found = (*found, _too_deep(tree.depth))
    return tree, (*found, *check_levels(tree, stated, names))


def _too_deep(depth: int) -> Problem:
    return Problem(
        "level-count",
        f"The file has {depth} levels; GeoGrid keeps up to {len(DEFAULT_LEVELS)}.",
        "Leave out the levels above the jurisdiction.",
    )


def _stated_levels(rows: GridRows, labels: Sequence[str], levels: Levels) -> tuple[dict[str, int], tuple[Problem, ...]]:
    positions = {level.name.casefold(): position for position, level in enumerate(levels.names, start=1)}
    positions |= {level.name_zh: position for position, level in enumerate(levels.names, start=1) if level.name_zh}
    stated, problems = {}, []
    for label, text in zip(labels, rows.stated_levels, strict=True):
        if text is None:
            continue
        position = int(text) if text.isdecimal() else positions.get(text.casefold())
        if position is None or not 1 <= position <= len(DEFAULT_LEVELS):
            problems.append(
                Problem(
                    "unknown-level",
                    f"Grid {label} is of level {text!r}, which is neither a number from 1 to {len(DEFAULT_LEVELS)} "
                    "nor the name of a level.",
                    f"Name the levels, top first, e.g. --level-names {'district,community,grid'!r}.",
                    subject=label,
                )
            )
        else:
            stated[label] = position
    return stated, tuple(problems)


def _holders(
    labels: Sequence[str], stated: dict[str, int], polygons: GeometryArray
) -> tuple[list[str | None], tuple[Problem, ...]]:
    """Return, for each row, the grid of the level above that a place inside the row lies in."""
    level: IntArray = np.array([stated.get(label, 0) for label in labels], dtype=np.int64)
    order = np.argsort(np.array(labels, dtype=object), kind="stable")
    holders: list[str | None] = [None] * len(labels)
    problems = []
    for position in np.unique(level):
        inner = np.flatnonzero(level == position)
        outer = order[level[order] == position - 1]
        found = _first_holder(polygons[inner], polygons[outer])
        for which, holder in zip(inner.tolist(), found.tolist(), strict=True):
            if holder >= 0:
                holders[which] = labels[outer[holder]]
            elif position != 1:
                problems.append(_without_holder(labels[which], int(position)))
    return holders, tuple(problems)


def _without_holder(label: str, level: int) -> Problem:
    if not level:
        return Problem("unknown-level", f"Grid {label} states no level.", "Give it one.", subject=label)
    return Problem(
        "no-parent",
        f"Grid {label} of level {level} lies in no grid of level {level - 1}.",
        "Add the grid that it belongs to, or name the column of parents with --parent.",
        subject=label,
    )


def _first_holder(inner: GeometryArray, outer: GeometryArray) -> IntArray:
    """Return the first of `outer` that holds a place inside each of `inner`, -1 for none."""
    first = np.full(len(inner), len(outer), dtype=np.int64)
    if len(outer):
        places: GeometryArray = np.asarray(shapely.point_on_surface(inner), dtype=object)
        which, holder = shapely.STRtree(outer).query(places, predicate="intersects")
        np.minimum.at(first, which, holder)
    first[first == len(outer)] = -1
    return first
