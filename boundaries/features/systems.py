"""Coordinate reference systems of requests and answers, with the order of their axes.

Stored coordinates are longitude before latitude. A system that is named by its EPSG address has the axes in the order
of its authority: latitude first for 4326 and 4490, northing first for the Gauss-Krueger zones of CGCS2000.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from pyproj import CRS, Transformer

from geogrid.coordinates import from_wgs84, to_wgs84
from geogrid.errors import InvalidInputError
from geogrid.types import CoordType, FloatArray, GeometryArray

STORED_SRID: Final = 4326
_EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
_EDGE_PARTS: Final = 32
_CHINA: Final = (73.5, 16.0, 136.5, 54.0)
_FIRST_ZONE, _FIRST_MERIDIAN, _ZONE_WIDTH = 4534, 75, 3
_ZONES: Final = range(_FIRST_ZONE, _FIRST_ZONE + 21)
_UTM_NORTH: Final = 32_600
_FARTHEST_LAT: Final = 89.9
_FARTHEST_OFF: Final = 45
"""Degrees from the equator and from a zone's meridian up to which PROJ computes every place."""


@dataclass(frozen=True, slots=True)
class System:
    """A coordinate reference system.

    Parameters
    ----------
    uri : str
        Its name in requests.
    srid : int
        EPSG number; that of CRS84 is 4326.
    is_flipped : bool
        Whether latitude or northing comes first.
    is_geographic : bool
        Whether its unit is the degree.
    """

    uri: str
    srid: int
    is_flipped: bool
    is_geographic: bool


CRS84: Final = System("http://www.opengis.net/def/crs/OGC/1.3/CRS84", STORED_SRID, is_flipped=False, is_geographic=True)


@lru_cache(maxsize=256)
def epsg(srid: int) -> System:
    """Return a system by its EPSG number, axes as its authority has them."""
    crs = CRS.from_epsg(srid)
    is_flipped = crs.axis_info[0].direction in {"north", "south"}
    return System(f"{_EPSG}{srid}", srid, is_flipped, crs.is_geographic)


def systems_at(lon: float, lat: float) -> dict[str, System]:
    """Return the systems that a town can be asked for in, by name: its local zone, in metres, is the last.

    Parameters
    ----------
    lon, lat : float
        A place in the town, degrees.
    """
    found = [CRS84, epsg(4326), epsg(4490), epsg(3857), epsg(local_srid(lon, lat))]
    return {each.uri: each for each in found}


def local_srid(lon: float, lat: float) -> int:
    """Return the EPSG number of the zone of a place: three degrees of CGCS2000 in China, UTM elsewhere."""
    west, south, east, north = _CHINA
    if west <= lon < east and south <= lat <= north:
        return _FIRST_ZONE + round(lon / _ZONE_WIDTH) - _FIRST_MERIDIAN // _ZONE_WIDTH
    zone = math.floor((lon + 180) / 6) % 60 + 1
    return (32600 if lat >= 0 else 32700) + zone


def meridian_of(srid: int) -> float | None:
    """Return the middle longitude of a zone of `local_srid`, None for a system of the whole globe."""
    if srid > _UTM_NORTH:
        return float(srid % 100 * 6 - 183)
    return float(_FIRST_MERIDIAN + (srid - _FIRST_ZONE) * _ZONE_WIDTH) if srid in _ZONES else None


def transformed(shape: str, srid: int | str, meridian: float | str | None) -> str:
    """Return SQL for a stored shape in another system; null for what lies where that system has no places.

    One case that was reported for the far side of the globe must not take an answer down with it.

    Parameters
    ----------
    shape, srid : str or int
        SQL of the stored shape, and of the number of the system.
    meridian : float or str or None
        Of `meridian_of`; None for a system of the whole globe.
    """
    can_be = [f"ST_YMin({shape}) >= {-_FARTHEST_LAT}", f"ST_YMax({shape}) <= {_FARTHEST_LAT}"]
    for edge in ("ST_XMin", "ST_XMax") if meridian is not None else ():
        off = f"({edge}({shape}) - ({meridian}))"
        can_be.append(f"abs({off} - 360 * floor(({off} + 180) / 360)) <= {_FARTHEST_OFF}")
    return f"case when {' and '.join(can_be)} then ST_Transform({shape}, {srid}) end"


def box_in(system: System, corners: Sequence[float]) -> shapely.Geometry:
    """Return a box of a request as it is stored; where its west lies east of its east, it crosses the 180th meridian.

    Parameters
    ----------
    system : System
        Of the corners.
    corners : sequence of float
        Lower and upper corner, each in the order of the system's axes.

    Raises
    ------
    InvalidInputError
        The corners are no box, or lie where the system has no places.
    """
    first_low, second_low, first_high, second_high = corners
    if system.is_flipped:
        first_low, second_low, first_high, second_high = second_low, first_low, second_high, first_high
    if second_low > second_high:
        raise _no_box("its lower corner lies above its upper corner")
    if system.is_geographic and not (
        abs(first_low) <= 180 and abs(first_high) <= 180 and abs(second_low) <= 90 and abs(second_high) <= 90  # noqa: PLR2004 - the globe
    ):
        hint = "latitude comes first in this system" if system.is_flipped else "longitude comes first"
        raise _no_box(f"a corner is beyond the globe; {hint}")
    if first_low <= first_high:
        return to_stored(shapely.box(first_low, second_low, first_high, second_high), system, is_flipped=False)
    if not system.is_geographic:
        raise _no_box("its left corner lies right of its right corner")
    parts = [
        shapely.box(first_low, second_low, 180, second_high),
        shapely.box(-180, second_low, first_high, second_high),
    ]
    return shapely.MultiPolygon(parts)


def to_stored(
    geometry: shapely.Geometry, system: System, *, is_flipped: bool | None = None, subject: str = "bbox"
) -> shapely.Geometry:
    """Return a geometry of a request in stored coordinates.

    Parameters
    ----------
    geometry : Geometry
        In `system`; its edges are straight there.
    system : System
        The system.
    is_flipped : bool, optional
        Whether latitude or northing comes first in `geometry`; as the system says, if left out.
    subject : str
        Parameter that it came from.

    Raises
    ------
    InvalidInputError
        A place is beyond the globe, or where the system has none.
    """
    flips = system.is_flipped if is_flipped is None else is_flipped
    found = shapely.transform(geometry, lambda xy: xy[:, ::-1]) if flips else geometry
    if not system.is_geographic:
        low_x, low_y, high_x, high_y = shapely.bounds(found)
        longest = max(high_x - low_x, high_y - low_y)
        if longest > 0:
            found = shapely.segmentize(found, longest / _EDGE_PARTS)
        found = shapely.transform(found, _transformation(system.srid))
    xy = shapely.get_coordinates(found)
    if not (np.isfinite(xy).all() and (np.abs(xy) <= (180, 90)).all()):
        raise InvalidInputError.of(
            "beyond-the-globe",
            f"A coordinate lies where {system.uri} has no places.",
            "Check the order of the axes: latitude or northing comes first in this system."
            if system.is_flipped
            else "The first axis of this system points east.",
            subject=subject,
        )
    return found


def from_datum(geometry: shapely.Geometry, coord_type: CoordType) -> shapely.Geometry:
    """Return a geometry of a request in WGS 84."""
    return shapely.transform(geometry, lambda xy: np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], coord_type)))


def in_datum(geometries: GeometryArray, coord_type: CoordType) -> GeometryArray:
    """Return geometries of an answer in the datum asked for.

    Parameters
    ----------
    geometries : (n,) of shapely geometry or None
        Degrees, WGS 84.
    coord_type : {"wgs84", "gcj02", "bd09"}
        The datum.
    """
    found: GeometryArray = shapely.transform(
        geometries, lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], coord_type))
    )
    return found


@lru_cache(maxsize=64)  # any system of EPSG may be asked for
def _transformation(srid: int) -> Callable[[FloatArray], FloatArray]:
    transformer = Transformer.from_crs(srid, STORED_SRID, always_xy=True)
    return lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))


def _no_box(reason: str) -> InvalidInputError:
    return InvalidInputError.of(
        "bbox", f"The box cannot be used: {reason}.", "Give the lower corner, then the upper one.", subject="bbox"
    )
