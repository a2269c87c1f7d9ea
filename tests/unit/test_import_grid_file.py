import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely import box

from boundaries.files.polygons import GridLayer, read_grid_layer
from geogrid.errors import InvalidInputError

DAMAGED = "Copy it again from where it came, or export it again."
FORMATS = "GeoGrid reads Shapefile, GeoPackage, GeoJSON, KML, FlatGeobuf, GeoParquet and what else GDAL knows."
ENCODINGS = "Name the right one: --encoding gbk for most Chinese files, else e.g. big5, cp1252."


def town(count: int = 600) -> gpd.GeoDataFrame:
    boxes = [
        box(118 + which % 30 / 100, 31 + which // 30 / 100, 118.01 + which % 30 / 100, 31.01 + which // 30 / 100)
        for which in range(count)
    ]
    names = ["东山街道"] * count
    return gpd.GeoDataFrame({"code": [f"G{n}" for n in range(count)], "name": names}, geometry=boxes, crs=4326)


def chinese_shapefile(folder: Path, *, encoding: str = "gbk", cpg: str | None = None) -> Path:
    path = folder / "grids.shp"
    frame = town(2).rename(columns={"code": "编码", "name": "名称"})
    pyogrio.write_dataframe(frame, path, encoding=encoding)
    path.with_suffix(".cpg").unlink()
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def written(folder: Path, name: str) -> Path:
    path = folder / name
    if path.suffix == ".parquet":
        town().to_parquet(path)
    else:
        pyogrio.write_dataframe(town(), path, driver="KML" if path.suffix == ".kml" else None)
    return path


def cut(path: Path, share: float = 0.5) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def refusal(path: Path, **how: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read_grid_layer(path, **how)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.shp", "a.gpkg", "a.geojson", "a.fgb", "a.kml", "a.parquet"])
def test_every_format_gives_the_same_grids(tmp_path: Path, name: str) -> None:
    layer = read_grid_layer(written(tmp_path, name))
    assert layer.crs.to_epsg() == 4326
    assert len(layer.frame) == 600
    assert shapely.area(layer.frame.geometry.to_numpy()).sum() == pytest.approx(0.06)
    if name != "a.kml":
        assert set(layer.frame["name"]) == {"东山街道"}


def test_a_gbk_shapefile_that_says_so_is_read(tmp_path: Path) -> None:
    layer = read_grid_layer(chinese_shapefile(tmp_path, cpg="GBK"))
    assert layer.frame["名称"].tolist() == ["东山街道", "东山街道"]


def test_a_gbk_shapefile_that_says_nothing_is_refused_with_what_it_would_read(tmp_path: Path) -> None:
    assert refusal(chinese_shapefile(tmp_path)) == (
        "grids.shp has no .cpg file that states its encoding, and its text is not UTF-8. "
        f"With --encoding gbk it would begin '编码', with --encoding big5 '晤鎢'. {ENCODINGS}"
    )


def test_a_gbk_shapefile_is_read_with_its_encoding_named(tmp_path: Path) -> None:
    layer = read_grid_layer(chinese_shapefile(tmp_path), encoding="gbk")
    assert layer.frame["名称"].tolist() == ["东山街道", "东山街道"]


def test_a_utf8_shapefile_that_says_nothing_is_read(tmp_path: Path) -> None:
    layer = read_grid_layer(chinese_shapefile(tmp_path, encoding="utf-8"))
    assert layer.frame["名称"].tolist() == ["东山街道", "东山街道"]


def test_a_shapefile_that_states_the_wrong_encoding_is_refused(tmp_path: Path) -> None:
    assert refusal(chinese_shapefile(tmp_path, cpg="UTF-8")) == (
        "The text of grids.shp is not in the encoding utf-8 that it states. "
        f"With --encoding gbk it would begin '编码', with --encoding big5 '晤鎢'. {ENCODINGS}"
    )


def test_a_wrong_encoding_named_is_refused(tmp_path: Path) -> None:
    assert refusal(chinese_shapefile(tmp_path), encoding="utf-8") == (
        f"The text of grids.shp is not in the encoding that --encoding utf-8 says. {ENCODINGS}"
    )


def test_a_shapefile_cut_in_half_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.shp")
    whole = path.stat().st_size
    assert refusal(cut(path)) == (
        f"a.shp is cut short: it has {whole // 2:,} bytes, and its header promises {whole:,}. "
        "Copy it again from where it came."
    )


def test_the_table_of_a_shapefile_cut_in_half_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.shp")
    cut(path.with_suffix(".dbf"))
    assert refusal(path).startswith("a.dbf is cut short: it has ")


def test_a_shapefile_without_its_table_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.shp")
    path.with_suffix(".dbf").unlink()
    assert refusal(path) == (
        "a.dbf is missing: it holds the columns of a.shp. "
        "A Shapefile is several files of one name (.shp, .shx, .dbf, .prj); copy them together."
    )


def test_a_geopackage_cut_in_half_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.gpkg")
    whole = path.stat().st_size
    assert refusal(cut(path)) == (
        f"a.gpkg is cut short: it has {whole // 2:,} bytes, and its header promises {whole:,}. "
        "Copy it again from where it came."
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.geojson", "a.geojson cannot be read: Failed to read GeoJSON data"),
        ("a.fgb", "a.fgb cannot be read: Fatal error parsing feature."),
        ("a.kml", "a.kml cannot be read: ERROR parsing kml"),
        ("a.parquet", "a.parquet is damaged or no Parquet file: "),
    ],
)
def test_other_files_cut_in_half_are_refused(tmp_path: Path, name: str, said: str) -> None:
    told = refusal(cut(written(tmp_path, name)))
    assert told.startswith(said)
    assert told.endswith(DAMAGED)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.touch()
    assert refusal(path) == f"a.geojson is empty (0 bytes). {DAMAGED}"


def test_a_layer_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    town().iloc[:0].to_file(path)
    assert refusal(path) == "a.gpkg has no rows. Check that it is the right file and layer."


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.shp"
    assert refusal(path) == f"There is no file {path}. Check the name; relative ones start at this folder."


def test_text_without_shapes_is_refused_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("hello")
    assert refusal(path) == f"a.txt has columns but no shapes. {FORMATS}"


def test_a_file_that_gdal_does_not_know_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_text("hello")
    assert refusal(path) == f"a.dat is in no format that GDAL recognises, or is damaged. {FORMATS}"


def test_a_table_without_shapes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("code,name\n1,2\n")
    assert refusal(path) == f"a.csv has columns but no shapes. {FORMATS}"


def test_parquet_without_geometry_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"code": [1]}).to_parquet(path)
    assert refusal(path) == (
        "a.parquet is Parquet without the geometry that GeoParquet describes. "
        "Write it with geopandas' to_parquet or GDAL's Parquet driver."
    )


def test_a_file_whose_name_ends_otherwise_is_known_by_its_content(tmp_path: Path) -> None:
    path = shutil.copy(written(tmp_path, "a.gpkg"), tmp_path / "b.geojson")
    assert len(read_grid_layer(Path(path)).frame) == 600


def test_of_several_layers_one_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "a.gpkg")
    pyogrio.write_dataframe(town(3), path, layer="other", append=True)
    assert refusal(path) == "a.gpkg has 2 layers: a, other. Name one with --layer."
    assert refusal(path, layer="third") == "a.gpkg has no layer 'third'. It has: a, other."
    assert len(read_grid_layer(path, layer="other").frame) == 3


def without_crs(folder: Path) -> Path:
    path = written(folder, "a.shp")
    path.with_suffix(".prj").unlink()
    return path


def test_a_file_without_crs_is_refused(tmp_path: Path) -> None:
    assert refusal(without_crs(tmp_path)) == (
        "a.shp states no coordinate reference system. Name it, e.g. --crs EPSG:4326 for longitude and latitude, "
        "--crs EPSG:4547 for CGCS2000 in metres."
    )


def test_the_crs_named_counts_before_that_of_the_file(tmp_path: Path) -> None:
    layer = read_grid_layer(written(tmp_path, "a.gpkg"), crs="EPSG:4490")
    assert (layer.crs.to_epsg(), layer.stated_crs and layer.stated_crs.to_epsg()) == (4490, 4326)


def test_what_is_no_crs_is_refused(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "a.gpkg"), crs="EPSG:99999") == (
        "'EPSG:99999' is no coordinate reference system. Write it as EPSG:4326 or EPSG:4547."
    )


def test_axes_are_swapped_on_demand(tmp_path: Path) -> None:
    layer: GridLayer = read_grid_layer(written(tmp_path, "a.gpkg"), swap_xy=True)
    assert layer.frame.total_bounds.tolist() == pytest.approx([31.0, 118.0, 31.2, 118.3])
