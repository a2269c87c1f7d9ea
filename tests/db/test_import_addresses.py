"""Gazetteers come in as people publish them: any layout, any packing, good rows stored and the others told."""

import bz2
import gzip
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import pytest
from sqlalchemy import Engine, text

from tests.db.imports import LAT, LON, import_town, run, scalar
from tests.fixtures_db import Database

OPEN = "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n"
OPEN_ROWS = (
    f"{LON + 0.001},{LAT + 0.001},12,Main St,,Town,,,,,a1\n{LON + 0.002},{LAT + 0.001},14,Main St,3,Town,,,,,a2\n"
)
STORED = "select street, house_number, unit, name, city, community from addresses where source <> 'areas of addresses'"


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Database:
    assert import_town(database, tmp_path).exit_code == 0
    return database


def addresses(town: Database, file: Path, *options: str) -> tuple[int, str, str]:
    rejects = () if "--rejects" in options else ("--rejects", str(file.parent / "rejects.csv"))
    done = run(town, "import", "addresses", file, "--jurisdiction", "town", *rejects, *options)
    return done.exit_code, done.stdout, done.stderr


def stored(engine: Engine, query: str = STORED) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(text(query)))


def zipped(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside/addresses.csv", content)


def zstandard(path: Path, content: bytes) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(content)


PACKINGS: dict[str, Callable[[Path, bytes], object]] = {
    "a.csv": lambda path, content: path.write_bytes(content),
    "a.csv.gz": lambda path, content: path.write_bytes(gzip.compress(content)),
    "a.csv.bz2": lambda path, content: path.write_bytes(bz2.compress(content)),
    "a.csv.xz": lambda path, content: path.write_bytes(lzma.compress(content)),
    "a.csv.zst": zstandard,
    "a.csv.zip": zipped,
    "a.zip": zipped,
    "packed-but-called.csv": lambda path, content: path.write_bytes(gzip.compress(content)),
}


@pytest.mark.parametrize("name", PACKINGS)
def test_every_packing_gives_the_same_addresses(town: Database, engine: Engine, tmp_path: Path, name: str) -> None:
    PACKINGS[name](tmp_path / name, (OPEN + OPEN_ROWS).encode())
    status, said, told = addresses(town, tmp_path / name)
    assert status == 0, told
    assert f"{name}: 2 rows, 2 addresses." in said
    assert f"{name} is read as OpenAddresses: " in told
    assert "house_number=NUMBER, street=STREET" in told
    assert stored(engine) == [("Main St", "12", "", "", "Town", ""), ("Main St", "14", "3", "", "Town", "")]


def test_packing_that_is_damaged_is_one_sentence(town: Database, tmp_path: Path) -> None:
    for name, write in PACKINGS.items():
        if name in {"a.csv", "a.zip"}:
            continue
        path = tmp_path / f"cut-{name}"
        write(path, (OPEN + OPEN_ROWS * 500).encode())
        path.write_bytes(path.read_bytes()[:-30])
        status, _, told = addresses(town, path)
        assert (status, "Traceback" in told) == (1, False), told
        assert path.name in told


def test_sequence_of_geojson_is_read_and_its_columns_are_shown(town: Database, engine: Engine, tmp_path: Path) -> None:
    def feature(number: str, lon: float) -> str:
        properties = {"number": number, "street": "Main St", "unit": "", "city": "Town", "hash": number}
        geometry = {"type": "Point", "coordinates": [lon, LAT + 0.001]}
        return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry})

    path = tmp_path / "source.geojson"
    path.write_text("\n".join(feature(str(12 + 2 * n), LON + 0.001 * n) for n in range(3)) + "\n", "utf-8")
    status, _, told = addresses(town, path)
    assert status == 0, told
    assert "house_number=number" in told
    assert [row[:2] for row in stored(engine)] == [("Main St", "12"), ("Main St", "14"), ("Main St", "16")]


def test_tags_of_openstreetmap_are_addresses_and_the_kind_of_a_building_is_no_number(
    town: Database, engine: Engine, tmp_path: Path
) -> None:
    columns = {"addr:street": ["Kirchgasse"] * 2, "addr:housenumber": ["3", "5a"], "building": ["yes", "school"]}
    frame = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy([LON + 0.001, LON + 0.002], [LAT] * 2), crs=4326)
    pyogrio.write_dataframe(frame, tmp_path / "osm.gpkg")
    assert addresses(town, tmp_path / "osm.gpkg")[0] == 0
    assert stored(engine, "select street, house_number, building from addresses where source = 'osm.gpkg'") == [
        ("Kirchgasse", "3", ""),
        ("Kirchgasse", "5a", ""),
    ]


def test_table_of_chinese_addresses_is_known_by_its_columns(town: Database, engine: Engine, tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "经度": [LON + 0.001],
            "纬度": [LAT + 0.001],
            "区县": ["江宁区"],
            "街道": ["东山街道"],
            "社区": ["金井社区"],
            "街路巷": ["上元大街"],
            "门牌号": ["188号"],
            "小区名称": ["阳光花园"],
            "备注": ["x"],
        }
    )
    table.to_excel(tmp_path / "地址表.xlsx", index=False)
    status, _, told = addresses(town, tmp_path / "地址表.xlsx")
    assert status == 0, told
    assert "Not used: 备注." in told
    parts = ("江宁区", "东山街道", "金井社区", "上元大街", "188号", "阳光花园")
    assert parts in stored(engine, "select district, town, community, street, house_number, estate from addresses")


@pytest.mark.parametrize(
    ("column", "address", "parts"),
    [
        ("标准地址", "江宁区东山街道上元大街188号", ("上元大街", "188号", "")),
        ("FULLADDR", "1210 W Main St, Springfield", ("W Main St", "1210", "")),
        ("Address", "Kirchgasse 5a", ("Kirchgasse", "5a", "")),
        ("address", "Old Market Hall", ("", "", "Old Market Hall")),
    ],
)
def test_whole_address_in_one_column_is_taken_apart(  # noqa: PLR0913, PLR0917 - fixtures
    town: Database, engine: Engine, tmp_path: Path, column: str, address: str, parts: tuple[str, ...]
) -> None:
    path = tmp_path / "full.csv"
    path.write_text(f'Longitude,Latitude,{column}\n{LON + 0.001},{LAT + 0.001},"{address}"\n', "utf-8")
    assert addresses(town, path)[0] == 0
    assert stored(engine, "select street, house_number, name from addresses where source = 'full.csv'") == [parts]


def test_rows_without_address_are_counted_in_one_line_and_the_rest_goes_in(
    town: Database, engine: Engine, tmp_path: Path
) -> None:
    numbers = ["12", *[None] * 40, "14"]
    columns = {"addr:street": [number and "Main St" for number in numbers], "addr:housenumber": numbers}
    points = gpd.points_from_xy([LON + 0.0005 * n for n in range(42)], [LAT + 0.001] * 42)
    pyogrio.write_dataframe(gpd.GeoDataFrame(columns, geometry=points, crs=4326), tmp_path / "buildings.gpkg")
    status, said, told = addresses(town, tmp_path / "buildings.gpkg")
    assert status == 3
    assert "42 rows, 2 addresses, 40 rejected" in said
    assert told.count("neither street nor name") == 1
    assert "buildings.gpkg: 40 rows have neither street nor name." in told
    assert len(stored(engine)) == 2


def test_addresses_far_away_are_each_listed_and_the_others_stored(
    town: Database, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "far.csv"
    rows = f'{LON},{LAT},1,Main St\n0,0,2,Main St\n-71.06,42.36,3,Main St\n"118,8",{LAT},4,Main St\n'
    path.write_text("lon,lat,house_number,street\n" + rows, "utf-8")
    status, said, told = addresses(town, path)
    assert status == 3
    assert "4 rows, 1 addresses, 3 rejected" in said
    assert "line 3: its point is 0, 0" in told
    assert "line 4: its point -71.060000, 42.360000 is" in told
    assert "line 5: lon '118,8' has a decimal comma; write 118.8" in told
    assert [row[1] for row in stored(engine)] == ["1"]
    kept = (tmp_path / "rejects.csv").read_text("utf-8-sig").splitlines()
    assert kept[0] == "lon,lat,house_number,street,line,reason"
    assert [line.split(",")[3] for line in kept[1:3]] == ["Main St", "Main St"]


def test_corrected_rejects_stand_beside_what_was_imported_and_go_round_again(
    town: Database, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"lon,lat,house_number,street\n{LON},{LAT},1,Main St\n0,0,2,Main St\n0,0,3,Main St\n", "utf-8")
    rejects = tmp_path / "a.csv.rejects.csv"
    assert addresses(town, path, "--rejects", str(rejects))[0] == 3
    for number in ("2", "3"):
        text_ = rejects.read_text("utf-8-sig").replace(f"0,0,{number}", f"{LON + int(number) / 1e3},{LAT},{number}", 1)
        rejects.write_text(text_, "utf-8-sig")
        status, said, told = addresses(town, rejects, "--rejects", str(tmp_path / "again.csv"))
        assert status in {0, 3}, told
        assert "beside what the source a.csv had" in said
        rejects.write_text((tmp_path / "again.csv").read_text("utf-8-sig"), "utf-8-sig")
    assert [row[1] for row in stored(engine)] == ["1", "2", "3"]
    assert scalar(engine, "select count(distinct source) from addresses where house_number <> ''") == 1


def test_numbers_of_a_layer_are_no_floats(town: Database, engine: Engine, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"street": ["Main St"] * 2, "number": [12.0, None], "name": [None, "Hall"]},
        geometry=gpd.points_from_xy([LON, LON + 0.001], [LAT] * 2),
        crs=4326,
    )
    pyogrio.write_dataframe(frame, tmp_path / "n.gpkg")
    assert addresses(town, tmp_path / "n.gpkg")[0] == 0
    assert [row[1] for row in stored(engine)] == ["", "12"]


def test_rows_without_identity_are_not_one_row(town: Database, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    rows = "".join(f"{LON + n / 1e3},{LAT},{n},Main St,{'w1' if n < 3 else ''}\n" for n in range(1, 7))
    path.write_text("lon,lat,house_number,street,osm_id\n" + rows, "utf-8")
    assert addresses(town, path)[0] == 0
    assert [row[1] for row in stored(engine)] == ["1", "2", "3", "4", "5", "6"]


def test_dry_run_stores_nothing_and_file_without_addresses_is_refused(
    town: Database, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(OPEN + OPEN_ROWS, "utf-8")
    assert "2 addresses would be stored" in addresses(town, tmp_path / "a.csv", "--dry-run")[1]
    (tmp_path / "b.csv").write_text(f"lon,lat,height\n{LON},{LAT},3\n", "utf-8")
    status, _, told = addresses(town, tmp_path / "b.csv")
    assert (status, "no column with streets, names or whole addresses" in told) == (1, True)
    assert stored(engine) == []


def test_rows_of_a_file_without_a_good_one_are_in_the_rejects_too(
    town: Database, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "far.csv").write_text("lon,lat,street\n0,0,Main St\n", "utf-8")
    assert addresses(town, tmp_path / "far.csv")[0] == 1
    assert "its point is 0, 0" in (tmp_path / "rejects.csv").read_text("utf-8-sig")
    assert stored(engine) == []


def test_addresses_in_another_encoding_and_in_metres_are_read_as_said(
    town: Database, engine: Engine, tmp_path: Path
) -> None:
    point = gpd.GeoSeries(gpd.points_from_xy([LON + 0.001], [LAT]), crs=4326).to_crs("EPSG:4549").iloc[0]
    (tmp_path / "m.csv").write_bytes(f"X,Y,道路,门牌号\n{point.x},{point.y},解放路,12号\n".encode("gbk"))
    status, _, told = addresses(town, tmp_path / "m.csv")
    assert status == 1
    assert "--encoding gbk" in told
    status, _, told = addresses(town, tmp_path / "m.csv", "--encoding", "gbk", "--crs", "EPSG:4549")
    assert status == 0, told
    assert [row[:2] for row in stored(engine)] == [("解放路", "12号")]
    placed = scalar(engine, "select st_x(geom) from addresses where street <> ''")
    assert float(str(placed)) == pytest.approx(LON + 0.001, abs=1e-4)
