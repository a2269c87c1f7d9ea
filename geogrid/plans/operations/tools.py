"""What operations need besides the plan: numbers for what is new, buildings in the way, lines worth following."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from geogrid.codes import TreePosition
from geogrid.errors import InvalidInputError, Problem
from geogrid.plans.state import Draft, Node
from geogrid.types import DedicatedCategory, FloatArray, GeometryArray, GridCode, GridKind, IntArray

NO_BAND_REMEDY: Final = 'Give a band, e.g. 300:500, or give the plan one: {"kind": "set_band", "band": [300, 500]}.'
"""What to do where an operation needs a band and nothing says one."""


def _none() -> GeometryArray:
    return np.empty(0, dtype=object)


@dataclass(frozen=True, slots=True)
class Buildings:
    """Footprints near an operation.

    Parameters
    ----------
    ids : (b,) int64
        Their numbers.
    names : tuple of str
        Their names, empty where they have none.
    polygons : (b,) Polygon or MultiPolygon
        Degrees, WGS 84.
    households : (b,) float64
        NaN where unknown.
    """

    ids: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    names: tuple[str, ...] = ()
    polygons: GeometryArray = field(default_factory=_none)
    households: FloatArray = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        """Return the number of buildings."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Lines:
    """Barriers near an operation: degrees, WGS 84, with their rank and their kind."""

    lines: GeometryArray = field(default_factory=_none)
    ranks: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tools:
    """What operations need besides the plan.

    Parameters
    ----------
    new_grid, new_block : callable
        Give a number that no grid, or no block, has had.
    buildings : Buildings
        Those that a cut could meet, and that say where households live.
    barriers : Lines
        Those that the engine prefers to follow.
    water : (w,) Polygon or MultiPolygon
        Areas of water, degrees, WGS 84: what is wide of it parts the grids that the engine makes.
    author : str
        Who asks: a lock has this name.
    """

    new_grid: Callable[[], int]
    new_block: Callable[[], int]
    buildings: Buildings = field(default_factory=Buildings)
    barriers: Lines = field(default_factory=Lines)
    water: GeometryArray = field(default_factory=_none)
    author: str = ""


def add_leaf(  # noqa: PLR0913 - one keyword a choice
    draft: Draft,
    tools: Tools,
    *,
    like: Node,
    name: str | None = None,
    code: str | None = None,
    kind: GridKind = "comprehensive",
    category: DedicatedCategory | None = None,
) -> tuple[Draft, int]:
    """Return the draft with a new leaf beside another, still without land, and its key.

    Raises
    ------
    InvalidInputError
        The code is taken, or none is left.
    """
    if code is not None and code in draft.codes():
        raise taken(code)
    node = Node(
        key=tools.new_grid(),
        code=GridCode(code or next_code(draft, like)),
        name=name or next(fresh_names(draft, like)),
        level=like.level,
        parent=like.parent,
        kind=kind,
        category=category,
    )
    return draft.with_nodes(node), node.key


def next_code(draft: Draft, like: Node, *, merged: bool = False) -> str:
    """Return a code for a new grid beside another, by the profile of the plan."""
    return draft.rules.profile.next_code(place_of(draft, like), draft.codes(), like=like.code, merged=merged)


def place_of(draft: Draft, node: Node) -> TreePosition:
    """Return where a grid stands, for its code."""
    parent = None if node.parent is None else draft.nodes[node.parent].code
    return TreePosition(node.level, draft.rules.depth, parent)


def fresh_names(draft: Draft, like: Node) -> Iterator[str]:
    """Yield the name of a grid with numbers that no grid beside it has: "Harbour 2", "Harbour 3"."""
    used = {node.name for node in draft.nodes.values() if node.parent == like.parent}
    number = 2
    while True:
        if f"{like.name} {number}" not in used:
            yield f"{like.name} {number}"
        number += 1


def taken(code: str) -> InvalidInputError:
    """Return the refusal of a code that is in use."""
    return InvalidInputError.of("code-taken", f"Code {code} is in use.", "Choose another one.", subject=code)


def refuse_empty(before: Draft, after: Draft) -> None:
    """Refuse an operation that leaves a leaf without land."""
    left = set(before.owner.tolist()) - set(after.owner.tolist())
    empty = [after.nodes[key] for key in sorted(left) if key in after.nodes]
    if empty:
        raise InvalidInputError(
            Problem(
                "no-land-left",
                f"Grid {node.code} would have no block left.",
                "Merge it with another grid instead, or leave it a block.",
                subject=node.code,
            )
            for node in empty
        )


def refuse_childless(before: Draft, after: Draft) -> None:
    """Refuse an operation that leaves a grid without any below it."""
    parents = {node.parent for node in after.nodes.values()}
    bereft = {node.parent for key, node in before.nodes.items() if key not in after.nodes} - parents
    empty = [after.nodes[key] for key in sorted(key for key in bereft if key is not None and key in after.nodes)]
    if empty:
        raise InvalidInputError(
            Problem(
                "no-child-left",
                f"Grid {node.code} would have no grid below it.",
                "Leave it one, or merge it with another of its level.",
                subject=node.code,
            )
            for node in empty
        )


def with_unplaced(node: Node, *others: Node) -> Node:
    """Return a grid that has also the loads that no block of the others has."""
    total = tuple(
        float(sum(values)) for values in zip(node.unplaced, *(other.unplaced for other in others), strict=True)
    )
    return replace(node, unplaced=total)
