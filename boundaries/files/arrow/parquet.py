"""Parquet, bounded: a word that stands in a file once may stand in a million rows.

What the head says of sizes is looked at first; then texts are counted as they are kept, each once with the rows that
have it, so that a file which would become a terabyte is refused from its kilobytes.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from boundaries.files.arrow.sizes import too_large
from geogrid.types import IntArray

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MOST_BYTES: Final = 4 << 30
"""Of a table that is read row by row."""

MOST_WHOLE_BYTES: Final = 1 << 30
"""Of a table that is held as a whole, and of one group of rows."""

MOST_ROW_BYTES: Final = 16 << 20
_PIECE_BYTES: Final = 64 << 20
_COUNTED_ROWS: Final = 50_000
_NUMBER_BYTES: Final = 8
_TEXT: Final = "BYTE_ARRAY"


def open_parquet(path: Path, *, most_bytes: int = MOST_BYTES) -> "tuple[pq.ParquetFile, pa.Schema]":
    """Open a file that comes to no more than it may.

    Parameters
    ----------
    path : Path
        The file.
    most_bytes : int
        What all its cells may come to.

    Returns
    -------
    file, schema : pyarrow.parquet.ParquetFile, pyarrow.Schema
        For `read_batches`, which reads each text once; and its columns as they are declared.

    Raises
    ------
    InvalidInputError
        The file, a group of its rows or one row comes to more.
    pyarrow.ArrowInvalid
        It is no Parquet file, or damaged.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as plain:
        schema, texts, nested = plain.schema_arrow, _texts(plain), _texts(plain, are_nested=True)
        _check_head(path, plain, most_bytes)
    whole = 0
    with pq.ParquetFile(path, read_dictionary=[*texts, *nested]) as file:
        for words in (texts, *([each] for each in nested)):
            whole += _checked_texts(path, file, words, most_bytes - whole)
    return pq.ParquetFile(path, read_dictionary=texts), schema


def read_batches(file: "pq.ParquetFile", schema: "pa.Schema", *, rows: int) -> "Iterator[pa.RecordBatch]":
    """Yield rows of a file, as it declares them.

    Parameters
    ----------
    file, schema : pyarrow.parquet.ParquetFile, pyarrow.Schema
        From `open_parquet`.
    rows : int
        At most so many at once; fewer where cells are long.
    """
    import pyarrow as pa

    for batch in file.iter_batches(batch_size=max(1, min(rows, _PIECE_BYTES // max(_width(file), 1)))):
        for piece in _pieces(batch):
            columns = [_plain(column, field) for column, field in zip(piece.columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _texts(file: "pq.ParquetFile", *, are_nested: bool = False) -> list[str]:
    leaves = [file.schema.column(number) for number in range(len(file.schema))]
    return [leaf.path for leaf in leaves if leaf.physical_type == _TEXT and (leaf.path != leaf.name) == are_nested]


def _width(file: "pq.ParquetFile") -> int:
    """Return the bytes of a row without its texts and lists."""
    leaves = [file.schema.column(number) for number in range(len(file.schema))]
    return sum(max(leaf.length, _NUMBER_BYTES) for leaf in leaves if not leaf.max_repetition_level)


def _check_head(path: Path, file: "pq.ParquetFile", most_bytes: int) -> None:
    head, width = file.metadata, _width(file)
    if width > MOST_ROW_BYTES:
        raise too_large(f"A row of {path.name}", width, MOST_ROW_BYTES)
    groups = [head.row_group(number) for number in range(head.num_row_groups)]
    stated = [max(group.total_byte_size, _listed_bytes(file, group)) for group in groups]
    for number, size in enumerate(stated, start=1):
        if size > MOST_WHOLE_BYTES:
            raise too_large(f"Group {number} of the rows of {path.name}", size, MOST_WHOLE_BYTES)
    whole = max(sum(stated), head.num_rows * width)
    if whole > most_bytes:
        raise too_large(path.name, whole, most_bytes)


def _listed_bytes(file: "pq.ParquetFile", group: Any) -> int:
    """Return what the entries of lists come to: a row may have any number of them."""
    lists = [n for n in range(group.num_columns) if file.schema.column(n).max_repetition_level]
    return sum(group.column(n).num_values * max(file.schema.column(n).length, _NUMBER_BYTES) for n in lists)


def _checked_texts(path: Path, file: "pq.ParquetFile", words: list[str], most_bytes: int) -> int:
    """Return what texts come to, unless that is too much."""
    whole, done = 0, 0
    for batch in _word_batches(file, words):
        sizes = _text_sizes(batch)
        if len(sizes) and sizes.max() > MOST_ROW_BYTES:
            raise too_large(f"Row {done + int(sizes.argmax()) + 1} of {path.name}", int(sizes.max()), MOST_ROW_BYTES)
        whole, done = whole + int(sizes.sum()), done + len(sizes)
        if whole > most_bytes:
            raise too_large(f"{path.name}, up to row {done:,},", whole, most_bytes)
    return whole


def _word_batches(file: "pq.ParquetFile", words: list[str]) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    for number in range(file.num_row_groups if words else 0):
        try:
            yield from file.iter_batches(batch_size=_COUNTED_ROWS, row_groups=[number], columns=words)
        except pa.ArrowNotImplementedError:
            # Texts in lists or members, some of them not kept as words: Arrow reads at most 2 GB of such at once.
            continue


def _text_sizes(batch: "pa.RecordBatch") -> IntArray:
    """Return the bytes of the texts of each row, (rows,) int64, without writing one of them out."""
    return sum((_sizes(column) for column in batch.columns), np.zeros(batch.num_rows, np.int64))


def _sizes(column: "pa.Array") -> IntArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    sizes = np.zeros(len(column), np.int64)
    if isinstance(column, pa.ExtensionArray):
        return _sizes(column.storage)
    if isinstance(column, pa.StructArray):
        return sum((_sizes(part) for part in column.flatten()), sizes)
    if isinstance(column, pa.ListArray | pa.LargeListArray):
        ends = np.concatenate([[0], np.cumsum(_sizes(column.values))])
        offsets: IntArray = ends[column.offsets.to_numpy()]
        return np.diff(offsets)
    if isinstance(column, pa.DictionaryArray) and not isinstance(column.dictionary, pa.DictionaryArray):
        lengths = pc.fill_null(pc.binary_length(column.dictionary), 0).take(column.indices)
        sizes += pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return sizes


def _pieces(batch: "pa.RecordBatch") -> "Iterator[pa.RecordBatch]":
    """Cut rows where their texts come to a piece."""
    numbers = np.cumsum(_text_sizes(batch)) // _PIECE_BYTES
    cuts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), batch.num_rows]
    for begin, end in pairwise(cuts):
        yield batch.slice(begin, end - begin)


def _plain(column: "pa.Array", field: "pa.Field") -> "pa.Array":
    """Return a column as its file declares it: texts written out, unless it has them as words itself."""
    import pyarrow as pa

    if column.type == field.type:
        return column
    if isinstance(field.type, pa.ExtensionType):
        return pa.ExtensionArray.from_storage(field.type, _plain(column, field.with_type(field.type.storage_type)))
    return (column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column).cast(field.type)
