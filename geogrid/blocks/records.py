"""Blocks (街区) as values: the atomic pieces of land between barriers that grids are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
from pyproj import CRS

from geogrid.blocks.adjacency import Adjacency
from geogrid.blocks.ground import NOWHERE, Ground
from geogrid.coordinates import WGS84
from geogrid.errors import Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.types import DedicatedCategory, FloatArray, GeometryArray, IntArray
from geogrid.wording import amount, html_table

if TYPE_CHECKING:
    from geogrid.maps import BaseMap, MapView


@dataclass(frozen=True, slots=True)
class Site:
    """An institution that a dedicated grid is carved for."""

    name: str
    category: DedicatedCategory


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks that tile a limit, with their loads and neighbours.

    Parameters
    ----------
    polygons : (n,) Polygon
        A valid coverage in the CRS of `ground`, metres.
    ground : Ground
        What they were made from.
    adjacency : Adjacency
        Rook neighbours with the rank of the barrier between them.
    parent : (n,) int64
        Row of `nested_in` that the block lies in; 0 where no parents were given, -1 outside all of them.
    site : (n,) int64
        Position in `sites` for dedicated land, -1 for ordinary land.
    sites : tuple of Site
        Institutions with dedicated land.
    loads : mapping of str to (n,) float64
        Sums by block; always has ``buildings``.
    unassigned : mapping of str to float
        What of each load falls in no block.
    building_block : (b,) int64
        Block of each building, -1 for outside.
    problems : tuple of Problem
        What a planner should know; never fatal.
    """

    polygons: GeometryArray
    ground: Ground
    adjacency: Adjacency
    parent: IntArray
    site: IntArray
    sites: tuple[Site, ...]
    loads: Mapping[str, FloatArray]
    unassigned: Mapping[str, float]
    building_block: IntArray
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self.polygons)

    @property
    def crs(self) -> CRS:
        """Projected CRS of the geometry, metres."""
        return self.ground.crs

    def lonlat(self) -> GeometryArray:
        """Return the blocks in EPSG:4326: each vertex transformed by itself, so that shared ones stay identical."""
        return to_lonlat(self.polygons, self.crs)

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return the blocks with their loads, in EPSG:4326; the index is the block number."""
        columns = {"parent": self.parent, "site": self.site, **self.loads}
        return gpd.GeoDataFrame(columns, geometry=self.lonlat(), crs=WGS84)

    def _repr_html_(self) -> str:
        """Return what notebooks show: numbers and sums."""
        dedicated = int((self.site != NOWHERE).sum())
        rows = {
            "blocks 街区": f"{len(self):,}",
            "of institutions 机构用地": f"{dedicated:,}",
            "parents 上级": f"{len(np.unique(self.parent)):,}",
            **{name: amount(float(load.sum())) for name, load in self.loads.items()},
            "problems 问题": f"{len(self.problems):,}",
        }
        return html_table("Blocks 街区", rows)

    def explore(self, *, base: "BaseMap | None" = None, attribution: Sequence[str] = ()) -> "MapView":
        """Return a map of the blocks for a notebook, which loads nothing from the internet.

        Parameters
        ----------
        base : BaseMap, optional
            Streets and buildings under the blocks.
        attribution : sequence of str
            Sources of the data; shown on the map.
        """
        from geogrid.maps import MapView, StateColor, state_map

        frame = self.to_frame().drop(columns=["site", "parent"])
        frame.insert(0, "site", [self.sites[number].name if number != NOWHERE else "" for number in self.site.tolist()])
        frame.insert(0, "state", np.where(self.site == NOWHERE, "ordinary", "dedicated"))
        colors = [
            StateColor("ordinary", "#a8d5b5", "街区 Block"),
            StateColor("dedicated", "#8e6bb8", "机构用地 Institution"),
        ]
        return MapView(state_map(frame, colors, title="街区 Blocks", base=base, attribution=attribution))
