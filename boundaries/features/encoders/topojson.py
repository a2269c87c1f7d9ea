"""Features as TopoJSON: each boundary once, so that neighbours share it to the last bit."""

from collections.abc import Iterable
from typing import Any

import orjson
import shapely

from boundaries.features.encoders.layer import Batches, Layer, plain, shapes_of

Vertex = tuple[float, float]
Ring = list[Vertex]


def encode(batches: Batches, layer: Layer) -> bytes:
    """Return the whole topology: boundaries are found by comparing all features with each other."""
    names = [field.name for field in layer.fields]
    features: list[tuple[Any, dict[str, Any], list[list[Ring]] | Vertex | None]] = []
    for rows in batches:
        for row, shape in zip(rows, shapes_of(rows, layer), strict=True):
            values = {name: plain(value) for name, value in zip(names, row[2:], strict=True)}
            features.append((int(row[0]) if layer.integer_id else row[0], values, _parts(shape)))
    rings = [ring for _, _, parts in features if isinstance(parts, list) for part in parts for ring in part]
    arcs = _Arcs(junctions(rings))
    geometries = [_geometry(each, arcs, layer) for each in features]
    objects = {layer.name: {"type": "GeometryCollection", "geometries": geometries}}
    return orjson.dumps({"type": "Topology", "objects": objects, "arcs": arcs.found})


def _parts(shape: Any) -> list[list[Ring]] | Vertex | None:
    if shape is None:
        return None
    if isinstance(shape, shapely.Point):
        return (shape.x, shape.y)
    polygons = getattr(shape, "geoms", [shape])
    return [
        [list(map(tuple, shapely.get_coordinates(ring).tolist())) for ring in (each.exterior, *each.interiors)]
        for each in polygons
    ]


def junctions(rings: Iterable[Ring]) -> set[Vertex]:
    """Return the vertices at which boundaries part: those that have not the same two neighbours in every ring."""
    beside: dict[Vertex, frozenset[Vertex]] = {}
    found = set()
    for ring in rings:
        for before, vertex, after in zip([ring[-2], *ring[:-2]], ring[:-1], ring[1:], strict=True):
            pair = frozenset((before, after))
            if beside.setdefault(vertex, pair) != pair:
                found.add(vertex)
    return found


class _Arcs:
    """Boundaries, each kept once; one that is run through backwards is named by the complement of its number."""

    def __init__(self, parting: set[Vertex]) -> None:
        self._parting = parting
        self._numbers: dict[tuple[Vertex, ...], int] = {}
        self.found: list[tuple[Vertex, ...]] = []

    def of(self, ring: Ring) -> list[int]:
        """Return the numbers of a ring's boundaries."""
        open_ring = ring[:-1]
        cuts = [place for place, vertex in enumerate(open_ring) if vertex in self._parting]
        # A ring that parts nowhere starts at its smallest vertex, wherever the other feature's starts.
        start = cuts[0] if cuts else open_ring.index(min(open_ring))
        turned = [*open_ring[start:], *open_ring[:start], open_ring[start]]
        ends = [place - start for place in cuts[1:]] + [len(open_ring)]
        numbers, begin = [], 0
        for end in ends:
            numbers.append(self._number(tuple(turned[begin : end + 1])))
            begin = end
        return numbers

    def _number(self, arc: tuple[Vertex, ...]) -> int:
        if arc in self._numbers:
            return self._numbers[arc]
        if arc[::-1] in self._numbers:
            return ~self._numbers[arc[::-1]]
        self._numbers[arc] = len(self.found)
        self.found.append(arc)
        return self._numbers[arc]


def _geometry(feature: tuple[Any, dict[str, Any], Any], arcs: _Arcs, layer: Layer) -> dict[str, Any]:
    identifier, values, parts = feature
    found: dict[str, Any] = {"type": layer.geometry, "id": identifier, "properties": values}
    if parts is None:
        return {**found, "type": None}
    if layer.geometry == "Point":
        return {**found, "coordinates": parts}
    shared = [[arcs.of(ring) for ring in part] for part in parts]
    return {**found, "arcs": shared[0] if layer.geometry == "Polygon" else shared}
