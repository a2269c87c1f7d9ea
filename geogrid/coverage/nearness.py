"""Points that cannot be a jurisdiction's: too far from its land, not on the earth, or standing for an unknown place."""

import numpy as np
import shapely

from geogrid.coordinates import metres_per_degree
from geogrid.types import FloatArray, GeometryArray
from geogrid.wording import distance

FARTHEST_M = 50_000.0
"""A point farther than this from the land of a jurisdiction is not one of the jurisdiction's."""

_LARGEST_LON, _LARGEST_LAT = 180.0, 90.0


def why_not_near(lonlat: FloatArray, land: shapely.Geometry) -> list[str | None]:
    """Return why each point cannot be one of a jurisdiction's, None where it can.

    Parameters
    ----------
    lonlat : (n, 2) float64
        Degrees, WGS 84; finite.
    land : Polygon or MultiPolygon
        Of the jurisdiction, degrees, WGS 84. Points in it are never doubted.

    Returns
    -------
    list of str or None
        What to say after "it": "its point ...".
    """
    away = _distance_m(lonlat, land)
    return [_why(lon, lat, metres) for (lon, lat), metres in zip(lonlat.tolist(), away.tolist(), strict=True)]


def _why(lon: float, lat: float, metres: float) -> str | None:
    if metres == 0.0:
        return None
    if (lon, lat) == (0.0, 0.0):
        return "its point is 0, 0, which stands for an unknown one"
    if abs(lon) > _LARGEST_LON or abs(lat) > _LARGEST_LAT:
        return f"its point {lon:.10g}, {lat:.10g} is not on the earth"
    if metres > FARTHEST_M:
        return (
            f"its point {lon:.6f}, {lat:.6f} is {distance(metres)} from the jurisdiction; "
            f"at most {distance(FARTHEST_M)} are believed"
        )
    if lon.is_integer() and lat.is_integer():
        return f"its point {lon:.0f}, {lat:.0f} is of whole degrees, which stands for a rough one"
    return None


def _distance_m(lonlat: FloatArray, land: shapely.Geometry) -> FloatArray:
    """Return the distance to the land, metres, as on a plane around it."""
    if not len(lonlat):
        return np.empty(0)
    west, south, east, north = shapely.bounds(land).tolist()
    scale = np.column_stack(metres_per_degree(np.array([(south + north) / 2.0])))[0]
    corner = np.array([(west + east) / 2.0, (south + north) / 2.0])
    flat = shapely.transform(land, lambda xy: (xy - corner) * scale)
    shapely.prepare(flat)
    points: GeometryArray = np.asarray(shapely.points((lonlat - corner) * scale), dtype=object)
    return np.asarray(shapely.distance(points, flat), dtype=np.float64)
