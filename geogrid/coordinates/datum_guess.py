"""Which datum a set of points probably has, judged by how well it lies on known streets. It only advises."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike

from geogrid.coordinates.crs import metres_per_degree
from geogrid.coordinates.datum import to_wgs84
from geogrid.errors import InvalidInputError
from geogrid.types import COORD_TYPES, CoordType, FloatArray, GeometryArray

LEAST_POINTS: Final = 20
_NEAR_M: Final = 60.0
_SCALE: Final = 4.0


@dataclass(frozen=True, slots=True)
class DatumGuess:
    """The datum that fits best, how sure that is, and the mean nearness under each.

    Parameters
    ----------
    coord_type : {"wgs84", "gcj02", "bd09"}
        The best.
    confidence : float
        0.33 (all fit alike) to 1.
    distances_m : dict
        Mean distance of the points to the nearest line or building under each datum, 60 m at most a point.
    """

    coord_type: CoordType
    confidence: float
    distances_m: dict[CoordType, float]


def guess_datum(lon: ArrayLike, lat: ArrayLike, reference: GeometryArray) -> DatumGuess:
    """Return the datum under which points lie nearest to known streets or buildings.

    Parameters
    ----------
    lon, lat : (n,) float64
        Degrees in an unknown datum; at least 20 points.
    reference : (m,) of shapely geometry
        Streets or buildings around them, WGS 84.

    Returns
    -------
    DatumGuess
        Outside China GCJ-02 and WGS 84 are the same; WGS 84 is named then, with the confidence of a guess between two.

    Raises
    ------
    InvalidInputError
        Too few points, points that are no numbers, or nothing known to compare them with.

    Notes
    -----
    The confidence is Student's t of the differences between the best datum and the next, point by point, through a
    logistic curve: scattered points or streets as dense as the shift leave it low.
    """
    lons, lats = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if len(lons) < LEAST_POINTS or not (np.isfinite(lons).all() and np.isfinite(lats).all()):
        raise InvalidInputError.of(
            "few-points",
            f"{len(lons)} points do not tell their datum.",
            f"Give at least {LEAST_POINTS}, all of numbers.",
        )
    if not len(reference):
        raise InvalidInputError.of("nothing-known", "There are no streets or buildings to compare the points with.")
    scale = np.array([float(value[0]) for value in metres_per_degree(lats.mean(keepdims=True))])
    tree = shapely.STRtree(shapely.transform(reference, lambda xy: xy * scale))
    distances: dict[CoordType, FloatArray] = {
        coord_type: _nearness(tree, np.column_stack(to_wgs84(lons, lats, coord_type)) * scale)
        for coord_type in COORD_TYPES
    }
    means = {coord_type: float(value.mean()) for coord_type, value in distances.items()}
    best = min(COORD_TYPES, key=lambda coord_type: (means[coord_type], COORD_TYPES.index(coord_type)))
    odds = [np.exp(_strength(distances[best], distances[other])) for other in COORD_TYPES if other != best]
    confidence = 1.0 / (1.0 + sum(1.0 / value for value in odds))
    return DatumGuess(best, float(confidence), means)


def _nearness(tree: shapely.STRtree, xy: FloatArray) -> FloatArray:
    """Return the distances to the nearest known geometry, metres, 60 at most: beyond that all are equally wrong."""
    points = shapely.points(xy)
    nearest = tree.nearest(points)
    distances: FloatArray = shapely.distance(points, tree.geometries[nearest])
    return np.minimum(distances, _NEAR_M)


def _strength(best: FloatArray, other: FloatArray) -> float:
    """Return how clearly the best is nearer, point by point: t of the paired differences, shrunk and bounded."""
    gain = other - best
    spread = float(gain.std()) / np.sqrt(len(gain))
    return float(np.clip(gain.mean() / max(spread, 1e-9) / _SCALE, 0.0, 20.0)) * 2.0
