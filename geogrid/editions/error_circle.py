"""The circle of a positional error, and the grids that share it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from geogrid.coordinates import metres_per_degree
from geogrid.editions.edition import Edition, GridInfo

_POINTS: Final = 400
_GOLDEN_ANGLE: Final = np.pi * (3.0 - np.sqrt(5.0))


@dataclass(frozen=True, slots=True)
class GridShare:
    """A grid and the part of the circle in it, 0 to 1; without a grid, the part outside every grid."""

    grid: GridInfo | None
    share: float


def grid_shares(edition: Edition, lon: float, lat: float, error_m: float) -> Sequence[GridShare]:
    """Return the leaf grids that an error circle touches with their shares of its area, largest first.

    Parameters
    ----------
    edition : Edition
        Which grids.
    lon, lat : float
        Middle of the circle, degrees, WGS 84.
    error_m : float
        Radius, metres.

    Returns
    -------
    sequence of GridShare
        The shares add up to 1; they are counted on 400 points spread evenly (a sunflower), so that a share of less
        than 0.25 % may be missing. The grid of the middle is always among them.
    """
    number = np.arange(_POINTS)
    radius = error_m * np.sqrt(number / _POINTS)
    along_lon, along_lat = metres_per_degree(np.array([lat]))
    x = lon + radius * np.cos(number * _GOLDEN_ANGLE) / along_lon[0]
    y = lat + radius * np.sin(number * _GOLDEN_ANGLE) / along_lat[0]
    positions, counts = np.unique(edition.index.locate(x, y), return_counts=True)
    shares = [
        GridShare(edition.leaves[position] if position >= 0 else None, count / _POINTS)
        for position, count in zip(positions.tolist(), counts.tolist(), strict=True)
    ]
    return sorted(shares, key=lambda share: (-share.share, "" if share.grid is None else share.grid.code))
