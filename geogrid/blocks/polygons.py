"""Polygons as others want them."""

import numpy as np
import shapely

from geogrid.types import GeometryArray


def as_multi(polygons: GeometryArray) -> GeometryArray:
    """Return polygons as MultiPolygons, MultiPolygons as they are."""
    single = shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON
    multi = np.asarray(polygons, dtype=object).copy()
    multi[single] = shapely.multipolygons(multi[single][:, np.newaxis])
    return multi
