"""Cells of CSV files: none is run by a spreadsheet, and each can be read back."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from boundaries.features.encoders.layer import Layer
from boundaries.features.encoders.table import encode
from boundaries.features.systems import CRS84
from boundaries.files.points.rows import Answers, Piece
from boundaries.files.points.text import open_text
from boundaries.files.rejects import open_rejects
from boundaries.files.table_reader import read_frame
from boundaries.text.cells import FORMULA_STARTS, CellWriter, led, unled, write_table
from geogrid.editions.fields import Field

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the full-width forms
# NUL and lone surrogates are in no text that UTF-8 holds.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.one_of(
    st.text(LETTERS),
    st.tuples(st.sampled_from(["", "'", "''"]), st.sampled_from(DANGEROUS), st.text(LETTERS)).map("".join),
)


def written(*values: object) -> list[str]:
    file = io.StringIO(newline="")
    CellWriter(file).write(values)
    return next(csv.reader(io.StringIO(file.getvalue(), newline="")))


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.isascii()


@given(st.lists(TEXTS, min_size=2, max_size=5))
def test_no_cell_starts_a_formula_and_all_read_back(texts: list[str]) -> None:
    cells = written(*texts)
    assert not [cell for cell in cells if cell.startswith(DANGEROUS) and not is_number(cell)]
    assert [unled(cell) for cell in cells] == texts


@pytest.mark.parametrize("start", DANGEROUS)
def test_a_text_that_starts_so_is_led_by_an_apostrophe(start: str) -> None:
    assert start in FORMULA_STARTS
    assert written(f"{start}1+1", "x") == [f"'{start}1+1", "x"]


@pytest.mark.parametrize("number", ["-5", "-0.25", "-1e-7", "-116.4", "-.5"])
def test_a_negative_number_stays_a_number(number: str) -> None:
    assert written(number, float(number)) == [number, str(float(number))]


@pytest.mark.parametrize("text", ["+8613800138000", "+86 138 0013 8000", "-1+1", "-", "--1", "-1 2", "-१"])
def test_what_only_looks_like_a_number_is_led(text: str) -> None:
    assert led(text) == f"'{text}"


def test_an_apostrophe_of_the_text_itself_is_kept() -> None:
    assert [unled(led(text)) for text in ("'=1", "'s-Gravenhage", "''@")] == ["'=1", "'s-Gravenhage", "''@"]
    assert led("'s-Gravenhage") == "'s-Gravenhage"


def test_times_numbers_and_nothing_are_written_as_they_are() -> None:
    assert written(datetime(2026, 1, 2, tzinfo=UTC), -3, None, float("nan")) == [
        "2026-01-02T00:00:00+00:00",
        "-3",
        "",
        "",
    ]


def test_a_table_is_written_with_names_of_columns_that_are_safe_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    table = pd.DataFrame({"=code": ["-x", "001"], "load": ["-1.5", "2"]})
    with path.open("w", encoding="utf-8", newline="") as file:
        write_table(file, table)
    assert path.read_text("utf-8").split() == ["'=code,load", "'-x,-1.5", "001,2"]
    assert read_frame(path).equals(table.astype(str))


def test_rejected_rows_are_led_and_read_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with open_rejects(path) as rejects:
        rejects.write_header(["n", "text"])
        rejects.write(["-7", "\t@cmd"], 2, ["no time"])
        rejects.finish()
        rejects.keep()
    assert path.read_text("utf-8-sig").splitlines()[1] == "-7,'\t@cmd,2,no time"
    assert read_frame(path).iloc[0].tolist() == ["-7", "\t@cmd", "2", "no time"]


def test_rows_of_located_points_stay_byte_for_byte_and_the_new_cell_is_led(tmp_path: Path) -> None:
    points, target = tmp_path / "points.csv", tmp_path / "out.csv"
    points.write_bytes(b"sep=;\r\nn;x;y\r\n=1;2;3\r\n")
    with open_text(points, x="x", y="y", new="grid", encoding=None) as source:
        pieces: list[Piece] = list(source.pieces)
        source.write(target, Answers("grid", ["=2"]), ((piece, pd.array([0]).to_numpy("int32")) for piece in pieces))
    assert target.read_bytes() == b"sep=;\r\nn;x;y;grid\r\n=1;2;3;'=2\r\n"


@pytest.mark.parametrize("start", DANGEROUS)
def test_features_as_csv_have_no_cell_that_is_run(start: str) -> None:
    fields = (Field("name", "text", "Name"), Field("load", "number", "Load"))
    layer = Layer("grids", fields, "Point", CRS84, "wgs84", integer_id=False)
    point = shapely.to_wkb(shapely.Point(-1, -2))
    body = b"".join(encode([[(f"{start}id", point, f"{start}name", -4.5)]], layer)).decode()
    rows = list(csv.reader(io.StringIO(body, newline="")))
    assert rows == [["id", "name", "load", "wkt"], [f"'{start}id", f"'{start}name", "-4.5", "POINT (-1 -2)"]]
