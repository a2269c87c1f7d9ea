"""Compile every loop once, so that nobody waits for it later: ``python -m api.precompile``.

The compiler keeps the code beside the sources; where it is there already this takes seconds.
"""

import sys

import numpy as np

from boundaries.addresses.tagger import element_tagger
from geogrid.blocks.building import build_blocks
from geogrid.index import GridIndex
from geogrid.partition import Partition, partition
from geogrid.towns import synthetic_town

_BAND = (100.0, 300.0)


def precompile() -> None:
    """Cut two small towns, look places up in their grids, read an address: what makes every loop run once."""
    drawn = _cut(blocks=60, households=2_000)
    _cut(blocks=8, households=600)
    index = GridIndex.build(drawn.polygons())
    x, y = np.random.default_rng(1).random((2, 100)) * 1_000.0
    index.locate(x, y)
    index.nearest_boundary(x, y)
    index.within(x, y, 10.0)
    index.overlaps  # noqa: B018 - found when it is asked for
    element_tagger().tag("南京市江宁区大屯路12号")


def _cut(*, blocks: int, households: int) -> Partition:
    """Draw a small town and cut it, anew and after an earlier cut; towns of few blocks are cut by another method."""
    rng = np.random.default_rng(0)
    town = synthetic_town(blocks, rng=rng, households=households, n_sites=1)
    land = build_blocks(town.limit, town.barriers, buildings=town.buildings)
    first = partition(land, band=_BAND, rng=rng)
    return partition(land, band=(90.0, 200.0), previous=first.grid, rng=rng)


if __name__ == "__main__":
    sys.stdout.write("Compiling the inner loops, once ...\n")
    sys.stdout.flush()
    precompile()
