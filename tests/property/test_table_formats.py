"""One table in every format: what is read is what was written, or a refusal that says why; never a third thing."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from boundaries.files.grids.fields import GridFields
from boundaries.files.grids.rows import read_rows
from boundaries.files.polygons import read_grid_layer
from boundaries.files.table_reader import open_table
from geogrid.errors import InvalidInputError
from tests.property.random_tables import COLUMNS, KEPT, LAYERS, ROWS, TABLES, csv_in, named, require_same, table_of

FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", TABLES)
@given(rows=ROWS)
@FEW
def test_table_of_any_format_has_the_values_that_were_written(name: str, rows: list[tuple[object, ...]]) -> None:
    table = table_of(rows)
    with TemporaryDirectory() as folder:
        TABLES[name](table, Path(folder) / name)
        with open_table(Path(folder) / name, encoding=named(name)) as opened:
            at = {column: opened.columns.index(column) for column in COLUMNS}
            found = [
                {column: cells[place].strip() for column, place in at.items()}
                for chunk in opened.chunks
                for which, cells in enumerate(chunk.rows)
                if which not in chunk.faults
            ]
    # Numbers of workbooks, and of DBF with a sign, have 15 digits: longer ones are told as shortened.
    shortened = {row["code"] for row in found if "E+" in row["num"]}
    assert not shortened or name in {"t.xlsx", "t.dbf", "t.zip"}
    left = table[table["code"].isin({row["code"] for row in found} - shortened)]
    assert len(left) + len(shortened) == len(found)
    assert len(found) == len(table) or (name == "t.xlsx" and table["note"].eq("=1+1").any())
    require_same(left, {row["code"]: row for row in found})


@pytest.mark.parametrize("name", LAYERS)
@given(rows=ROWS)
@FEW
def test_layer_of_any_format_has_the_values_that_were_written_or_is_refused(
    name: str, rows: list[tuple[object, ...]]
) -> None:
    table = table_of(rows)
    with TemporaryDirectory() as folder:
        LAYERS[name](table, Path(folder) / name)
        read = read_grid_layer(Path(folder) / name, encoding=named(name), crs="EPSG:4326")
        got = read_rows(read.frame, GridFields(code="code", keep=KEPT), file=name)
    errors = [problem for problem in got.problems if problem.severity == "error"]
    if errors:
        assert {problem.kind for problem in errors} == {"digits-lost"}, errors
        # A Shapefile has no whole numbers of 18 digits and a sign: GDAL reads such a column as floats.
        is_float = table["num"].abs().ge(2**53).any() and name in {"t.shp", "gbk.shp", "t.zip"}
        assert table["note"].eq("3.20115E+17").any() or is_float
        return
    assert sorted(map(str, got.codes)) == sorted(table["code"])
    require_same(table, dict(zip(map(str, got.codes), got.attributes, strict=True)))


@given(rows=ROWS)
@FEW
def test_text_of_an_encoding_that_nobody_names_is_refused_or_has_none_but_plain_letters(
    rows: list[tuple[object, ...]],
) -> None:
    table = table_of(rows)
    with TemporaryDirectory() as folder:
        csv_in("gbk")(table, Path(folder) / "t.csv")
        plain = (Path(folder) / "t.csv").read_bytes().isascii()
        if plain:
            with open_table(Path(folder) / "t.csv") as opened:
                assert sum(len(chunk.rows) for chunk in opened.chunks) == len(table)
        else:
            with (
                pytest.raises(InvalidInputError, match="--encoding gbk"),
                open_table(Path(folder) / "t.csv") as opened,
            ):
                list(opened.chunks)
