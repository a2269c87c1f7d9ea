"""Compact and harmless text for the data of a page."""

import html
import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely

from geogrid.types import FloatArray, GeometryArray, IntArray

MICRODEGREES: Final = 1_000_000
"""Coordinates are written in whole millionths of a degree, 0.11 m or less on the ground."""


def escaped(text: str) -> str:
    """Return text that is safe in HTML and in the templates that Folium makes of what it is given.

    Folium renders its own output a second time as a template, so braces of a user's text would be evaluated.
    """
    return html.escape(text).replace("{", "&#123;").replace("}", "&#125;")


def script_json(value: Any) -> str:
    """Return JSON that cannot end the ``<script>`` element that carries it."""
    dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return dumped.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def rounded(geometries: GeometryArray) -> GeometryArray:
    """Return geometries with coordinates rounded to `MICRODEGREES`; shared vertices stay shared."""
    result: GeometryArray = shapely.transform(geometries, lambda xy: np.round(xy, 6))
    return result


def packed_lines(geometries: GeometryArray) -> list[list[int]]:
    """Return every line as its first longitude and latitude, then the steps, in millionths of a degree.

    Parameters
    ----------
    geometries : (n,) geometries
        Lines or multilines, degrees.
    """
    parts = shapely.get_parts(geometries)
    return [_packed(shapely.get_coordinates(part)) for part in parts[~shapely.is_empty(parts)]]


def packed_polygons(geometries: GeometryArray) -> list[list[list[int]]]:
    """Return every polygon as its rings, outer first, each packed as by `packed_lines`."""
    parts = shapely.get_parts(geometries)
    parts = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)]
    rings, owner = shapely.get_rings(parts, return_index=True)
    packed: list[list[list[int]]] = [[] for _ in parts]
    for ring, position in zip(rings, owner, strict=True):
        packed[position].append(_packed(shapely.get_coordinates(ring)))
    return packed


def _packed(xy: FloatArray) -> list[int]:
    whole = np.rint(xy * MICRODEGREES).astype(np.int64)
    steps: list[int] = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
    return steps


def packed_column(values: Sequence[str]) -> dict[str, list[Any]]:
    """Return a column of text: as it is, or as its different values and the place of each where that is shorter."""
    places: dict[str, int] = {}
    codes = [places.setdefault(value, len(places)) for value in values]
    if 2 * len(places) > len(values):
        return {"values": list(values)}
    return {"words": list(places), "codes": codes}


def offsets(values: IntArray) -> dict[str, Any]:
    """Return whole numbers as the smallest and the distances from it."""
    smallest = int(values.min()) if len(values) else 0
    return {"from": smallest, "steps": (values - smallest).tolist()}
