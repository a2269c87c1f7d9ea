"""The index as a file."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from geogrid import GridIndex
from geogrid.errors import GeogridError, InvalidInputError, NotFoundError
from geogrid.index.storage import read_sections, write_sections
from tests.benchmarks.coverages import coverage


@pytest.fixture(scope="module")
def index() -> GridIndex:
    return GridIndex.build(coverage(200, 1, seed=5).polygons)


@pytest.fixture
def saved(index: GridIndex, tmp_path: Path) -> Path:
    path = tmp_path / "grids.index"
    index.save(path)
    return path


def test_a_reopened_index_answers_as_before(index: GridIndex, saved: Path) -> None:
    x, y = np.random.default_rng(0).uniform([116.0, 39.5], [116.08, 39.58], (5000, 2)).T
    opened = GridIndex.open(saved)
    assert len(opened) == 200
    assert np.array_equal(opened.locate(x, y), index.locate(x, y))
    for found, expected in zip(opened.nearest_boundary(x, y), index.nearest_boundary(x, y), strict=True):
        assert np.array_equal(found, expected)


def test_another_process_shares_the_file(index: GridIndex, saved: Path) -> None:
    code = f"from geogrid import GridIndex; print(GridIndex.open({str(saved)!r}).locate([116.03], [39.53])[0])"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(answer) == index.locate([116.03], [39.53])[0]


def test_an_empty_index_can_be_saved(tmp_path: Path) -> None:
    GridIndex.build([shapely.Polygon()]).save(tmp_path / "empty.index")
    assert GridIndex.open(tmp_path / "empty.index").locate([0.0], [0.0]).tolist() == [-1]


def test_the_same_polygons_make_the_same_file(index: GridIndex, saved: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.index"
    GridIndex.build(coverage(200, 1, seed=5).polygons).save(again)
    assert again.read_bytes() == saved.read_bytes()
    assert len(index) == 200


def test_saving_replaces_the_file_at_once_and_leaves_nothing_else(index: GridIndex, saved: Path) -> None:
    opened = GridIndex.open(saved)
    before = opened.locate([116.03], [39.53])[0]
    GridIndex.build([shapely.box(0, 0, 1, 1)]).save(saved)
    assert len(GridIndex.open(saved)) == 1
    assert opened.locate([116.03], [39.53])[0] == before  # who has the old one open keeps it
    assert os.listdir(saved.parent) == [saved.name]  # noqa: PTH208 - names are enough
    assert len(index) == 200


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no index file .*none.index"):
        GridIndex.open(tmp_path / "none.index")


def test_a_folder_that_is_not_there_is_named(index: GridIndex, tmp_path: Path) -> None:
    with pytest.raises(GeogridError, match="cannot be saved"):
        index.save(tmp_path / "none" / "grids.index")


@pytest.mark.parametrize("content", [b"", b"GeoGrid", b"PK\x03\x04" + bytes(200), b"x,y\n1,2\n"])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="does not begin as one"):
        GridIndex.open(path)


@pytest.mark.parametrize("length", [30, 100, 500, -1])
def test_a_file_cut_short_is_refused(saved: Path, length: int) -> None:
    saved.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(InvalidInputError, match="cut short"):
        GridIndex.open(saved)


def test_a_file_with_something_appended_is_refused(saved: Path) -> None:
    with saved.open("ab") as file:
        file.write(b"more")
    with pytest.raises(InvalidInputError, match="instead of"):
        GridIndex.open(saved)


@pytest.mark.parametrize("place", [12, 30, 60, 100])
def test_a_damaged_header_is_refused(saved: Path, place: int) -> None:
    content = bytearray(saved.read_bytes())
    content[place] ^= 0x40
    saved.write_bytes(content)
    with pytest.raises(InvalidInputError, match="header is damaged"):
        GridIndex.open(saved)


def test_a_file_of_a_newer_format_asks_for_an_update(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[8] = 99
    saved.write_bytes(content)
    with pytest.raises(InvalidInputError, match="format 99.*Update GeoGrid"):
        GridIndex.open(saved)


def test_a_file_without_a_part_is_refused(saved: Path) -> None:
    sections = read_sections(saved)
    del sections["boxes"]
    write_sections(saved, sections)
    with pytest.raises(InvalidInputError, match="boxes cannot be understood"):
        GridIndex.open(saved)


def test_parts_that_do_not_fit_together_are_refused(saved: Path) -> None:
    sections = read_sections(saved)
    write_sections(saved, sections | {"left": sections["left"][:-1]})
    with pytest.raises(InvalidInputError, match="cannot be understood"):
        GridIndex.open(saved)


def test_a_folder_is_no_index_file(tmp_path: Path) -> None:
    with pytest.raises(GeogridError, match="cannot be read"):
        GridIndex.open(tmp_path)
