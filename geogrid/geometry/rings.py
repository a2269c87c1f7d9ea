"""Polygons whose rings cross or touch themselves, mended."""

import re
from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray, IntArray

Area = shapely.Polygon | shapely.MultiPolygon

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_PLACE = re.compile(r"\[(\S+) (\S+)\]$")


@dataclass(frozen=True, slots=True)
class Mended:
    """Polygons after repair.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        All valid; empty where nothing with an area was left.
    repaired : (k,) int64
        Positions of those that were invalid.
    reasons : tuple of str
        What was wrong with each of them, e.g. ``"Self-intersection"``.
    xy : (k, 2) float64
        Where.
    before : (k,) Polygon or MultiPolygon
        Their former shapes.
    """

    polygons: GeometryArray
    repaired: IntArray
    reasons: tuple[str, ...]
    xy: FloatArray
    before: GeometryArray


def mend_rings(polygons: GeometryArray) -> Mended:
    """Return valid polygons that cover what the rings enclose.

    Parameters
    ----------
    polygons : (n,) Polygon or MultiPolygon
        Possibly invalid; valid ones are returned as they are.

    Returns
    -------
    Mended
        Lines and points that a repair leaves are dropped: they have no area.
    """
    wrong = np.flatnonzero(~shapely.is_valid(polygons))
    texts = [shapely.is_valid_reason(polygon) for polygon in polygons[wrong]]
    mended = polygons.copy()
    valid = shapely.make_valid(polygons[wrong], method="structure", keep_collapsed=False)
    mended[wrong] = [only_polygons(geometry) for geometry in valid]
    return Mended(
        polygons=mended,
        repaired=wrong.astype(np.int64),
        reasons=tuple(_PLACE.sub("", reason) for reason in texts),
        xy=np.array([_place(reason) for reason in texts], dtype=np.float64).reshape(-1, 2),
        before=polygons[wrong],
    )


def only_polygons(geometry: shapely.Geometry) -> Area:
    """Return the polygons of a geometry, without its lines and points."""
    if shapely.get_type_id(geometry) in _POLYGONAL:
        return cast("Area", geometry)
    parts = [part for part in shapely.get_parts(geometry) if shapely.get_type_id(part) in _POLYGONAL]
    return cast("Area", shapely.union_all(parts)) if parts else shapely.Polygon()


def _place(reason: str) -> tuple[float, float]:
    match = _PLACE.search(reason)
    return (float(match[1]), float(match[2])) if match else (np.nan, np.nan)
