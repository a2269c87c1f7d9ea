"""Grids with fewer vertices for the coarser zooms, all at once: what two share is simplified once, for both."""

from typing import Final

import numpy as np
import shapely

from geogrid.tiles.cutting import rebuilt
from geogrid.tiles.matrices import EXTENT, WEB_MERCATOR_QUAD
from geogrid.types import FloatArray, GeometryArray

EXACT_ZOOM: Final = 14
"""From this zoom on boundaries are as they are stored: a unit is 60 cm at the equator, and few vertices could go."""

_TOLERANCE_UNITS: Final = 4.0
"""Half a pixel of a tile drawn 512 pixels wide."""

_SAME_PLACE: Final = 1.0 / 64.0


def generalised(leaves: GeometryArray, zoom: int) -> GeometryArray:
    """Return a coverage as a zoom shows it.

    Parameters
    ----------
    leaves : (n,) of Polygon or MultiPolygon
        Every leaf of an edition, longitude and latitude in degrees. Where their edges do not meet, they are joined
        first, and where two overlap, the first wins.
    zoom : int
        Below `EXACT_ZOOM`, the same in every tile matrix set.

    Returns
    -------
    (n,) of Polygon or MultiPolygon
        Degrees; empty where nothing is left. Triangles that a vertex spans with its neighbours are taken away, the
        smallest first, up to 16 square units of a tile.

    References
    ----------
    Visvalingam, M., Whyatt, J. D. (1993). Line generalisation by repeated elimination of points. Cartographic
    Journal 30(1).
    """
    scale = 2.0**zoom * EXTENT

    def to_units(lonlat: FloatArray) -> FloatArray:
        return np.column_stack(WEB_MERCATOR_QUAD.forward(lonlat[:, 0], lonlat[:, 1])) * scale

    def to_lonlat(xy: FloatArray) -> FloatArray:
        return np.column_stack(WEB_MERCATOR_QUAD.backward(xy[:, 0] / scale, xy[:, 1] / scale))

    placed = shapely.transform(leaves, to_units)
    if not shapely.coverage_is_valid(placed):
        placed = _joined(placed)
    return shapely.transform(shapely.coverage_simplify(placed, _TOLERANCE_UNITS), to_lonlat)


def _joined(polygons: GeometryArray) -> GeometryArray:
    joined_shapes = rebuilt(polygons, list(shapely.boundary(polygons)), unit=_SAME_PLACE)
    joined = np.full(len(polygons), shapely.MultiPolygon(), dtype=object)
    joined[joined_shapes.owners] = joined_shapes.shapes
    return joined
