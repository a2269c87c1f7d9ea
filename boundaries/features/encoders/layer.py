"""Rows of a collection on their way into a format: what they are called, what their columns are, where they lie."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import shapely

from boundaries.features.fields import GeometryKind
from boundaries.features.selection import Selection
from boundaries.features.systems import System, in_datum
from geogrid.editions.fields import Field
from geogrid.types import CoordType, GeometryArray

Row = tuple[Any, ...]
Batches = Iterable[Sequence[Row]]
"""Rows of identifier, geometry as WKB, and one value a field."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What a format needs to know before the first row.

    Parameters
    ----------
    name : str
        Of the collection.
    fields : tuple of Field
        In the order of the values.
    geometry : {"Point", "Polygon", "MultiPolygon"}
        Of every row.
    system : System
        Of the coordinates; the axis that points east comes first, as files have it.
    coord_type : {"wgs84", "gcj02", "bd09"}
        Datum that the coordinates are shifted to.
    integer_id : bool
        Whether identifiers are whole numbers.
    count : int, optional
        Rows there will be, where it is known.
    """

    name: str
    fields: tuple[Field, ...]
    geometry: GeometryKind
    system: System
    coord_type: CoordType
    integer_id: bool
    count: int | None = None


def layer_of(wanted: Selection, count: int | None = None) -> Layer:
    """Return the layer of a selection."""
    collection = wanted.collection
    fields = tuple(field for name in wanted.fields if (field := collection.field(name)) is not None)
    return Layer(
        collection.id,
        fields,
        collection.geometry,
        wanted.system,
        wanted.coord_type,
        collection.integer_id,
        count,
    )


def shapes_of(rows: Sequence[Row], layer: Layer) -> GeometryArray:
    """Return the geometries of rows in the datum of the layer; None where a row has none."""
    found: GeometryArray = np.asarray(shapely.from_wkb([row[1] for row in rows]), dtype=object)
    return found if layer.coord_type == "wgs84" else in_datum(found, layer.coord_type)


def shifted(batches: Batches, layer: Layer) -> Iterator[Sequence[Row]]:
    """Yield rows with their geometry in the datum of the layer, as WKB."""
    if layer.coord_type == "wgs84":
        yield from batches
        return
    for rows in batches:
        shapes = shapely.to_wkb(shapes_of(rows, layer))
        yield [(row[0], shape, *row[2:]) for row, shape in zip(rows, shapes, strict=True)]


def feature_texts(rows: Sequence[Row], layer: Layer) -> list[bytes]:
    """Return rows as texts of GeoJSON features."""
    names = [field.name for field in layer.fields]
    shapes = shapely.to_geojson(shapes_of(rows, layer))
    found = []
    for row, shape in zip(rows, shapes, strict=True):
        members = {
            "type": "Feature",
            "id": int(row[0]) if layer.integer_id else row[0],
            "geometry": None if shape is None else orjson.Fragment(shape),
            "properties": dict(zip(names, row[2:], strict=True)),
        }
        found.append(orjson.dumps(members))
    return found


def plain(value: Any) -> Any:
    """Return a value as a text, a number or None."""
    return value.isoformat() if isinstance(value, datetime) else value
