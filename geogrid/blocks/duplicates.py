"""Buildings that are drawn twice, or one over another."""

from typing import Final

import numpy as np
import shapely

from geogrid.types import BoolArray, GeometryArray, IntArray

SAME_SHARE: Final = 0.8
"""Footprints that have this share of the smaller in common are counted as one building."""


def counted_in(footprints: GeometryArray) -> tuple[IntArray, BoolArray]:
    """Return the building that each footprint is counted in.

    Parameters
    ----------
    footprints : (n,) Polygon or MultiPolygon
        Valid, metres; empty ones are buildings of their own.

    Returns
    -------
    (n,) int64
        Position of the larger footprint that 80 % or more of each lies on, between equal ones the first; its own
        position for all others.
    (n,) bool
        Which also cover 80 % or more of that larger one: the same building drawn again, not a part of it.
    """
    own = np.arange(len(footprints))
    area = shapely.area(footprints)
    left, right = _candidates(footprints)
    shared = shapely.area(shapely.intersection(footprints[left], footprints[right]))
    smaller = np.where((area[left] < area[right]) | ((area[left] == area[right]) & (left > right)), left, right)
    larger = left + right - smaller
    on = shared >= SAME_SHARE * area[smaller]
    smaller, larger, shared = smaller[on], larger[on], shared[on]
    # The largest is written last; between equals the first.
    order = np.lexsort((-larger, area[larger]))
    owner = own.copy()
    owner[smaller[order]] = larger[order]
    while (owner != owner[owner]).any():
        owner = owner[owner]
    alike = np.zeros(len(footprints), dtype=np.bool_)
    direct = larger == owner[smaller]
    alike[smaller[direct & (shared >= SAME_SHARE * area[larger])]] = True
    return owner.astype(np.int64), alike


def _candidates(footprints: GeometryArray) -> tuple[IntArray, IntArray]:
    """Return pairs whose boxes overlap enough, each once; most neighbours only touch."""
    left, right = shapely.STRtree(footprints).query(footprints)
    once = left < right
    left, right = left[once], right[once]
    low = np.maximum(shapely.bounds(footprints)[left, :2], shapely.bounds(footprints)[right, :2])
    high = np.minimum(shapely.bounds(footprints)[left, 2:], shapely.bounds(footprints)[right, 2:])
    common = np.maximum(high - low, 0.0).prod(axis=1)
    area = shapely.area(footprints)
    near = (common >= SAME_SHARE * np.minimum(area[left], area[right])) & (np.minimum(area[left], area[right]) > 0)
    return left[near].astype(np.int64), right[near].astype(np.int64)
