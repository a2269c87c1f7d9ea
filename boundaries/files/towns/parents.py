"""Areas to nest in: whether they tile the land, and where not."""

from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from geogrid.coordinates import WGS84
from geogrid.errors import Problem
from geogrid.geometry.overlays import differences, intersections, union
from geogrid.geometry.rings import Area
from geogrid.types import BoolArray, GeometryArray

_LEAST_M2: Final = 1.0
_DRAWN_ALIKE_M: Final = 0.01
_BESIDE_M: Final = 1.0
_SHOWN: Final = 5


def parent_problems(parents: gpd.GeoDataFrame, limit: gpd.GeoSeries) -> list[Problem]:
    """Return where areas to nest in overlap, or leave land of the limit out, as warnings.

    Parameters
    ----------
    parents : GeoDataFrame
        Polygons, metres, with ``name`` or without.
    limit : GeoSeries
        One row, in the same CRS.
    """
    shapes = parents.geometry.to_numpy()
    names = parents["name"].astype(str).tolist() if "name" in parents else [f"row {row}" for row in parents.index]
    crs = str(limit.crs)
    return [*_overlaps(shapes, names, crs), *_gaps(shapes, names, limit.iloc[0], crs)]


def _overlaps(shapes: GeometryArray, names: Sequence[str], crs: str) -> list[Problem]:
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    shared = intersections(shapes[left], shapes[right])
    wide = np.flatnonzero(_is_wide(shared))
    return [
        _problem(
            "parents-overlap",
            f"'{names[left[pair]]}' and '{names[right[pair]]}' overlap; the land goes to the first",
            shared[pair],
            crs,
        )
        for pair in wide.tolist()
    ]


def _gaps(shapes: GeometryArray, names: Sequence[str], limit: Area, crs: str) -> list[Problem]:
    covered = union(shapes)
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(covered) for ring in part.interiors]
    open_ = differences(np.array([limit], dtype=object), np.array([covered], dtype=object))
    parts = np.concatenate([shapely.get_parts(open_), np.array([None, *holes], dtype=object)[1:]])
    parts = parts[_is_wide(parts)]
    tree = shapely.STRtree(shapes)
    problems = []
    seen: list[Area] = []
    for part in parts.tolist():
        if any(shapely.intersects(shapely.point_on_surface(part), other) for other in seen):
            continue
        seen.append(part)
        beside = [names[row] for row in np.sort(tree.query(part, predicate="dwithin", distance=_BESIDE_M)).tolist()]
        around = ", ".join(f"'{name}'" for name in beside[:_SHOWN]) or "none of them"
        problems.append(_problem("parents-gap", f"Land beside {around} is in none of the areas", part, crs))
    return problems


def _is_wide(parts: GeometryArray) -> BoolArray:
    area = shapely.area(parts)
    wide: BoolArray = (area > _LEAST_M2) & (area > _DRAWN_ALIKE_M * shapely.length(parts))
    return wide


def _problem(kind: str, message: str, land: Area, crs: str) -> Problem:
    place = gpd.GeoSeries([shapely.point_on_surface(land)], crs=crs).to_crs(WGS84).iloc[0]
    return Problem(
        kind,
        f"{message}: {land.area:,.0f} m2.",
        "Draw one line between neighbours.",
        "warning",
        "nested_in",
        lonlat=(float(place.x), float(place.y)),
        size=float(land.area),
        unit="m2",
    )
