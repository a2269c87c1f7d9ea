"""The first look at a file of addresses, before anything heavy is loaded: what its columns are taken for."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from boundaries.files.addresses.layouts import Layout, recognise
from boundaries.text.delimited import bounded_lines, damage, encoding_of, read_header
from boundaries.text.packed import is_delimited, open_bytes
from geogrid.errors import InvalidInputError
from geogrid.types import CoordType

_RECORD: Final = b"\x1e"
_LONGEST_FEATURE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class AddressFile:
    """What to read and how.

    Parameters
    ----------
    path : Path
        A table with longitude and latitude, a layer that GDAL reads (areas and lines stand for a point on them), or an
        OpenStreetMap extract (``.osm.pbf``, ``.osm``, ``.osm.gz``): its addresses, named places and named streets.
    columns : mapping of str to str
        Our column to the file's; the others are recognised by their names, see `recognise`.
    layer, sheet, encoding, crs : str, optional
        Of a file with several layers, of a workbook with several sheets, of the text, of the coordinates.
    coord_type : str
        Datum of longitudes and latitudes.
    """

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    layer: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    crs: str | None = None
    coord_type: CoordType = "wgs84"


def peek_layout(file: AddressFile) -> Layout | None:
    """Return which column is taken for what, from the head of a text table or a sequence of GeoJSON, else None."""
    columns = _text_columns(file) if is_delimited(file.path) else _sequence_columns(file.path)
    return recognise(columns, file.columns) if columns else None


def _text_columns(file: AddressFile) -> tuple[str, ...]:
    encoding = encoding_of(file.path, file.encoding)
    with damage(file.path), open_bytes(file.path) as packed, io.TextIOWrapper(packed, encoding, newline="") as lines:
        return read_header(file.path, bounded_lines(file.path, lines), tuple(file.columns.values())).columns


def _sequence_columns(path: Path) -> tuple[str, ...]:
    """Return the properties of the first feature of a file with a feature a line; none of any other file."""
    try:
        with open_bytes(path) as file:
            first = json.loads(file.readline(_LONGEST_FEATURE).lstrip(_RECORD))
    except (ValueError, OSError, InvalidInputError):
        # Another format: whoever reads it whole says what is wrong.
        return ()
    is_feature = isinstance(first, dict) and first.get("type") == "Feature"
    return tuple(map(str, first.get("properties") or ())) if is_feature else ()
