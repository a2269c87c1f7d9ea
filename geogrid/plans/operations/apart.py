"""Grids that do not touch: a merger of such makes a grid in pieces, so they are merged only where they are named."""

from collections.abc import Collection, Sequence

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geogrid.errors import InvalidInputError, Problem
from geogrid.plans.state import Draft, Node, flat
from geogrid.types import IntArray


def refuse_apart(draft: Draft, nodes: Sequence[Node], kept: Node, named: Collection[str]) -> None:
    """Refuse a merger of grids that share no boundary, directly or by way of the others.

    Parameters
    ----------
    draft : Draft
        With all land of the grids.
    nodes : sequence of Node
        Grids of one level that are to be merged.
    kept : Node
        The one that remains; what it touches belongs together.
    named : collection of str
        Codes of grids that may lie apart.

    Raises
    ------
    InvalidInputError
        With every grid that lies apart and is not named.
    """
    positions, grid = _members(draft, nodes)
    pairs = grid[draft.adjacency(positions).pairs]
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(nodes), len(nodes)))
    group = connected_components(links, directed=False)[1]
    home = group[next(place for place, node in enumerate(nodes) if node.key == kept.key)]
    apart = [place for place in np.flatnonzero(group != home).tolist() if nodes[place].code not in named]
    if not apart:
        return
    land = flat(draft.blocks.polygons[positions])[0]
    rest = shapely.multipolygons(land[group[grid] == home])
    raise InvalidInputError(
        Problem(
            "do-not-touch",
            f"Grid {nodes[place].code} does not touch the grids that it is to be merged with: it lies "
            f"{float(shapely.distance(land[grid == place], rest).min()):,.0f} m from {kept.code} and what touches it.",
            f'If it is meant, name it: "apart": ["{nodes[place].code}"].',
            subject=nodes[place].code,
        )
        for place in apart
    )


def _members(draft: Draft, nodes: Sequence[Node]) -> tuple[IntArray, IntArray]:
    """Return the positions of the blocks of some grids of a level, and which of the grids each is in."""
    owner = draft.owner_at(nodes[0].level)
    place_of = {node.key: place for place, node in enumerate(nodes)}
    positions = np.flatnonzero(np.isin(owner, list(place_of)))
    grid: IntArray = np.array([place_of[key] for key in owner[positions].tolist()], dtype=np.int64)
    return positions, grid
