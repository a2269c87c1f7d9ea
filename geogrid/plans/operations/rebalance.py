"""Bringing grids into the band while few households change hands."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from geogrid.errors import InvalidInputError
from geogrid.partition.search.divide import Wish, thoroughness
from geogrid.partition.search.graph import Graph, graph_of
from geogrid.partition.search.redivide import misses, redivide
from geogrid.plans.operations.kinds import Rebalance
from geogrid.plans.operations.on_foot import on_foot
from geogrid.plans.operations.tools import NO_BAND_REMEDY, Tools
from geogrid.plans.state import Draft
from geogrid.types import IntArray

_SEED: Final = 7


def rebalance(draft: Draft, operation: Rebalance, tools: Tools) -> Draft:
    """Move blocks between comprehensive leaves of the same parent until as many as can be are in the band.

    Locked leaves keep their blocks, and none goes to the other shore of wide water that no street crosses.

    Raises
    ------
    NotFoundError
        There is no such grid.
    InvalidInputError
        No band, or nothing could be improved.
    """
    band = operation.band or draft.rules.band
    if band is None:
        raise InvalidInputError.of("no-band", "The plan has no band.", NO_BAND_REMEDY)
    chosen = _chosen(draft, operation.grids)
    owner = draft.owner.copy()
    for group in chosen:
        positions = np.flatnonzero(np.isin(owner, group))
        graph = graph_of(
            on_foot(draft.adjacency(positions), draft, positions, tools, apart=False),
            np.nan_to_num(draft.balanced(positions)),
            np.ones(len(positions), dtype=np.bool_),
        )
        extra = {key: draft.balanced_unplaced(key) for key in group}
        owner[positions] = balanced(graph, owner[positions].tolist(), band, extra)
    if (owner == draft.owner).all():
        raise InvalidInputError.of(
            "nothing-to-rebalance",
            "No move of blocks between these grids brings one nearer to the band.",
            "Add neighbours, split or merge, or choose another band.",
        )
    return replace(draft, owner=owner)


def _chosen(draft: Draft, codes: Sequence[str]) -> list[list[int]]:
    """Return the comprehensive leaves meant, in groups of one parent."""
    below = {key for code in codes for key in draft.leaves_below(draft.node(code).key)}
    owners = set(np.unique(draft.owner).tolist())
    groups: dict[int | None, list[int]] = {}
    for key, node in sorted(draft.nodes.items()):
        is_free = key in owners and node.kind == "comprehensive" and draft.lock_of(key) is None
        if is_free and (not codes or key in below):
            groups.setdefault(node.parent, []).append(key)
    return list(groups.values())


def balanced(graph: Graph, labels: list[int], band: tuple[float, float], extra: dict[int, float]) -> IntArray:
    """Return an assignment of blocks that is nearer to the band, with as few households moved as the engine finds.

    Where none is found, the blocks stay: land is never moved for shape alone.

    Parameters
    ----------
    graph : Graph
        Blocks with loads and neighbours.
    labels : list of int
        Leaf of each block.
    band : tuple of float
        Limits of the load of each leaf.
    extra : dict of int to float
        Load of each leaf beside that of its blocks.
    """
    leaves, home = np.unique(np.array(labels, dtype=np.int64), return_inverse=True)
    beside = np.array([extra.get(leaf, 0.0) for leaf in leaves.tolist()])
    effort = thoroughness(len(labels))
    # The result depends on the draft alone: hence a seed of its own.
    moved = redivide(
        graph, home.astype(np.int64), Wish(band, None, effort=effort), np.random.default_rng(_SEED), extra=beside
    )
    is_better = misses(graph, moved, band, beside) < misses(graph, home, band, beside)
    balanced_labels: IntArray = leaves[moved if is_better else home]
    return balanced_labels
