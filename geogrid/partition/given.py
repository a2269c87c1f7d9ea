"""Grids that exist already: blocks within them, so many in each that planners can redraw it."""

from typing import Final

import numpy as np
import shapely

from geogrid.blocks import Blocks, MaxLoad, MergeRule
from geogrid.blocks.cutting import cut_apart
from geogrid.partition.tessellation import dividing_lines
from geogrid.types import BoolArray, GeometryArray

ENOUGH: Final = 4
"""A grid of so many blocks can be redrawn; one of fewer is divided further."""

PIECES: Final = 8
"""How many pieces a grid is divided into where no street divides it."""


def divide_given(blocks: Blocks, *, rule: MergeRule | None = None) -> Blocks:
    """Return the blocks with those of grids that have few of them divided, so that every grid can be redrawn.

    Parameters
    ----------
    blocks : Blocks
        Nested in grids that exist: ``parent`` is the grid of each. Without dedicated land.
    rule : MergeRule, optional
        Which pieces are slivers; they stay with a neighbour in the same block.

    Returns
    -------
    Blocks
        Grids of at least `ENOUGH` blocks as they were. Others are divided between their buildings or, with fewer than
        `PIECES` of these, along straight lines; a grid so small that its pieces would be slivers stays as it is.
    """
    places = blocks.ground.load_points
    standing = places.columns["buildings"] > 0
    owner = places.owners(blocks.polygons)
    # A building beyond every block has no grid.
    building_parent = np.where(owner >= 0, blocks.parent[owner], -1)[standing]
    lines = [
        _lines_in(blocks, blocks.parent == parent, int((building_parent == parent).sum()))
        for parent in np.unique(blocks.parent).tolist()
        if (blocks.parent == parent).sum() < ENOUGH
    ]
    found = np.concatenate([*lines, np.empty(0, dtype=object)])
    return cut_apart(blocks, found, rule or MergeRule()) if len(found) else blocks


def _lines_in(blocks: Blocks, own: BoolArray, buildings: int) -> GeometryArray:
    """Return the lines that divide the blocks of one grid."""
    if buildings >= PIECES:
        return dividing_lines(blocks.polygons[own], blocks.ground, MaxLoad(buildings / PIECES, "buildings"))
    return np.concatenate([_lattice(polygon, blocks.polygons[own]) for polygon in blocks.polygons[own]])


def _lattice(polygon: shapely.Polygon, all_own: GeometryArray) -> GeometryArray:
    """Return straight lines through a polygon, so far apart that all polygons together fall into `PIECES`."""
    spacing = float(np.sqrt(shapely.area(all_own).sum() / PIECES))
    west, south, east, north = polygon.bounds
    columns, rows = (max(1, round((high - low) / spacing)) for low, high in ((west, east), (south, north)))
    across = np.linspace(west, east, columns + 1)[1:-1]
    along = np.linspace(south, north, rows + 1)[1:-1]
    ends = [[(x, south), (x, north)] for x in across.tolist()] + [[(west, y), (east, y)] for y in along.tolist()]
    lines = np.empty(len(ends), dtype=object)
    lines[:] = [shapely.LineString(line) for line in ends]
    parts = shapely.get_parts(shapely.intersection(lines, polygon))
    kept: GeometryArray = parts[shapely.get_dimensions(parts) == 1]
    return kept
