"""Grids carried over to other blocks: each block goes to the grid that holds most of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.coordinates import WGS84
from geogrid.coverage.plane import Plane
from geogrid.geometry.overlays import intersections
from geogrid.types import FloatArray, GeometryArray, IntArray

_LEAST_M2: Final = 0.01


@dataclass(frozen=True, slots=True)
class Carried:
    """Where blocks went.

    Parameters
    ----------
    owner : (n,) int64
        Grid of each new block.
    block, grid : (p,) int64
        Pairs of a new block and a grid that held land of it.
    share : (p,) float64
        Which part of the block's land that is.
    """

    owner: IntArray
    block: IntArray
    grid: IntArray
    share: FloatArray


def carry(blocks: GeometryArray, former: GeometryArray, former_owner: IntArray) -> Carried:
    """Return the grid of each new block.

    Parameters
    ----------
    blocks : (n,) Polygon
        New ones, degrees.
    former : (m,) Polygon
        Blocks of the grids as they are, degrees; at least one.
    former_owner : (m,) int64
        Their grids.

    Returns
    -------
    Carried
        Every block has a grid: that with most of its land, of equal ones the smaller number; a block on land that no
        grid had goes to the nearest grid. A grid that would be left without land gets the block of which it had most,
        where the grid that loses it has another one.
    """
    plane = Plane.around(blocks, WGS84)
    flat, old = plane.flatten(blocks), plane.flatten(former)
    block, piece = shapely.STRtree(old).query(flat, predicate="intersects")
    area = shapely.area(intersections(flat[block], old[piece]))
    grids, position = np.unique(former_owner, return_inverse=True)
    held = np.zeros((len(blocks), len(grids)))
    np.add.at(held, (block, position[piece]), np.where(area > _LEAST_M2, area, 0.0))
    chosen = held.argmax(axis=1)
    on_new_land = np.flatnonzero(held.max(axis=1, initial=0.0) == 0)
    if len(on_new_land):
        chosen[on_new_land] = position[shapely.STRtree(old).nearest(flat[on_new_land])]
    _keep_all(chosen, held)
    row, column = np.nonzero(held)
    share: FloatArray = held[row, column] / shapely.area(flat)[row]
    return Carried(grids[chosen], row.astype(np.int64), grids[column], share)


def _keep_all(chosen: IntArray, held: FloatArray) -> None:
    """Give grids without land the block of which they had most, in place, where that leaves no other without."""
    counts = np.bincount(chosen, minlength=held.shape[1])
    for grid in np.flatnonzero(counts == 0).tolist():
        for block in np.argsort(-held[:, grid], kind="stable").tolist():
            if held[block, grid] > 0 and counts[chosen[block]] > 1:
                counts[chosen[block]] -= 1
                counts[grid] += 1
                chosen[block] = grid
                break
