"""One table in every format: what is read is what was written, or a refusal that says why; never a third thing."""

import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box

from boundaries.files.grids.fields import GridFields
from boundaries.files.grids.rows import read_rows
from boundaries.files.polygons import read_grid_layer
from boundaries.files.table_reader import open_table
from geogrid.errors import InvalidInputError

KEPT: Final = ("note", "num", "share", "day")
COLUMNS: Final = ("code", *KEPT)
TRICKY: Final = (
    "007",
    "1e5",
    "2024-01-02",
    "2024/1/2",
    "12,5",
    "NA",
    "null",
    "True",
    "0x1F",
    "=1+1",
    "3.20115E+17",
    "-",
)
HAN: Final = "东山街道网格社区路灯不亮井盖"
TEXT: Final = st.one_of(
    st.none(),
    st.sampled_from(TRICKY),
    st.text(alphabet=HAN + "ab 1,;|\"'", min_size=1, max_size=12).map(str.strip).filter(bool),
)
ROWS: Final = st.lists(
    st.tuples(
        st.text(alphabet="0123456789", min_size=1, max_size=24),
        TEXT,
        st.one_of(st.none(), st.integers(-(10**17), 10**17)),
        st.one_of(st.none(), st.floats(-1e6, 1e6).map(lambda value: round(value, 3))),
        st.one_of(st.none(), st.dates(date(1950, 1, 1), date(2100, 1, 1))),
    ),
    min_size=2,
    max_size=5,
    unique_by=lambda row: row[0],
)
FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


def table_of(rows: list[tuple[object, ...]]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"code": "object", "note": "object", "day": "object"})
    table["num"] = pd.array([row[2] for row in rows], "Int64")
    table["share"] = table["share"].astype("float64")
    shapes = [box(118 + n / 100, 31, 118.01 + n / 100, 31.01) for n in range(len(rows))]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326)


def csv_in(encoding: str) -> Callable[[gpd.GeoDataFrame, Path], None]:
    def write(table: gpd.GeoDataFrame, path: Path) -> None:
        text = pd.DataFrame(table.drop(columns="geometry")).assign(wkt=table.geometry.to_wkt())
        text.to_csv(path, index=False, encoding=encoding)

    return write


def layer(table: gpd.GeoDataFrame, path: Path) -> None:
    pyogrio.write_dataframe(table, path, **({"encoding": "gbk"} if path.name.startswith("gbk") else {}))


def workbook(table: gpd.GeoDataFrame, path: Path) -> None:
    pd.DataFrame(table.drop(columns="geometry")).to_excel(path, index=False)


def dbf_in_zip(table: gpd.GeoDataFrame, path: Path) -> None:
    layer(table, path.with_name("gbk.shp"))
    with zipfile.ZipFile(path, "w") as archive:
        for suffix in (".dbf", ".cpg"):
            archive.write(path.with_name(f"gbk{suffix}"), f"sub/t{suffix}")


def shapes_in_zip(table: gpd.GeoDataFrame, path: Path) -> None:
    layer(table, path.with_name("gbk.shp"))
    with zipfile.ZipFile(path, "w") as archive:
        for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
            archive.write(path.with_name(f"gbk{suffix}"), f"sub/t{suffix}")


Writer = Callable[[gpd.GeoDataFrame, Path], None]
ENCODINGS: Final = ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16")
TABLES: dict[str, Writer] = {
    **{f"{encoding}.csv": csv_in(encoding) for encoding in ENCODINGS},
    "t.xlsx": workbook,
    "t.parquet": lambda table, path: pd.DataFrame(table.drop(columns="geometry")).to_parquet(path),
    "t.zip": dbf_in_zip,
    "t.dbf": lambda table, path: layer(table, path.with_suffix(".shp")),
}
LAYERS: dict[str, Writer] = {
    **dict.fromkeys(("t.gpkg", "t.shp", "gbk.shp", "t.fgb", "t.geojson", "t.geojsonl", "t.sqlite"), layer),
    "t.zip": shapes_in_zip,
    "t.parquet": lambda table, path: table.to_parquet(path),
    **{f"{encoding}.csv": csv_in(encoding) for encoding in ("utf-8", "utf-8-sig", "gbk", "gb18030")},
}


def named(name: str) -> str | None:
    return Path(name).stem if name in {"gbk.csv", "gb18030.csv"} else None


def same(given: object, got: object) -> bool:
    """Whether a value is the one that was written: as text, as the number, or as the day."""
    if given is None or given is pd.NA or given != given:  # noqa: PLR0124 - NaN
        return got in {None, ""}
    if isinstance(given, float):
        return got not in {None, ""} and float(str(got)) == given
    if isinstance(given, date):
        return str(got).removesuffix("T00:00:00").removesuffix(" 00:00:00") == given.isoformat()
    return str(got).strip() == str(given)


def require_same(table: gpd.GeoDataFrame, got: Mapping[str, Mapping[str, object]]) -> None:
    for row in table[list(COLUMNS)].itertuples(index=False):
        found = got[row.code]
        for column in KEPT:
            assert same(getattr(row, column), found[column]), (row.code, column, getattr(row, column), found[column])


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
