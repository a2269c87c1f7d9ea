"""Operations that give whole blocks to other grids: move, merge, carve, dissolve."""

from dataclasses import replace

import numpy as np
import shapely

from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.overlays import DEGREE, intersections
from geogrid.plans.operations.apart import refuse_apart
from geogrid.plans.operations.cutting import move_land
from geogrid.plans.operations.kinds import Carve, Dissolve, Merge, MoveBlocks, MoveLand
from geogrid.plans.operations.tools import (
    Tools,
    add_leaf,
    next_code,
    refuse_childless,
    refuse_empty,
    taken,
    with_unplaced,
)
from geogrid.plans.state import Draft, Node
from geogrid.types import DEDICATED_CATEGORIES, GridCode, IntArray


def move_blocks(draft: Draft, operation: MoveBlocks, _tools: Tools) -> Draft:
    """Give blocks to a leaf.

    Raises
    ------
    NotFoundError
        The plan has no such block or grid.
    InvalidInputError
        They are all there already, or a grid would have no land left.
    """
    target = draft.leaf(operation.to)
    positions = draft.blocks.positions(operation.blocks)
    if (draft.owner[positions] == target.key).all():
        raise InvalidInputError.of(
            "nothing-to-move", f"Every block named is in grid {target.code} already.", "Name others."
        )
    moved = draft.with_owner(positions, target.key)
    refuse_empty(draft, moved)
    return moved


def merge(draft: Draft, operation: Merge, _tools: Tools) -> Draft:
    """Make one grid of several of a level; those below them come along.

    The grid that remains keeps its parent, its duties and, unless another is asked for, its code and name.

    Raises
    ------
    NotFoundError
        There is no such grid.
    InvalidInputError
        Fewer than two, of different levels, some do not touch the others and are not named as such, the code is
        taken, or a parent would have no grid left.
    """
    nodes = draft.grids(operation.grids)
    _check_mergeable(nodes, operation)
    kept = draft.node(operation.keep) if operation.keep is not None else _heaviest(draft, nodes)
    refuse_apart(draft, nodes, kept, operation.apart)
    others = [node for node in nodes if node.key != kept.key]
    gone = {node.key for node in others}
    owner = np.where(np.isin(draft.owner, list(gone)), kept.key, draft.owner)
    children = [replace(node, parent=kept.key) for node in draft.nodes.values() if node.parent in gone]
    result = replace(draft, owner=owner).without(*gone).with_nodes(*children)
    code = operation.code
    if code == "new":
        code = next_code(draft, kept, merged=True)
    elif code is not None and code in draft.codes() - {node.code for node in nodes}:
        raise taken(code)
    merged = replace(with_unplaced(kept, *others), code=GridCode(code or kept.code), name=operation.name or kept.name)
    refuse_childless(draft, result)
    return result.with_nodes(merged)


def _check_mergeable(nodes: list[Node], operation: Merge) -> None:
    problems = []
    if len(nodes) < 2:  # noqa: PLR2004 - two make a merger
        problems.append(Problem("too-few-grids", "A merger needs at least two grids.", "Name them by their codes."))
    levels = sorted({node.level for node in nodes})
    if len(levels) > 1:
        named = ", ".join(f"{node.code} (level {node.level})" for node in nodes)
        problems.append(Problem("levels-differ", f"Grids of one level are merged; these are {named}."))
    if levels == [1]:
        problems.append(Problem("top-level", "Grids of the top level are not merged: a plan tiles one jurisdiction."))
    if operation.keep is not None and operation.keep not in operation.grids:
        problems.append(
            Problem("keep-not-merged", f"Grid {operation.keep} is to remain, but is not among those that are merged.")
        )
    if problems:
        raise InvalidInputError(problems)


def _heaviest(draft: Draft, nodes: list[Node]) -> Node:
    def weight(node: Node) -> tuple[float, int]:
        loads = [draft.load(key) for key in draft.leaves_below(node.key)]
        return float(np.nansum(loads)), -node.key

    return max(nodes, key=weight)


def carve(draft: Draft, operation: Carve, tools: Tools) -> Draft:
    """Make a dedicated grid of blocks; grids whose whole land it takes end.

    Raises
    ------
    NotFoundError
        There is no such block.
    InvalidInputError
        An unknown category, no name, no land, a code that is taken; for a patch also as `move_land`.
    """
    problems = []
    if operation.category not in DEDICATED_CATEGORIES:
        categories = ", ".join(DEDICATED_CATEGORIES)
        problems.append(Problem("unknown-category", f"'{operation.category}' is no category.", f"Known: {categories}."))
    if not operation.name.strip():
        problems.append(Problem("no-name", "A dedicated grid has the name of its institution, and none is given."))
    if bool(operation.blocks) == (operation.patch is not None):
        problems.append(Problem("no-land", "Exactly one of blocks and a patch is needed.", "Say which land it has."))
    if problems:
        raise InvalidInputError(problems)
    positions = _within(draft, operation)
    donor = draft.nodes[_main_owner(draft, positions)]
    carved, key = add_leaf(
        draft,
        tools,
        like=donor,
        name=operation.name,
        code=operation.code,
        kind="dedicated",
        category=operation.category,
    )
    if operation.patch is not None:
        return move_land(carved, MoveLand(operation.patch, carved.nodes[key].code), tools)
    carved = carved.with_owner(positions, key)
    emptied = sorted(set(draft.owner.tolist()) - set(carved.owner.tolist()))
    heir = with_unplaced(carved.nodes[key], *(draft.nodes[row] for row in emptied))
    result = carved.without(*emptied).with_nodes(heir)
    refuse_childless(draft, result)
    return result


def _within(draft: Draft, operation: Carve) -> IntArray:
    """Return the blocks that are named, or that the patch meets."""
    if operation.patch is None:
        return draft.blocks.positions(operation.blocks)
    shared = shapely.area(intersections(draft.blocks.polygons, np.array([operation.patch], dtype=object), metre=DEGREE))
    if not shared.any():
        raise InvalidInputError.of("patch-outside", "The patch lies outside the plan.", "Draw it over the grids.")
    return np.flatnonzero(shared > shared.max() / 2)


def _main_owner(draft: Draft, positions: IntArray) -> int:
    """Return the leaf that has most of some blocks."""
    owners, counts = np.unique(draft.owner[positions], return_counts=True)
    return int(owners[counts.argmax()])


def dissolve(draft: Draft, operation: Dissolve, tools: Tools) -> Draft:
    """Give the land of a dedicated grid to a leaf beside it.

    Raises
    ------
    NotFoundError
        There is no such grid.
    InvalidInputError
        It is not dedicated, or no comprehensive grid lies beside it.
    """
    node = draft.leaf(operation.grid)
    if node.kind != "dedicated":
        raise InvalidInputError.of(
            "not-dedicated",
            f"Grid {node.code} is {node.kind}; only dedicated grids are dissolved.",
            "Merge it instead.",
            subject=node.code,
        )
    target = draft.leaf(operation.into) if operation.into is not None else _nearest(draft, node)
    return merge(draft, Merge((node.code, target.code), keep=target.code, apart=operation.apart), tools)


def _nearest(draft: Draft, node: Node) -> Node:
    """Return the comprehensive leaf with the longest boundary to a leaf, of the same parent if there is one."""
    adjacency = draft.adjacency(np.arange(len(draft.blocks)))
    own = draft.owner[adjacency.pairs] == node.key
    border = own[:, 0] != own[:, 1]
    pairs = adjacency.pairs[border]
    other = draft.owner[np.where(own[border, 0], pairs[:, 1], pairs[:, 0])]
    shared: dict[int, float] = {}
    for key, length in zip(other.tolist(), adjacency.shared_m[border].tolist(), strict=True):
        if draft.nodes[key].kind == "comprehensive" and draft.lock_of(key) is None:
            shared[key] = shared.get(key, 0.0) + length
    if not shared:
        raise InvalidInputError.of(
            "no-neighbour",
            f"No comprehensive grid lies beside {node.code}.",
            "Say which grid takes its land.",
            subject=node.code,
        )
    best = max(shared, key=lambda key: (draft.nodes[key].parent == node.parent, shared[key], -key))
    return draft.nodes[best]
