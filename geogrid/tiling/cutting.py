"""Grids cut to a tile on whole units: no vertex is rounded by itself, so neighbours keep one line between them.

All edges in a tile are noded together on the grid of whole units (snap rounding), and the faces between them are given
to the grids again. An edge that two grids share stays one line; a grid thinner than a unit goes to its neighbours; no
overlap and no gap can arise, whatever the rounding does. The sides of the tile are noded, too: the vertices on a side
are the same in both tiles that meet there.

References
----------
Hobby, J. D. (1999). Practical segment intersection with finite precision output. Computational Geometry 13(4).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.datum import from_wgs84
from geogrid.tiling.matrices import BUFFER, EXTENT, Tile, TileMatrixSet
from geogrid.types import CoordType, FloatArray, GeometryArray, IntArray

_LOW, _HIGH = -BUFFER, EXTENT + BUFFER
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
    lines = shapely.clip_by_rect(shapely.boundary(placed), _LOW, _LOW, _HIGH, _HIGH)
    found = rebuilt(placed, [*lines, *_FRAME], unit=1.0)
    # Rounding makes zeros with a minus, too; PostGIS compares bits and takes a ring between both zeros for open.
    return CutTile(found.owners, shapely.transform(found.shapes, lambda xy: xy + 0.0))


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
