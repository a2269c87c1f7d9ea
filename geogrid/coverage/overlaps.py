"""Land that two polygons of a coverage claim, and which of them gets it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.coverage.plane import Plane
from geogrid.geometry.rings import only_polygons
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Pairs of polygons that overlap.

    Parameters
    ----------
    pairs : (k, 2) int64
        Positions, the smaller first, sorted.
    area_m2 : (k,) float64
        Area that both claim.
    lonlat : (k, 2) float64
        A place within it.
    """

    pairs: IntArray
    area_m2: FloatArray
    lonlat: FloatArray


def find_overlaps(polygons: GeometryArray, plane: Plane, *, min_area_m2: float) -> Overlaps:
    """Return every pair of polygons that share land.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Valid, in `plane`.
    plane : Plane
        Where they are.
    min_area_m2 : float
        Smaller overlaps are rounding and left out.
    """
    suspects = mismatched(polygons)
    pairs = _neighbours(polygons, suspects)
    pieces = shapely.intersection(polygons[pairs[:, 0]], polygons[pairs[:, 1]])
    shared = shapely.area(pieces) > 0.0
    pairs, pieces = pairs[shared], pieces[shared]
    area = plane.area_m2(pieces)
    large = area >= min_area_m2
    return Overlaps(pairs[large], area[large], plane.lonlat(largest_parts(pieces[large])))


def precedence(codes: Sequence[str], yields: BoolArray) -> IntArray:
    """Return the rank of each polygon, from 0: of two that claim the same land the one of the smaller rank gets it.

    Those that do not yield come first, then the smaller code, the rule of lookups.
    """
    order = sorted(range(len(codes)), key=lambda which: (bool(yields[which]), codes[which]))
    rank = np.empty(len(codes), dtype=np.int64)
    rank[order] = np.arange(len(codes))
    return rank


def resolve_overlaps(
    polygons: GeometryArray, overlaps: Overlaps, rank: IntArray
) -> tuple[GeometryArray, dict[int, list[int]]]:
    """Return the polygons without what stronger ones claim, and, for each that gave, the positions that took."""
    stronger: dict[int, list[int]] = {}
    for first, second in overlaps.pairs.tolist():
        strong, weak = (first, second) if rank[first] < rank[second] else (second, first)
        stronger.setdefault(weak, []).append(strong)
    cut = polygons.copy()
    for weak, strong in stronger.items():
        cut[weak] = only_polygons(shapely.difference(polygons[weak], shapely.union_all(polygons[strong])))
    return cut, stronger


def mismatched(polygons: GeometryArray) -> BoolArray:
    """Return which polygons have an edge that lies within another or matches no neighbour's edge exactly."""
    edges = shapely.coverage_invalid_edges(polygons)
    wrong: BoolArray = ~shapely.is_empty(edges)
    return wrong


def largest_parts(geometries: GeometryArray) -> GeometryArray:
    """Return the polygon of the largest area in each geometry; every one has at least one polygon."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    area = shapely.area(parts)
    order = np.lexsort((-area, owner))
    first = order[np.diff(owner[order], prepend=-1) > 0]
    largest: GeometryArray = parts[first]
    return largest


def _neighbours(polygons: GeometryArray, suspects: BoolArray) -> IntArray:
    """Return the pairs (k, 2) of which at least one is a suspect and whose interiors may meet."""
    suspect = np.flatnonzero(suspects)
    if not len(suspect):
        return np.empty((0, 2), dtype=np.int64)
    position, other = shapely.STRtree(polygons).query(polygons[suspect], predicate="intersects")
    pairs = np.sort(np.column_stack([suspect[position], other]), axis=1)
    neighbours: IntArray = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    return neighbours
