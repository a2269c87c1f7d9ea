"""Grids as an assignment of blocks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np

from geogrid.blocks import NOWHERE, Blocks
from geogrid.blocks.faces import dissolve
from geogrid.codes import reading_order
from geogrid.coordinates import WGS84
from geogrid.errors import Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.partition.land import FREE, Bounds, Land, land_of
from geogrid.partition.reasons import Banded, band_problems
from geogrid.partition.remedies import Freed
from geogrid.partition.search.graph import Graph
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray
from geogrid.wording import amount, html_table

if TYPE_CHECKING:
    from geogrid.maps import BaseMap, MapView

_MOST_FREED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Partition:
    """Grids as an assignment of blocks.

    Parameters
    ----------
    blocks : Blocks
        What is assigned.
    grid : (n,) int64
        Grid of each block, 0 .. k-1; grids are numbered by parent, then north to south and west to east.
    parent : (k,) int64
        Parent of each grid, as in `nested_in`.
    site : (k,) int64
        Position in ``blocks.sites`` of a dedicated grid, -1 for a comprehensive one.
    load_name : str
        What is balanced.
    load : (k,) float64
        Load of each grid.
    band : tuple of float
        Lower and upper limit of the load of comprehensive grids.
    problems : tuple of Problem
        What could not be met, with the nearest wish that can.
    former : (k,) int64
        Grid of the earlier plan that each goes on with, -1 for new ones and where no earlier plan was given.
    land : Land
        The regions and units that they were made of.
    bounds : Bounds, optional
        What a planner had fixed.
    """

    blocks: Blocks
    grid: IntArray
    parent: IntArray
    site: IntArray
    load_name: str
    load: FloatArray
    band: tuple[float, float]
    problems: tuple[Problem, ...]
    former: IntArray
    land: Land
    bounds: Bounds | None = None

    def __len__(self) -> int:
        """Return the number of grids."""
        return len(self.load)

    @property
    def in_band(self) -> BoolArray:
        """Which grids are within the band; dedicated grids are exempt and count as within."""
        low, high = self.band
        within: BoolArray = (self.site != NOWHERE) | ((self.load >= low) & (self.load <= high))
        return within

    def polygons(self) -> GeometryArray:
        """Return the grids in the metric CRS of the blocks: the unions of their blocks."""
        return dissolve(self.blocks.polygons, self.grid)

    def band_problems(self, names: Sequence[str], *, fixed: bool = False) -> list[Problem]:
        """Return why each comprehensive grid out of the band is so, under the names given.

        Parameters
        ----------
        names : (k,) sequence of str
            What the grids are called.
        fixed : bool
            Their number was given.
        """
        first = np.unique(self.land.unit, return_index=True)[1]
        grid = self.grid[first]

        def part(unit: int) -> str:
            return (
                f"group {self.land.estates[unit]}, kept together,"
                if unit in self.land.estates
                else f"block {first[unit]}"
            )

        grids = Banded(
            part=part,
            load=self.land.graph.load_of,
            grid=grid,
            region=self.land.region[first],
            parent=self.parent[grid],
            exempt=self.site != NOWHERE,
            locked=np.isin(np.arange(len(self)), grid[self.land.locked[self.land.region[first]] != FREE]),
            fixed=fixed,
            graph=self.land.graph,
            parent_names=self._parent_names(),
            freed=self._freed,
            houses=self._houses(),
        )
        missing = np.flatnonzero(~self.in_band)
        lonlat = np.full(len(self), None, dtype=object)
        if len(missing):
            members = np.flatnonzero(~self.in_band[self.grid])
            shapes = dissolve(self.blocks.polygons[members], np.searchsorted(missing, self.grid[members]))
            lonlat[missing] = to_lonlat(shapes, self.blocks.crs)
        return band_problems(grids, self.band, names=names, lonlat=lonlat, unit=self.load_name)

    def _parent_names(self) -> dict[int, str]:
        """Return what the parents of the blocks are called, where grids were nested in these and in no others."""
        first = np.unique(self.grid, return_index=True)[1]
        names = self.blocks.ground.parent_names
        return dict(enumerate(names)) if (self.blocks.parent[first] == self.parent).all() else {}

    def _houses(self) -> IntArray:
        """Return the number of loads in each unit."""
        points = self.blocks.ground.load_points
        if self.load_name not in points.columns:
            return np.zeros(len(self.land.graph), dtype=np.int64)
        owner = points.owners(self.blocks.polygons)
        loaded = (owner != NOWHERE) & (points.columns[self.load_name] > 0)
        return np.bincount(self.land.unit[owner[loaded]], minlength=len(self.land.graph)).astype(np.int64)

    def _freed(self, region: int) -> list[Freed]:
        """Return the land of a region without each group that is kept together there, or each lock beside it."""
        bounds, land = self.bounds, self.land
        if bounds is None or len(self.blocks) > _MOST_FREED:
            return []
        inside = np.flatnonzero(land.region == region)
        freed = []
        for unit in np.unique(land.unit[inside]).tolist():
            if unit in land.estates:
                group = land.estates[unit]
                groups = tuple(() if n == group else group_ for n, group_ in enumerate(bounds.keep_together))
                what, remedy = f"group {group}, kept together,", f"Leave group {group} out of those kept together."
                freed.append(Freed(what, remedy, self._land_of(replace(bounds, keep_together=groups), int(inside[0]))))
        left, right = self.blocks.adjacency.pairs.T
        beside = np.concatenate([right[land.region[left] == region], left[land.region[right] == region]])
        locked = land.locked[land.region[beside]]
        for lock in np.unique(locked[locked != FREE]).tolist():
            others = tuple(grid for grid in bounds.locked if grid != lock)
            graph = self._land_of(replace(bounds, locked=others), int(inside[0]))
            freed.append(Freed(f"the locked grid {lock} beside it", f"Unlock grid {lock} of the earlier plan.", graph))
        return freed

    def _land_of(self, bounds: Bounds, block: int) -> Graph:
        """Return the land that a block lies in if other things were fixed."""
        land = land_of(self.blocks, self.blocks.loads[self.load_name], bounds)
        return land.graph.part(np.flatnonzero(land.unit_regions() == land.region[block]))

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return the grids in EPSG:4326; the index is the grid number."""
        columns = {"parent": self.parent, "site": self.site, "load": self.load, "in_band": self.in_band}
        return gpd.GeoDataFrame(columns, geometry=to_lonlat(self.polygons(), self.blocks.crs), crs=WGS84)

    def _repr_html_(self) -> str:
        """Return what notebooks show: numbers, loads and the band."""
        ordinary = self.site == NOWHERE
        loads = self.load[ordinary]
        rows = {
            "comprehensive grids 综合网格": f"{int(ordinary.sum()):,}",
            "dedicated grids 专属网格": f"{int((~ordinary).sum()):,}",
            "blocks 街区": f"{len(self.blocks):,}",
            "band 区间": f"{amount(self.band[0])} – {amount(self.band[1])} {self.load_name}",
            "in the band 区间内": f"{int(self.in_band[ordinary].sum()):,} of {len(loads):,}",
        }
        if len(loads):
            spread = (loads.min(), round(loads.mean(), 1), loads.max())
            rows["least, mean, most 最小、平均、最大"] = ", ".join(amount(float(load)) for load in spread)
        return html_table("Partition 划分", rows | {"problems 问题": f"{len(self.problems):,}"})

    def explore(self, *, base: "BaseMap | None" = None, attribution: Sequence[str] = ()) -> "MapView":
        """Return a map of the grids by load and kind for a notebook, which loads nothing from the internet.

        Parameters
        ----------
        base : BaseMap, optional
            Streets and buildings under the grids.
        attribution : sequence of str
            Sources of the data; shown on the map.
        """
        from geogrid.maps import MapView, coverage_map

        sites = [self.blocks.sites[number] if number != NOWHERE else None for number in self.site.tolist()]
        digits = len(str(len(self)))
        columns = {
            "code": [f"{number:0{digits}d}" for number in range(len(self))],
            "name": [site.name if site else "" for site in sites],
            "level": 1,
            "level_name": "网格 grid",
            "kind": ["dedicated" if site else "comprehensive" for site in sites],
            "category": [site.category if site else None for site in sites],
            self.load_name: self.load,
        }
        grids = gpd.GeoDataFrame(columns, geometry=to_lonlat(self.polygons(), self.blocks.crs), crs=WGS84)
        band = self.band if math.isfinite(self.band[1]) else None
        return MapView(coverage_map(grids, base=base, band=band, load=self.load_name, attribution=attribution))


def partition_of(
    blocks: Blocks, grid: IntArray, *, load: str = "households", band: tuple[float, float] = (0.0, math.inf)
) -> Partition:
    """Return grids made elsewhere as a partition, e.g. to evaluate them.

    Parameters
    ----------
    blocks : Blocks
        What is assigned.
    grid : (n,) int64
        Grid of each block, any numbers.
    load, band
        As in `partition`.
    """
    labels = np.unique(grid, return_inverse=True)[1].astype(np.int64)
    land = land_of(blocks, blocks.loads[load], Bounds(blocks.parent))
    return numbered(land, labels, blocks=blocks, parents=blocks.parent, load_name=load, band=band)


def numbered(  # noqa: PLR0913 - the fields of Partition that are not derived
    land: Land,
    labels: IntArray,
    *,
    blocks: Blocks,
    parents: IntArray,
    load_name: str,
    band: tuple[float, float],
    former: IntArray | None = None,
) -> Partition:
    """Return the partition with its grids numbered by parent, then in reading order."""
    count = int(labels.max(initial=-1)) + 1
    first = np.unique(labels, return_index=True)[1]
    order = reading_order(dissolve(blocks.polygons, labels))
    order = order[np.argsort(parents[first][order], kind="stable")]
    number = np.empty(count, dtype=np.int64)
    number[order] = np.arange(count)
    grid = number[labels]
    return Partition(
        blocks=blocks,
        grid=grid,
        parent=parents[first][order],
        site=_sites(blocks, grid),
        load_name=load_name,
        load=np.bincount(grid, weights=blocks.loads[load_name], minlength=count).astype(np.float64),
        band=band,
        problems=(),
        former=np.full(count, FREE) if former is None else former[order],
        land=land,
    )


def _sites(blocks: Blocks, grid: IntArray) -> IntArray:
    """Return the site of each grid; a grid with ordinary land beside that of a site is an ordinary one."""
    first = np.unique(grid, return_index=True)[1]
    site = blocks.site[first].copy()
    site[grid[blocks.site != site[grid]]] = NOWHERE
    return site
