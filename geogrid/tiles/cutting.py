"""Grids cut to a tile on whole units: no vertex is rounded by itself, so neighbours keep one line between them.

All edges in a tile are noded together on the grid of whole units (snap rounding), and the faces between them are given
to the grids again. An edge that two grids share stays one line; a grid thinner than a unit goes to its neighbours; no
overlap and no gap can arise, whatever the rounding does. The sides of the tile are noded, too: the vertices on a side
are the same in both tiles that meet there.

Where the grids meet exactly, rounding every vertex, and every crossing with a side, nearly always gives a coverage as
it is: that costs a third, and is taken where it is one. It has the same vertices on the sides, as those are the only
whole units there that any edge is rounded to; so a tile made in one way fits beside one made in the other.

References
----------
Hobby, J. D. (1999). Practical segment intersection with finite precision output. Computational Geometry 13(4).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.blocks.polygons import as_multi
from geogrid.coordinates import from_wgs84
from geogrid.tiles.matrices import BUFFER, EXTENT, Tile, TileMatrixSet
from geogrid.types import CoordType, FloatArray, GeometryArray, IntArray

_LOW, _HIGH = -BUFFER, EXTENT + BUFFER
_SIDES: Final = (0.0, float(EXTENT))
_AREAS: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_LEAST_OF_A_RING: Final = 4
_FRAME: Final = (
    shapely.LinearRing([(_LOW, _LOW), (_HIGH, _LOW), (_HIGH, _HIGH), (_LOW, _HIGH)]),
    *(shapely.LineString([(at, _LOW), (at, _HIGH)]) for at in (0, EXTENT)),
    *(shapely.LineString([(_LOW, at), (_HIGH, at)]) for at in (0, EXTENT)),
)


@dataclass(frozen=True, slots=True)
class CutTile:
    """What of a coverage is in a tile.

    Parameters
    ----------
    owners : (n,) int64
        Positions of the polygons that are left, ascending; those thinner than a unit are not.
    shapes : (n,) of Polygon or MultiPolygon
        Whole units of the tile, x to the east, y to the south; a valid coverage.
    """

    owners: IntArray
    shapes: GeometryArray


def cut(leaves: GeometryArray, matrix_set: TileMatrixSet, tile: Tile, *, coord_type: CoordType = "wgs84") -> CutTile:
    """Return a coverage cut to a tile and its buffer.

    Parameters
    ----------
    leaves : (n,) of Polygon or MultiPolygon
        Those that reach into the tile, longitude and latitude in degrees, WGS 84. Where two overlap, the first wins.
    matrix_set, tile : TileMatrixSet, Tile
        Which tile.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum of the tile.
    """

    def to_units(lonlat: FloatArray) -> FloatArray:
        return tile_units(lonlat[:, 0], lonlat[:, 1], matrix_set, tile, coord_type=coord_type)

    placed = shapely.transform(leaves, to_units)
    return rounded(placed) or noded(placed)


def noded(placed: GeometryArray) -> CutTile:
    """Return polygons in units of a tile cut to it, all edges rounded together; the first wins where two overlap."""
    lines = shapely.clip_by_rect(shapely.boundary(placed), _LOW, _LOW, _HIGH, _HIGH)
    rebuilt_shapes = rebuilt(placed, [*lines, *_FRAME], unit=1.0)
    # Rounding makes zeros with a minus, too; PostGIS compares bits and takes a ring between both zeros for open.
    return CutTile(rebuilt_shapes.owners, shapely.transform(rebuilt_shapes.shapes, lambda xy: xy + 0.0))


def rounded(placed: GeometryArray) -> CutTile | None:
    """Return polygons in units of a tile cut to it, each vertex rounded by itself; None where that is no coverage."""
    placed = shapely.orient_polygons(placed)
    is_whole = _meet(*_edges(placed))
    if not is_whole and not shapely.coverage_is_valid(placed):
        return None
    clipped = shapely.clip_by_rect(placed, _LOW, _LOW, _HIGH, _HIGH)
    owners = np.flatnonzero(~shapely.is_empty(clipped))
    if len(owners) == 0:
        return CutTile(owners, clipped[owners])
    if not np.isin(shapely.get_type_id(clipped[owners]), _AREAS).all():
        return None
    shapes = _on_units(shapely.orient_polygons(clipped[owners]))
    if shapes is None or not shapely.is_valid(shapes).all():
        return None
    if not (is_whole and _fill(shapes)) and not shapely.coverage_is_valid(shapes):
        return None
    return CutTile(owners, shapes)


def _fill(shapes: GeometryArray) -> bool:
    """Return whether polygons cover the tile and its buffer exactly once.

    How often a place is covered changes nowhere but at edges that no other polygon has; where all those lie on the
    frame it is the same everywhere within, and the areas say how often.
    """
    begin, end = _edges(shapes)
    on_frame = ((begin == end) & ((begin == _LOW) | (begin == _HIGH))).any(axis=1)
    twice = (begin[:, 0] * end[:, 1] - end[:, 0] * begin[:, 1]).sum()
    return bool(twice == 2 * (_HIGH - _LOW) ** 2) and _meet(begin[~on_frame], end[~on_frame])


def _meet(begin: FloatArray, end: FloatArray) -> bool:
    """Return whether each edge that reaches into the frame is there once in each direction."""
    near = (np.maximum(begin, end) >= _LOW).all(axis=1) & (np.minimum(begin, end) <= _HIGH).all(axis=1)
    points = np.concatenate((begin[near], end[near]))
    _, number = np.unique(points.view(np.complex128).ravel(), return_inverse=True)
    first, last = number[: len(number) // 2], number[len(number) // 2 :]
    forward = np.sort(first * len(points) + last)
    backward = np.sort(last * len(points) + first)
    return bool((forward == backward).all() and (forward[1:] != forward[:-1]).all())


def _edges(shapes: GeometryArray) -> tuple[FloatArray, FloatArray]:
    """Return where the edges of all rings begin and end."""
    _, coordinates, offsets = shapely.to_ragged_array(as_multi(shapes))
    is_edge = np.ones(len(coordinates), dtype=bool)
    is_edge[np.asarray(offsets[0])[1:] - 1] = False
    first = np.flatnonzero(is_edge)
    return coordinates[first], coordinates[first + 1]


def _on_units(shapes: GeometryArray) -> GeometryArray | None:
    """Return shapes with vertices where they cross a side of the tile, all rounded; None where a ring vanishes."""
    _, coordinates, offsets = shapely.to_ragged_array(as_multi(shapes))
    to_ring, *others = (np.asarray(values, dtype=np.int64) for values in offsets)
    xy, source = _crossed(coordinates)
    # The last vertex of a ring and the first of the next are no edge: what was found between them goes.
    is_last = np.zeros(len(coordinates), dtype=bool)
    is_last[to_ring[1:] - 1] = True
    is_vertex = np.concatenate(([True], source[1:] != source[:-1]))
    kept = is_vertex | ~is_last[source]
    xy, source = np.floor(xy[kept] + 0.5) + 0.0, source[kept]
    ring = np.searchsorted(to_ring, source, side="right")
    is_new = np.concatenate(([True], (xy[1:] != xy[:-1]).any(axis=1) | (ring[1:] != ring[:-1])))
    xy, ring = xy[is_new], ring[is_new]
    sizes = np.bincount(ring, minlength=len(to_ring))[1:]
    if (sizes < _LEAST_OF_A_RING).any():
        return None
    ends = np.concatenate(([0], np.cumsum(sizes)))
    return np.asarray(shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, xy, (ends, *others)), dtype=object)


def _crossed(xy: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return a line with its crossings with the sides of the tile, and which vertex each point is or comes after."""
    begin, end = xy[:-1], xy[1:]
    # From the same end for both polygons at an edge, so that both find the same.
    turned = (begin[:, 0] > end[:, 0]) | ((begin[:, 0] == end[:, 0]) & (begin[:, 1] > end[:, 1]))
    low, high = np.where(turned[:, np.newaxis], end, begin), np.where(turned[:, np.newaxis], begin, end)
    points, sources, shares = [xy], [np.arange(len(xy))], [np.zeros(len(xy))]
    for axis in (0, 1):
        for side in _SIDES:
            met = np.flatnonzero((low[:, axis] - side) * (high[:, axis] - side) < 0)
            share = (side - low[met, axis]) / (high[met, axis] - low[met, axis])
            crossing = low[met] + share[:, np.newaxis] * (high[met] - low[met])
            crossing[:, axis] = side
            points.append(crossing)
            sources.append(met)
            shares.append(np.where(turned[met], 1.0 - share, share))
    source, share = np.concatenate(sources), np.concatenate(shares)
    order = np.lexsort((share, source))
    return np.concatenate(points)[order], source[order]


def tile_units(
    lon: FloatArray, lat: FloatArray, matrix_set: TileMatrixSet, tile: Tile, *, coord_type: CoordType = "wgs84"
) -> FloatArray:
    """Return points in units of a tile, (n, 2) float64, not rounded."""
    if coord_type != "wgs84":
        lon, lat = from_wgs84(lon, lat, coord_type)
    x, y = matrix_set.forward(lon, lat)
    scale = 2.0**tile.zoom * EXTENT
    # Whole numbers are taken off, so that a point has the same fraction of a unit in every tile.
    return np.column_stack((x * scale - tile.column * EXTENT, y * scale - tile.row * EXTENT))


def rebuilt(polygons: GeometryArray, lines: list[shapely.Geometry], *, unit: float) -> CutTile:
    """Return polygons made anew from lines noded on a grid of `unit`; each face goes to the polygon it lies in."""
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines, grid_size=unit)]))
    inside, owners = shapely.STRtree(polygons).query(shapely.point_on_surface(faces), "intersects")
    owner = np.full(len(faces), len(polygons), dtype=np.int64)
    np.minimum.at(owner, inside, owners)
    kept = owner < len(polygons)
    return merged(faces[kept], owner[kept])


def merged(shapes: GeometryArray, groups: IntArray) -> CutTile:
    """Return the unions of the shapes of each group; shapes are a coverage, and so is the result."""
    order = np.argsort(groups, kind="stable")
    owners, starts, counts = np.unique(groups[order], return_index=True, return_counts=True)
    unions = shapes[order][starts]
    for position in np.flatnonzero(counts > 1):
        parts = shapes[order[starts[position] : starts[position] + counts[position]]]
        unions[position] = shapely.coverage_union_all(parts)
    return CutTile(owners, unions)
