"""Households estimated from footprint, levels and use, where no count is known."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from geogrid.types import FloatArray

AREA_PER_HOUSEHOLD_M2: Final = 90.0
"""Gross floor area of a dwelling with its share of stairs and walls."""

DEFAULT_LEVELS: Final = 3.0
"""Levels of a building where neither it nor its town says any."""

SMALL_HOUSE_M2: Final = 200.0
SMALL_HOUSE_LEVELS: Final = 2.0
SMALLEST_DWELLING_M2: Final = 30.0

ONE_HOUSEHOLD: Final = frozenset({"house", "detached", "bungalow", "cabin", "farm", "villa", "houseboat"})

INSTITUTION: Final = "institution"
"""Use of a building of unknown use on the land of a school, a hospital, an office or a works: nobody lives in it."""

RESIDENTIAL_SHARE: Final[Mapping[str, float]] = {
    "apartments": 1.0,
    "residential": 1.0,
    "terrace": 1.0,
    "semidetached_house": 1.0,
    "dormitory": 1.0,
    "block": 1.0,
    "yes": 0.6,
}
"""Share of the floor area that is dwellings, by use; uses not listed (offices, shops, schools ...) have none.
A building of unknown use is counted at 0.6: in towns most are dwellings, over shops at street level."""


def estimate_households(
    footprint_m2: FloatArray, levels: FloatArray, use: Sequence[str], *, default_levels: float | None = None
) -> FloatArray:
    """Return the estimated number of households of each building.

    Parameters
    ----------
    footprint_m2 : (n,) float64
        Footprint areas.
    levels : (n,) float64
        Levels above ground, NaN where unknown.
    use : (n,) sequence of str
        Use as in OpenStreetMap's ``building``.
    default_levels : float, optional
        Levels where unknown; by default the median of those known, else 3. Footprints under 200 m2 get at most 2.

    Returns
    -------
    (n,) float64
        Whole numbers: footprint x levels x residential share / 90 m2, rounded, at least 1 for a dwelling of 30 m2
        or more of known use. A house is 1 household whatever its size.
    """
    surveyed = levels[np.isfinite(levels)]
    median = float(np.median(surveyed)) if len(surveyed) else DEFAULT_LEVELS
    usual = median if default_levels is None else default_levels
    small = footprint_m2 < SMALL_HOUSE_M2
    storeys = np.where(np.isfinite(levels), levels, np.where(small, min(usual, SMALL_HOUSE_LEVELS), usual))
    share = np.array([RESIDENTIAL_SHARE.get(name, 0.0) for name in use])
    estimate = np.rint(footprint_m2 * storeys * share / AREA_PER_HOUSEHOLD_M2)
    dwelling = (share == 1.0) & (footprint_m2 >= SMALLEST_DWELLING_M2)
    single = np.array([name in ONE_HOUSEHOLD for name in use], dtype=np.bool_)
    households: FloatArray = np.where(single, 1.0, np.maximum(estimate, dwelling.astype(np.float64)))
    return households
