"""Points as an Arrow stream, answered a record batch at a time."""

from typing import TYPE_CHECKING, Any

import numpy as np

from api.kit.budget import Lease
from api.kit.limits import MOST_ARROW_MB, MOST_POINTS
from api.locate.points import Points, PointWork, check_lonlats, unreadable
from boundaries.files.arrow.sizes import sizes_of
from geogrid.errors import InvalidInputError
from geogrid.types import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa


def answer_arrow(body: bytes, work: PointWork, lease: Lease) -> list[bytes]:
    """Return the stream with the column grid in place of lon and lat."""
    import pyarrow as pa

    try:
        _bound(body, lease)
        return [_answered(body, work)]
    except InvalidInputError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unreadable(f"The body is not an Arrow IPC stream: {error}.") from error


def _bound(body: bytes, lease: Lease) -> None:
    """Refuse a stream that would become too large, before anything of it is decompressed."""
    import pyarrow as pa

    rows, size = 0, 0
    for message in pa.ipc.MessageReader.open_stream(body):
        more_rows, more_bytes = sizes_of(message)
        rows, size = rows + more_rows, size + more_bytes
        if rows > MOST_POINTS:
            raise unreadable(f"The stream has more than {MOST_POINTS:,} rows. Send it in parts.")
        if size > MOST_ARROW_MB * 1e6:
            raise unreadable(f"The stream has more than {MOST_ARROW_MB:g} MB when decompressed. Send it in parts.")
    # As it is read, and as it is written.
    lease.grow(2 * size)


def _answered(body: bytes, work: PointWork) -> bytes:
    import pyarrow as pa

    reader = pa.ipc.open_stream(body)
    _require_columns(reader.schema)
    kept = [n for n, name in enumerate(reader.schema.names) if name not in {"lon", "lat"}]
    codes = pa.array(work.codes, pa.string())
    about = {"jurisdiction": work.jurisdiction, "edition": "" if work.edition is None else str(work.edition["id"])}
    fields = [*(reader.schema.field(n) for n in kept), pa.field("grid", pa.dictionary(pa.int32(), pa.string()))]
    schema = pa.schema(fields, metadata={**(reader.schema.metadata or {}), **about})
    sink = pa.BufferOutputStream()
    done = 0
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in reader:
            batch.validate(full=True)  # a forged stream could otherwise point outside its own bytes
            points = Points(_column(batch, "lon"), _column(batch, "lat"), None)
            check_lonlats(points.lon, points.lat, "row", done)
            positions = work.locate(points)
            places = pa.array(positions.astype(np.int32, copy=False), mask=positions < 0)
            grids = pa.DictionaryArray.from_arrays(places, codes)
            writer.write_batch(pa.RecordBatch.from_arrays([*(batch.column(n) for n in kept), grids], schema=schema))
            done += batch.num_rows
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _require_columns(schema: "pa.Schema") -> None:
    import pyarrow as pa

    missing = [name for name in ("lon", "lat") if schema.names.count(name) != 1]
    if missing:
        raise unreadable(f"The table has no column {' and '.join(missing)}, or several; it has {schema.names!s:.500}.")
    for name in ("lon", "lat"):
        kind = schema.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            raise unreadable(f"Column {name} is {kind!s:.80}; it must be a number, float64 at best.")


def _column(batch: Any, name: str) -> FloatArray:
    values: FloatArray = batch.column(name).to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    return values
