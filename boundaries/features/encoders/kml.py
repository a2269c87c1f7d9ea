"""Features as KML, a placemark each, with their fields as extended data."""

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

import shapely

from boundaries.features.encoders.layer import Batches, Layer, plain, shapes_of
from boundaries.text.xml import xml_text


def encode(batches: Batches, layer: Layer) -> Iterator[bytes]:
    """Yield a document with one placemark a feature."""
    head = f"<name>{_text(layer.name)}</name>"
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{head}\n'.encode()
    names = [_text(field.name) for field in layer.fields]
    title = next((place for place, name in enumerate(names) if name == "name"), None)
    for rows in batches:
        shapes = shapes_of(rows, layer)
        yield "".join(_placemark(row, shape, names, title) for row, shape in zip(rows, shapes, strict=True)).encode()
    yield b"</Document></kml>\n"


def _placemark(row: tuple[Any, ...], shape: Any, names: list[str], title: int | None) -> str:
    values = row[2:]
    called = row[0] if title is None or values[title] is None else values[title]
    data = "".join(
        f'<Data name="{name}"><value>{_text(plain(value))}</value></Data>'
        for name, value in zip(names, values, strict=True)
        if value is not None
    )
    geometry = "" if shape is None else _geometry(shape)
    return (
        f'<Placemark id="{_text(row[0])}"><name>{_text(called)}</name>'
        f"<ExtendedData>{data}</ExtendedData>{geometry}</Placemark>\n"
    )


def _geometry(shape: Any) -> str:
    if isinstance(shape, shapely.Point):
        return f"<Point>{_coordinates(shape)}</Point>"
    if isinstance(shape, shapely.Polygon):
        inner = "".join(f"<innerBoundaryIs>{_ring(ring)}</innerBoundaryIs>" for ring in shape.interiors)
        return f"<Polygon><outerBoundaryIs>{_ring(shape.exterior)}</outerBoundaryIs>{inner}</Polygon>"
    return f"<MultiGeometry>{''.join(map(_geometry, shape.geoms))}</MultiGeometry>"


def _ring(ring: Any) -> str:
    return f"<LinearRing>{_coordinates(ring)}</LinearRing>"


def _coordinates(shape: Any) -> str:
    pairs = " ".join(f"{x!r},{y!r}" for x, y in shapely.get_coordinates(shape).tolist())
    return f"<coordinates>{pairs}</coordinates>"


def _text(value: Any) -> str:
    return escape(xml_text(str(value)), {'"': "&quot;"})
