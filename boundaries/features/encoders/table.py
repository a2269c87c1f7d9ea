"""Features as CSV, geometry as WKT, safe to open in a spreadsheet."""

import io
from collections.abc import Iterator

import shapely

from boundaries.features.encoders.layer import Batches, Layer, shapes_of
from boundaries.text.cells import CellWriter


def encode(batches: Batches, layer: Layer) -> Iterator[bytes]:
    """Yield a header, then the rows of each batch; columns id, the fields, wkt."""
    buffer = io.StringIO()
    writer = CellWriter(buffer)
    writer.write(["id", *(field.name for field in layer.fields), "wkt"])
    for rows in batches:
        shapes = shapely.to_wkt(shapes_of(rows, layer), rounding_precision=-1)
        for row, shape in zip(rows, shapes, strict=True):
            writer.write([row[0], *row[2:], shape])
        yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
