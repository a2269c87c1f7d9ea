"""Zones of Chinese grids, with and without their number before the easting; datums whose shift is not known."""

import warnings
from typing import Final

import numpy as np
from pyproj import CRS
from pyproj.transformer import AreaOfInterest, TransformerGroup

from geogrid.coordinates import WGS84, transformer_between
from geogrid.errors import Problem
from geogrid.types import FloatArray

_SERIES: Final = (
    # First zone, number of zones, EPSG of the first with and without the number.
    (25, 21, 4513, 4534),
    (13, 11, 4491, 4502),
    (25, 21, 2349, 2370),
    (13, 11, 2327, 2338),
    (25, 21, 2401, 2422),
    (13, 11, 21413, 21453),
)
"""CGCS2000, Xian 1980 and Beijing 1954, in zones of 3 and of 6 degrees."""

_ZONE_WIDTH: Final = 1_000_000.0
_LET_THROUGH: Final = ("China Geodetic Coordinate System 2000", "China 2000", "CGCS2000")
_DOUBT_M: Final = 150.0


def twin(crs: CRS, easting: float) -> int | None:
    """Return the EPSG code of the same zone in the other way of writing eastings, where that fits an easting.

    Parameters
    ----------
    crs : CRS
        As stated.
    easting : float
        Of the data, metres.
    """
    code = crs.to_epsg()
    if code is None:
        return None
    for zone, count, numbered, plain in _SERIES:
        is_numbered, is_plain = numbered <= code < numbered + count, plain <= code < plain + count
        position = code - (numbered if is_numbered else plain)
        if is_numbered and 0.0 < easting < _ZONE_WIDTH:
            return plain + position
        if is_plain and easting // _ZONE_WIDTH == zone + position:
            return numbered + position
    return None


def datum_doubt_of_points(crs: CRS, xy: FloatArray) -> Problem | None:
    """Return what `datum_doubt` says at the first point of some that has finite coordinates.

    Parameters
    ----------
    crs : CRS
        Of the points.
    xy : (n, 2) float64
        In that CRS.
    """
    given = xy[np.isfinite(xy).all(axis=1)]
    if not len(given):
        return None
    lon, lat = transformer_between(crs, WGS84).transform(*given[0].tolist())
    return datum_doubt(crs, (round(lon, 7), round(lat, 7))) if np.isfinite([lon, lat]).all() else None


def datum_doubt(crs: CRS, lonlat: tuple[float, float]) -> Problem | None:
    """Return a warning where no transformation from the datum of a CRS to WGS 84 is known at a place.

    CGCS2000 differs from WGS 84 by centimetres and is let through.

    Parameters
    ----------
    crs : CRS
        Of the data.
    lonlat : (2,) tuple of float
        A place in the data, degrees.
    """
    geographic = crs.geodetic_crs
    datum = "" if geographic is None or geographic.datum is None else geographic.datum.name
    if geographic is None or datum in _LET_THROUGH or geographic.equals(WGS84, ignore_axis_order=True):
        return None
    lon, lat = lonlat
    around = AreaOfInterest(lon, lat, lon, lat)
    with warnings.catch_warnings():
        # A better transformation than those that are there would need a file; that is no doubt of this size.
        warnings.simplefilter("ignore", UserWarning)
        known = TransformerGroup(crs, WGS84, always_xy=True, area_of_interest=around, allow_ballpark=False)
    if known.transformers:
        return None
    return Problem(
        "unknown-shift",
        f"The coordinates are of the datum {datum}, and no transformation from it to WGS 84 is known here: "
        f"places may be off by up to some {_DOUBT_M:.0f} m.",
        "Have them transformed to CGCS2000 by the surveyors, or compare a few corners with a map.",
        severity="warning",
        lonlat=lonlat,
        size=_DOUBT_M,
        unit="m",
    )
