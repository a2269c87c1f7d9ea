"""Features as GeoParquet 1.1, written a group of rows at a time."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from boundaries.features.encoders.layer import Batches, Layer, Row, shifted
from boundaries.features.systems import STORED_SRID

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_A_GROUP: Final = 2_000


def encode(batches: Batches, layer: Layer) -> Iterator[bytes]:
    """Yield the file: column id, the fields, geometry as WKB."""
    import pyarrow as pa
    from pyarrow import parquet

    sink, schema, waiting = _Sink(), _schema(layer), list[Row]()
    with parquet.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for rows in shifted(batches, layer):
            waiting += rows
            if len(waiting) >= _ROWS_A_GROUP:
                writer.write_table(_table(waiting, schema, layer))
                waiting.clear()
                yield sink.taken()
        if waiting:
            writer.write_table(_table(waiting, schema, layer))
    yield sink.taken()


class _Sink:
    """A file that keeps what is written until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def flush(self) -> None:
        """Do nothing: what is written is here."""

    def close(self) -> None:
        """Do nothing: what is written is taken afterwards."""

    def taken(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


def _schema(layer: Layer) -> "pa.Schema":
    import pyarrow as pa

    kinds = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "moment": pa.timestamp("us", "UTC")}
    columns = [("id", pa.int64() if layer.integer_id else pa.string())]
    columns += [(field.name, kinds[field.kind]) for field in layer.fields]
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [layer.geometry]}
    if layer.coord_type != "wgs84":
        column["crs"] = None  # shifted coordinates are in no system that has a name
    elif layer.system.srid != STORED_SRID:
        from pyproj import CRS

        column["crs"] = CRS.from_epsg(layer.system.srid).to_json_dict()
    told = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return pa.schema([*columns, ("geometry", pa.binary())], metadata={"geo": json.dumps(told)})


def _table(rows: list[Row], schema: "pa.Schema", layer: Layer) -> "pa.Table":
    import pyarrow as pa

    identifiers = [int(row[0]) if layer.integer_id else row[0] for row in rows]
    values = [[row[place] for row in rows] for place in range(2, len(layer.fields) + 2)]
    columns = [identifiers, *values, [row[1] for row in rows]]
    arrays = [pa.array(column, type=each.type) for column, each in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
