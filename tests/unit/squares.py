"""Towns of equal squares, for statistics of place."""

import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray

SIDE_M = 100.0


def squares(side: int) -> GeometryArray:
    """Return side x side squares, row by row from the south-west."""
    row, column = np.divmod(np.arange(side * side), side)
    west, south = column * SIDE_M, row * SIDE_M
    return np.asarray(shapely.box(west, south, west + SIDE_M, south + SIDE_M))


def middles(side: int) -> FloatArray:
    """Return (side * side, 2): the middles of the squares."""
    return np.asarray(shapely.get_coordinates(shapely.centroid(squares(side))))
