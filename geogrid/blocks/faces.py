"""Lines to faces: the smallest pieces of land between barriers, none of which cuts a building."""

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.blocks.adjacency import Adjacency
from geogrid.blocks.barriers import crossing_cost_weights
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

PRECISION_M: Final = 0.001
"""Every vertex lies on this grid, so that faces share their vertices exactly."""

BESIDE_M: Final = 1.5 * PRECISION_M
"""A vertex so near to a limit is meant to lie on it."""

_DECIMALS: Final = 3

WALL_TOLERANCE_M: Final = 0.01
"""A boundary this deep in a building runs along its wall; deeper, it cuts the building."""


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
    """Return the union of buildings without their courtyards, one polygon for each that stands apart."""
    parts = shapely.get_parts(shapely.set_precision(buildings, PRECISION_M))
    filled = shapely.polygons(shapely.get_exterior_ring(parts))
    joined: GeometryArray = shapely.get_parts(shapely.union_all(filled, grid_size=PRECISION_M))
    return np.asarray(shapely.polygons(shapely.get_exterior_ring(joined)), dtype=object)


@dataclass(frozen=True, slots=True)
class MergeRule:
    """Which faces are too small to stand alone.

    Parameters
    ----------
    min_area_m2, min_width_m : float
        Faces below either are merged with a neighbour; the mean width is twice the area over the perimeter.
    min_empty_width_m : float
        The same for faces without a building: medians, land between rails.
    """

    min_area_m2: float = 1_000.0
    min_width_m: float = 12.0
    min_empty_width_m: float = 25.0

    def is_small(self, area_m2: FloatArray, perimeter_m: FloatArray, *, occupied: BoolArray) -> BoolArray:
        """Tell which faces of these sizes are to be merged."""
        min_width_m = np.where(occupied, self.min_width_m, self.min_empty_width_m)
        small: BoolArray = (area_m2 < self.min_area_m2) | (2.0 * area_m2 / perimeter_m < min_width_m)
        return small


@dataclass(frozen=True, slots=True)
class FaceFacts:
    """What decides whether and where a face is merged.

    Parameters
    ----------
    groups : (n,) int64
        Faces of different groups never merge, e.g. of different parents.
    occupied : (n,) bool
        Faces with a building.
    settled : (n,) bool
        Faces that stand alone however small they are; others may still join them.
    """

    groups: IntArray
    occupied: BoolArray
    settled: BoolArray


def merge_small_faces(faces: Faces, adjacency: Adjacency, facts: FaceFacts, *, rule: MergeRule) -> IntArray:
    """Return for each face the block that it ends in, numbered from 0 in the order of the faces.

    Parameters
    ----------
    faces : Faces
        The faces. Those in a building are always merged.
    adjacency : Adjacency
        Their rook neighbours.
    facts : FaceFacts
        Their groups and states.
    rule : MergeRule
        What is small.

    Notes
    -----
    The smallest goes first, to the neighbour with which it shares the costliest boundary, by
    `geogrid.blocks.barriers.crossing_cost_weights`. A small face without a neighbour in its group stays.
    """
    merger = _Merger(faces, adjacency, facts, rule)
    pending = [(float(merger.area[face]), face) for face in np.flatnonzero(merger.is_to_merge).tolist()]
    heapq.heapify(pending)
    while pending:
        area, face = heapq.heappop(pending)
        if merger.label[face] != face or area != merger.area[face] or not merger.is_to_merge[face]:
            continue
        target = merger.best_neighbor(face)
        if target is not None:
            kept = merger.merge(face, target)
            heapq.heappush(pending, (float(merger.area[kept]), kept))
    return np.unique(merger.final_labels(), return_inverse=True)[1].astype(np.int64)


class _Merger:
    """Union of faces with running area, perimeter and neighbours."""

    def __init__(self, faces: Faces, adjacency: Adjacency, facts: FaceFacts, rule: MergeRule) -> None:
        self.rule = rule
        self.area = shapely.area(faces.polygons)
        self.perimeter = shapely.length(faces.polygons)
        self.must_merge = faces.in_building.copy()
        self.occupied = facts.occupied | faces.in_building
        self.settled = facts.settled & ~faces.in_building
        self.is_to_merge = self._to_merge(slice(None))
        self.label = np.arange(adjacency.count)
        self.neighbors: list[dict[int, tuple[float, float]]] = [{} for _ in range(adjacency.count)]
        if not self.is_to_merge.any():
            return
        cost = adjacency.length_by_rank_m @ crossing_cost_weights()
        same = facts.groups[adjacency.pairs[:, 0]] == facts.groups[adjacency.pairs[:, 1]]
        for (left, right), edge_cost, length in zip(
            adjacency.pairs[same].tolist(), cost[same].tolist(), adjacency.shared_m[same].tolist(), strict=True
        ):
            self.neighbors[left][right] = self.neighbors[right][left] = (edge_cost, length)

    def _to_merge(self, chosen: slice) -> BoolArray:
        """Tell which of some faces cannot stand alone."""
        small = self.rule.is_small(self.area[chosen], self.perimeter[chosen], occupied=self.occupied[chosen])
        to_merge: BoolArray = (small & ~self.settled[chosen]) | self.must_merge[chosen]
        return to_merge

    def best_neighbor(self, face: int) -> int | None:
        """Return the neighbour over the costliest boundary, ordinary land before another building."""
        around = self.neighbors[face]
        if not around:
            return None
        return max(around, key=lambda other: (not self.must_merge[other], around[other][0], -other))

    def merge(self, face: int, target: int) -> int:
        """Join two faces under the smaller number and return it."""
        kept, gone = min(face, target), max(face, target)
        self.must_merge[kept] = bool(self.must_merge[face] and self.must_merge[target])
        self.occupied[kept] = bool(self.occupied[face] or self.occupied[target])
        self.settled[kept] = bool(self.settled[face] or self.settled[target])
        self.area[kept] += self.area[gone]
        self.perimeter[kept] += self.perimeter[gone] - 2.0 * self.neighbors[kept].pop(gone)[1]
        self.is_to_merge[kept] = self._to_merge(slice(kept, kept + 1))[0]
        del self.neighbors[gone][kept]
        self.label[gone] = kept
        for other, (cost, length) in self.neighbors[gone].items():
            old_cost, old_length = self.neighbors[kept].get(other, (0.0, 0.0))
            joined = (old_cost + cost, old_length + length)
            self.neighbors[kept][other] = self.neighbors[other][kept] = joined
            del self.neighbors[other][gone]
        self.neighbors[gone] = {}
        return kept

    def final_labels(self) -> IntArray:
        """Return the surviving number of every face."""
        label = self.label.copy()
        while (label[label] != label).any():
            label = label[label]
        return label.astype(np.int64)


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
