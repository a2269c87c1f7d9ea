"""Parquet whose kilobytes would become gigabytes is refused before they do; everything else is read as it was."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from boundaries.files.arrow import parquet
from boundaries.files.arrow.parquet import open_parquet, read_batches
from boundaries.files.points.columnar import open_arrow
from boundaries.files.points.columnar import open_parquet as open_points
from boundaries.files.polygons import read_grid_layer
from boundaries.files.table_reader import read_frame
from geogrid.errors import InvalidInputError

MANY: Final = 1_000_000
LONG: Final = "x" * 1_000_000


def word_in_many_rows(word: str | bytes, rows: int = MANY) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([word]))


def lists(rows: int, values: Any) -> pa.ListArray:
    return pa.ListArray.from_arrays(np.linspace(0, len(values), rows + 1).astype(np.int32), values)


BOMBS: Mapping[str, tuple[dict[str, Any], str]] = {
    "a word in a million rows": ({"id": word_in_many_rows(LONG)}, "t.parquet, up to row 50,000,"),
    "bytes in a million rows": ({"id": word_in_many_rows(LONG.encode())}, "t.parquet, up to row 50,000,"),
    "a word of 20 MB": ({"id": pa.array(["x", LONG * 20])}, "Row 2 of t.parquet"),
    "a row of many words": ({f"c{n}": pa.array([LONG]) for n in range(20)}, "Row 1 of t.parquet"),
    "a list of one word": ({"id": lists(1_000, word_in_many_rows(LONG))}, "Row 1 of t.parquet"),
    "a member of one word": (
        {"id": pa.StructArray.from_arrays([word_in_many_rows(LONG)], ["a"])},
        "t.parquet, up to row 50,000,",
    ),
    "a list of 14 million numbers": (
        {"id": lists(1, pa.array(np.zeros(14_000_000, np.int8)))},
        "Group 1 of the rows",
    ),
    "values of a fixed width": ({"id": pa.array([b"x" * 20_000_000], pa.binary(20_000_000))}, "A row of t.parquet"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_small_file_that_would_become_large_is_refused_by_every_reader(
    tmp_path: Path, bomb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "MOST_WHOLE_BYTES", 100_000_000)
    columns, told = BOMBS[bomb]
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), path, compression="zstd")
    assert path.stat().st_size < 200_000
    pool, began = pa.default_memory_pool(), time.process_time()
    before = pool.bytes_allocated()
    for read in (read_frame, read_grid_layer, lambda path: open_points(path, x="id", y="id", new="grid").__enter__()):
        with pytest.raises(InvalidInputError, match=r"when it is unpacked; [\d,]+ MB are the most") as refused:
            read(path)
        assert told in str(refused.value)
    assert time.process_time() - began < 10
    assert pool.bytes_allocated() <= before + 50_000_000


def test_bound_of_a_row_is_met_from_both_sides(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    most = parquet.MOST_ROW_BYTES
    pq.write_table(pa.table({"id": pa.array(["x" * most])}), path)
    assert len(read_frame(path)["id"][0]) == most
    pq.write_table(pa.table({"id": pa.array(["x" * (most + 1)])}), path)
    with pytest.raises(InvalidInputError, match="Row 1 of"):
        read_frame(path)


def test_bound_of_a_file_is_met_from_both_sides(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": word_in_many_rows("x" * 100, 1_000)}), path)
    file, _ = open_parquet(path, most_bytes=100_000)
    file.close()
    with pytest.raises(InvalidInputError, match="up to row 1,000, comes to"):
        open_parquet(path, most_bytes=99_999)


@pytest.mark.parametrize("group", [3, 100])
def test_what_is_within_the_bounds_is_read_as_it_was(
    tmp_path: Path, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_PIECE_BYTES", 40)
    words = ["东山路", None, "", "x" * 50, "a"] * 2
    table = pa.table(
        {
            "text": words,
            "kept words": pa.array(words).dictionary_encode(),
            "large": pa.array(words, pa.large_string()),
            "view": pa.array(words, pa.string_view()),
            "bytes": pa.array([None if word is None else word.encode() for word in words]),
            "number": list(range(10)),
            "time": pa.array(range(10), pa.timestamp("us", "Asia/Shanghai")),
            "list": [["q"], [], None, ["r", None, "sss"], ["x" * 50]] * 2,
            "member": [{"h": "z", "n": 1}, None, {"h": None, "n": 2}, {"h": "", "n": None}, {"h": "y", "n": 3}] * 2,
        }
    )
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, row_group_size=group)
    file, schema = open_parquet(path)
    batches = list(read_batches(file, schema, rows=4))
    assert schema == table.schema
    assert len(batches) > 3
    assert pa.Table.from_batches(batches).to_pylist() == table.to_pylist()


@pytest.mark.parametrize("begin", [pa.ipc.new_file, pa.ipc.new_stream])
@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_arrow_that_would_become_large_is_refused_and_other_is_read_as_it_was(
    tmp_path: Path, begin: Any, compression: str
) -> None:
    path = tmp_path / "t.arrow"
    for rows in (1_000, 140_000_000):
        table = pa.table({"x": np.zeros(rows), "y": np.zeros(rows), "word": word_in_many_rows("a", rows)})
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with begin(str(path), table.schema, options=options) as writer:
            writer.write_table(table)
        if rows == 1_000:
            with open_arrow(path, x="x", y="y", new="grid") as source:
                assert sum(len(piece.x) for piece in source.pieces) == rows
    before = pa.default_memory_pool().bytes_allocated()
    with (
        pytest.raises(InvalidInputError, match=r"Message \d of t.arrow comes to 2,800 MB when it is unpacked"),
        open_arrow(path, x="x", y="y", new="grid"),
    ):
        pass
    assert pa.default_memory_pool().bytes_allocated() <= before
