"""Ranks of the lines that a grid boundary may follow: streets, rail, water, limits."""

from typing import Final

import numpy as np

from geogrid.types import FloatArray

RANK_COUNT: Final = 10
"""Number of ranks; a rank is an integer from 0 to 9, higher divides better."""

NO_BARRIER: Final = 0
FOOTPATH: Final = 1
SERVICE: Final = 2
PEDESTRIAN: Final = 3
RESIDENTIAL: Final = 4
TERTIARY: Final = 5
SECONDARY: Final = 6
PRIMARY: Final = 7
RAIL_WATER_MOTORWAY: Final = 8
LIMIT: Final = 9

RANK_NAMES: Final = (
    "no barrier",
    "path, fence, ditch or edge of a field",
    "service road or track",
    "pedestrian street",
    "residential street",
    "tertiary street",
    "secondary street",
    "primary street",
    "rail, water or motorway",
    "administrative limit",
)


def crossing_cost_weights() -> FloatArray:
    """Return the cost of a metre of boundary by the rank of the barrier under it.

    Returns
    -------
    (10,) float64
        From 10 where there is no barrier to 1 on a limit: planners put a boundary on an arterial before a lane,
        and on a lane before a yard.
    """
    return 1.0 + np.arange(RANK_COUNT - 1, -1, -1, dtype=np.float64)
