"""Coordinates that cannot be what their CRS says, and a guess of what they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import ProjError

from geogrid.coordinates import WGS84, transformer_between
from geogrid.coverage.zones import twin
from geogrid.errors import Problem
from geogrid.types import FloatArray

Bounds = tuple[float, float, float, float]
SWAPPED_COORDINATES: Final = "swapped-coordinates"
"""Kind of the problem of coordinates in the wrong order."""

# Nobody lives north of Svalbard's or south of Patagonia's towns; a jurisdiction there is one with its axes swapped.
_INHABITED_LAT = (-60.0, 82.0)
_TEMPERATE_LAT = 75.0
_CHINA_SWAPPED: Bounds = (15.0, 73.0, 54.0, 90.0)
_SVALBARD: Bounds = (5.0, 74.0, 36.0, 82.0)
_DEGREES: Bounds = (-180.0, -90.0, 180.0, 90.0)
_TWICE_ROUND: Bounds = (-360.0, -90.0, 360.0, 90.0)

_UTM: Bounds = (100_000.0, 0.0, 900_000.0, 10_000_000.0)
_STATE_PLANE_FEET: Bounds = (0.0, -100_000.0, 9_000_000.0, 14_000_000.0)
_WEB_MERCATOR: Bounds = (-20_037_509.0, -20_048_967.0, 20_037_509.0, 20_048_967.0)
_CHINA_NORTHING = (300_000.0, 6_000_000.0)
_ZONE_WIDTH = 1_000_000.0
_THREE_DEGREE_ZONES, _SIX_DEGREE_ZONES = range(25, 46), range(13, 24)
_EPSG_OF_ZONE_25, _EPSG_OF_ZONE_13 = 4513, 4491

_OUTSIDE_AREA_OF_USE_DEGREES = 5.0
_NEAR_DEGREES = 1.0
_MOST_CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class Guess:
    """What coordinates look like: `words` finish the sentence "They look like ..."; `remedy` is a sentence."""

    words: str
    remedy: str
    kind: str = "coordinates"


def check_coordinates(xy: FloatArray, crs: CRS, *, limit: Bounds | None = None) -> Problem | None:
    """Return why coordinates cannot be in a CRS, or None where they can.

    Parameters
    ----------
    xy : (n, 2) float64
        Vertices or points as given, x (longitude, easting) first; at least one.
    crs : CRS
        What they are said to be in.
    limit : (4,) tuple of float, optional
        West, south, east, north of the place they belong to, degrees, WGS 84. With it swapped axes are certain
        and the CRS that fits can be named.

    Returns
    -------
    Problem or None
        Of kind ``coordinates`` or ``swapped-coordinates``, with a guess of what they are.
    """
    finite = np.isfinite(xy).all(axis=1)
    if not finite.all():
        return Problem(
            "coordinates",
            f"{np.count_nonzero(~finite)} of {len(xy)} coordinates are not finite numbers.",
            "Export the file again; nothing can be placed at infinity or at no number.",
        )
    bounds = _bounds(xy)
    guess = _impossible(bounds, crs, limit) or _improbable(bounds, crs, limit)
    if guess is None:
        return None
    return Problem(
        guess.kind,
        f"The coordinates cannot be {crs_name(crs)}: they go from {_pair(bounds[:2])} to {_pair(bounds[2:])}. "
        f"They look like {guess.words}.",
        guess.remedy,
    )


def crs_name(crs: CRS) -> str:
    """Return the shortest name that people and programs know a CRS by, e.g. ``EPSG:4326``."""
    authority = crs.to_authority(min_confidence=70)
    if authority is None:
        return str(crs.name)
    return "EPSG:4326" if authority == ("OGC", "CRS84") else ":".join(authority)


def _impossible(bounds: Bounds, crs: CRS, limit: Bounds | None) -> Guess | None:
    """Return a guess for coordinates outside the range of the CRS."""
    in_degrees = _within(bounds, _DEGREES)
    if crs.is_geographic:
        if in_degrees:
            return None
        if _within(_swapped(bounds), _DEGREES):
            return _SWAPPED
        return _ACROSS_180 if _within(bounds, _TWICE_ROUND) else guess_projected(bounds, limit)
    if in_degrees:
        return Guess("longitudes and latitudes in degrees", "Name the CRS they are in, e.g. --crs EPSG:4326.")
    return None


def _improbable(bounds: Bounds, crs: CRS, limit: Bounds | None) -> Guess | None:
    """Return a guess for coordinates that the CRS allows, but that lie where they cannot belong."""
    if limit is None and crs.is_geographic:
        return _SWAPPED if _is_nowhere(bounds) and _is_inhabited(_swapped(bounds)) else None
    expected, margin = limit, _NEAR_DEGREES
    if limit is None and crs.area_of_use is not None:
        expected, margin = crs.area_of_use.bounds, _OUTSIDE_AREA_OF_USE_DEGREES
    placed = _lonlat_bounds(bounds, crs)
    if expected is None or (placed is not None and _near(placed, expected, margin)):
        return None
    turned = _lonlat_bounds(_swapped(bounds), crs)
    if turned is not None and _near(turned, expected, margin):
        return _SWAPPED if crs.is_geographic else _SWAPPED_METRES
    if limit is not None and crs.is_geographic:
        return _elsewhere(placed, limit)
    other = twin(crs, bounds[0])
    if other is not None:
        return _other_zone(other)
    return guess_projected(bounds, limit)


_SWAPPED = Guess(
    "latitude before longitude",
    "Swap them: GeoGrid takes longitude (x) first. With the file as it is, use --swap-xy.",
    SWAPPED_COORDINATES,
)
_ACROSS_180 = Guess(
    "longitudes of a place on both sides of the meridian of 180 degrees, counted on beyond it",
    "Write them from -180 to 180, with shapes that cross the meridian cut in two there.",
)
_SWAPPED_METRES = Guess(
    "northing before easting",
    "Swap them: GeoGrid takes easting (x) first. With the file as it is, use --swap-xy.",
    SWAPPED_COORDINATES,
)


def _other_zone(code: int) -> Guess:
    name = CRS.from_epsg(code).name
    return Guess(
        f"EPSG:{code} ({name}): the same zone, with eastings written in the other way", f"Name it: --crs EPSG:{code}."
    )


def _elsewhere(placed: Bounds | None, limit: Bounds) -> Guess:
    where = "" if placed is None else f" around {_pair(_centre(placed))}"
    return Guess(
        f"another place{where}: the jurisdiction is around {_pair(_centre(limit))}",
        "Check the file, the CRS and the jurisdiction's code.",
    )


def guess_projected(bounds: Bounds, limit: Bounds | None) -> Guess:
    """Return what numbers beyond degrees look like.

    Parameters
    ----------
    bounds : (4,) tuple of float
        Smallest x and y, largest x and y.
    limit : (4,) tuple of float, optional
        The place they belong to, degrees, WGS 84: with it every projected CRS of that place is tried.
    """
    if limit is not None and (fitting := _fitting(bounds, limit)):
        names = ", ".join(f"EPSG:{code} ({name})" for code, name in fitting)
        return Guess(f"{names}, with which they fall into the jurisdiction", f"Name it: --crs EPSG:{fitting[0][0]}.")
    looks = list(_looks(bounds))
    if not looks:
        return Guess("no CRS that GeoGrid knows", "Ask whoever made the file for its CRS and name it with --crs.")
    words = " or ".join(dict.fromkeys(look for look, _ in looks))
    return Guess(words, f"Name the CRS they are in, e.g. --crs {looks[0][1]}.")


def _looks(bounds: Bounds) -> Iterator[tuple[str, str]]:
    """Yield what the sizes of numbers allow, with an example each, likeliest first."""
    zone = int(bounds[0] // _ZONE_WIDTH)
    easting = (bounds[0] - zone * _ZONE_WIDTH, bounds[1], bounds[2] - zone * _ZONE_WIDTH, bounds[3])
    is_china = _within(easting, (100_000.0, _CHINA_NORTHING[0], 900_000.0, _CHINA_NORTHING[1]))
    for zones, first in ((_THREE_DEGREE_ZONES, _EPSG_OF_ZONE_25), (_SIX_DEGREE_ZONES, _EPSG_OF_ZONE_13)):
        if zone in zones and is_china:
            code = first + zone - zones[0]
            yield f"metres of the Chinese Gauss-Krüger zone {zone}, its number before the easting", f"EPSG:{code}"
    if _within(bounds, _UTM):
        yield "metres of a UTM or Gauss-Krüger zone", "EPSG:32650"
    if _within(bounds, _STATE_PLANE_FEET):
        yield "feet of a state plane of the United States", "EPSG:3435"
    if _within(bounds, _WEB_MERCATOR) and not _within(bounds, _UTM) and (zone >= _SIX_DEGREE_ZONES[0] or bounds[0] < 0):
        yield "metres of Web Mercator", "EPSG:3857"


def _fitting(bounds: Bounds, limit: Bounds) -> list[tuple[str, str]]:
    """Return the projected CRSs of a place that put the coordinates into it, the closest first."""
    centre = _centre(limit)
    around = AreaOfInterest(centre[0], centre[1], centre[0], centre[1])
    fitting = []
    for info in query_crs_info("EPSG", PJType.PROJECTED_CRS, area_of_interest=around, contains=True):
        placed = _lonlat_bounds(bounds, CRS.from_epsg(info.code))
        if placed is not None and _near(placed, limit, 0.0):
            off = np.hypot(*np.subtract(_centre(placed), centre))
            fitting.append((off > _NEAR_DEGREES / 100.0, len(info.name), info.code, info.name))
    return [(code, name) for _, _, code, name in sorted(fitting)[:_MOST_CANDIDATES]]


def _lonlat_bounds(bounds: Bounds, crs: CRS) -> Bounds | None:
    """Return bounds in longitude and latitude, None where the projection is not defined there."""
    corners = np.array([(bounds[x], bounds[y]) for x in (0, 2) for y in (1, 3)])
    try:
        placed = np.column_stack(transformer_between(crs, WGS84).transform(*corners.T))
    except ProjError:
        return None
    return _bounds(placed) if np.isfinite(placed).all() else None


def _is_nowhere(bounds: Bounds) -> bool:
    in_china = _within(bounds, _CHINA_SWAPPED) and not _within(bounds, _SVALBARD)
    return in_china or bounds[3] < _INHABITED_LAT[0] or bounds[1] > _INHABITED_LAT[1]


def _is_inhabited(bounds: Bounds) -> bool:
    return _within(bounds, (-180.0, _INHABITED_LAT[0], 180.0, _TEMPERATE_LAT))


def _bounds(xy: FloatArray) -> Bounds:
    west, south, east, north = shapely.total_bounds(shapely.multipoints(xy)).tolist()
    return (west, south, east, north)


def _swapped(bounds: Bounds) -> Bounds:
    return (bounds[1], bounds[0], bounds[3], bounds[2])


def _centre(bounds: Bounds) -> tuple[float, float]:
    return ((bounds[0] + bounds[2]) / 2.0, (bounds[1] + bounds[3]) / 2.0)


def _within(bounds: Bounds, frame: Bounds) -> bool:
    return bounds[0] >= frame[0] and bounds[1] >= frame[1] and bounds[2] <= frame[2] and bounds[3] <= frame[3]


def _near(bounds: Bounds, other: Bounds, margin: float = _NEAR_DEGREES) -> bool:
    return (
        bounds[0] <= other[2] + margin
        and bounds[2] >= other[0] - margin
        and bounds[1] <= other[3] + margin
        and bounds[3] >= other[1] - margin
    )


def _pair(xy: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.10g}" if abs(value) < 1000 else f"{value:.1f}" for value in xy)  # noqa: PLR2004 - digits
