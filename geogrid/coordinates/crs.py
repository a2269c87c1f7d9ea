"""Coordinate reference systems: metres where lengths and areas are meant, degrees where the earth is."""

import math
from functools import lru_cache

import geopandas as gpd
import numpy as np
from pyproj import CRS, Transformer

from geogrid.errors import InvalidInputError
from geogrid.types import FloatArray

WGS84 = CRS.from_epsg(4326)

# Zones of China's 3-degree belt, by their central meridians 75 E to 135 E: EPSG:4534 to EPSG:4554.
_CGCS2000_AT_75_E = 4534
_CHINA_LON = (73.5, 135.1)
_CHINA_LAT = (3.8, 53.6)
_UTM_NORTH, _UTM_SOUTH = 32600, 32700

_EQUATORIAL_RADIUS_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 0.006_694_379_990_14


def metres_apart(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the distance of two points a town apart at most, degrees on WGS 84, in metres.

    As `metres_per_degree` at the first point: without arrays, of which two points are a tenth of the work.
    """
    sine = math.sin(math.radians(lat))
    curvature = 1.0 - _ECCENTRICITY_SQUARED * sine * sine
    north = _EQUATORIAL_RADIUS_M * (1.0 - _ECCENTRICITY_SQUARED) / (curvature * math.sqrt(curvature))
    east = _EQUATORIAL_RADIUS_M / math.sqrt(curvature) * math.cos(math.radians(lat))
    return math.radians(1.0) * math.hypot((other_lon - lon) * east, (other_lat - lat) * north)


def metres_per_degree(lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the local length of one degree of longitude and of latitude on the WGS 84 ellipsoid.

    Parameters
    ----------
    lat : (n,) float64
        Latitude, degrees.

    Returns
    -------
    along_lon, along_lat : (n,) float64
        Metres per degree, east and north. At the poles `along_lon` is 0.

    References
    ----------
    Snyder, J. P. (1987). Map Projections: A Working Manual, eq. 4-18 and 4-20.
    """
    sine = np.sin(np.radians(lat))
    curvature = 1.0 - _ECCENTRICITY_SQUARED * sine**2
    meridian = _EQUATORIAL_RADIUS_M * (1.0 - _ECCENTRICITY_SQUARED) / curvature**1.5
    prime_vertical = _EQUATORIAL_RADIUS_M / np.sqrt(curvature)
    radian = np.pi / 180.0
    return radian * prime_vertical * np.cos(np.radians(lat)), radian * meridian


def metric_crs(layer: gpd.GeoDataFrame | gpd.GeoSeries) -> CRS:
    """Return a CRS in metres that suits a layer: its own if it is metric, else its UTM zone.

    Raises
    ------
    InvalidInputError
        The layer has no CRS.
    """
    crs = require_crs(layer)
    if crs.is_projected and crs.axis_info[0].unit_name == "metre":
        return crs
    return CRS(layer.estimate_utm_crs())


def local_crs(lon: float, lat: float) -> CRS:
    """Return the metric CRS that surveyors use at a place: the CGCS2000 3-degree zone in China, else the UTM zone.

    Parameters
    ----------
    lon, lat : float
        EPSG:4326, degrees; `lat` from -80 to 84.
    """
    if _CHINA_LON[0] <= lon < _CHINA_LON[1] and _CHINA_LAT[0] <= lat <= _CHINA_LAT[1]:
        return CRS.from_epsg(_CGCS2000_AT_75_E + round(lon / 3.0) - 25)
    zone = int((lon + 180.0) // 6.0) % 60 + 1
    return CRS.from_epsg((_UTM_NORTH if lat >= 0 else _UTM_SOUTH) + zone)


def require_crs(layer: gpd.GeoDataFrame | gpd.GeoSeries) -> CRS:
    """Return the layer's CRS, or raise `InvalidInputError` where it has none."""
    if layer.crs is None:
        raise InvalidInputError.of(
            "no-crs", "The layer states no coordinate reference system.", "Name it, e.g. with --crs EPSG:4326."
        )
    return CRS(layer.crs)


@lru_cache(maxsize=64)  # each file may have a system of its own, and a town has few files
def transformer_between(source: CRS, target: CRS) -> Transformer:
    """Return what brings coordinates from one system to another, x or longitude first in both.

    Finding it takes longer than what it does to a small layer.
    """
    return Transformer.from_crs(source, target, always_xy=True)
