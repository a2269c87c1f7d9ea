"""Why a point is in no grid: how far off the nearest is, and whether longitude and latitude were exchanged."""

import numpy as np

from geogrid.coordinates import metres_per_degree
from geogrid.editions import Edition
from geogrid.wording import distance

_NEAR_M = 50_000.0


def why_outside(edition: Edition, lon: float, lat: float) -> str:
    """Return the sentence for a point outside every grid of an edition, degrees."""
    x, y = np.array([lon]), np.array([lat])
    away_m, across = edition.index.nearest_boundary(x, y, scale=metres_per_degree(y))
    detail = f"The point {lon:.6f}, {lat:.6f} is outside every grid of {edition.name}."
    if across[0] >= 0 and away_m[0] < _NEAR_M:
        nearest = edition.leaves[int(across[0])]
        detail += f" The nearest is {nearest.code} {nearest.name}, {distance(float(away_m[0]))} away."
    return detail + _swapped_hint(edition, lon, lat)


def _swapped_hint(edition: Edition, lon: float, lat: float) -> str:
    if abs(lon) > 90 or edition.index.locate(np.array([lat]), np.array([lon]))[0] < 0:  # noqa: PLR2004 - the pole
        return ""
    return " With longitude and latitude exchanged it would be inside: lon comes first."
