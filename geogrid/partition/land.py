"""What the search may do with the land: regions that grids cannot leave, units that they cannot divide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.blocks import NOWHERE, Adjacency, Blocks
from geogrid.blocks.assembly import water_blocks
from geogrid.blocks.barriers import RANK_COUNT
from geogrid.errors import Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.partition.search.graph import Graph, Shapes, graph_of
from geogrid.types import BoolArray, FloatArray, IntArray

FREE: Final = -1


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a planner has fixed.

    Parameters
    ----------
    parent : (n,) int64
        Parent of each block; no grid straddles two.
    previous : (n,) int64, optional
        Grid of each block in an earlier plan, -1 for none.
    locked : tuple of int
        Earlier grids that stay as they are.
    keep_together : tuple of sequences of int
        Groups of blocks that end in one grid each.
    hard_barriers : tuple of int
        Ranks of barriers that no grid crosses.
    """

    parent: IntArray
    previous: IntArray | None = None
    locked: tuple[int, ...] = ()
    keep_together: tuple[Sequence[int], ...] = ()
    hard_barriers: tuple[int, ...] = ()

    def problems(self, count: int) -> list[Problem]:
        """Return what is wrong with them for so many blocks."""
        problems = [
            Problem("wrong-length", f"{name} has {len(values)} values for {count} blocks.", "Give one for each block.")
            for name, values in (("nested_in", self.parent), ("previous", self.previous))
            if values is not None and len(values) != count
        ]
        if self.locked and self.previous is None:
            problems.append(Problem("locked-without-previous", "Grids are locked, but no earlier plan is given."))
        elif self.previous is not None:
            problems.extend(
                Problem("unknown-grid", f"The locked grid {grid} is not in the earlier plan.", subject=str(grid))
                for grid in sorted(set(self.locked) - set(np.unique(self.previous).tolist()))
            )
        blocks = [block for group in self.keep_together for block in sorted(set(group))]
        wrong = sorted({block for block in blocks if not 0 <= block < count})
        twice = sorted(
            {block for block, times in zip(*np.unique(blocks, return_counts=True), strict=True) if times > 1}
        )
        problems.extend(Problem("unknown-block", f"There is no block {block} to keep together.") for block in wrong)
        problems.extend(
            Problem("block-kept-twice", f"Block {block} is in two groups to keep together.", "Join the groups.")
            for block in twice
        )
        problems.extend(
            Problem("unknown-rank", f"{rank} is no rank of a barrier.", f"Give 1 to {RANK_COUNT - 1}.")
            for rank in self.hard_barriers
            if not 1 <= rank < RANK_COUNT
        )
        return problems


@dataclass(frozen=True, slots=True)
class Land:
    """Units of land and the regions that they lie in.

    Parameters
    ----------
    unit : (n,) int64
        Unit of each block: an estate that is kept together, or the block alone.
    region : (n,) int64
        Region of each block, 0 .. r-1: contiguous land of one parent that no barrier, dedicated or locked grid divides;
        or a locked grid, or a dedicated one.
    locked : (r,) int64
        Earlier grid that the region is, -1 for others.
    dedicated : (r,) bool
        Regions that are dedicated grids.
    graph : Graph
        The units with their neighbours.
    estates : mapping of int to int
        Group of each unit of several blocks.
    problems : tuple of Problem
        Groups that could not be kept together.
    """

    unit: IntArray
    region: IntArray
    locked: IntArray
    dedicated: BoolArray
    graph: Graph
    estates: dict[int, int]
    problems: tuple[Problem, ...]

    @property
    def divisible(self) -> BoolArray:
        """Which regions are to be divided into grids, shape (r,)."""
        divisible: BoolArray = (self.locked == FREE) & ~self.dedicated
        return divisible

    def unit_regions(self) -> IntArray:
        """Return the region of each unit."""
        regions: IntArray = self.region[np.unique(self.unit, return_index=True)[1]]
        return regions


def land_of(blocks: Blocks, loads: FloatArray, bounds: Bounds) -> Land:
    """Return the units and regions of blocks under what is fixed."""
    open_ = _without_crossings(blocks.adjacency, bounds.hard_barriers)
    region, locked = _regions(blocks, open_, bounds)
    unit, estates, problems = _units(blocks, open_, region, bounds.keep_together)
    first = np.unique(region, return_index=True)[1]
    shapes, wet = Shapes.of(blocks.polygons), water_blocks(blocks.polygons, blocks.ground, blocks.site)
    if wet.any():
        # Water goes with the land that it belongs to, and has no say in the shape of a grid.
        shapes = Shapes(np.where(wet, 0.0, shapes.area_m2), np.where(wet, 0.0, shapes.perimeter_m))
        unit, estates = _with_water(unit, estates, open_, region, wet)
    if int(unit.max(initial=-1)) + 1 < len(blocks):
        inside = unit[open_.pairs[:, 0]] == unit[open_.pairs[:, 1]]
        inner_m = np.bincount(
            unit[open_.pairs[inside, 0]], weights=open_.shared_m[inside], minlength=int(unit.max()) + 1
        )
        outline_m = np.bincount(unit, weights=shapes.perimeter_m) - 2.0 * inner_m
        shapes = Shapes(np.bincount(unit, weights=shapes.area_m2).astype(np.float64), outline_m)
        loads = np.bincount(unit, weights=loads).astype(np.float64)
        open_ = open_.contracted(unit)
    return Land(
        unit=unit,
        region=region,
        locked=locked,
        dedicated=(blocks.site[first] != NOWHERE) & (locked == FREE),
        graph=graph_of(open_, loads, np.ones(open_.count, dtype=np.bool_), shapes=shapes),
        estates=estates,
        problems=problems,
    )


def _without_crossings(adjacency: Adjacency, ranks: tuple[int, ...]) -> Adjacency:
    """Return the neighbours that have a boundary without a barrier of these ranks."""
    if not ranks:
        return adjacency
    lengths = adjacency.length_by_rank_m.copy()
    lengths[:, list(ranks)] = 0.0
    kept = lengths.sum(axis=1) > 0
    return Adjacency(adjacency.count, adjacency.pairs[kept], adjacency.length_by_rank_m[kept])


def _regions(blocks: Blocks, open_: Adjacency, bounds: Bounds) -> tuple[IntArray, IntArray]:
    """Return the region of each block, numbered by the first block in it, and the locked grid that each region is."""
    parent = np.unique(bounds.parent, return_inverse=True)[1]
    region = open_.components((parent * (len(blocks.sites) + 1) + blocks.site + 1).astype(np.int64))
    if bounds.locked and bounds.previous is not None:
        is_locked = np.isin(bounds.previous, bounds.locked)
        free = np.where(is_locked, FREE, region)
        free[~is_locked] = open_.components(free)[~is_locked]
        region = np.where(is_locked, int(region.max()) + 1 + len(blocks) + bounds.previous, free)
    first, region = np.unique(region, return_index=True, return_inverse=True)[1:]
    locked = np.full(len(first), FREE)
    if bounds.locked and bounds.previous is not None:
        former = bounds.previous[first]
        locked = np.where(np.isin(former, bounds.locked), former, FREE)
    return region.astype(np.int64), locked.astype(np.int64)


def _units(
    blocks: Blocks, open_: Adjacency, region: IntArray, groups: tuple[Sequence[int], ...]
) -> tuple[IntArray, dict[int, int], tuple[Problem, ...]]:
    """Return the unit of each block, the group of each unit of several blocks, and the groups that are divided."""
    count = len(blocks)
    if not any(len(set(group)) > 1 for group in groups):
        return np.arange(count), {}, ()
    group_of = np.full(count, NOWHERE)
    for number, group in enumerate(groups):
        group_of[list(group)] = number
    together = open_.components(np.where(group_of == NOWHERE, NOWHERE, region * len(groups) + group_of))
    alone = group_of == NOWHERE
    unit = np.where(alone, np.arange(count), count + together)
    first, unit, size = np.unique(unit, return_index=True, return_inverse=True, return_counts=True)[1:]
    pieces = np.bincount(group_of[first][group_of[first] != NOWHERE], minlength=len(groups))
    estates = {number: int(group_of[first[number]]) for number in np.flatnonzero(size > 1).tolist()}
    problems = tuple(_divided(blocks, groups[n], n, int(pieces[n])) for n in np.flatnonzero(pieces > 1).tolist())
    return unit.astype(np.int64) if estates else np.arange(count), estates, problems


def _with_water(
    unit: IntArray, estates: dict[int, int], open_: Adjacency, region: IntArray, wet: BoolArray
) -> tuple[IntArray, dict[int, int]]:
    """Return the units with each block of water in that of the land it hangs on, and the groups of these units."""
    hanging = wet[open_.pairs].any(axis=1) & (region[open_.pairs[:, 0]] == region[open_.pairs[:, 1]])
    moored = Adjacency(open_.count, open_.pairs[hanging], open_.length_by_rank_m[hanging]).components()
    # One block of each component is dry, or none: a component is numbered by it.
    anchor = np.full(int(moored.max()) + 1, NOWHERE)
    anchor[moored] = np.arange(len(unit))
    dry = np.flatnonzero(~wet)
    anchor[moored[dry]] = dry
    joined = unit[anchor[moored]]
    joined = np.unique(joined, return_inverse=True)[1]
    group = {int(joined[block]): estates[int(unit[block])] for block in dry.tolist() if int(unit[block]) in estates}
    return joined.astype(np.int64), group


def _divided(blocks: Blocks, group: Sequence[int], number: int, pieces: int) -> Problem:
    place = shapely.point_on_surface(to_lonlat(blocks.polygons[[min(group)]], blocks.crs))[0]
    return Problem(
        "estate-divided",
        f"Group {number} of blocks to keep together is in {pieces} pieces: parents, barriers, dedicated or locked "
        "grids divide it, or its blocks do not touch.",
        "Each piece was kept together by itself. Move what divides them, or leave the group out.",
        severity="warning",
        subject=str(number),
        lonlat=(float(place.x), float(place.y)),
        size=float(pieces),
        unit="pieces",
    )
