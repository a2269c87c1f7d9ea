"""Loads of the land itself, where nobody is counted: its square metres, and the metres of its streets."""

import math
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from geogrid.blocks.barriers import PEDESTRIAN
from geogrid.geometry.rings import Area
from geogrid.types import BoolArray, FloatArray, GeometryArray

AREA: Final = "area"
STREETS: Final = "streets"
LAND_LOADS: Final = (AREA, STREETS)
"""Names of the loads that are measured of the land: square metres, and metres of street."""

_PIECE_M: Final = 4.0
_ASIDE_M: Final = 0.5
_AHEAD_M: Final = 0.1
_LEAST_SPACING_M: Final = 10.0
_MOST_POINTS: Final = 200_000


def carry_streets(barriers: gpd.GeoDataFrame) -> BoolArray:
    """Return which barriers count as streets: highways that rank as pedestrian streets or higher, shape (n,)."""
    kinds = barriers["kind"].fillna("highway") if "kind" in barriers else "highway"
    carried: BoolArray = ((barriers["rank"] >= PEDESTRIAN) & (kinds == "highway")).to_numpy(dtype=np.bool_)
    return carried


def street_points(lines: GeometryArray, crs: CRS | None) -> gpd.GeoDataFrame:
    """Return the metres of streets as points beside them.

    Parameters
    ----------
    lines : (n,) LineString or MultiLineString
        Streets, metres.
    crs : CRS, optional
        Theirs.

    Returns
    -------
    GeoDataFrame
        ``streets`` and Point: every 4 m or less of a street count half on its left and half on its right, so that a
        street between two blocks counts half in each.
    """
    parts = shapely.get_parts(lines)
    parts = parts[shapely.length(parts) > 0]
    length = shapely.length(parts)
    pieces = np.ceil(length / _PIECE_M).astype(np.int64)
    line = np.repeat(np.arange(len(parts)), pieces)
    step = np.arange(len(line)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    size = (length / np.maximum(pieces, 1))[line]
    middle = (step + 0.5) * size
    ahead = np.minimum(_AHEAD_M, size / 2.0)
    ends = [shapely.get_coordinates(shapely.line_interpolate_point(parts[line], middle + by)) for by in (-ahead, ahead)]
    place, along = (ends[0] + ends[1]) / 2.0, ends[1] - ends[0]
    aside = np.column_stack([-along[:, 1], along[:, 0]]) / np.maximum(np.hypot(*along.T), 1e-9)[:, None] * _ASIDE_M
    points = shapely.points(np.vstack([place + aside, place - aside]))
    return gpd.GeoDataFrame({STREETS: np.tile(size / 2.0, 2)}, geometry=points, crs=crs)


@dataclass(frozen=True, slots=True)
class StreetMetres:
    """The streets of a town, ready to be measured on any land.

    Parameters
    ----------
    tree : STRtree
        Of points beside them; see `street_points`.
    metres : (q,) float64
        What each stands for.
    """

    tree: shapely.STRtree
    metres: FloatArray

    @classmethod
    def of(cls, lines: GeometryArray, metres_a_unit: FloatArray | None = None) -> "StreetMetres":
        """Return those of lines in units of so many metres, shape (2,); metres by default."""
        scale = np.ones(2) if metres_a_unit is None else metres_a_unit
        beside = street_points(shapely.transform(lines, lambda xy: xy * scale), None)
        points = shapely.transform(beside.geometry.to_numpy(), lambda xy: xy / scale)
        return cls(shapely.STRtree(points), beside[STREETS].to_numpy(dtype=np.float64))

    def on(self, polygons: GeometryArray) -> FloatArray:
        """Return the metres of streets on each polygon, shape (n,), in the units of the lines."""
        polygon, point = self.tree.query(polygons, predicate="intersects")
        # A point on a shared edge counts once.
        point, first = np.unique(point, return_index=True)
        sums = np.bincount(polygon[first], weights=self.metres[point], minlength=len(polygons))
        metres: FloatArray = sums.astype(np.float64)
        return metres


def area_points(limit: Area, share_m2: float, crs: CRS) -> gpd.GeoDataFrame:
    """Return the land as a lattice of points.

    Parameters
    ----------
    limit : Polygon or MultiPolygon
        Land, metres.
    share_m2 : float
        Land that is to be told apart; a point stands for a sixteenth of it, or more where there would be too many.
    crs : CRS
        Its own.

    Returns
    -------
    GeoDataFrame
        ``area``, square metres, and Point. Blocks have their area by their outline; the points say where heavy ones
        are to be divided.
    """
    spacing_m = max(math.sqrt(max(share_m2, 0.0)) / 4.0, math.sqrt(limit.area / _MOST_POINTS), _LEAST_SPACING_M)
    west, south, east, north = limit.bounds
    columns = np.arange(west + spacing_m / 2.0, east, spacing_m)
    rows = np.arange(south + spacing_m / 2.0, north, spacing_m)
    x, y = np.meshgrid(columns, rows)
    shapely.prepare(limit)
    inside = shapely.contains_xy(limit, x.ravel(), y.ravel())
    points = shapely.points(np.column_stack([x.ravel()[inside], y.ravel()[inside]]))
    return gpd.GeoDataFrame({AREA: np.full(int(inside.sum()), spacing_m**2)}, geometry=points, crs=crs)
