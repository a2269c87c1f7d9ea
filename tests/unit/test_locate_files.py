"""``geogrid locate`` through files of every format."""

import gzip
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from click.testing import CliRunner, Result

from api.cli import main
from boundaries.files.points import text
from geogrid.coordinates import from_wgs84

EXPECTED = ["b", "a", None, "a", None]


@pytest.fixture
def grids(tmp_path: Path) -> Path:
    path = tmp_path / "grids.gpkg"
    squares = [shapely.box(116.0, 39.0, 116.1, 39.1), shapely.box(116.1, 39.0, 116.2, 39.1)]
    gpd.GeoDataFrame({"code": ["b", "a"]}, geometry=squares, crs="EPSG:4326").to_file(path)
    return path


@pytest.fixture
def table() -> pa.Table:
    return pa.table(
        {
            "id": ["007", "008", "009", "010", "011"],
            "lon": [116.05, 116.15, 110.0, 116.1, None],
            "lat": [39.05, 39.05, 39.0, 39.05, 39.0],
            "text": ["第一", "b", "", None, "e"],
        }
    )


def run(grids: Path, points: Path, out: Path, *options: str) -> Result:
    where = () if "--x" in options or points.suffix == ".gpkg" else ("--x", "lon", "--y", "lat")
    arguments = ["--grids", grids, "--code", "code", "--points", points, "--out", out, *where, *options]
    return CliRunner().invoke(main, ["locate", *map(str, arguments)])


def located(grids: Path, points: Path, out: Path, *options: str) -> Result:
    result = run(grids, points, out, *options)
    assert result.exit_code == 0, result.output
    return result


def refused(grids: Path, points: Path, out: Path, *options: str) -> str:
    result = run(grids, points, out, *options)
    assert result.exit_code == 1, result.output
    assert not out.exists()
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []
    return result.output


def test_a_csv_file_keeps_its_bytes_and_gets_a_column(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_bytes(
        "\ufeffid,lon,lat,note\r\n007,116.0500,39.05,第一\r\n008, 116.15 ,39.05,\r\n\r\n"
        "009,110,39,x\r\n010,116.1,39.05,\r\n011,,39,y\r\n012,n/a,39,".encode()
    )
    result = located(grids, points, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == (
        "\ufeffid,lon,lat,note,grid\r\n007,116.0500,39.05,第一,b\r\n008, 116.15 ,39.05,,a\r\n"
        "009,110,39,x,\r\n010,116.1,39.05,,a\r\n011,,39,y,\r\n012,n/a,39,,\r\n".encode()
    )
    assert "6 rows: 3 in a grid, 1 outside, 2 without usable coordinates (the first is row 5)" in result.output


def test_quoted_cells_may_hold_anything(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    rows = 'note;lat;lon\n"a;b\nc ""d""";39.05;116.05\nplain 5" pipe;39.05;"116.15"\n;39;110\n'
    points.write_text(rows)
    located(grids, points, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == (
        'note;lat;lon;grid\n"a;b\nc ""d""";39.05;116.05;b\nplain 5" pipe;39.05;"116.15";a\n;39;110;\n'
    )


def test_text_in_another_encoding_and_zipped(grids: Path, tmp_path: Path) -> None:
    points, out = tmp_path / "points.csv.gz", tmp_path / "out.csv.gz"
    points.write_bytes(gzip.compress("名称\t经度\t纬度\n甲\t116.05\t39.05\n".encode("gbk")))
    located(grids, points, out, "--x", "经度", "--y", "纬度", "--encoding", "gbk", "--column", "网格")
    assert gzip.decompress(out.read_bytes()).decode("gbk") == "名称\t经度\t纬度\t网格\n甲\t116.05\t39.05\tb\n"


def test_codes_with_delimiters_are_quoted(tmp_path: Path) -> None:
    grids, points = tmp_path / "grids.geojson", tmp_path / "points.csv"
    gpd.GeoDataFrame({"code": ['a,"b"']}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326").to_file(grids)
    points.write_text("lon,lat\n0.5,0.5\n")
    located(grids, points, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == 'lon,lat,grid\n0.5,0.5,"a,""b"""\n'


def test_a_csv_file_of_many_blocks_keeps_every_row_in_order(
    grids: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "_BLOCK_BYTES", 1000)
    monkeypatch.setattr(text, "_ROWS_A_PIECE", 70)
    rng = np.random.default_rng(2)
    x, y = rng.uniform(115.95, 116.25, 3000), rng.uniform(38.95, 39.15, 3000)
    quote = ['"' if i > 2000 and i % 3 == 0 else "" for i in range(3000)]
    lines = [
        f"{i},{x[i]!r},{y[i]!r},{quote[i]}{'t' * (i % 40)}{quote[i]}".replace("np.float64(", "").replace(")", "")
        for i in range(3000)
    ]
    points = tmp_path / "points.csv"
    points.write_text("\n".join(["id,lon,lat,t", *lines]))
    located(grids, points, tmp_path / "out.csv")
    answers = (tmp_path / "out.csv").read_text().splitlines()[1:]
    inside = (y >= 39.0) & (y <= 39.1)
    expected = np.where(inside & (x >= 116.1) & (x <= 116.2), "a", np.where(inside & (x >= 116) & (x < 116.1), "b", ""))
    assert answers == [f"{line},{code}" for line, code in zip(lines, expected, strict=True)]


def test_a_parquet_file_keeps_its_types_and_metadata(grids: Path, tmp_path: Path, table: pa.Table) -> None:
    table = table.set_column(0, "id", table["id"].cast(pa.int64())).replace_schema_metadata({"town": "Litan"})
    pq.write_table(table, tmp_path / "points.parquet", row_group_size=2)
    located(grids, tmp_path / "points.parquet", tmp_path / "out.parquet")
    out = pq.read_table(tmp_path / "out.parquet")
    assert out["grid"].to_pylist() == EXPECTED
    assert out.drop(["grid"]).equals(table)
    assert out.schema.metadata[b"town"] == b"Litan"


@pytest.mark.parametrize("suffix", [".arrow", ".feather", ".arrows"])
def test_an_arrow_file_keeps_its_columns(grids: Path, tmp_path: Path, table: pa.Table, suffix: str) -> None:
    begin, read = (
        (pa.ipc.new_stream, pa.ipc.open_stream) if suffix == ".arrows" else (pa.ipc.new_file, pa.ipc.open_file)
    )
    points, out = tmp_path / f"points{suffix}", tmp_path / f"out{suffix}"
    with begin(str(points), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    located(grids, points, out)
    with pa.memory_map(str(out)) as mapped:
        answered = read(mapped).read_all()
        assert answered["grid"].to_pylist() == EXPECTED
        assert answered.drop(["grid"]).equals(table)


def test_a_geopackage_keeps_its_geometry(grids: Path, tmp_path: Path) -> None:
    shapes = [shapely.Point(116.05, 39.05), shapely.Point(116.15, 39.05), None, shapely.Point()]
    gpd.GeoDataFrame({"id": [1, 2, 3, 4]}, geometry=shapes, crs="EPSG:4326").to_file(tmp_path / "points.gpkg")
    located(grids, tmp_path / "points.gpkg", tmp_path / "out.gpkg")
    out = gpd.read_file(tmp_path / "out.gpkg")
    assert out["grid"].fillna("").tolist() == ["b", "a", "", ""]
    assert out["id"].tolist() == [1, 2, 3, 4]
    assert out.geometry[0] == shapes[0]
    assert out.crs == "EPSG:4326"


def test_points_in_metres_are_brought_to_the_grids(grids: Path, tmp_path: Path) -> None:
    shapes = gpd.GeoSeries([shapely.Point(116.05, 39.05)], crs="EPSG:4326").to_crs("EPSG:32650")
    gpd.GeoDataFrame(geometry=shapes).to_file(tmp_path / "points.gpkg")
    located(grids, tmp_path / "points.gpkg", tmp_path / "out.gpkg")
    assert gpd.read_file(tmp_path / "out.gpkg")["grid"].tolist() == ["b"]
    points = tmp_path / "points.csv"
    points.write_text(f"lon,lat\n{shapes[0].x},{shapes[0].y}\n")
    located(grids, points, tmp_path / "out.csv", "--crs", "EPSG:32650")
    assert (tmp_path / "out.csv").read_text().endswith(",b\n")


def test_grids_in_metres_take_longitudes_and_latitudes(grids: Path, tmp_path: Path) -> None:
    metric, points = tmp_path / "metric.gpkg", tmp_path / "points.csv"
    gpd.read_file(grids).to_crs("EPSG:32650").to_file(metric)
    points.write_text("lon,lat\n116.05,39.05\n")
    located(metric, points, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().endswith(",b\n")


@pytest.mark.parametrize("coord_type", ["gcj02", "bd09"])
def test_points_of_another_datum_are_brought_to_wgs84(grids: Path, tmp_path: Path, coord_type: str) -> None:
    lon, lat = from_wgs84([116.0999], [39.05], coord_type)
    points = tmp_path / "points.csv"
    points.write_text(f"lon,lat\n{lon[0]},{lat[0]}\n")
    located(grids, points, tmp_path / "shifted.csv")
    located(grids, points, tmp_path / "out.csv", "--coord-type", coord_type)
    assert (tmp_path / "shifted.csv").read_text().endswith(",a\n")
    assert (tmp_path / "out.csv").read_text().endswith(",b\n")


@pytest.mark.parametrize("name", ["points.csv", "points.parquet", "points.arrow", "points.gpkg"])
def test_a_file_without_rows_gives_one_without_rows(grids: Path, tmp_path: Path, table: pa.Table, name: str) -> None:
    points, out, empty = tmp_path / name, tmp_path / f"out{Path(name).suffix}", table.slice(0, 0)
    if points.suffix == ".csv":
        pacsv.write_csv(empty, points)
    elif points.suffix == ".parquet":
        pq.write_table(empty, points)
    elif points.suffix == ".arrow":
        with pa.ipc.new_file(str(points), empty.schema) as writer:
            writer.write_table(empty)
    else:
        gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.Point(0, 0)], crs="EPSG:4326").iloc[:0].to_file(points)
    assert "0 rows" in located(grids, points, out).output
    if points.suffix == ".gpkg":
        assert "grid" in pyogrio.read_info(out)["fields"]


def test_every_missing_column_is_named_with_those_that_are_there(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("id,x,grid\n1,2,3\n")
    said = refused(grids, points, tmp_path / "out.csv")
    assert "no column 'lon'" in said
    assert "no column 'lat'" in said
    assert "already has a column 'grid'" in said
    assert "It has: id, x, grid" in said


def test_a_missing_code_column_is_named(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("lon,lat\n1,2\n")
    assert "no column 'nr'. It has: code" in refused(grids, points, tmp_path / "out.csv", "--code", "nr")


def test_a_table_needs_the_names_of_its_columns(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("lon,lat\n1,2\n")
    arguments = ["--grids", grids, "--code", "code", "--points", points, "--out", tmp_path / "out.csv"]
    result = CliRunner().invoke(main, ["locate", *map(str, arguments)])
    assert "Use --x and --y" in result.output


def test_rows_of_another_width_are_refused_with_their_lines(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("lon,lat\n1,2\n1,2,3\n4\n")
    said = refused(grids, points, tmp_path / "out.csv")
    assert "line 3: 3 cells, the header has 2" in said
    assert "line 4: 1 cell," in said
    points.write_text('lon,lat\n"1",2\n1,2,3\n4\n')
    assert "line 4: 1 cell," in refused(grids, points, tmp_path / "out.csv")


def test_a_quote_that_is_never_closed_is_refused(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text('lon,lat\n1,2\n"1,2\n3,4\n')
    assert "it ends within the quoted cell of line 3" in refused(grids, points, tmp_path / "out.csv")


def test_text_of_an_undeclared_encoding_is_refused(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_bytes("lon,lat,名\n1,2,甲\n".encode("gbk"))
    assert "--encoding gbk" in refused(grids, points, tmp_path / "out.csv")
    assert "no encoding 'klingon'" in refused(grids, points, tmp_path / "out.csv", "--encoding", "klingon")


@pytest.mark.parametrize("quote", ["", '"'])
def test_coordinates_with_a_decimal_comma_are_refused(grids: Path, tmp_path: Path, quote: str) -> None:
    points = tmp_path / "points.csv"
    points.write_text(f"lon;lat;id\n116.05;39.05;a\n116,05;39,05;{quote}b{quote}\n;;c\n")
    said = refused(grids, points, tmp_path / "out.csv")
    assert (
        "1 coordinate with a decimal comma in the column 'lon', e.g. '116,05'. Write them with a point: 116.05." in said
    )


def test_what_is_called_a_geopackage_and_is_none_is_refused(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.gpkg"
    points.write_text("lon,lat\n116.05,39.05\n")
    assert "points.gpkg is damaged, or no GeoPackage." in refused(grids, points, tmp_path / "out.gpkg")


@pytest.mark.parametrize("name", ["points.csv.gz", "points.parquet", "points.arrow"])
def test_a_damaged_file_is_refused(grids: Path, tmp_path: Path, table: pa.Table, name: str) -> None:
    points = tmp_path / name
    if name == "points.csv.gz":
        whole = gzip.compress(b"lon,lat\n" + b"".join(b"%d.5,2\n" % i for i in range(5000)))
    else:
        pq.write_table(table, tmp_path / "whole")
        whole = (tmp_path / "whole").read_bytes()
    points.write_bytes(whole[: len(whole) // 2])
    assert "damaged" in refused(grids, points, tmp_path / f"out{''.join(points.suffixes)}")


def test_metres_and_exchanged_axes_are_noticed(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("lon,lat\n39.05,116.05\n39.05,116.15\n")
    assert "Exchange --x and --y" in refused(grids, points, tmp_path / "out.csv")


def test_a_datum_does_not_go_with_metres(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("lon,lat\n5e5,4e6\n")
    options = ["--crs", "EPSG:32650", "--coord-type", "gcj02"]
    assert "not of WGS 84 / UTM zone 50N" in refused(grids, points, tmp_path / "out.csv", *options)


def test_grids_and_points_without_a_crs_are_refused(grids: Path, tmp_path: Path) -> None:
    bare, points = tmp_path / "bare.gpkg", tmp_path / "points.csv"
    with pytest.warns(UserWarning, match="crs"):
        gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)]).to_file(bare)
    points.write_text("lon,lat\n0.5,0.5\n")
    assert "states no coordinate reference system" in refused(bare, points, tmp_path / "out.csv")
    located(bare, points, tmp_path / "out.csv", "--grids-crs", "EPSG:4326")
    layer = tmp_path / "points.gpkg"
    with pytest.warns(UserWarning, match="crs"):
        gpd.GeoDataFrame(geometry=[shapely.Point(0.5, 0.5)]).to_file(layer)
    assert "Name it with --crs" in refused(grids, layer, tmp_path / "out.gpkg")
    located(bare, layer, tmp_path / "out.gpkg", "--grids-crs", "EPSG:4326", "--crs", "EPSG:4326")
    assert gpd.read_file(tmp_path / "out.gpkg")["grid"].tolist() == ["a"]


def test_grids_without_code_or_polygon_are_listed(tmp_path: Path) -> None:
    bad, points = tmp_path / "bad.gpkg", tmp_path / "points.csv"
    shapes = [shapely.box(0, 0, 1, 1), shapely.Point(0, 0), shapely.box(1, 0, 2, 1)]
    gpd.GeoDataFrame({"code": ["a", "b", None]}, geometry=shapes, crs="EPSG:4326").to_file(bad)
    points.write_text("lon,lat\n0.5,0.5\n")
    said = refused(bad, points, tmp_path / "out.csv")
    assert "Row 3 of bad.gpkg has no code" in said
    assert "Row 2 of bad.gpkg has no polygon" in said


def test_outputs_that_cannot_be_are_refused(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("lon,lat\n0.5,0.5\n")
    assert "not of the format" in refused(grids, points, tmp_path / "out.parquet")
    assert "would overwrite the points" in run(grids, points, points).output
    assert "no file" in run(grids, points, tmp_path / "none" / "out.csv").output
    assert "no file" in refused(grids, tmp_path / "none.csv", tmp_path / "out.csv")
    (tmp_path / "points.doc").write_text("x")
    assert "no file of points" in refused(grids, tmp_path / "points.doc", tmp_path / "out.csv")
    points.write_text("")
    assert "is empty" in refused(grids, points, tmp_path / "out.csv")


def test_layers_of_a_geopackage_are_chosen_by_name(grids: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.gpkg"
    for layer, x in (("west", 116.05), ("east", 116.15)):
        gpd.GeoDataFrame(geometry=[shapely.Point(x, 39.05)], crs="EPSG:4326").to_file(points, layer=layer)
    assert "2 layers: west, east" in refused(grids, points, tmp_path / "out.gpkg")
    assert "no layer 'north'" in refused(grids, points, tmp_path / "out.gpkg", "--points-layer", "north")
    located(grids, points, tmp_path / "out.gpkg", "--points-layer", "east")
    assert gpd.read_file(tmp_path / "out.gpkg")["grid"].tolist() == ["a"]


def test_a_geopackage_may_have_its_points_in_columns(grids: Path, tmp_path: Path) -> None:
    frame = {"lon": [116.15], "lat": [39.05]}
    gpd.GeoDataFrame(frame, geometry=[shapely.Point(116.05, 39.05)], crs="EPSG:4326").to_file(tmp_path / "points.gpkg")
    located(grids, tmp_path / "points.gpkg", tmp_path / "out.gpkg", "--x", "lon", "--y", "lat")
    assert gpd.read_file(tmp_path / "out.gpkg")["grid"].tolist() == ["a"]
    assert "Use --x and --y" in refused(grids, tmp_path / "points.gpkg", tmp_path / "no.gpkg", "--x", "lon")


def test_columns_that_hold_no_numbers_are_refused(grids: Path, tmp_path: Path) -> None:
    pq.write_table(pa.table({"lon": [True], "lat": [1.0]}), tmp_path / "points.parquet")
    assert "holds bool, not numbers" in refused(grids, tmp_path / "points.parquet", tmp_path / "out.parquet")


def test_whole_numbers_text_and_categories_are_numbers(grids: Path, tmp_path: Path) -> None:
    columns = {"lon": pa.array(["116.05", "116.15"]).dictionary_encode(), "lat": pa.array([39, 39])}
    pq.write_table(pa.table(columns), tmp_path / "points.parquet")
    located(grids, tmp_path / "points.parquet", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["grid"].to_pylist() == ["b", "a"]
