"""Overlays of areas that always give an answer: what two share, what one has alone, what all cover.

GEOS computes an overlay in floating point first. On some valid areas, whose edges nearly coincide, that ends in an
exception or, rarely, in a result that cannot be. Such pairs are computed again on a precision grid, where the
algorithm is proven to end; the grid is as fine as succeeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import shapely

from geogrid.geometry.rings import Area, only_polygons
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

METRE: Final = 1.0
DEGREE: Final = 1.0 / 111_320.0
"""A metre in the units of the geometry: of a metric CRS, and of EPSG:4326."""

_GRID_SIZES_M: Final = (1e-6, 1e-5, 1e-4, 1e-3)
"""Precision grids that are tried in turn, metres."""

_ROUNDING_M: Final = 1e-6
"""Areas are compared to this width along the outlines."""


def intersections(left: GeometryArray, right: GeometryArray, *, metre: float = METRE) -> GeometryArray:
    """Return the land that each pair shares.

    Parameters
    ----------
    left, right : (n,) Polygon or MultiPolygon
        Valid; one of them may be a single area.
    metre : float
        In the units of the geometry, `METRE` or `DEGREE`.

    Returns
    -------
    (n,) Polygon or MultiPolygon
        Empty where they share no land; lines and points along which they touch are none.
    """
    return _pairwise(_Overlay(shapely.intersection, np.minimum, metre), left, right)


def differences(left: GeometryArray, right: GeometryArray, *, metre: float = METRE) -> GeometryArray:
    """Return the land that the left of each pair has alone; see `intersections`."""
    return _pairwise(_Overlay(shapely.difference, lambda one, _: one, metre), left, right)


def difference_m2(left: Area, right: Area) -> tuple[float, float]:
    """Return the land that two areas have alone, square metres: of the left, of the right."""
    areas = _as_array(left), _as_array(right)
    missing, beyond = differences(*areas), differences(*areas[::-1])
    return float(shapely.area(missing[0])), float(shapely.area(beyond[0]))


def union(areas: GeometryArray, *, metre: float = METRE) -> Area:
    """Return the land that areas cover together.

    Parameters
    ----------
    areas : (n,) Polygon or MultiPolygon
        Valid; they may overlap. None gives an empty polygon.
    metre : float
        In the units of the geometry, `METRE` or `DEGREE`.
    """
    if not len(areas):
        return shapely.Polygon()
    largest, total = float(shapely.area(areas).max()), float(shapely.area(areas).sum())
    slack = _ROUNDING_M * metre * float(shapely.length(areas).sum())
    for size in (None, *(metre * size for size in _GRID_SIZES_M)):
        try:
            covered = only_polygons(shapely.union_all(areas, grid_size=size))
        except shapely.GEOSException:
            continue
        if shapely.is_valid(covered) and largest - slack <= covered.area <= total + slack:
            return covered
    return only_polygons(shapely.union_all(shapely.set_precision(areas, metre * _GRID_SIZES_M[-1])))


def union_of_coverage(polygons: GeometryArray, *, metre: float = METRE) -> Area:
    """Return the land of polygons that share edges, by dropping the edges that two of them have.

    Quicker than `union`, which it falls back to where the polygons overlap or their edges do not match: then the
    dropped edges would leave a wrong area.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Valid.
    metre : float
        In the units of the geometry, `METRE` or `DEGREE`.
    """
    whole: IntArray = np.arange(len(polygons))
    return cast("Area", unions_of_coverages(polygons, [whole], metre=metre)[0])


def unions_of_coverages(polygons: GeometryArray, groups: Sequence[IntArray], *, metre: float = METRE) -> GeometryArray:
    """Return the land of each of some groups of polygons; see `union_of_coverage`.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Valid.
    groups : sequence of (k,) int64
        Positions among them.
    metre : float
        In the units of the geometry, `METRE` or `DEGREE`.
    """
    lands: GeometryArray = np.empty(len(groups), dtype=object)
    lands[:] = [_joined(polygons[group]) for group in groups]
    areas, lengths = shapely.area(polygons), shapely.length(polygons)
    total = np.array([areas[group].sum() for group in groups])
    slack = np.array([_ROUNDING_M * metre * lengths[group].sum() for group in groups])
    # A polygon by itself is as it is.
    alone = np.array([len(group) == 1 for group in groups], dtype=np.bool_)
    good = alone | (shapely.is_valid(lands) & (np.abs(shapely.area(lands) - total) <= slack))
    for place in np.flatnonzero(~good).tolist():
        lands[place] = union(polygons[groups[place]], metre=metre)
    return lands


def _joined(polygons: GeometryArray) -> Area | None:
    """Return polygons without the edges that two of them have; None where GEOS cannot."""
    if len(polygons) == 1:
        return cast("Area", polygons[0])
    try:
        return only_polygons(shapely.coverage_union_all(polygons))
    except shapely.GEOSException:
        return None


@dataclass(frozen=True, slots=True)
class _Overlay:
    """An overlay of pairs; `most` says from their areas how large a result can be."""

    operation: Callable[..., Any]
    most: Callable[[FloatArray, FloatArray], FloatArray]
    metre: float

    def are_possible(self, results: GeometryArray, left: GeometryArray, right: GeometryArray) -> BoolArray:
        """Return which results are valid and no larger than they can be."""
        slack = _ROUNDING_M * self.metre * (shapely.length(left) + shapely.length(right))
        most = self.most(shapely.area(left), shapely.area(right))
        possible: BoolArray = shapely.is_valid(results) & (shapely.area(results) <= most + slack)
        return possible

    def on_a_grid(self, left: Area, right: Area) -> Area:
        """Return the result of a pair on the finest precision grid that gives a possible one."""
        ours, theirs = _as_array(left), _as_array(right)
        sizes = [self.metre * size for size in _GRID_SIZES_M]
        for size in (None, *sizes):
            try:
                result = np.array(self.operation(ours, theirs, grid_size=size), dtype=object)
            except shapely.GEOSException:
                continue
            if self.are_possible(result, ours, theirs).all():
                return cast("Area", result[0])
        rounded = (shapely.set_precision(area, sizes[-1]) for area in (left, right))
        return cast("Area", self.operation(*rounded, grid_size=sizes[-1]))


def _pairwise(overlay: _Overlay, left: GeometryArray, right: GeometryArray) -> GeometryArray:
    left, right = np.broadcast_arrays(np.asarray(left, dtype=object), np.asarray(right, dtype=object))
    try:
        results = np.array(overlay.operation(left, right), dtype=object)
        again = ~overlay.are_possible(results, left, right)
    except shapely.GEOSException:
        results = np.empty(len(left), dtype=object)
        again = np.ones(len(left), dtype=np.bool_)
    for place in np.flatnonzero(again).tolist():
        results[place] = overlay.on_a_grid(left[place], right[place])
    return _polygons_of(results)


def _polygons_of(results: GeometryArray) -> GeometryArray:
    mixed = np.flatnonzero(
        ~np.isin(shapely.get_type_id(results), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    )
    for place in mixed.tolist():
        results[place] = only_polygons(results[place])
    return results


def _as_array(area: Area) -> GeometryArray:
    array = np.empty(1, dtype=object)
    array[0] = area
    return array
