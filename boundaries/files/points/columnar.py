"""Parquet and Arrow files, and GeoPackage: rows pass through as Arrow batches, with one column more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from boundaries.files import gdal
from boundaries.files.arrow import parquet
from boundaries.files.arrow.sizes import require_bounded
from boundaries.files.points.rows import Answered, Answers, Piece, PointSource, numbers, refusal, require_columns
from boundaries.text.encodings import DAMAGED
from geogrid.types import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_A_PIECE = 200_000
PARQUET = (".parquet", ".pq")
ARROW = (".arrow", ".feather", ".arrows")
_STREAM = ".arrows"
_FILE_MARK = b"ARROW1\0\0"


@contextmanager
def open_parquet(path: Path, *, x: str, y: str, new: str) -> Iterator[PointSource]:
    """Open a Parquet file."""
    import pyarrow.parquet as pq

    with _damage(path):
        file, schema = parquet.open_parquet(path)
    with _damage(path), file:
        require_columns(path, schema.names, (x, y), new)
        batches = parquet.read_batches(file, schema, rows=_ROWS_A_PIECE)

        def write(target: Path, answers: Answers, answered: Answered) -> None:
            wider = _wider(schema, answers)
            with pq.ParquetWriter(target, wider) as writer:
                for batch in _answered_batches(wider, answers, answered):
                    writer.write_batch(batch)

        yield PointSource(tuple(schema.names), file.metadata.num_rows, None, _pieces(path, batches, x, y), write)


@contextmanager
def open_arrow(path: Path, *, x: str, y: str, new: str) -> Iterator[PointSource]:
    """Open an Arrow IPC file, or a stream in a file."""
    import pyarrow as pa

    with _damage(path), pa.memory_map(str(path)) as mapped:
        # A file is a stream between two marks; its footer, which may say otherwise, is not asked.
        mapped.seek(len(_FILE_MARK) if mapped.read(len(_FILE_MARK)) == _FILE_MARK else 0)
        require_bounded(path, mapped, most_bytes=parquet.MOST_BYTES, most_message_bytes=parquet.MOST_WHOLE_BYTES)
        stream = pa.ipc.open_stream(mapped)
        schema, batches = stream.schema, iter(stream)
        require_columns(path, schema.names, (x, y), new)

        def write(target: Path, answers: Answers, answered: Answered) -> None:
            wider = _wider(schema, answers)
            begin: Callable[..., Any] = pa.ipc.new_stream if target.suffix.lower() == _STREAM else pa.ipc.new_file
            with begin(str(target), wider) as writer:
                for batch in _answered_batches(wider, answers, answered):
                    writer.write_batch(batch)

        yield PointSource(tuple(schema.names), None, None, _pieces(path, batches, x, y), write)


@contextmanager
def open_geopackage(
    path: Path, *, xy: tuple[str, str] | None, new: str, layer: str | None, crs: str | None
) -> Iterator[PointSource]:
    """Open a layer of points; x and y may be columns of it, `xy`, instead of its geometry."""
    import pyogrio
    from pyproj import CRS

    try:
        names = gdal.layers_with_shapes(path) if xy is None and layer is None else gdal.list_layers(path)
    except pyogrio.errors.DataSourceError as error:
        raise refusal("damaged", f"{path.name} is damaged, or no GeoPackage.", DAMAGED) from error
    if layer is None and len(names) != 1:
        message = f"{path.name} has {len(names)} layers: {', '.join(names)}."
        raise refusal("which-layer", message, "Name one with --points-layer.")
    if layer is not None and layer not in names:
        raise refusal("no-layer", f"{path.name} has no layer {layer!r}.", f"It has: {', '.join(names)}.")
    chosen = layer or names[0]
    info = gdal.read_info(path, layer=chosen)
    require_columns(path, tuple(info["fields"]), xy or (), new)
    with gdal.open_arrow(path, layer=chosen, batch_size=_ROWS_A_PIECE, use_pyarrow=True) as (meta, reader):
        geometry = meta["geometry_name"] or "wkb_geometry"
        schema = reader.schema

        def write(target: Path, answers: Answers, answered: Answered) -> None:
            import pyarrow as pa

            wider = _wider(schema, answers)
            faults: list[Exception] = []
            rows = pa.RecordBatchReader.from_batches(
                wider, _noting_faults(_answered_batches(wider, answers, answered), faults)
            )
            try:
                pyogrio.write_arrow(
                    rows,
                    target,
                    layer=chosen,
                    driver="GPKG",
                    geometry_name=geometry if meta["geometry_type"] else None,
                    geometry_type=meta["geometry_type"],
                    crs=meta["crs"] or crs,
                )
            except RuntimeError:
                # GDAL pulls the rows, and hides what went wrong with them.
                raise faults[0] if faults else OSError("GDAL cannot write it") from None

        pieces = _pieces(path, reader, *xy) if xy else _geometry_pieces(reader, geometry)
        stated = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
        yield PointSource(tuple(info["fields"]), info["features"], stated, pieces, write)


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what reading raises into a refusal."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowSerializationError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise refusal("damaged", f"{path.name} is damaged or of another format: {reason}", DAMAGED) from error


def _noting_faults(batches: "Iterator[pa.RecordBatch]", faults: list[Exception]) -> "Iterator[pa.RecordBatch]":
    try:
        yield from batches
    except Exception as fault:
        faults.append(fault)
        raise


def _pieces(path: Path, batches: Any, x: str, y: str) -> Iterator[Piece]:
    for batch in batches:
        yield Piece(numbers(path, x, batch.column(x)), numbers(path, y, batch.column(y)), batch)


def _geometry_pieces(batches: Any, geometry: str) -> Iterator[Piece]:
    for batch in batches:
        yield Piece(*_places(batch.column(geometry).to_numpy(zero_copy_only=False)), batch)


def _places(wkb: Any) -> tuple[FloatArray, FloatArray]:
    """Return the coordinates of points; NaN for what is missing, empty or no single point."""
    import shapely

    shapes = shapely.from_wkb(wkb)
    single = (shapely.get_num_geometries(shapes) == 1) & ~shapely.is_empty(shapes)
    points = np.where(single, shapely.get_geometry(shapes, 0), None)
    return shapely.get_x(points), shapely.get_y(points)


def _wider(schema: "pa.Schema", answers: Answers) -> "pa.Schema":
    import pyarrow as pa

    return schema.append(pa.field(answers.column, pa.string()))


def _answered_batches(schema: "pa.Schema", answers: Answers, answered: Answered) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    values = pa.array(answers.values, pa.string())
    for piece, positions in answered:
        column = values.take(pa.array(positions, mask=positions < 0))
        yield pa.RecordBatch.from_arrays([*piece.rows.columns, column], schema=schema)
