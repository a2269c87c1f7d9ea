"""Blocks cut by drawn polygons, so that a draft represents the drawing exactly."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.editions.fields import LOADS
from geogrid.geometry.overlays import DEGREE, union_of_coverage
from geogrid.plans.operations.cutting import SLIVER_M2, TOUCH_DEGREES, shared_loads
from geogrid.plans.operations.tools import Buildings
from geogrid.plans.state import BlockTable, flat
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

NO_GRID: Final = -1
NO_BLOCK: Final = -1


@dataclass(frozen=True, slots=True)
class CutBlocks:
    """Blocks of a draft that a drawing makes.

    Parameters
    ----------
    kept_ids : (k,) int64
        Blocks that stay as they are.
    kept_grids : (k,) int64
        Position of the polygon of each.
    polygons : (n,) Polygon
        New blocks, degrees: pieces of cut ones, and land that no block had.
    loads : (n, 3) float64
        Columns as `LOADS`; pieces of a block share its loads, land that no block had has none.
    grids : (n,) int64
        Position of the polygon of each.
    left_out : (m,) int64
        Blocks of which the drawing leaves something out.
    """

    kept_ids: IntArray
    kept_grids: IntArray
    polygons: GeometryArray
    loads: FloatArray
    grids: IntArray
    left_out: IntArray


@dataclass(frozen=True, slots=True)
class _Faces:
    """Land in the smallest pieces that blocks and polygons make together."""

    polygons: GeometryArray
    block: IntArray
    grid: IntArray


def cut_by(blocks: BlockTable, drawn: GeometryArray, buildings: Buildings) -> CutBlocks:
    """Cut blocks along the edges of drawn polygons.

    A block that lies in one polygon stays, unless a neighbour that is cut puts a vertex on its edge. A piece smaller
    than `SLIVER_M2` stays with the rest of its block.

    Parameters
    ----------
    blocks : BlockTable
        At least one.
    drawn : (n,) Polygon or MultiPolygon
        Degrees, valid, without overlap.
    buildings : Buildings
        Households of cut blocks go with them.
    """
    corners = shapely.get_coordinates(blocks.polygons)
    led = _snapped(drawn, corners)
    whole = _whole_in(blocks.polygons, led)
    near = _near_cuts(blocks.polygons, np.flatnonzero(whole == NO_GRID))
    faces = _faces(blocks.polygons, near, led)
    kept = np.setdiff1d(np.flatnonzero(whole != NO_GRID), near)
    collected = _Collected(blocks, buildings)
    for position in near.tolist():
        collected.add(position, faces)
    collected.add_new_land(faces)
    ids, grids = blocks.ids[kept], whole[kept]
    order = np.argsort(np.concatenate([ids, np.array(collected.kept_ids, dtype=np.int64)]), kind="stable")
    return CutBlocks(
        np.concatenate([ids, np.array(collected.kept_ids, dtype=np.int64)])[order],
        np.concatenate([grids, np.array(collected.kept_grids, dtype=np.int64)])[order],
        np.array(collected.polygons, dtype=np.object_),
        np.array(collected.loads, dtype=np.float64).reshape(-1, len(LOADS)),
        np.array(collected.grids, dtype=np.int64),
        np.array(collected.left_out, dtype=np.int64),
    )


def _snapped(drawn: GeometryArray, corners: FloatArray) -> GeometryArray:
    """Return polygons whose vertices within a millimetre of a block's corner are on it; all move alike."""
    points: GeometryArray = np.asarray(shapely.points(corners), dtype=np.object_)
    tree = shapely.STRtree(points)

    def led(xy: FloatArray) -> FloatArray:
        which, corner = tree.query_nearest(shapely.points(xy), max_distance=TOUCH_DEGREES, all_matches=False)
        moved = xy.copy()
        moved[which] = corners[corner]
        return moved

    snapped: GeometryArray = shapely.transform(drawn, led)
    broken = ~shapely.is_valid(snapped)
    snapped[broken] = drawn[broken]
    return snapped


def _whole_in(blocks: GeometryArray, drawn: GeometryArray) -> IntArray:
    """Return the polygon that each block lies in, `NO_GRID` for one that lies in several or partly in none."""
    owner: IntArray = np.full(len(blocks), NO_GRID, dtype=np.int64)
    shapely.prepare(drawn)
    block, polygon = shapely.STRtree(drawn).query(blocks, predicate="covered_by")
    owner[block] = polygon
    return owner


def _near_cuts(blocks: GeometryArray, cut: IntArray) -> IntArray:
    """Return the blocks that are cut and those that touch them, ascending."""
    if not len(cut):
        return cut
    _, beside = shapely.STRtree(blocks).query(blocks[cut], predicate="dwithin", distance=TOUCH_DEGREES)
    near: IntArray = np.union1d(cut, beside)
    return near


def _faces(blocks: GeometryArray, near: IntArray, drawn: GeometryArray) -> _Faces:
    """Return the faces of the blocks near cuts, and of drawn land that no block has."""
    outline = shapely.boundary(union_of_coverage(blocks, metre=DEGREE))
    lines = np.concatenate([shapely.boundary(blocks[near]), shapely.boundary(drawn), [outline]])
    noded = shapely.get_parts(shapely.union_all(np.asarray(lines, dtype=np.object_)))
    faces = shapely.normalize(shapely.get_parts(shapely.polygonize(noded)))
    faces = faces[np.lexsort(shapely.bounds(faces).T[::-1])]
    within = shapely.point_on_surface(faces)
    block, grid = _first_with(blocks[near], within), _first_with(drawn, within)
    # Faces over blocks that are not near are parts of what stays as it is.
    elsewhere = (block == NO_BLOCK) & (_first_with(blocks, within) != NO_BLOCK)
    chosen = ~elsewhere & ((block != NO_BLOCK) | (grid != NO_GRID))
    number = np.where(block == NO_BLOCK, NO_BLOCK, near[block] if len(near) else NO_BLOCK)
    return _Faces(faces[chosen], number[chosen], grid[chosen])


def _first_with(polygons: GeometryArray, points: GeometryArray) -> IntArray:
    first: IntArray = np.full(len(points), -1, dtype=np.int64)
    if len(polygons):
        point, polygon = shapely.STRtree(polygons).query(points, predicate="intersects")
        order = np.lexsort((-polygon, point))
        first[point[order]] = polygon[order]
    return first


class _Collected:
    """What becomes of the blocks near cuts, one after the other."""

    def __init__(self, blocks: BlockTable, buildings: Buildings) -> None:
        self.blocks, self.buildings = blocks, buildings
        self.kept_ids: list[int] = []
        self.kept_grids: list[int] = []
        self.polygons: list[shapely.Geometry] = []
        self.loads: list[FloatArray] = []
        self.grids: list[int] = []
        self.left_out: list[int] = []

    def add(self, position: int, faces: _Faces) -> None:
        """Keep a block, or cut it."""
        own = np.flatnonzero(faces.block == position)
        grid = _without_slivers(faces.polygons[own], faces.grid[own])
        pieces, owners = _grouped(faces.polygons[own], grid)
        former = self.blocks.polygons[position]
        same = len(pieces) == 1 and shapely.get_num_coordinates(pieces[0]) == shapely.get_num_coordinates(former)
        if NO_GRID in owners:
            self.left_out.append(int(self.blocks.ids[position]))
        if same and owners[0] != NO_GRID:
            self.kept_ids.append(int(self.blocks.ids[position]))
            self.kept_grids.append(owners[0])
            return
        shares = shared_loads(self.blocks.loads[position], pieces, self.buildings)
        for piece, owner, share in zip(pieces, owners, shares, strict=True):
            if owner != NO_GRID:
                self._take(piece, owner, share)

    def add_new_land(self, faces: _Faces) -> None:
        """Add the drawn land that no block had."""
        own = faces.block == NO_BLOCK
        pieces, owners = _grouped(faces.polygons[own], faces.grid[own])
        large = shapely.area(flat(pieces)[0]) >= SLIVER_M2
        for piece, owner, is_large in zip(pieces, owners, large.tolist(), strict=True):
            if is_large:
                self._take(piece, owner, np.full(len(LOADS), np.nan))

    def _take(self, piece: shapely.Geometry, owner: int, loads: FloatArray) -> None:
        self.polygons.append(piece)
        self.grids.append(owner)
        self.loads.append(loads)


def _without_slivers(faces: GeometryArray, grid: IntArray) -> IntArray:
    """Return the polygon of each face of a block; too small a part goes with the largest."""
    area = shapely.area(flat(faces)[0])
    keys, group = np.unique(grid, return_inverse=True)
    sums = np.bincount(group, weights=area)
    small: BoolArray = sums < SLIVER_M2
    small[sums.argmax()] = False
    merged: IntArray = np.where(small[group], keys[sums.argmax()], grid)
    return merged


def _grouped(faces: GeometryArray, grid: IntArray) -> tuple[GeometryArray, list[int]]:
    """Return the faces of each polygon joined, in connected pieces, and their polygons."""
    pieces: list[shapely.Geometry] = []
    owners: list[int] = []
    for key in np.unique(grid).tolist():
        parts = shapely.get_parts(union_of_coverage(faces[grid == key], metre=DEGREE))
        pieces.extend(parts)
        owners.extend([key] * len(parts))
    return np.array(pieces, dtype=np.object_), owners
