"""Coordinate datums in use in China: WGS 84, GCJ-02 (Amap, Tencent) and BD-09 (Baidu)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from geogrid.errors import InvalidInputError
from geogrid.types import COORD_TYPES, BoolArray, CoordType, FloatArray

LonLat = tuple[FloatArray, FloatArray]

# The ellipsoid of the published algorithm (Krasovsky 1940), not of the datums it joins.
_AXIS_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943_23
_BAIDU_ANGLE = np.pi * 3000.0 / 180.0
_BAIDU_LON, _BAIDU_LAT = 0.0065, 0.006
_CHINA_LON, _CHINA_LAT = (72.004, 137.8347), (0.8293, 55.8271)
# Each round shrinks the error about a thousandfold: 4 rounds reach rounding, the rest is reserve.
_ROUNDS = 8


def to_wgs84(lon: ArrayLike, lat: ArrayLike, coord_type: CoordType) -> LonLat:
    """Return longitudes and latitudes in WGS 84.

    Parameters
    ----------
    lon, lat : (n,) float64
        Degrees in the datum `coord_type`; NaN stays NaN.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of the input.

    Returns
    -------
    lon, lat : (n,) float64
        Degrees, WGS 84. The inverse of `from_wgs84` to well under 1 mm. Outside China (the algorithm's
        box) GCJ-02 equals WGS 84; BD-09 keeps its own offset everywhere.

    Raises
    ------
    InvalidInputError
        `coord_type` is none of the three; longitudes and latitudes that are no numbers, or not as many of the one as
        of the other.
    """
    lons, lats = _checked(lon, lat, coord_type)
    if coord_type == "bd09":
        lons, lats = _inverse(_gcj02_to_bd09, lons, lats)
    if coord_type != "wgs84":
        # Judged by the result: whatever a point of China was shifted to comes back to it, at the box's edge too.
        inner_lon, inner_lat = _inverse(_shift, lons, lats)
        china = _in_china(inner_lon, inner_lat)
        lons, lats = np.where(china, inner_lon, lons), np.where(china, inner_lat, lats)
    return lons, lats


def from_wgs84(lon: ArrayLike, lat: ArrayLike, coord_type: CoordType) -> LonLat:
    """Return longitudes and latitudes in the datum `coord_type`; see `to_wgs84`."""
    lons, lats = _checked(lon, lat, coord_type)
    if coord_type != "wgs84":
        shifted_lon, shifted_lat = _shift(lons, lats)
        china = _in_china(lons, lats)
        lons, lats = np.where(china, shifted_lon, lons), np.where(china, shifted_lat, lats)
    if coord_type == "bd09":
        lons, lats = _gcj02_to_bd09(lons, lats)
    return lons, lats


def _checked(lon: ArrayLike, lat: ArrayLike, coord_type: str) -> LonLat:
    if coord_type not in COORD_TYPES:
        raise InvalidInputError.of(
            "coord-type", f"'{coord_type}' is no coordinate datum.", f"Use one of {', '.join(COORD_TYPES)}."
        )
    try:
        lons, lats = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError.of("coordinates", f"Longitudes and latitudes must be numbers: {error}.") from error
    if lons.shape != lats.shape:
        raise InvalidInputError.of(
            "coordinates",
            f"There are longitudes of shape {lons.shape} and latitudes of shape {lats.shape}.",
            "Give pairs.",
        )
    return lons, lats


def _inverse(forward: Callable[[FloatArray, FloatArray], LonLat], lon: FloatArray, lat: FloatArray) -> LonLat:
    found_lon, found_lat = lon.copy(), lat.copy()
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # far outside the box it may diverge
        for _ in range(_ROUNDS):
            forward_lon, forward_lat = forward(found_lon, found_lat)
            found_lon += lon - forward_lon
            found_lat += lat - forward_lat
    return found_lon, found_lat


def _in_china(lon: FloatArray, lat: FloatArray) -> BoolArray:
    inside: BoolArray = (
        (lon >= _CHINA_LON[0]) & (lon <= _CHINA_LON[1]) & (lat >= _CHINA_LAT[0]) & (lat <= _CHINA_LAT[1])
    )
    return inside


def _shift(lon: FloatArray, lat: FloatArray) -> LonLat:
    """Return GCJ-02 of WGS 84, by the formula alone, inside China or not."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y / 30.0 * np.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    curvature = 1.0 - _ECCENTRICITY_SQUARED * np.sin(radians) ** 2
    metres_per_radian_lat = _AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / curvature**1.5
    metres_per_radian_lon = _AXIS_M / np.sqrt(curvature) * np.cos(radians)
    return lon + np.degrees(east / metres_per_radian_lon), lat + np.degrees(north / metres_per_radian_lat)


def _gcj02_to_bd09(lon: FloatArray, lat: FloatArray) -> LonLat:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_ANGLE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_ANGLE)
    return radius * np.cos(angle) + _BAIDU_LON, radius * np.sin(angle) + _BAIDU_LAT
