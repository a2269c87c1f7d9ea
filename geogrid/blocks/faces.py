"""Lines to faces: the smallest pieces of land between barriers, none of which cuts a building."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

PRECISION_M: Final = 0.001
"""Every vertex lies on this grid, so that faces share their vertices exactly."""

BESIDE_M: Final = 1.5 * PRECISION_M
"""A vertex so near to a limit is meant to lie on it."""

_DECIMALS: Final = 3

WALL_TOLERANCE_M: Final = 0.01
"""A boundary this deep in a building runs along its wall; deeper, it cuts the building."""

_CORNER_M: Final = WALL_TOLERANCE_M / 2
"""Parts of a building this near to each other hang together."""


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces of a noded set of lines.

    Parameters
    ----------
    polygons : (n,) Polygon
        A valid coverage, metres.
    in_building : (n,) bool
        The face is a building that a boundary had to go around; it belongs with a neighbour.
    """

    polygons: GeometryArray
    in_building: BoolArray


def faces_between(*, fixed: GeometryArray, flexible: GeometryArray, buildings: GeometryArray) -> Faces:
    """Return the faces between lines; a flexible line that would cut a building goes around it.

    Parameters
    ----------
    fixed : (f,) LineString
        Lines that stay where they are: the limit, parents. Metres.
    flexible : (l,) LineString
        Streets, rail, water, edges of sites. Metres.
    buildings : (b,) Polygon or MultiPolygon
        Footprints, metres; they may overlap each other.

    Returns
    -------
    Faces
        In an order that depends on the places of the faces alone.

    Notes
    -----
    Where a line crosses a building, the part inside is taken away and the outline of the building put in its
    place: the building becomes a face of its own, to be merged with a neighbour. Buildings that overlap it go
    with it. Dangling lines bound no face and vanish.
    """
    polygons = _polygonize(np.concatenate([_through(fixed, flexible), flexible]))
    clusters = np.empty(0, dtype=object)
    chosen = np.zeros(len(buildings), dtype=np.bool_)
    while (fresh := cut_buildings(polygons, buildings) & ~chosen).any():
        # An outline may give a dead end something to lead to, and so a new building to cut: hence the loop.
        chosen = _with_overlapping(buildings, chosen | fresh)
        clusters = _clusters(buildings[chosen])
        led = np.concatenate(_led_around(flexible, clusters))
        polygons = _polygonize(np.concatenate([_through(fixed, led), led]))
    inside = shapely.STRtree(clusters).query(shapely.point_on_surface(polygons), predicate="within")[0]
    in_building = np.zeros(len(polygons), dtype=np.bool_)
    in_building[inside] = True
    return Faces(polygons, in_building)


def _led_around(lines: GeometryArray, clusters: GeometryArray) -> tuple[GeometryArray, GeometryArray, GeometryArray]:
    """Return the lines that meet no cluster, what is left of the others, and the outlines of the clusters."""
    touched = np.unique(shapely.STRtree(lines).query(clusters, predicate="intersects")[1])
    left = shapely.difference(lines[touched], shapely.union_all(clusters), grid_size=PRECISION_M)
    return np.delete(lines, touched), left, shapely.get_rings(clusters)


def _through(fixed: GeometryArray, flexible: GeometryArray) -> GeometryArray:
    """Return the fixed lines with the vertices of flexible ones put in that all but lie on them.

    Rounded to the precision grid, a street that ends on a slanted limit ends a little beside it: noding by itself would
    leave a sliver between the two.
    """
    segments = np.asarray(shapely.linestrings(_pairs(fixed)), dtype=object)
    near = np.asarray(
        shapely.points(np.unique(shapely.get_coordinates(flexible).round(_DECIMALS), axis=0)), dtype=object
    )
    place, segment = shapely.STRtree(segments).query(near, predicate="dwithin", distance=BESIDE_M)
    if not len(place):
        return fixed
    along = shapely.line_locate_point(segments[segment], near[place])
    chosen, position = np.unique(segment, return_inverse=True)
    ends = shapely.get_coordinates(segments[chosen]).reshape(-1, 2, 2)
    count = np.arange(len(chosen))
    line = np.concatenate([count, position, count])
    where = np.concatenate([np.full(len(count), -1.0), along, np.full(len(count), np.inf)])
    xy = np.concatenate([ends[:, 0], shapely.get_coordinates(near[place]), ends[:, 1]])
    order = np.lexsort((where, line))
    through = np.asarray(shapely.linestrings(xy[order], indices=line[order]), dtype=object)
    return np.concatenate([np.delete(segments, chosen), through])


def _pairs(lines: GeometryArray) -> FloatArray:
    """Return the ends of the segments of lines, shape (s, 2, 2)."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    pairs: FloatArray = np.stack([xy[:-1][joined], xy[1:][joined]], axis=1)
    return pairs


def _polygonize(lines: GeometryArray) -> GeometryArray:
    """Return the faces of lines noded on the precision grid, from west to east, then south to north."""
    noded = shapely.get_parts(shapely.union_all(lines, grid_size=PRECISION_M))
    polygons = shapely.get_parts(shapely.polygonize(noded))
    polygons = shapely.normalize(polygons)
    bounds = shapely.bounds(polygons)
    ordered: GeometryArray = polygons[np.lexsort((shapely.area(polygons), *bounds.T[::-1]))]
    return ordered


def cut_buildings(polygons: GeometryArray, buildings: GeometryArray) -> BoolArray:
    """Return which buildings reach, deeper than their walls, into more than one face."""
    inner = shapely.buffer(buildings, -WALL_TOLERANCE_M, join_style="mitre")
    building, _ = shapely.STRtree(polygons).query(inner, predicate="intersects")
    cut: BoolArray = np.bincount(building, minlength=len(buildings)) > 1
    return cut


def _with_overlapping(buildings: GeometryArray, chosen: BoolArray) -> BoolArray:
    """Return the chosen buildings and all that overlap them, directly or through others."""
    tree = shapely.STRtree(buildings)
    inner = shapely.buffer(buildings, -WALL_TOLERANCE_M, join_style="mitre")
    chosen = chosen.copy()
    fresh = np.flatnonzero(chosen)
    while len(fresh):
        overlapping = np.unique(tree.query(inner[fresh], predicate="intersects")[1])
        fresh = overlapping[~chosen[overlapping]]
        chosen[fresh] = True
    return chosen


def _clusters(buildings: GeometryArray) -> GeometryArray:
    """Return the union of buildings without their courtyards, one polygon for each that stands apart.

    Parts of a building that meet in a corner, as those of an outline that had crossed itself, are one.
    """
    several = shapely.get_num_geometries(buildings) > 1
    grown = shapely.buffer(buildings[several], _CORNER_M, join_style="mitre")
    buildings = np.concatenate([buildings[~several], grown])
    parts = shapely.get_parts(shapely.set_precision(buildings, PRECISION_M))
    filled = shapely.polygons(shapely.get_exterior_ring(parts))
    joined: GeometryArray = shapely.get_parts(shapely.union_all(filled, grid_size=PRECISION_M))
    return np.asarray(shapely.polygons(shapely.get_exterior_ring(joined)), dtype=object)


def dissolve(polygons: GeometryArray, labels: IntArray) -> GeometryArray:
    """Return the union of the polygons of each label 0 .. k-1, with every vertex of the shared edges kept.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        A valid coverage.
    labels : (n,) int64
        Values 0 .. k-1, each present.

    Returns
    -------
    (k,) Polygon or MultiPolygon
        Again a valid coverage.
    """
    order = np.argsort(labels, kind="stable")
    groups = np.split(polygons[order], np.cumsum(np.bincount(labels))[:-1])
    return np.array(
        [shapely.coverage_union_all(group) if len(group) > 1 else group[0] for group in groups], dtype=object
    )
