"""What the boundary between grids runs on: by the kinds of grids and, where it runs on nothing, by the cause."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.blocks import NOWHERE
from geogrid.blocks.adjacency import segment_ranks, shared_segments
from geogrid.blocks.barriers import FOOTPATH, NO_BARRIER, RANK_COUNT, RANK_NAMES, SERVICE
from geogrid.errors import Problem
from geogrid.partition.result import Partition
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

BETWEEN_COMPREHENSIVE: Final = "between comprehensive grids"
WITH_DEDICATED: Final = "with dedicated grids"

SITE_EDGE: Final = "edge of a site"
AROUND_BUILDING: Final = "around a building"
DIVIDED_BLOCK: Final = "between buildings of a divided block"
OPEN_LAND: Final = "open land without lines"
CAUSES: Final = (SITE_EDGE, AROUND_BUILDING, DIVIDED_BLOCK, OPEN_LAND)
"""Why a boundary runs on no barrier."""

WANTED_SHARE: Final = 0.85
"""Where less of the boundary between comprehensive grids runs on barriers, the cause is told."""

_NEAR_M: Final = 50.0
_ALONG_WALL_M: Final = 0.05
_WEAK: Final = (FOOTPATH, SERVICE)


@dataclass(frozen=True, slots=True)
class Side:
    """A kind of boundary.

    Parameters
    ----------
    name : str
        `BETWEEN_COMPREHENSIVE` or `WITH_DEDICATED`.
    length_by_rank_m : (10,) float64
        Its length, metres, by the rank of the barrier under it.
    """

    name: str
    length_by_rank_m: FloatArray

    @property
    def length_m(self) -> float:
        """Whole length."""
        return float(self.length_by_rank_m.sum())

    @property
    def on_barriers(self) -> float:
        """Share on barriers, 1 where there is no such boundary."""
        return 1.0 - float(self.length_by_rank_m[NO_BARRIER]) / self.length_m if self.length_m else 1.0

    @property
    def weak_m(self) -> float:
        """Length on weak barriers."""
        return float(self.length_by_rank_m[list(_WEAK)].sum())


@dataclass(frozen=True, slots=True)
class Boundary:
    """The boundary between grids.

    Parameters
    ----------
    sides : tuple of Side
        By the kinds of the two grids.
    off_barriers_m : mapping of str to float
        Metres without a barrier by cause, every one of `CAUSES`.
    has_barriers, has_weak : bool
        Whether any barrier is known, and any weak one.
    """

    sides: tuple[Side, ...]
    off_barriers_m: Mapping[str, float]
    has_barriers: bool
    has_weak: bool

    @property
    def length_by_rank_m(self) -> FloatArray:
        """Its length, metres, by the rank of the barrier under it, shape (10,)."""
        lengths: FloatArray = np.sum([side.length_by_rank_m for side in self.sides], axis=0)
        return lengths

    def shares_by_rank(self) -> dict[str, float]:
        """Return the share of the whole that runs on each kind of barrier, zeros where there is no boundary."""
        whole = self.length_by_rank_m
        return dict(zip(RANK_NAMES, (whole / (float(whole.sum()) or 1.0)).tolist(), strict=True))

    def share(self, name: str) -> float:
        """Return the share of a kind of boundary that runs on barriers, NaN where there is none of it."""
        side = next(side for side in self.sides if side.name == name)
        return side.on_barriers if side.length_m else math.nan

    def notes(self) -> tuple[Problem, ...]:
        """Return why little of the boundary between comprehensive grids runs on barriers, and where weak ones serve."""
        side = next(side for side in self.sides if side.name == BETWEEN_COMPREHENSIVE)
        if not self.has_barriers or not side.length_m:
            return ()
        notes = []
        if side.on_barriers < WANTED_SHARE:
            causes = [
                f"{length / 1000.0:,.1f} km {cause}"
                for cause, length in self.off_barriers_m.items()
                if cause != SITE_EDGE and length
            ]
            message = (
                f"Of {side.length_m / 1000.0:,.1f} km of boundary between comprehensive grids "
                f"{side.on_barriers:.0%} run on barriers, below {WANTED_SHARE:.0%}; the rest: {', '.join(causes)}."
            )
            remedy = (
                "Give more lines with --barriers: what there is of tracks, paths and walls was used."
                if self.has_weak
                else "Give tracks, paths, walls, ditches or edges of fields with --barriers: there are none."
            )
            notes.append(
                Problem("off-barriers", message, remedy, "warning", size=float(side.length_by_rank_m[0]), unit="m")
            )
        if side.weak_m:
            message = (
                f"{side.weak_m / 1000.0:,.1f} km, {side.weak_m / side.length_m:.0%} of the boundary between "
                "comprehensive grids, run on weak barriers (tracks, service roads, paths, walls, ditches, edges of "
                "fields), where nothing better divides the land."
            )
            remedy = "Look at these in the field."
            notes.append(Problem("weak-barriers", message, remedy, "warning", size=side.weak_m, unit="m"))
        return tuple(notes)


def boundary_of(partition: Partition, polygons: GeometryArray) -> Boundary:
    """Return the boundary between the grids of a partition; `polygons` are these, metres."""
    ground = partition.blocks.ground
    edges = ground.edges
    pairs, segments = shared_segments(polygons)
    length_m = np.hypot(*(segments[:, 2:] - segments[:, :2]).T)
    rank = segment_ranks(segments, edges.lines, edges.ranks)
    dedicated = (partition.site[pairs] != NOWHERE).any(axis=1)
    sides = tuple(
        Side(name, np.bincount(rank[chosen], weights=length_m[chosen], minlength=RANK_COUNT).astype(np.float64))
        for name, chosen in ((BETWEEN_COMPREHENSIVE, ~dedicated), (WITH_DEDICATED, dedicated))
    )
    bare = np.flatnonzero(rank == NO_BARRIER)
    cause = _causes(segments[bare], dedicated[bare], ground.buildings, ground.load_points.points)
    metres = np.bincount(cause, weights=length_m[bare], minlength=len(CAUSES))
    weak = bool(len(ground.weak.lines)) or bool(np.isin(ground.barriers.ranks, _WEAK).any())
    return Boundary(sides, dict(zip(CAUSES, metres.tolist(), strict=True)), bool(len(ground.barriers.lines)), weak)


def _causes(segments: FloatArray, dedicated: BoolArray, buildings: GeometryArray, points: GeometryArray) -> IntArray:
    """Return for each segment on no barrier the position of its cause in `CAUSES`."""
    middles = np.asarray(shapely.points((segments[:, :2] + segments[:, 2:]) / 2.0), dtype=object)
    houses = buildings if len(buildings) else points
    cause = np.full(len(segments), CAUSES.index(OPEN_LAND))
    for name, within_m in ((DIVIDED_BLOCK, _NEAR_M), (AROUND_BUILDING, _ALONG_WALL_M)):
        near = shapely.STRtree(houses).query(middles, predicate="dwithin", distance=within_m)[0]
        cause[near] = CAUSES.index(name)
    cause[dedicated] = CAUSES.index(SITE_EDGE)
    return cause
