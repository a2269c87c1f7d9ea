"""Land that lies between the polygons of a coverage and belongs to none."""

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.coverage.plane import Plane
from geogrid.geometry.overlays import differences, union, union_of_coverage
from geogrid.geometry.rings import only_polygons
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

# Distances below this are rounding of the overlay.
_TOUCHING_M = 1e-6


@dataclass(frozen=True, slots=True)
class Gaps:
    """Holes of the union, and slivers between neighbours that are open to the outside.

    Parameters
    ----------
    pieces : (k,) Polygon
        The gaps, in the plane they were looked for.
    area_m2 : (k,) float64
        Their area.
    lonlat : (k, 2) float64
        A place within each.
    around : tuple of (m,) int64
        Positions of the polygons that touch each gap, sorted.
    """

    pieces: GeometryArray
    area_m2: FloatArray
    lonlat: FloatArray
    around: tuple[IntArray, ...]


def find_gaps(
    polygons: GeometryArray, plane: Plane, *, is_noded: bool, min_area_m2: float, sliver_width_m: float
) -> Gaps:
    """Return the gaps of a coverage.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Valid, in `plane`.
    plane : Plane
        Where they are.
    is_noded : bool
        Every edge matches its neighbour's edge exactly, see `mismatched`.
    min_area_m2 : float
        Smaller gaps are rounding and left out.
    sliver_width_m : float
        Land outside the union counts as a gap where it is narrower than this and lies between two polygons.

    Notes
    -----
    GEOS finds narrow gaps by comparing edges, which misses wide ones and, as its width grows, some narrow ones.
    Holes of the union miss none.
    """
    land = union_of_coverage(polygons) if is_noded else union(polygons)
    holes = _holes(land)
    slivers = _open_slivers(land, sliver_width_m)
    pieces = np.concatenate([holes, slivers])
    area = plane.area_m2(pieces)
    around = _touching(polygons, pieces)
    is_hole = np.arange(len(pieces)) < len(holes)
    # A notch in the outer limit of one polygon is its shape, not a gap.
    kept = np.flatnonzero(
        (area >= min_area_m2) & (is_hole | np.array([len(neighbours) > 1 for neighbours in around], dtype=bool))
    )
    return Gaps(pieces[kept], area[kept], plane.lonlat(pieces[kept]), tuple(around[which] for which in kept))


def find_uncovered(
    polygons: GeometryArray, limit: shapely.Geometry, *, min_width_m: float
) -> tuple[GeometryArray, BoolArray]:
    """Return the parts of a limit that no polygon covers, and the polygons' land outside it.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Valid, metres.
    limit : Polygon or MultiPolygon
        In the same plane.
    min_width_m : float
        Strips narrower than this are how two drawings of one line differ.

    Returns
    -------
    pieces : (k,) Polygon
        Parts of the symmetric difference.
    outside : (k,) bool
        Which of them are polygons' land outside the limit.
    """
    both = np.empty(2, dtype=object)
    both[:] = limit, union(polygons)
    alone = differences(both, both[::-1])
    missing, beyond = (shapely.get_parts(area) for area in alone)
    pieces = np.concatenate([missing, beyond])
    outside = np.arange(len(pieces)) >= len(missing)
    wide = ~shapely.is_empty(shapely.buffer(pieces, -min_width_m / 2.0))
    return pieces[wide], outside[wide]


def _holes(land: shapely.Geometry) -> GeometryArray:
    """Return what land encloses without covering it; islands within a hole are not part of it."""
    parts = shapely.get_parts(land)
    inner = np.concatenate([_interior_rings(part) for part in parts])
    holes: GeometryArray = np.asarray(shapely.polygons(inner) if len(inner) else inner, dtype=object)
    if not len(holes) or len(parts) == 1:
        return holes
    hole, part = shapely.STRtree(parts).query(holes, predicate="contains")
    touched, islands = _grouped(hole, part)
    covered = np.empty(len(touched), dtype=object)
    covered[:] = [union(parts[members]) for members in islands]
    holes[touched] = differences(holes[touched], covered)
    pieces: GeometryArray = shapely.get_parts(holes)
    return pieces


def _interior_rings(polygon: shapely.Polygon) -> GeometryArray:
    rings = np.empty(shapely.get_num_interior_rings(polygon), dtype=object)
    rings[:] = list(polygon.interiors)
    return rings


def _open_slivers(land: shapely.Geometry, width_m: float) -> GeometryArray:
    """Return the channels of the outside that are narrower than `width_m`, by closing the filled land."""
    outlines: GeometryArray = np.asarray(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(land))))
    filled = union(outlines)
    grown = shapely.buffer(filled, width_m / 2.0, join_style="mitre", mitre_limit=10.0)
    closed = shapely.buffer(grown, -width_m / 2.0, join_style="mitre", mitre_limit=10.0)
    around = np.empty(2, dtype=object)
    around[:] = only_polygons(closed), filled
    pieces = shapely.get_parts(differences(around[:1], around[1:])[0])
    slivers: GeometryArray = pieces[~shapely.is_empty(pieces)]
    return slivers


def _touching(polygons: GeometryArray, pieces: GeometryArray) -> tuple[IntArray, ...]:
    if not len(pieces):
        return ()
    piece, polygon = shapely.STRtree(polygons).query(pieces, predicate="dwithin", distance=_TOUCHING_M)
    touching = [np.empty(0, dtype=np.int64)] * len(pieces)
    for which, members in zip(*_grouped(piece, polygon), strict=True):
        touching[which] = np.sort(members)
    return tuple(touching)


def _grouped(keys: IntArray, values: IntArray) -> tuple[IntArray, list[IntArray]]:
    order = np.argsort(keys, kind="stable")
    distinct, starts = np.unique(keys[order], return_index=True)
    return distinct, np.split(values[order], starts[1:]) if len(distinct) else []
