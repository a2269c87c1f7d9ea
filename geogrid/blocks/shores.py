"""Where water is, from lines: the areas that closed banks go around, and the sea behind a coastline."""

from typing import Final

import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray

_ASIDE: Final = 1e-6
"""Degrees from a coastline to either side, about 0.1 m: land is on its left, the sea on its right."""


def within_banks(outlines: GeometryArray) -> GeometryArray:
    """Return the areas that closed lines go around; an island may come as a ring of its own."""
    closed = [outline for outline in outlines if all(part.is_ring for part in shapely.get_parts(outline))]
    areas: GeometryArray = shapely.get_parts(shapely.build_area(shapely.union_all(closed)))
    return areas


def sea_within(coastlines: GeometryArray, limit: shapely.Geometry) -> GeometryArray:
    """Return the parts of a limit that lie to the right of coastlines, degrees.

    Notes
    -----
    Where the extract is ragged a part may touch coastlines on either side: it is sea if more of them have it on their
    right.
    """
    nothing = np.empty(0, dtype=object)
    if not len(coastlines) or shapely.is_empty(limit):
        return nothing
    drawn = shapely.union_all([shapely.boundary(limit), *coastlines])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(drawn)))
    faces = faces[shapely.intersects(shapely.point_on_surface(faces), limit)]
    right, left = _beside(coastlines)
    balance = np.zeros(len(faces), dtype=np.int64)
    for points, vote in ((right, 1), (left, -1)):
        face = shapely.STRtree(faces).query(points, predicate="within")[1]
        np.add.at(balance, face, vote)
    sea: GeometryArray = faces[balance > 0]
    return sea


def _beside(lines: GeometryArray) -> tuple[GeometryArray, GeometryArray]:
    """Return points a little to the right, and to the left, of the middle of each segment."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    start, end = xy[:-1][joined], xy[1:][joined]
    way: FloatArray = end - start
    long = np.hypot(*way.T) > 0
    start, end, way = start[long], end[long], way[long]
    across = np.column_stack([way[:, 1], -way[:, 0]]) / np.hypot(*way.T)[:, None] * _ASIDE
    middle = (start + end) / 2.0
    return np.asarray(shapely.points(middle + across)), np.asarray(shapely.points(middle - across))
