"""Which blocks of a draft the engine may join: those between which one can walk, as when a town is first cut."""

from typing import Final

import numpy as np
import pandas as pd
import shapely

from geogrid.blocks import NOWHERE, Adjacency
from geogrid.blocks.barriers import NO_BARRIER, RANK_COUNT
from geogrid.blocks.water import RIVER, Kept, are_water, over_land, wide_water
from geogrid.plans.operations.tools import Tools
from geogrid.plans.state import Draft, flat
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

_BESIDE_NOTHING_M: Final = np.zeros(RANK_COUNT)
_BESIDE_NOTHING_M[NO_BARRIER] = 1.0


def on_foot(adjacency: Adjacency, draft: Draft, positions: IntArray, tools: Tools, *, apart: bool = True) -> Adjacency:
    """Return the neighbours among some blocks that wide water does not part.

    Parameters
    ----------
    adjacency : Adjacency
        Rook neighbours of the blocks, metres.
    draft : Draft
        Where they are.
    positions : (k,) int64
        Which blocks.
    tools : Tools
        Water, and the streets that may lead across it.
    apart : bool
        Whether idle land that touches no other is joined to the nearest. Where grids are there already it stays in its
        own, and another that got it would lie in one piece more.

    Notes
    -----
    The rule is that of `geogrid.blocks.water`. Land without any load that nothing joins to other land keeps the
    neighbour with which it shares most boundary, or else the nearest: it must be in some grid, and is none of its own.
    """
    has_water = len(tools.water) or RIVER in tools.barriers.kinds
    walked = _over_land(adjacency, draft, positions, tools) if has_water else adjacency
    loads = np.nan_to_num(draft.balanced(positions))
    return _with_idle(adjacency, walked, draft.blocks.polygons[positions], loads, apart=apart)


def _over_land(adjacency: Adjacency, draft: Draft, positions: IntArray, tools: Tools) -> Adjacency:
    polygons, scale = flat(draft.blocks.polygons[positions])
    areas, lines = (shapely.transform(each, lambda xy: xy * scale) for each in (tools.water, tools.barriers.lines))
    kinds = np.array(tools.barriers.kinds, dtype=object)
    water = wide_water(areas, pd.DataFrame({"rank": tools.barriers.ranks, "kind": kinds}), lines)
    nodes = [draft.nodes[key] for key in draft.owner[positions].tolist()]
    parent = np.array([NOWHERE if node.parent is None else node.parent for node in nodes], dtype=np.int64)
    site = np.array([node.key if node.kind == "dedicated" else NOWHERE for node in nodes], dtype=np.int64)
    occupied: BoolArray = np.nan_to_num(draft.blocks.loads[positions]).sum(axis=1) > 0
    return over_land(adjacency, polygons, Kept(are_water(polygons, occupied, water), parent, site), water)


def _with_idle(
    rook: Adjacency, walked: Adjacency, blocks: GeometryArray, loads: FloatArray, *, apart: bool
) -> Adjacency:
    """Return neighbours that join each cut-off piece without load to one other piece; blocks are in degrees."""
    order = np.argsort(-rook.shared_m, kind="stable")
    while True:
        piece = walked.components()
        is_idle = np.bincount(piece, weights=loads) == 0.0
        if not is_idle.any() or len(is_idle) == 1:
            return walked
        ends = piece[rook.pairs[order]]
        joining = order[(ends[:, 0] != ends[:, 1]) & is_idle[ends].any(axis=1)]
        if not len(joining) and not apart:
            return walked
        if len(joining):
            pair, length_m = rook.pairs[joining[0]], rook.length_by_rank_m[joining[0]]
        else:
            pair, length_m = _nearest(blocks, piece == np.flatnonzero(is_idle)[0]), _BESIDE_NOTHING_M
        pairs = np.concatenate([walked.pairs, pair[None]])
        lengths = np.concatenate([walked.length_by_rank_m, length_m[None]])
        by_pair = np.lexsort((pairs[:, 1], pairs[:, 0]))
        walked = Adjacency(walked.count, pairs[by_pair], lengths[by_pair])


def _nearest(blocks: GeometryArray, inside: BoolArray) -> IntArray:
    """Return the block of some and the one of the others that are nearest to one another, sorted."""
    polygons, _ = flat(blocks)
    mine, others = np.flatnonzero(inside), np.flatnonzero(~inside)
    (own, other), distance = shapely.STRtree(polygons[others]).query_nearest(
        polygons[mine], all_matches=False, return_distance=True
    )
    first = int(np.argmin(distance))
    pair: IntArray = np.sort(np.array([mine[own[first]], others[other[first]]], dtype=np.int64))
    return pair
