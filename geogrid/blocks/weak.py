"""Heavy blocks divided along weak barriers: tracks, paths, walls, ditches, edges of fields."""

from typing import Final

import numpy as np
import shapely

from geogrid.blocks.barriers import FOOTPATH, SERVICE
from geogrid.blocks.cutting import cut_apart
from geogrid.blocks.faces import PRECISION_M
from geogrid.blocks.gaps import GapRule
from geogrid.blocks.ground import Barriers, MaxLoad
from geogrid.blocks.records import Blocks
from geogrid.blocks.slivers import MergeRule
from geogrid.types import GeometryArray, IntArray

_GAPS: Final = GapRule(to_line_m=60.0, to_limit_m=60.0)
"""Tracks and ditches end in the field: they are led on further than streets."""


def divide_along_weak(blocks: Blocks, limit: MaxLoad, *, rule: MergeRule | None = None) -> Blocks:
    """Return the blocks with those of too much load divided along weak barriers.

    Parameters
    ----------
    blocks : Blocks
        Without dedicated land.
    limit : MaxLoad
        What is too much.
    rule : MergeRule, optional
        Which pieces are slivers; they stay with a neighbour in the same block.

    Returns
    -------
    Blocks
        The same land and loads. Tracks and service roads come first; paths, walls, ditches and edges of fields divide
        only what is too heavy even then. What they do not part stays as it is, to be divided between buildings.
    """
    for rank in range(SERVICE, FOOTPATH - 1, -1):
        heavy = np.flatnonzero(blocks.loads[limit.load] > limit.most)
        weak = blocks.ground.weak.ranked_from(rank, SERVICE + 1)
        if not len(heavy) or not len(weak.lines):
            continue
        lines = _lines_within(blocks, heavy, weak)
        if len(lines):
            blocks = cut_apart(blocks, lines, rule or MergeRule())
    return blocks


def _lines_within(blocks: Blocks, heavy: IntArray, weak: Barriers) -> GeometryArray:
    """Return what lies of weak lines in heavy blocks, loose ends led on."""
    polygons = blocks.polygons[heavy]
    polygon, line = shapely.STRtree(weak.lines).query(polygons, predicate="intersects")
    near = np.unique(line)
    land = shapely.union_all(polygons)
    outlines = shapely.get_parts(shapely.boundary(polygons))
    known = Barriers(weak.lines[near], weak.ranks[near]).beside(outlines, np.full(len(outlines), SERVICE))
    closed = known.with_gaps_closed(land, blocks.ground.buildings, outlines, rule=_GAPS).barriers
    led = np.delete(closed.lines, np.arange(len(near), len(known.lines)))
    polygon, line = shapely.STRtree(led).query(polygons, predicate="intersects")
    parts = shapely.get_parts(shapely.intersection(led[line], polygons[polygon], grid_size=PRECISION_M))
    is_line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    within: GeometryArray = parts[is_line & (shapely.length(parts) > 0)]
    return within
