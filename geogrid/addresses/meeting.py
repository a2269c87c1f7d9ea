"""Where two streets cross, as far as their addresses tell: by the way that each runs there, not by nearness alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from geogrid.addresses.street import closest_between
from geogrid.coordinates import metres_per_degree
from geogrid.types import FloatArray

_MEET_WITHIN_M: Final = 150.0
_RUNS_M: Final = 250.0
_LEAST_SINE: Final = 0.35
_SURE_WITHIN_M: Final = 60.0
_LEAST_POINTS: Final = 2
_LEAST_LENGTH_M: Final = 20.0


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where two streets may cross: degrees, how far off that may be in metres, and whether both reach it."""

    lon: float
    lat: float
    error_m: float
    is_sure: bool


def meeting_of(ones: FloatArray, others: FloatArray) -> Meeting | None:
    """Return where two streets cross by their addresses; none where they run beside each other or end before.

    Parameters
    ----------
    ones, others : (n, 2) float64
        Longitude and latitude of the addresses of each, at least one.

    Notes
    -----
    Streets a block apart have addresses near to each other and never meet. A line is laid through the addresses of
    each around the nearest pair; they cross where the lines do, if both streets have addresses next to that.
    """
    lon, lat, gap_m = closest_between(ones, others)
    if gap_m > _MEET_WITHIN_M:
        return None
    scale = np.array([length[0] for length in metres_per_degree(np.array([lat]))])
    middle = np.array([lon, lat])
    runs = [_run((points - middle) * scale) for points in (ones, others)]
    (one, along), (other, across) = runs
    if along is None or across is None:
        return Meeting(lon, lat, gap_m, is_sure=False)
    sine = float(along[0] * across[1] - along[1] * across[0])
    if abs(sine) < _LEAST_SINE:
        return None
    between = other - one
    place = one + along * (between[0] * across[1] - between[1] * across[0]) / sine
    away_m = max(float(np.hypot(*((points - middle) * scale - place).T).min()) for points in (ones, others))
    if away_m > _MEET_WITHIN_M:
        return None
    lon, lat = (middle + place / scale).tolist()
    return Meeting(lon, lat, away_m, is_sure=away_m <= _SURE_WITHIN_M)


def _run(xy: FloatArray) -> tuple[FloatArray, FloatArray | None]:
    """Return a point of a street around the origin and its direction there, none where too few addresses tell it."""
    near = xy[np.hypot(*xy.T) <= _RUNS_M]
    centre = near.mean(axis=0)
    if len(near) < _LEAST_POINTS or np.ptp(near, axis=0).max() < _LEAST_LENGTH_M:
        return centre, None
    direction: FloatArray = np.linalg.svd(near - centre, full_matrices=False)[2][0]
    return centre, direction
