"""Compiling every kernel before somebody waits for one: ``python -m api.warmup``, and at the start of a server.

Compiling takes about a minute, once for an installation; where the code is kept already, this takes about a second.
"""

import sys
from functools import cache

import geopandas as gpd
import numpy as np
import shapely

from boundaries.addresses.tagger import element_tagger
from geogrid.blocks import ready_blocks
from geogrid.hotspot.scan import scan
from geogrid.hotspot.space_time import scan_space_time
from geogrid.hotspot.weights import contiguity_weights
from geogrid.index import GridIndex
from geogrid.jit import on_compilation
from geogrid.partition import partition

_LOT_M = 100.0
_LOAD = 100.0
_MANY = 1_000.0  # counts that do not fit into a byte
_SIDES = (3, 6)  # few blocks are divided by weighing every division, more by a search


@cache
def warm_up() -> None:
    """Run every kernel once in this process; one line in the terminal says so where any has to be compiled."""
    with on_compilation(_announce):
        for side in _SIDES:
            _divide(side)
        _look_up()
        _scan()
        element_tagger().tag("南京市江宁区大屯路12号")


@cache
def _announce() -> None:
    sys.stderr.write("Compiling the inner loops, once for this installation: about a minute ...\n")
    sys.stderr.flush()


def _lots(side: int) -> gpd.GeoDataFrame:
    column, row = np.divmod(np.arange(side * side), side) * np.array(_LOT_M)
    lots = shapely.box(column, row, column + _LOT_M, row + _LOT_M)
    return gpd.GeoDataFrame({"households": np.full(len(lots), _LOAD)}, geometry=lots, crs="EPSG:32650")


def _divide(side: int) -> None:
    blocks = ready_blocks(_lots(side), load_columns=["households"])
    rng = np.random.default_rng(0)
    first = partition(blocks, band=(2 * _LOAD, 4 * _LOAD), effort=0.01, rng=rng)
    partition(blocks, band=(3 * _LOAD, 5 * _LOAD), previous=first.grid, effort=0.01, rng=rng)


def _look_up() -> None:
    index = GridIndex.build(_lots(side=3).geometry.to_numpy())
    x, y = np.random.default_rng(0).random((2, 10)) * _LOT_M
    index.locate(x, y)
    index.nearest_boundary(x, y)
    index.within(x, y, 10.0)
    index.overlaps  # noqa: B018 - computed when it is first read


def _scan() -> None:
    lots = _lots(side=3).geometry.to_numpy()
    xy, cases, weights = shapely.get_coordinates(shapely.centroid(lots)), np.arange(9.0), contiguity_weights(lots)
    rng = np.random.default_rng(0)
    for factor in (1.0, _MANY):
        scan(xy, cases * factor, np.ones(9), rng=rng, replicates=1)
    scan(xy, cases, np.ones(9), shape="flexible", weights=weights, members=3, rng=rng, replicates=1)
    scan_space_time(xy, np.column_stack([cases, cases[::-1]]), rng=rng, replicates=1)


if __name__ == "__main__":
    warm_up()
