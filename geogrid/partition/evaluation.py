"""How good a partition is: a small registry of metrics, per grid and overall."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
import shapely

from geogrid.blocks import NOWHERE
from geogrid.blocks.assembly import water_blocks
from geogrid.blocks.faces import cut_buildings, dissolve
from geogrid.errors import Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.geometry.overlays import difference_m2, intersections, union
from geogrid.geometry.rings import Area
from geogrid.partition.boundary import BETWEEN_COMPREHENSIVE, WITH_DEDICATED, Boundary, Side, boundary_of
from geogrid.partition.cut_off import further_pieces, islands
from geogrid.partition.result import Partition
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray


@dataclass(frozen=True)
class Subject:
    """What metrics look at.

    Parameters
    ----------
    partition : Partition
        The grids.
    limit : Polygon or MultiPolygon, optional
        What they should tile, in the CRS of the blocks.
    previous : (n,) int64, optional
        Another grid of each block, to count what moved; numbers need not correspond.
    parents : (p,) Polygon or MultiPolygon, optional
        Areas that no grid is to straddle, in the CRS of the blocks.
    """

    partition: Partition
    limit: Area | None = None
    previous: IntArray | None = None
    parents: GeometryArray | None = None

    @cached_property
    def polygons(self) -> GeometryArray:
        """The grids, metres."""
        return self.partition.polygons()

    @cached_property
    def boundary(self) -> Boundary:
        """The boundary between grids, by kind and cause."""
        return boundary_of(self.partition, self.polygons)

    @cached_property
    def land(self) -> Area:
        """What the grids cover together."""
        return union(self.polygons)

    @cached_property
    def fragments(self) -> IntArray:
        """Contiguous piece of each block."""
        return self.partition.blocks.adjacency.components(self.partition.grid)

    @cached_property
    def dry_polygons(self) -> GeometryArray:
        """The grids without their water, on which shape is measured."""
        blocks, grid = self.partition.blocks, self.partition.grid
        dry = ~water_blocks(blocks.polygons, blocks.ground, blocks.site)
        counted = dry | ~np.isin(grid, grid[dry])
        return dissolve(blocks.polygons[counted], grid[counted])

    @cached_property
    def cut_off(self) -> BoolArray:
        """Which of the contiguous pieces are land without a house that nothing joins to the rest of its parent."""
        blocks = self.partition.blocks
        piece = islands(blocks.adjacency, blocks.parent, blocks.site)
        first = np.unique(self.fragments, return_index=True)[1]
        cut_off: BoolArray = np.isin(piece[first], further_pieces(self.partition, piece))
        return cut_off

    @cached_property
    def is_comprehensive(self) -> BoolArray:
        """Which grids the band is for."""
        comprehensive: BoolArray = self.partition.site == NOWHERE
        return comprehensive


@dataclass(frozen=True, slots=True)
class GridMetric:
    """A figure of each grid.

    Parameters
    ----------
    name, unit : str
        E.g. ``polsby_popper`` without unit.
    source : str
        Where it is defined.
    compute : callable
        From the subject, (k,).
    """

    name: str
    unit: str
    source: str
    compute: Callable[[Subject], FloatArray]


@dataclass(frozen=True, slots=True)
class TotalMetric:
    """A figure of the whole partition; NaN where what it needs was not given."""

    name: str
    unit: str
    source: str
    compute: Callable[[Subject], float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of a partition.

    Parameters
    ----------
    grids : DataFrame
        A row per grid, a column per metric of `GRID_METRICS`.
    overall : mapping of str to float
        A figure per metric of `TOTAL_METRICS`.
    barrier_share : mapping of str to float
        Share of the boundary between grids by what runs under it.
    fragments : tuple of Problem
        Where grids are in pieces: every piece but the largest.
    sides : tuple of Side
        The boundary between grids told apart by their kinds.
    off_barriers : mapping of str to float
        Metres of it without a barrier, by cause; see `geogrid.partition.boundary`.
    notes : tuple of Problem
        Why little of it runs on barriers, and where weak ones served.
    """

    grids: pd.DataFrame
    overall: Mapping[str, float]
    barrier_share: Mapping[str, float]
    fragments: tuple[Problem, ...]
    sides: tuple[Side, ...]
    off_barriers: Mapping[str, float]
    notes: tuple[Problem, ...]


def evaluate(
    partition: Partition,
    *,
    limit: Area | None = None,
    previous: IntArray | None = None,
    parents: GeometryArray | None = None,
) -> Evaluation:
    """Return every figure of a partition.

    Parameters
    ----------
    partition : Partition
        The grids, of this engine or any other; see `geogrid.partition.partition_of`.
    limit : Polygon or MultiPolygon, optional
        What they should tile, in the CRS of the blocks; without it gaps are not known.
    previous : (n,) int64, optional
        Grid of each block in an earlier plan.
    parents : (p,) Polygon or MultiPolygon, optional
        Areas that no grid is to straddle, in the CRS of the blocks; without them nesting is not known.
    """
    subject = Subject(partition, limit, previous, parents)
    return Evaluation(
        grids=pd.DataFrame({metric.name: metric.compute(subject) for metric in GRID_METRICS}),
        overall={metric.name: metric.compute(subject) for metric in TOTAL_METRICS},
        barrier_share=subject.boundary.shares_by_rank(),
        fragments=_fragment_problems(subject),
        sides=subject.boundary.sides,
        off_barriers=subject.boundary.off_barriers_m,
        notes=subject.boundary.notes(),
    )


def _deviation(subject: Subject) -> FloatArray:
    low, high = subject.partition.band
    target = (low + high) / 2.0 if math.isfinite(high) else float(subject.partition.load.mean())
    deviation: FloatArray = subject.partition.load / (target or 1.0) - 1.0
    return deviation


def _pieces(subject: Subject) -> FloatArray:
    owner = subject.partition.grid[np.unique(subject.fragments, return_index=True)[1][~subject.cut_off]]
    return np.bincount(owner, minlength=len(subject.partition)).astype(np.float64)


def _polsby_popper(subject: Subject) -> FloatArray:
    shapes = subject.dry_polygons
    score: FloatArray = 4.0 * math.pi * shapely.area(shapes) / shapely.length(shapes) ** 2
    return score


def _reock(subject: Subject) -> FloatArray:
    radius = shapely.minimum_bounding_radius(subject.dry_polygons)
    score: FloatArray = shapely.area(subject.dry_polygons) / (math.pi * radius**2)
    return score


def _in_band(subject: Subject) -> float:
    low, high = subject.partition.band
    load = subject.partition.load[subject.is_comprehensive]
    return float(((load >= low) & (load <= high)).mean()) if len(load) else 1.0


def _on_barriers(subject: Subject) -> float:
    return Side("all", subject.boundary.length_by_rank_m).on_barriers


def _cut_edges(subject: Subject) -> float:
    pairs, grid = subject.partition.blocks.adjacency.pairs, subject.partition.grid
    return float((grid[pairs[:, 0]] != grid[pairs[:, 1]]).sum())


def _buildings_cut(subject: Subject) -> float:
    return float(cut_buildings(subject.polygons, subject.partition.blocks.ground.buildings).sum())


def _gaps_m2(subject: Subject) -> float:
    if subject.limit is None:
        return math.nan
    return difference_m2(subject.limit, subject.land)[0]


def _outside_m2(subject: Subject) -> float:
    if subject.limit is None:
        return math.nan
    return difference_m2(subject.limit, subject.land)[1]


def _overlaps_m2(subject: Subject) -> float:
    # Not "overlaps": two grids drawn twice are equal, one within another is contained, and both share land.
    left, right = shapely.STRtree(subject.polygons).query(subject.polygons, predicate="intersects")
    once = left < right
    return float(shapely.area(intersections(subject.polygons[left[once]], subject.polygons[right[once]])).sum())


def _straddling_m2(subject: Subject) -> float:
    """Return the land of grids outside the parent that has most of each, whatever the blocks say of their parents."""
    if subject.parents is None:
        return math.nan
    grid, parent = shapely.STRtree(subject.parents).query(subject.polygons, predicate="intersects")
    shared = shapely.area(intersections(subject.polygons[grid], subject.parents[parent]))
    most = np.zeros(len(subject.polygons))
    np.maximum.at(most, grid, shared)
    return float(np.maximum(shapely.area(subject.polygons) - most, 0.0).sum())


def _is_nested(subject: Subject) -> float:
    if subject.parents is None:
        return math.nan
    return float(_straddling_m2(subject) <= _DRAWN_ALIKE_M * float(shapely.length(subject.polygons).sum()))


def _moved(subject: Subject) -> float:
    """Return the load in blocks that left their grid; the grid that kept most of another's load is its successor."""
    if subject.previous is None:
        return math.nan
    load = subject.partition.blocks.loads[subject.partition.load_name]
    both, position = np.unique(np.column_stack([subject.previous, subject.partition.grid]), axis=0, return_inverse=True)
    shared = np.bincount(position.ravel(), weights=load, minlength=len(both))
    stayed, followed, taken = 0.0, set(), set()
    # The largest common load first, each grid once on either side.
    for place in np.argsort(-shared, kind="stable").tolist():
        former, grid = both[place].tolist()
        if former not in followed and grid not in taken:
            stayed += float(shared[place])
            followed.add(former)
            taken.add(grid)
    return float(load.sum()) - stayed


_DRAWN_ALIKE_M: Final = 0.01
"""Two drawings of one line differ by no more than this width along it."""

_PLAIN = "DESIGN: the band and the loads of the plan"
_POLSBY = "Polsby, D., Popper, R. (1991). The third criterion: compactness as a procedural safeguard"
_REOCK_SOURCE = "Reock, E. (1961). Measuring compactness as a requirement of legislative apportionment"
_CUT_SOURCE = "DeFord, D., Duchin, M., Solomon, J. (2021). Recombination"

GRID_METRICS: Final = (
    GridMetric("load", "of the load", _PLAIN, lambda subject: subject.partition.load),
    GridMetric("deviation", "of the middle of the band", _PLAIN, _deviation),
    GridMetric("in_band", "0 or 1", _PLAIN, lambda subject: subject.partition.in_band.astype(np.float64)),
    GridMetric("pieces", "contiguous pieces", "rook neighbours", _pieces),
    GridMetric("polsby_popper", "0 to 1", _POLSBY, _polsby_popper),
    GridMetric("reock", "0 to 1", _REOCK_SOURCE, _reock),
)

TOTAL_METRICS: Final = (
    TotalMetric("grids", "grids", _PLAIN, lambda subject: float(len(subject.partition))),
    TotalMetric("comprehensive", "grids", _PLAIN, lambda subject: float(subject.is_comprehensive.sum())),
    TotalMetric("in_band", "of the comprehensive grids", _PLAIN, _in_band),
    TotalMetric("contiguous", "grids", "rook neighbours", lambda subject: float((_pieces(subject) == 1).sum())),
    TotalMetric("cut_off", "parts without a house", "rook neighbours", lambda subject: float(subject.cut_off.sum())),
    TotalMetric("polsby_popper", "mean, 0 to 1", _POLSBY, lambda subject: float(_polsby_popper(subject).mean())),
    TotalMetric("reock", "mean, 0 to 1", _REOCK_SOURCE, lambda subject: float(_reock(subject).mean())),
    TotalMetric("on_barriers", "of the inner boundary", "DESIGN: barriers", _on_barriers),
    TotalMetric(
        "on_barriers_comprehensive",
        "of that between comprehensive grids",
        "DESIGN: barriers",
        lambda subject: subject.boundary.share(BETWEEN_COMPREHENSIVE),
    ),
    TotalMetric(
        "on_barriers_dedicated",
        "of that with dedicated grids",
        "DESIGN: barriers",
        lambda subject: subject.boundary.share(WITH_DEDICATED),
    ),
    TotalMetric("cut_edges", "pairs of blocks", _CUT_SOURCE, _cut_edges),
    TotalMetric("buildings_cut", "buildings", "DESIGN: invariant 3", _buildings_cut),
    TotalMetric("gaps", "m2", "DESIGN: invariant 1", _gaps_m2),
    TotalMetric("outside", "m2", "DESIGN: invariant 1", _outside_m2),
    TotalMetric("overlaps", "m2", "DESIGN: invariant 1", _overlaps_m2),
    TotalMetric("straddling", "m2", "DESIGN: invariant 3", _straddling_m2),
    TotalMetric("nested", "0 or 1", "DESIGN: invariant 3", _is_nested),
    TotalMetric("moved", "of the load", "DESIGN: lineage", _moved),
)


def _fragment_problems(subject: Subject) -> tuple[Problem, ...]:
    blocks, grid = subject.partition.blocks, subject.partition.grid
    area = np.bincount(subject.fragments, weights=shapely.area(blocks.polygons))
    first = np.unique(subject.fragments, return_index=True)[1]
    order = np.lexsort((area, grid[first]))
    largest = order[np.append(np.diff(grid[first][order]) != 0, True)]
    loose = np.setdiff1d(np.flatnonzero(~subject.cut_off), largest)
    places = shapely.get_coordinates(to_lonlat(shapely.point_on_surface(blocks.polygons[first[loose]]), blocks.crs))
    return tuple(
        Problem(
            "fragment",
            f"Grid {grid[first[piece]]} has a separate piece of {area[piece]:.0f} m2.",
            "Give the piece to the grid around it.",
            severity="warning",
            subject=str(grid[first[piece]]),
            lonlat=(float(lon), float(lat)),
            size=float(area[piece]),
            unit="m2",
        )
        for piece, (lon, lat) in zip(loose.tolist(), places, strict=True)
    )
