"""Land on both sides of the meridian of 180 degrees, with longitudes that go on beyond it."""

from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray

_HALF: Final = 90.0
_TURN: Final = 360.0


def counted_on(geometries: GeometryArray, land: GeometryArray | None = None) -> GeometryArray:
    """Return shapes with western longitudes counted on from 180 degrees where their land lies on both sides of it.

    Parameters
    ----------
    geometries : (n,) geometries
        Degrees, longitudes from -180 to 180. Where none is within 90 degrees of Greenwich, and there are both eastern
        and western ones, the way across 180 degrees is the shorter one.
    land : (m,) geometries, optional
        What decides, where the shapes are shown on it and may all lie on one side; without any, the shapes themselves.

    Returns
    -------
    (n,) geometries
        Of the whole collection from 90 to 270 degrees; any other as it is.
    """
    lon = shapely.get_coordinates(geometries if land is None or not len(land) else land)[:, 0]
    if not len(lon) or np.abs(lon).min() < _HALF or lon.min() > 0 or lon.max() < 0:
        return geometries
    moved: GeometryArray = shapely.transform(geometries, _moved)
    return moved


def frame_counted_on(frame: gpd.GeoDataFrame, land: GeometryArray | None = None) -> gpd.GeoDataFrame:
    """Return a table with its shapes as `counted_on` counts them."""
    return frame.set_geometry(counted_on(frame.geometry.to_numpy(), land), crs=frame.crs)


def _moved(lonlat: FloatArray) -> FloatArray:
    return np.column_stack([np.where(lonlat[:, 0] < 0, lonlat[:, 0] + _TURN, lonlat[:, 0]), lonlat[:, 1]])
