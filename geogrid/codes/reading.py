"""Numbers of grids: the order in which planners read a map, and codes built on it."""

import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray, IntArray


def reading_order(polygons: GeometryArray) -> IntArray:
    """Return the order of polygons read like a page: rows from north to south, each from west to east.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Any CRS with x to the east and y to the north.

    Returns
    -------
    (n,) int64
        Positions, first to last. Rows are as high as a typical polygon is wide; equal places keep their order.
    """
    if not len(polygons):
        return np.empty(0, dtype=np.int64)
    xy: FloatArray = shapely.get_coordinates(shapely.point_on_surface(polygons))
    west, south, east, north = shapely.total_bounds(polygons)
    height = np.sqrt(max((east - west) * (north - south), 0.0) / len(polygons)) or 1.0
    row = np.floor((north - xy[:, 1]) / height)
    return np.lexsort((-xy[:, 1], xy[:, 0], row)).astype(np.int64)


def number_within(parents: IntArray, order: IntArray) -> IntArray:
    """Return for each item its number, from 1, among those of the same parent in the order given."""
    number = np.empty(len(parents), dtype=np.int64)
    used: dict[int, int] = {}
    for position in order.tolist():
        parent = int(parents[position])
        used[parent] = number[position] = used.get(parent, 0) + 1
    return number
