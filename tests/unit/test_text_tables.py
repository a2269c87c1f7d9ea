"""One reader of delimited text: whoever reads it, encodings, delimiters, headers and damage are seen alike."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import shapely

from boundaries.files.addresses.reading import read_addresses
from boundaries.files.points.text import open_text
from boundaries.files.polygons import read_grid_layer
from boundaries.files.table_reader import open_table, read_frame
from boundaries.files.towns.sources import LayerSource, read_source
from boundaries.text.packed import is_delimited
from geogrid.errors import InvalidInputError

Reader = Callable[[Path], list[str]]
CHINESE = "name,lon,lat,wkt\n甲,116,39,\n乙,117,40,\n"


def of_table(path: Path) -> list[str]:
    with open_table(path) as table:
        return [row[0] for chunk in table.chunks for row in chunk.rows]


def of_points(path: Path) -> list[str]:
    with open_text(path, x="lon", y="lat", new="grid", encoding=None) as source:
        return [row.decode().split(",")[0] for piece in source.pieces for row in piece.rows]


def of_addresses(path: Path) -> list[str]:
    return [str(name) for name in read_addresses(path, columns={"street": "name"})["street"]]


def of_town(path: Path) -> list[str]:
    return [str(name) for name in read_source(LayerSource(path), "buildings", "places")[0]["name"]]


def of_polygons(path: Path) -> list[str]:
    return [str(name) for name in read_grid_layer(path, crs="EPSG:4326").frame["name"]]


READERS: list[Reader] = [of_table, of_points, of_addresses, of_town]


def refusal(reader: Reader, path: Path) -> str:
    with pytest.raises(InvalidInputError) as caught:
        reader(path)
    return str(caught.value)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.csv", CHINESE.encode()),
        ("marked.csv", CHINESE.encode("utf-8-sig")),
        ("packed.csv.gz", gzip.compress(CHINESE.encode("utf-8-sig"), mtime=0)),
        ("ends.TXT", CHINESE.replace("\n", "\r\n").encode()),
        ("stated.csv", b"sep=,\r\n" + CHINESE.encode()),
        ("quoted.csv", CHINESE.replace("name", '"name"').encode()),
    ],
)
def test_every_reader_sees_the_same_rows(reader: Reader, name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert reader(path) == ["甲", "乙"]


@pytest.mark.parametrize("reader", [*READERS, of_polygons])
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.csv",
            CHINESE.encode("gbk"),
            "The text of a.csv is not in the encoding utf-8, from line 2 on. With ",
        ),
        ("a.csv", CHINESE.encode("utf-16-le"), "The first line of a.csv has NUL bytes: it is UTF-16 without a mark"),
    ],
)
def test_every_reader_refuses_with_the_same_words(
    reader: Reader, name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert said in refusal(reader, path)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'name,lon,lat\n"a,1,2\n', "a.csv is cut short: it ends within the quoted cell of line 2."),
        (b'name,lon,"lat\n1,2,3\n', "a.csv is cut short: it ends within the quoted cell of line 1."),
        (b"\n", "a.csv has no header."),
        (b"name,lon,lat\na,1,2,3\n", "line 2"),
    ],
)
def test_damage_is_seen_alike(reader: Reader, content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    if reader is of_table and said == "line 2":
        with open_table(path) as table:
            assert next(table.chunks).faults == {0: "the line has 4 cells, the header has 3"}
        return
    assert said in refusal(reader, path)


def test_a_packed_file_cut_short_is_refused_by_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    whole = gzip.compress(("name,lon,lat\n" + "".join(f"n{n},{n % 90},{n % 89}\n" for n in range(20_000))).encode())
    path.write_bytes(whole[: len(whole) // 2])
    assert {refusal(reader, path).split(":")[0] for reader in READERS} == {"a.csv.gz is damaged or cut short"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_text_of_wide_characters_is_read_by_its_mark(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(CHINESE.encode(encoding))
    assert [reader(path) for reader in (*READERS, of_polygons)] == [["甲", "乙"]] * 5


@pytest.mark.parametrize("ends", ["\r", "\r\n"])
def test_lines_end_as_old_programs_end_them(ends: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(CHINESE.replace("\n", ends).encode())
    assert [reader(path) for reader in (*READERS, of_polygons)] == [["甲", "乙"]] * 5


@pytest.mark.parametrize("title", ["网格员一览\n", "网格员一览,,\n", "\n", "一览\n2026年\n", "sep=,\n一览\n"])
def test_titles_stand_above_the_header(title: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(title + CHINESE, encoding="utf-8")
    assert [reader(path) for reader in (*READERS, of_polygons)] == [["甲", "乙"]] * 5


@pytest.mark.parametrize("header", ['"the\nname",lon,lat,wkt\n', '"the\nname"\n'])
def test_a_name_over_two_lines_is_no_title(header: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(header + CHINESE.partition("\n")[2], encoding="utf-8")
    with open_table(path) as table:
        assert table.columns[0] == "the\nname"


def test_a_workbook_that_is_called_text_is_read_or_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    (tmp_path / "plain.csv").write_text(CHINESE, encoding="utf-8")
    read_frame(tmp_path / "plain.csv").to_excel(tmp_path / "a.xlsx", index=False)
    (tmp_path / "a.xlsx").rename(path)
    assert [reader(path) for reader in (of_table, of_addresses, of_town)] == [["甲", "乙"]] * 3
    assert refusal(of_points, path) == "a.csv is a workbook (XLSX), and no text, whatever its name. Save it as CSV."


def test_a_workbook_of_the_old_format_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    assert refusal(of_table, path) == "a.csv is a workbook of the old format (.xls). Save it as .xlsx."


def test_the_mark_of_a_file_counts_before_the_encoding_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(CHINESE.encode("utf-8-sig"))
    for named in ("gbk", "UTF8", None):
        assert read_frame(path, encoding=named)["name"].tolist() == ["甲", "乙"]


def test_delimiters_within_quotes_of_the_header_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"a,b,c";"d\ne"\n1;2\n', "utf-8")
    with open_table(path) as table:
        assert table.columns == ("a,b,c", "d\ne")
        assert next(table.chunks).lines == [3]


def test_a_row_with_a_null_character_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n1,\0\n2,3\n")
    with open_table(path) as table:
        assert next(table.chunks).faults == {0: "a cell has a null character"}


def test_numbers_of_a_town_are_numbers_and_codes_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("code,big,levels,lon,lat\n001,32011500000000000001,3,116,39\n010,2,,117,40\n")
    frame, _ = read_source(LayerSource(path), "buildings", "places")
    assert frame["code"].tolist() == ["001", "010"]
    assert frame["big"].tolist() == ["32011500000000000001", "2"]
    assert frame["levels"].dtype == float


def test_only_names_of_text_are_taken_for_text() -> None:
    names = {"a.csv", "a.CSV.GZ", "a.tsv", "a.txt.gz", "a.osm.gz", "a.gz", "a.parquet"}
    assert {name for name in names if is_delimited(Path(name))} == {"a.csv", "a.CSV.GZ", "a.tsv", "a.txt.gz"}


OUTLINES = 'code,wkt\n00345678901234567892,"POLYGON ((116 39, 117 39, 117 40, 116 39))"\n'


def of_outlines(path: Path) -> list[str]:
    return [str(code) for code in read_grid_layer(path, crs="EPSG:4326").frame["code"]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("wide.csv", OUTLINES.encode("utf-16")),
        ("stated.csv", b"sep=;\r\n" + OUTLINES.replace(",wkt", ";wkt").replace("2,", "2;", 1).encode()),
        ("packed.csv.bz2", bz2.compress(OUTLINES.encode())),
        ("packed.csv.xz", lzma.compress(OUTLINES.encode())),
        ("packed.csv.zst", pa.compress(OUTLINES.encode(), codec="zstd", asbytes=True)),
        ("tabs.tsv", OUTLINES.replace(",wkt", "\twkt").replace("2,", "2\t", 1).encode()),
    ],
)
def test_outlines_in_text_are_read_as_every_other_table(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert of_outlines(path) == ["00345678901234567892"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (OUTLINES + "a,,b\n", "a.csv, line 3: the line has 3 cells, the header has 2."),
        (OUTLINES + "a\n", "a.csv, line 3: the line has 1 cell, the header has 2."),
        ("code,code,wkt\n1,2,\n", "a.csv has column 'code' more than once."),
    ],
)
def test_outlines_in_ragged_rows_or_below_one_name_twice_are_refused(rows: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(rows, "utf-8")
    assert said in refusal(of_outlines, path)


def test_geojson_under_the_name_of_a_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    shape = {"type": "Polygon", "coordinates": [[[116, 39], [117, 39], [117, 40], [116, 39]]]}
    feature = {"type": "Feature", "properties": {"code": "007"}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    assert of_outlines(path) == ["007"]


def test_an_outline_of_many_corners_is_read_whole(tmp_path: Path) -> None:
    corners = shapely.Point(116, 39).buffer(0.1, quad_segs=2_000)
    assert len(corners.wkt) > 131_072
    path = tmp_path / "a.csv"
    path.write_text(f'code,wkt\na,"{corners.wkt}"\n', "utf-8")
    assert read_grid_layer(path, crs="EPSG:4326").frame.geometry.iloc[0].equals(corners)


@pytest.mark.parametrize("rows", ["116,5;39,5;甲\n", "116.5;39,5;甲\n", "116.5;39.5;甲\n116,5;39,5;乙\n"])
def test_places_with_a_decimal_comma_are_refused_and_not_left_out(rows: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"lon;lat;name\n{rows}", "utf-8")
    assert "lat is '39,5': it has a decimal comma; write 39.5." in refusal(of_town, path)
