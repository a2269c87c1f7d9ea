"""Land without a house that is cut off from the rest of its parent: a further part of the nearest grid."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import shapely

from geogrid.blocks import NOWHERE, Adjacency, Blocks
from geogrid.blocks.land_loads import LAND_LOADS
from geogrid.errors import Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.partition.land import FREE
from geogrid.partition.result import Partition, numbered
from geogrid.types import BoolArray, IntArray

CutOff = Literal["join", "own"]


def islands(adjacency: Adjacency, parent: IntArray, site: IntArray) -> IntArray:
    """Return for each block the number of its piece of ordinary or dedicated land of one parent, shape (n,)."""
    parents = np.unique(parent, return_inverse=True)[1]
    return adjacency.components((parents * (int(site.max(initial=NOWHERE)) + 2) + site + 1).astype(np.int64))


def join_cut_off(partition: Partition) -> Partition:
    """Return a partition whose pieces of land without a house are parts of the nearest grids of their parents.

    Parameters
    ----------
    partition : Partition
        With a grid for each piece of land that nothing joins to the rest of its parent.

    Returns
    -------
    Partition
        A piece without a building and without load goes to the comprehensive grid of the same parent whose land is
        nearest. Where the land itself is balanced, so does a piece below the band. A piece stays a grid where its
        parent has no other comprehensive one, where it is locked, and where it goes on with a grid of an earlier plan.
    """
    blocks, grid = partition.blocks, partition.grid
    piece = islands(blocks.adjacency, blocks.parent, blocks.site)
    bare = _is_bare(partition, piece)[piece] & (blocks.site == NOWHERE)
    locked = partition.land.locked[partition.land.region] != FREE
    taken = np.unique(piece[locked | (partition.former[grid] != FREE)])
    bare &= ~np.isin(piece, taken)
    labels = grid.copy()
    for number in np.unique(piece[bare]).tolist():
        members = np.flatnonzero(piece == number)
        own_parent = partition.parent[grid[members[0]]]
        home = np.flatnonzero((partition.parent[grid] == own_parent) & ~bare & (partition.site[grid] == NOWHERE))
        if len(home):
            labels[members] = grid[_nearest(blocks, members, home)]
    if (labels == grid).all():
        return partition
    kept, labels = np.unique(labels, return_inverse=True)
    joined = numbered(
        partition.land,
        labels.astype(np.int64),
        blocks=blocks,
        parents=partition.parent[grid],
        load_name=partition.load_name,
        band=partition.band,
        former=partition.former[kept],
    )
    return replace(joined, problems=partition.problems, bounds=partition.bounds)


def _is_bare(partition: Partition, piece: IntArray) -> BoolArray:
    """Return which pieces have no building and no load; where the land itself is balanced, less than a grid has."""
    blocks = partition.blocks
    buildings = np.bincount(piece, weights=blocks.loads["buildings"]) if "buildings" in blocks.loads else 0.0
    load = np.bincount(piece, weights=blocks.loads[partition.load_name])
    least = partition.band[0] if partition.load_name in LAND_LOADS else np.nextafter(0.0, 1.0)
    bare: BoolArray = (buildings == 0) & (load < least)
    return bare


def _nearest(blocks: Blocks, members: IntArray, home: IntArray) -> int:
    """Return the block of `home` that is nearest to some blocks; between equals the one with the smaller number."""
    land = shapely.union_all(blocks.polygons[members])
    found = shapely.STRtree(blocks.polygons[home]).query_nearest(land)
    return int(home[found.min()])


def joined_parts(partition: Partition, names: Sequence[str]) -> list[Problem]:
    """Return which grids have a further part that nothing joins to the rest of their parent's land.

    Parameters
    ----------
    partition : Partition
        From `join_cut_off`.
    names : (k,) sequence of str
        What its grids are called.
    """
    blocks, grid = partition.blocks, partition.grid
    piece = islands(blocks.adjacency, blocks.parent, blocks.site)
    first = np.unique(piece, return_index=True)[1]
    owner = grid[first]
    further = further_pieces(partition, piece)
    area = np.bincount(piece, weights=shapely.area(blocks.polygons))
    places = shapely.get_coordinates(to_lonlat(shapely.point_on_surface(blocks.polygons[first[further]]), blocks.crs))
    return [
        Problem(
            "cut-off-land",
            f"Grid {names[owner[number]]} has a further part of {area[number]:,.0f} m2 that is cut off from the rest "
            "of its parent and has no house.",
            "With --cut-off own it is a grid by itself.",
            "warning",
            names[owner[number]],
            lonlat=(float(lon), float(lat)),
            size=float(area[number]),
            unit="m2",
        )
        for number, (lon, lat) in zip(further.tolist(), places, strict=True)
    ]


def further_pieces(partition: Partition, piece: IntArray) -> IntArray:
    """Return the pieces of `islands` that lie whole in a grid, without a house, and are not all or most of it."""
    blocks, grid = partition.blocks, partition.grid
    both, pair = np.unique(np.column_stack([grid, piece]), axis=0, return_inverse=True)
    area = np.bincount(pair.ravel(), weights=shapely.area(blocks.polygons), minlength=len(both))
    order = np.lexsort((area, both[:, 0]))
    is_largest = np.append(np.diff(both[order, 0]) != 0, True)
    whole = np.bincount(both[:, 1]) == 1
    rest = both[order[~is_largest], 1]
    return np.unique(rest[whole[rest] & _is_bare(partition, piece)[rest]])
