"""Features as CSV, geometry as WKT, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

import shapely

from boundaries.features.encoders.layer import Batches, Layer, plain, shapes_of

# A spreadsheet takes a cell that starts so for a formula, and runs it.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def encode(batches: Batches, layer: Layer) -> Iterator[bytes]:
    """Yield a header, then the rows of each batch; columns id, the fields, wkt.

    Notes
    -----
    A text that a spreadsheet would take for a formula is led by an apostrophe, as OWASP advises.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["id", *(field.name for field in layer.fields), "wkt"])
    for rows in batches:
        shapes = shapely.to_wkt(shapes_of(rows, layer), rounding_precision=-1)
        for row, shape in zip(rows, shapes, strict=True):
            writer.writerow([_cell(row[0]), *(_cell(value) for value in row[2:]), shape])
        yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return plain(value)
