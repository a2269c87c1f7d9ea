"""Cases counted by grid and period, on the grids of the day, whichever they were assigned to when they came in."""

import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray, IntArray


def grids_of_points(polygons: GeometryArray, points: GeometryArray) -> IntArray:
    """Return the position of the polygon that holds each point; -1 for none.

    Parameters
    ----------
    polygons : (n,) object
        Leaf grids in the order of their codes: a point on a shared edge belongs to the first.
    points : (m,) object
        Points in the reference system of the polygons; None is in none.
    """
    owner = np.full(len(points), len(polygons), dtype=np.int64)
    has_point = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
    row, polygon = shapely.STRtree(polygons).query(points[has_point], predicate="intersects")
    np.minimum.at(owner, has_point[row], polygon)
    owner[owner == len(polygons)] = -1
    return owner


def counts_by_period(owner: IntArray, period: IntArray, *, grids: int, periods: int) -> FloatArray:
    """Return (grids, periods) float64: cases by grid and period; those with neither are passed over.

    Parameters
    ----------
    owner, period : (m,) int64
        Positions; -1 for none.
    """
    is_counted = (owner >= 0) & (period >= 0)
    cells = owner[is_counted] * periods + period[is_counted]
    return np.bincount(cells, minlength=grids * periods).reshape(grids, periods).astype(np.float64)
