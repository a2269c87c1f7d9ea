"""Files that could be read wrongly without a word: each is read right, or refused with what it would have been."""

import json
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
from shapely import box

from api.cli.plans.bands import LOADS
from boundaries.files.cases.seen import SeenRows
from boundaries.files.columns import kept_values, why_no_number
from boundaries.files.loads.rows import LoadFile, places_of, read_loads
from boundaries.files.points.columnar import open_geopackage
from boundaries.files.points.grids import GridChoice, compile_grids
from boundaries.files.polygons import read_grid_layer
from boundaries.files.rejects import open_rejects
from boundaries.files.table_reader import open_table, read_frame
from boundaries.files.towns.sources import LayerSource, read_source
from geogrid.coordinates.meridian import counted_on
from geogrid.errors import InvalidInputError


def layer(folder: Path, file: str, /, *, encoding: str | None = None, **columns: Any) -> Path:
    count = len(next(iter(columns.values())))
    shapes = [box(118 + n / 100, 31, 118.01 + n / 100, 31.01) for n in range(count)]
    path = folder / file
    pyogrio.write_dataframe(gpd.GeoDataFrame(columns, geometry=shapes, crs=4326), path, encoding=encoding)
    return path


def refusal(read: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read(*arguments, **options)
    return str(caught.value)


def zipped(path: Path, files: dict[str, Path]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, file in files.items():
            archive.write(file, name)
    return path


def test_codes_that_have_lost_digits_are_refused_in_every_command(tmp_path: Path) -> None:
    path = layer(tmp_path, "grids.gpkg", code=[3.2011500100010000e19, 3.2011500100020000e19])
    told = "numbers of the column code have lost their last digits"
    assert told in refusal(compile_grids, GridChoice(path, "code"))
    loads = layer(tmp_path, "loads.gpkg", code=[1e17], households=[3])
    assert told in refusal(read_loads, LoadFile(LayerSource(loads), {}, "code"))
    table = tmp_path / "loads.csv"
    table.write_text("code,households\n3.20115E+17,5\n", "utf-8")
    assert told in refusal(read_loads, LoadFile(LayerSource(table), {}, "code"))


def test_text_that_can_be_of_two_encodings_is_refused_with_both_readings(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("name,lon,lat\n隆禄,118,31\n".encode("gbk"))
    told = refusal(read_frame, tmp_path / "a.csv")
    assert "can be UTF-8 and GBK: with --encoding utf-8 it has '¡»', with --encoding gbk '隆禄'" in told
    assert read_frame(tmp_path / "a.csv", encoding="gbk")["name"].tolist() == ["隆禄"]
    shape = layer(tmp_path, "a.shp", encoding="gbk", name=["隆禄"])
    shape.with_suffix(".cpg").unlink()
    assert "can be UTF-8 and GBK" in refusal(read_grid_layer, shape)
    assert read_grid_layer(shape, encoding="gbk").frame["name"].tolist() == ["隆禄"]


@pytest.mark.parametrize("text", ["café,Москва,Ελλάδα\n", "Łódź,İstanbul,Zürich\n", "路灯,井盖,é\n"])
def test_text_of_other_languages_is_in_no_doubt(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text("a,b,c\n" + text, "utf-8")
    assert read_frame(tmp_path / "a.csv").iloc[0].tolist() == text.strip().split(",")


def test_utf8_that_is_called_another_encoding_is_refused_or_read_by_its_format(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,lon,lat\n东山街道,118,31\n", "utf-8")
    told = refusal(read_frame, tmp_path / "a.csv", encoding="gbk")
    assert "The text of a.csv is UTF-8: with --encoding utf-8 it has '东山街道', with --encoding gbk" in told
    assert "is UTF-8" in refusal(read_grid_layer, layer(tmp_path, "u.shp", name=["东山街道"]), encoding="gbk")
    for name in ("a.gpkg", "a.geojson", "a.fgb"):
        path = layer(tmp_path, name, name=["东山街道"])
        assert read_grid_layer(path, encoding="gbk").frame["name"].tolist() == ["东山街道"]


def test_of_several_files_only_those_that_need_it_are_read_in_the_encoding_named(tmp_path: Path) -> None:
    (tmp_path / "u.csv").write_text("name,lon,lat\n东山街道,118,31\n", "utf-8")
    (tmp_path / "g.csv").write_bytes("name,lon,lat\n东山街道,118,31\n".encode("gbk"))
    for name in ("u.csv", "g.csv"):
        found, _ = read_source(LayerSource(tmp_path / name, encoding="gbk"), "buildings", "places")
        assert found["name"].tolist() == ["东山街道"]
    assert "with --encoding gbk" in refusal(read_source, LayerSource(tmp_path / "g.csv"), "buildings", "places").lower()


def test_layers_of_an_archive_have_each_its_own_encoding_and_any_folder(tmp_path: Path) -> None:
    files = {}
    for name, encoding in (("one", "gbk"), ("two", "utf-8")):
        shape = layer(tmp_path, f"{name}.shp", encoding=encoding, name=["东山街道"])
        suffixes = (".shp", ".shx", ".dbf", ".prj", *((".cpg",) if name == "one" else ()))
        files |= {f"data/{name}{suffix}": shape.with_suffix(suffix) for suffix in suffixes}
    both = zipped(tmp_path / "both.zip", files)
    for name in ("one", "two"):
        assert read_grid_layer(both, layer=name).frame["name"].tolist() == ["东山街道"]
    inside = zipped(tmp_path / "deep.zip", {"a/b/town.gpkg": layer(tmp_path, "t.gpkg", name=["东山街道"])})
    assert read_grid_layer(inside).frame["name"].tolist() == ["东山街道"]


def test_table_of_dbf_is_read_alone_and_packed_and_refused_cut_short(tmp_path: Path) -> None:
    path = layer(tmp_path, "t.shp", encoding="gbk", code=["32011500100010000", "007"], name=["井盖", None])
    table = path.with_suffix(".dbf")
    packed = zipped(tmp_path / "t.zip", {"x/t.dbf": table, "x/t.cpg": path.with_suffix(".cpg")})
    for each in (table, packed):
        assert read_frame(each).to_numpy().tolist() == [["32011500100010000", "井盖"], ["007", ""]]
    table.write_bytes(table.read_bytes()[:-20])
    assert "t.dbf is cut short" in refusal(read_frame, table)


def test_errors_of_formulas_are_faults_and_days_of_a_workbook_are_days(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["a", "b"], [datetime(2024, 2, 29), "x"], ["#N/A", "y"]):  # noqa: DTZ001 - as workbooks have it
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    with open_table(tmp_path / "a.xlsx") as table:
        chunk = next(table.chunks)
    assert chunk.rows[0] == ["2024-02-29", "x"]
    assert chunk.faults == {1: "a cell has the error #N/A of a formula"}


def test_rejects_that_are_rejected_again_have_each_column_once(tmp_path: Path) -> None:
    with open_rejects(tmp_path / "r.csv") as rejects:
        rejects.write_header(["a", "b", "line", "reason"])
        rejects.write(["1", "2", "7", "old"], 3, ["new"])
        rejects.keep()
    assert (tmp_path / "r.csv").read_text("utf-8-sig").splitlines() == ["a,b,line,reason", "1,2,3,new"]


@pytest.mark.parametrize(
    ("text", "is_count", "told"),
    [
        ("118,8", False, "has a decimal comma; write 118.8"),
        ("1,234", True, "has marks between its thousands; write 1234"),
        ("1.234,5", False, "has marks between its thousands; write 1234.5"),
        ("3'544'000.5", False, "has marks between its thousands; write 3544000.5"),
        ("many", True, "is no number"),
    ],
)
def test_what_keeps_a_text_from_being_a_number_is_said_with_the_number(text: str, is_count: bool, told: str) -> None:  # noqa: FBT001
    assert why_no_number(text, is_count=is_count) == told


def test_texts_that_look_like_dates_stay_texts_and_kept_numbers_stay_exact(tmp_path: Path) -> None:
    path = tmp_path / "a.geojsonl"
    shape = {"type": "Polygon", "coordinates": [[[118, 31], [118.01, 31], [118.01, 31.01], [118, 31]]]}
    rows = [{"day": "2024/1/2", "number": 9007199254740993}, {"day": None, "number": None}]
    path.write_text(
        "".join(json.dumps({"type": "Feature", "properties": row, "geometry": shape}) + "\n" for row in rows), "utf-8"
    )
    kept = kept_values(read_grid_layer(path).frame[["day", "number"]])
    assert kept == [{"day": "2024/1/2", "number": "9007199254740993"}, {"day": None, "number": None}]


def test_rows_that_were_seen_are_told_by_number_and_content() -> None:
    seen = SeenRows()
    rows = [("1", "a"), ("1", "a"), ("1", "b"), ("1", "b"), ("", "c"), ("", "c"), ("2", "a")]
    assert [seen.key_of(*row) for row in rows] == ["1", None, "1~b", None, "c", None, "2"]
    seen.close()


def test_land_on_both_sides_of_180_degrees_is_drawn_as_one() -> None:
    import numpy as np

    fiji = np.array([box(179.99, -17, 180, -16.98), box(-180, -17, -179.99, -16.98)], dtype=object)
    assert gpd.GeoSeries(counted_on(fiji)).total_bounds.tolist() == pytest.approx([179.99, -17, 180.01, -16.98])
    town = np.array([box(-118, 33, -117, 34), box(118, 33, 119, 34), box(0, 33, 1, 34)], dtype=object)
    assert counted_on(town) is town


def test_tables_beside_the_one_layer_with_shapes_are_no_layers_in_any_command(tmp_path: Path) -> None:
    path = layer(tmp_path, "t.gpkg", code=["A", "B"], households=[1, 2])
    styles = pd.DataFrame({"style": ["x"], "owner": ["y"]})
    pyogrio.write_dataframe(styles, path, layer="layer_styles", append=True)
    assert len(read_source(LayerSource(path), "buildings", "areas")[0]) == 2
    assert len(read_loads(LoadFile(LayerSource(path), {}))) == 2
    with open_geopackage(path, xy=None, new="grid", layer=None, crs=None) as source:
        assert source.total == 2


def test_commands_that_import_are_there_before_anything_heavy_is_loaded() -> None:
    from geogrid.editions.fields import LOADS as STORED

    assert STORED == LOADS
    script = (
        "import sys, api.cli.imports; print([name for name in ('pandas', 'shapely', 'numba') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet", "t.csv.xz"])
def test_loads_at_places_come_from_any_table(tmp_path: Path, name: str) -> None:
    table = pd.DataFrame({"lon": [118.1, 118.2], "lat": [31.1, 31.2], "households": [3, 4]})
    write = {"t.xlsx": table.to_excel, "t.parquet": table.to_parquet}.get(name, table.to_csv)
    write(tmp_path / name, index=False)
    rows = read_loads(LoadFile(LayerSource(tmp_path / name), {}))
    assert rows.loads["households"].tolist() == [3, 4]
    assert [(place.x, place.y) for place in places_of(rows)] == [(118.1, 31.1), (118.2, 31.2)]
