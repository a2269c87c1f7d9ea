"""Random tables of what people keep in files, and every format that they are kept in."""

import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyogrio
from hypothesis import strategies as st
from shapely import box

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
