"""Wide water: it parts the land on its shores unless a street crosses it, and nobody lives on it.

Wide are areas of rivers, lakes, reservoirs, docks and bays where they are 30 m across or more, and the sea behind a
coastline; and what is drawn as a line only, where its kind is `RIVER`: a river of 30 m, or of a width that nobody told.
Not wide is what is narrower. Where the area of a river is drawn, its middle line says nothing.

Water on which nothing stands belongs to the block of its parent with which it shares most shore: it has this one
neighbour, joins nothing, and counts for no shape.

Two shores are joined by a street, track or path that leads from the one bank to the other, tagged as a bridge or not;
not by railways, ferries and tunnels.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geogrid.blocks.adjacency import Adjacency, shared_segments
from geogrid.blocks.barriers import NO_BARRIER, RAIL_WATER_MOTORWAY, RANK_COUNT
from geogrid.geometry.overlays import intersections, union
from geogrid.types import BoolArray, GeometryArray, IntArray

WIDE_M: Final = 30.0
"""Water that is so far across is wide."""

RIVER: Final = "river"
"""Kind of barriers that stand for wide water without an area."""

_BRIDGE_M: Final = 2.0
"""So far to either side of a river that is a line only a street must lead to cross it."""
_CORNER_M: Final = 0.5
_MITRE: Final = 5.0
_ON_BANK_M: Final = 0.05
_AT_BANK_M: Final = 1.0
_LAND_JOINS_M: Final = 5.0
_SHORT_M: Final = 1.0
_MOST: Final = 0.5


@dataclass(frozen=True, slots=True)
class Water:
    """Wide water and what crosses it, metres.

    Parameters
    ----------
    areas : (w,) Polygon
        Wide water; they share no land.
    crossings : (c,) LineString
        What lies of streets on it.
    rivers : (r,) LineString
        Wide water that is known as a line only, outside the areas.
    """

    areas: GeometryArray
    crossings: GeometryArray
    rivers: GeometryArray = field(default_factory=lambda: np.empty(0, dtype=object))

    def __len__(self) -> int:
        """Return the number of areas and lines."""
        return len(self.areas) + len(self.rivers)

    @property
    def shapes(self) -> GeometryArray:
        """Areas, then lines."""
        return np.concatenate([self.areas, self.rivers])

    def hold(self, points: GeometryArray) -> BoolArray:
        """Return which points are on the water or its banks."""
        held: BoolArray = np.zeros(len(points), dtype=np.bool_)
        tree = shapely.STRtree(points)
        for shape in self.shapes:
            shapely.prepare(shape)
            near = tree.query(shapely.box(*shapely.buffer(shape.envelope, _ON_BANK_M).bounds))
            held[near[shapely.dwithin(shape, points[near], _ON_BANK_M)]] = True
        return held


NO_WATER: Final = Water(np.empty(0, dtype=object), np.empty(0, dtype=object))


def wide_water(areas: GeometryArray, barriers: pd.DataFrame, lines: GeometryArray) -> Water:
    """Return what is wide of areas of water, rivers that are lines only, and the streets across both.

    Parameters
    ----------
    areas : (n,) Polygon or MultiPolygon
        Water, metres; they may overlap.
    barriers : DataFrame
        ``rank`` and, where it is known, ``kind``: only ``highway`` is a street, and `RIVER` wide water. Without it,
        ranks below rail are streets.
    lines : (b,) LineString or MultiLineString
        Their geometry, metres.
    """
    kind = barriers["kind"].to_numpy() if "kind" in barriers else None
    is_street = (barriers["rank"] < RAIL_WATER_MOTORWAY).to_numpy() if kind is None else kind == "highway"
    streets = lines[is_street]
    whole = union(areas) if len(areas) else shapely.Polygon()
    wide = _wide(whole)
    rivers = np.empty(0, dtype=object) if kind is None else _lines_of(shapely.difference(lines[kind == RIVER], whole))
    beside = shapely.buffer(rivers, _BRIDGE_M, cap_style="flat")
    across = np.concatenate([_across(streets, wide, wide), _across(streets, beside, rivers)])
    return Water(wide, across, rivers) if len(wide) + len(rivers) else NO_WATER


def _wide(whole: shapely.Geometry) -> GeometryArray:
    """Return what of water is wide."""
    core = shapely.buffer(whole, -WIDE_M / 2.0, join_style="mitre", mitre_limit=_MITRE)
    grown = shapely.buffer(core, WIDE_M / 2.0 + _CORNER_M, join_style="mitre", mitre_limit=_MITRE)
    wide: GeometryArray = shapely.get_parts(intersections(np.array([grown]), np.array([whole])))
    found: GeometryArray = wide[shapely.area(wide) > 0]
    return found


def _across(streets: GeometryArray, areas: GeometryArray, water: GeometryArray) -> GeometryArray:
    """Return what lies in areas of the streets that meet the water of each."""
    street, area = shapely.STRtree(water).query(streets, predicate="intersects")
    return _lines_of(shapely.intersection(streets[street], areas[area]))


def _lines_of(shapes: GeometryArray) -> GeometryArray:
    parts: GeometryArray = shapely.get_parts(shapely.get_parts(shapes))
    is_line = (shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING) & (shapely.length(parts) > 0)
    found: GeometryArray = parts[is_line]
    return found


@dataclass(frozen=True, slots=True)
class Kept:
    """What tells blocks apart where they meet water.

    Parameters
    ----------
    wet : (n,) bool
        Blocks that are water.
    parent : (n,) int64
        Their parents.
    site : (n,) int64
        Their sites, -1 for none: a park keeps its lake and both shores.
    """

    wet: BoolArray
    parent: IntArray
    site: IntArray


def over_land(adjacency: Adjacency, polygons: GeometryArray, kept: Kept, water: Water) -> Adjacency:
    """Return the neighbours that one can walk between: over land, or across water on a street.

    Parameters
    ----------
    adjacency : Adjacency
        Rook neighbours of the polygons.
    polygons : (n,) Polygon or MultiPolygon
        A valid coverage, metres.
    kept : Kept
        What they are.
    water : Water
        Wide water.

    Notes
    -----
    Two polygons that share less than 5 m of boundary off the water are no neighbours. Those at the two ends of a street
    across it are, with a metre of boundary of the rank of water. Water has one neighbour: that of its parent with the
    longest shore, or water nearer to one.
    """
    if not len(water) or not len(adjacency.pairs):
        return adjacency
    count = len(polygons)
    tree = shapely.STRtree(polygons)
    near = np.unique(tree.query(water.shapes, predicate="dwithin", distance=_ON_BANK_M)[1])
    pairs, segments = shared_segments(polygons[near])
    pairs = near[pairs]
    length_m = np.hypot(*(segments[:, 2:] - segments[:, :2]).T)
    on_water = water.hold(np.asarray(shapely.points((segments[:, :2] + segments[:, 2:]) / 2.0), dtype=object))
    known, found = _keys(adjacency.pairs, count), _keys(np.sort(pairs, axis=1), count)
    on_water &= np.isin(found, known)
    place = np.minimum(np.searchsorted(known, found), len(known) - 1)
    wet_m = np.bincount(place[on_water], weights=length_m[on_water], minlength=len(known))
    parted = (wet_m > 0) & (adjacency.shared_m - wet_m < _LAND_JOINS_M)
    of_site = kept.site[adjacency.pairs]
    one_site = (of_site[:, 0] == of_site[:, 1]) & (of_site[:, 0] >= 0)
    walked = adjacency.pairs[(~parted & ~kept.wet[adjacency.pairs].any(axis=1)) | one_site]
    moored = _moored(adjacency, kept)
    bridged = _bridged(polygons, kept.wet, water)
    pairs = np.unique(np.concatenate([walked, moored, bridged]), axis=0)
    lengths = np.zeros((len(pairs), RANK_COUNT))
    keys = _keys(pairs, count)
    is_walked = np.isin(keys, _keys(walked, count))
    lengths[is_walked] = adjacency.length_by_rank_m[np.searchsorted(known, keys[is_walked])]
    is_moored = np.isin(keys, _keys(moored, count))
    lengths[~is_walked & is_moored, NO_BARRIER] = _SHORT_M
    lengths[~is_walked & ~is_moored, RAIL_WATER_MOTORWAY] = _SHORT_M
    return Adjacency(count, pairs, lengths)


def are_water(polygons: GeometryArray, occupied: BoolArray, water: Water) -> BoolArray:
    """Return which polygons are mostly wide water and hold nothing."""
    wet: BoolArray = np.zeros(len(polygons), dtype=np.bool_)
    if not len(water):
        return wet
    candidates = np.flatnonzero(~occupied)
    candidates = candidates[water.hold(shapely.point_on_surface(polygons[candidates]))]
    area, place = shapely.STRtree(polygons[candidates]).query(water.areas, predicate="intersects")
    shared = np.zeros(len(candidates))
    np.add.at(shared, place, shapely.area(intersections(polygons[candidates[place]], water.areas[area])))
    wet[candidates] = shared > _MOST * shapely.area(polygons[candidates])
    return wet


def _moored(adjacency: Adjacency, kept: Kept) -> IntArray:
    """Return for each wet polygon the pair with the neighbour that it belongs to, sorted; it has none far from land."""
    both = np.concatenate([adjacency.pairs, adjacency.pairs[:, ::-1]])
    length_m = np.tile(adjacency.shared_m, 2)
    usable = kept.wet[both[:, 0]] & (kept.parent[both[:, 0]] == kept.parent[both[:, 1]]) & (kept.site[both[:, 1]] < 0)
    # The longest first, between equals the smaller number.
    order = np.lexsort((both[:, 1], -length_m.round(3)))
    both = both[order][usable[order]]
    afloat, found = kept.wet.copy(), [np.empty((0, 2), dtype=np.int64)]
    while (reached := afloat[both[:, 0]] & ~afloat[both[:, 1]]).any():
        ashore = both[reached]
        ashore = ashore[np.unique(ashore[:, 0], return_index=True)[1]]
        found.append(np.sort(ashore, axis=1))
        afloat[ashore[:, 0]] = False
    return np.concatenate(found)


def _keys(pairs: IntArray, count: int) -> IntArray:
    keys: IntArray = pairs[:, 0] * max(count, 1) + pairs[:, 1]
    return keys


def _bridged(polygons: GeometryArray, wet: BoolArray, water: Water) -> IntArray:
    """Return the pairs of dry polygons at the ends of each street across the water, sorted."""
    none = np.empty((0, 2), dtype=np.int64)
    if not len(water.crossings):
        return none
    pieces = water.crossings
    left, right = shapely.STRtree(pieces).query(pieces, predicate="dwithin", distance=_ON_BANK_M)
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(len(pieces), len(pieces)))
    bridge = connected_components(graph, directed=False)[1]
    ends, owner = shapely.get_coordinates(pieces, return_index=True)
    is_end = np.diff(owner, prepend=-1).astype(np.bool_) | np.diff(owner, append=-1).astype(np.bool_)
    points = np.asarray(shapely.points(ends[is_end]), dtype=object)
    bridge = bridge[owner[is_end]]
    # A street that ends in a river has reached no other bank.
    in_river = np.unique(shapely.STRtree(points).query(water.rivers, predicate="dwithin", distance=_AT_BANK_M)[1])
    points, bridge = np.delete(points, in_river), np.delete(bridge, in_river)
    dry = np.flatnonzero(~wet)
    end, polygon = shapely.STRtree(polygons[dry]).query(points, predicate="dwithin", distance=_AT_BANK_M)
    polygon = dry[polygon]
    found = []
    for number in np.unique(bridge[end]).tolist():
        mine = bridge[end] == number
        one, other = np.meshgrid(np.flatnonzero(mine), np.flatnonzero(mine))
        apart = (end[one] != end[other]) & (polygon[one] < polygon[other])
        found.append(np.column_stack([polygon[one[apart]], polygon[other[apart]]]))
    return np.unique(np.concatenate([none, *found]), axis=0).astype(np.int64)
