"""A grid becomes several: which part keeps its code, its name and its people."""

import numpy as np
import shapely

from geogrid.plans.operations.tools import Tools, add_leaf
from geogrid.plans.state import Draft, Node
from geogrid.types import IntArray


def divided(draft: Draft, tools: Tools, node: Node, groups: list[IntArray], names: tuple[str, ...]) -> Draft:
    """Return the draft with a leaf split into groups of blocks; the group with most load keeps the grid.

    Parameters
    ----------
    draft : Draft
        With all blocks of the leaf.
    tools : Tools
        For the new grids.
    node : Node
        The leaf.
    groups : list of (k,) int64
        Positions of its blocks, in the order in which new grids are numbered.
    names : tuple of str
        Of the new grids, in that order; numbered ones beyond.
    """
    area = shapely.area(draft.blocks.polygons)
    weights = [(float(np.nansum(draft.balanced(group))), float(area[group].sum())) for group in groups]
    kept = max(range(len(groups)), key=lambda number: (*weights[number], -number))
    left_names = list(names)
    for number, group in enumerate(groups):
        if number == kept:
            continue
        draft, key = add_leaf(
            draft,
            tools,
            like=node,
            name=left_names.pop(0) if left_names else None,
            kind=node.kind,
            category=node.category,
        )
        draft = draft.with_owner(group, key)
    return draft
