"""What blocks are made from: barriers, buildings and loads, brought to one metric CRS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geogrid.blocks.gaps import GapRule, close_gaps
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import to_metres
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class LoadPoints:
    """Where loads are: buildings at a point inside them, lots and points likewise.

    Parameters
    ----------
    points : (q,) Point
        Metres.
    columns : mapping of str to (q,) float64
        Loads at each point, e.g. ``households``, ``buildings``.
    """

    points: GeometryArray
    columns: Mapping[str, FloatArray]

    def owners(self, polygons: GeometryArray) -> IntArray:
        """Return the polygon of each point, -1 for none; on a shared edge the one with the smaller index."""
        owner = np.full(len(self.points), len(polygons), dtype=np.int64)
        point, polygon = shapely.STRtree(polygons).query(self.points, predicate="intersects")
        np.minimum.at(owner, point, polygon)
        owner[owner == len(polygons)] = NOWHERE
        return owner

    def occupied(self, polygons: GeometryArray) -> BoolArray:
        """Return which polygons have a building."""
        owner = self.owners(polygons)
        has_building: BoolArray = np.zeros(len(polygons), dtype=np.bool_)
        has_building[owner[(owner != NOWHERE) & (self.columns["buildings"] > 0)]] = True
        return has_building


@dataclass(frozen=True, slots=True)
class Barriers:
    """Lines with their rank, metres."""

    lines: GeometryArray
    ranks: IntArray

    def with_gaps_closed(self, area: shapely.Geometry, buildings: GeometryArray, rule: GapRule) -> "Barriers":
        """Return the lines with their loose ends continued; a continuation ranks as its line."""
        links, line = close_gaps(self.lines, area, obstacles=buildings, rule=rule)
        return Barriers(np.concatenate([self.lines, links]), np.concatenate([self.ranks, self.ranks[line]]))


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that blocks are made from and that their later cutting needs again.

    Parameters
    ----------
    crs : CRS
        Projected, metres; of all geometry here.
    barriers : Barriers
        Lines that may bound blocks.
    buildings : (b,) Polygon or MultiPolygon
        Footprints in the order given.
    load_points : LoadPoints
        Loads; the first b points are those of the buildings.
    limits : (l,) LineString
        Outlines of the limit and of the parents, which blocks meet exactly.
    """

    crs: CRS
    barriers: Barriers
    buildings: GeometryArray
    load_points: LoadPoints
    limits: GeometryArray = field(default_factory=lambda: np.empty(0, dtype=object))


@dataclass(frozen=True, slots=True)
class MaxLoad:
    """How much of a load a block may hold; heavier ones are divided between buildings.

    Parameters
    ----------
    most : float
        The limit, above 0.
    load : str
        What is limited.
    """

    most: float
    load: str = "households"


def ranked_barriers(barriers: gpd.GeoDataFrame, area: shapely.Geometry, *, crs: CRS, min_rank: int) -> Barriers:
    """Return the barriers that reach the area and rank high enough, as single lines."""
    if "rank" not in barriers:
        raise InvalidInputError.of("no-rank", "The barriers have no column 'rank'.", "Give each line a rank of 0 to 9.")
    ranks = barriers["rank"].to_numpy(dtype=np.int64)
    lines, owner = shapely.get_parts(to_metres(barriers, crs).geometry, return_index=True)
    ranks = ranks[owner]
    shapely.prepare(area)
    kept = (ranks >= min_rank) & shapely.intersects(lines, area)
    return Barriers(lines[kept], ranks[kept])


def load_points_of(
    buildings: gpd.GeoDataFrame | None, others: gpd.GeoDataFrame | None, *, crs: CRS, columns: Sequence[str]
) -> LoadPoints:
    """Return the loads of buildings, then of further points or lots, each at a point inside it.

    Parameters
    ----------
    buildings, others : GeoDataFrame, optional
        Layers with load columns.
    crs : CRS
        Metric CRS of the result.
    columns : sequence of str
        Loads to read where a layer has them; a missing value counts as 0. ``buildings`` is counted besides.

    Raises
    ------
    InvalidInputError
        A load that is negative or infinite, or no number.
    """
    layers = [layer for layer in (buildings, others) if layer is not None]
    points = [shapely.point_on_surface(to_metres(layer, crs).geometry) for layer in layers]
    present = [name for name in columns if any(name in layer for layer in layers)]
    values = {name: np.concatenate([_numbers(layer, name) for layer in layers]) for name in present}
    count = sum(len(layer) for layer in layers)
    values["buildings"] = (np.arange(count) < (0 if buildings is None else len(buildings))).astype(np.float64)
    return LoadPoints(np.concatenate(points) if points else np.empty(0, dtype=object), values)


def _numbers(layer: gpd.GeoDataFrame, name: str) -> FloatArray:
    if name not in layer:
        return np.zeros(len(layer))
    values: FloatArray = pd.to_numeric(layer[name], errors="coerce").fillna(0).to_numpy(dtype=np.float64)
    unread = layer[name].notna().to_numpy() & pd.to_numeric(layer[name], errors="coerce").isna().to_numpy()
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0) | unread)
    if len(bad):
        raise InvalidInputError(
            Problem(
                "bad-load",
                f"Row {layer.index[row]}: {name} is {layer[name].iloc[row]!r}; a load is a number of 0 or more.",
                "Correct it or leave it empty.",
                subject=str(layer.index[row]),
            )
            for row in bad.tolist()
        )
    return values
