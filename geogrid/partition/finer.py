"""Blocks divided anew where grids made of them missed the band."""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from geogrid.blocks import NOWHERE, Blocks, MaxLoad, MergeRule
from geogrid.partition.result import Partition
from geogrid.partition.search.terms import ROUNDING
from geogrid.partition.tessellation import divide_some
from geogrid.types import IntArray

_MOST_BUILDINGS: Final = 5_000


def finer_blocks(found: Partition, *, rule: MergeRule | None = None) -> Iterator[Blocks]:
    """Yield the blocks with some of them divided between their buildings, coarsely at first, then down to each one.

    Parameters
    ----------
    found : Partition
        Grids with a band. Where some miss it, blocks of theirs and of grids beside them are divided, unless no blocks
        at all could help: the land has too little load, or none that a number of grids divides. Without a band there
        is nothing to miss.
    rule : MergeRule, optional
        As in `divide_heavy`.
    """
    low, high = found.band
    if low <= 0 or not math.isfinite(high):
        return
    chosen = _coarse(found)
    if not len(chosen):
        return
    size = len(found.blocks)
    for most in dict.fromkeys([low, (high - low) / 2.0, 0.0]):
        limit = MaxLoad(max(most, ROUNDING), found.load_name)
        divided = divide_some(found.blocks, chosen, limit, rule=rule)
        if len(divided) > size:
            size = len(divided)
            yield divided


def _coarse(found: Partition) -> IntArray:
    """Return the blocks that a division might help, with more than one load in each."""
    blocks, region = found.blocks, found.land.region
    low, high = found.band
    total = np.bincount(region, weights=blocks.loads[found.load_name])
    hopeless = np.floor(total / low + ROUNDING) < np.maximum(np.ceil(total / high - ROUNDING), 1)
    able = found.land.divisible & ~hopeless
    missed = ~found.in_band[found.grid] & able[region]
    near = missed.copy()
    left, right = found.blocks.adjacency.pairs.T
    beside = np.zeros(len(found), dtype=np.bool_)
    beside[found.grid[left[missed[right]]]] = True
    beside[found.grid[right[missed[left]]]] = True
    near |= beside[found.grid] & able[region] & (blocks.site == NOWHERE)
    owner = blocks.ground.load_points.owners(blocks.polygons)
    loaded = (owner != NOWHERE) & (blocks.ground.load_points.columns[found.load_name] > 0)
    houses = np.bincount(owner[loaded], minlength=len(blocks))
    alone = np.bincount(found.land.unit)[found.land.unit] == 1
    chosen = np.flatnonzero(near & alone & (houses > 1))
    return chosen if houses[chosen].sum() <= _MOST_BUILDINGS else np.flatnonzero(missed & alone & (houses > 1))
