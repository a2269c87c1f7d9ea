"""Files that people have sent to others: the right value of each, or a refusal that says why."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Engine, text

from tests.db.imports import run
from tests.fixtures_db import Database

pytestmark = pytest.mark.shared_data
GRIDS = ("--jurisdiction", "j", "--code", "code")
CASES = ("--id", "id", "--time", "t", "--lon", "lon", "--lat", "lat", "--text", "x")


@pytest.fixture
def inputs(shared_data: Path) -> Path:
    return shared_data / "failing_inputs"


@pytest.fixture
def base(database: Database, inputs: Path) -> Database:
    columns = ("--code", "code", "--name", "name", "--households", "hh", "--time-zone", "Asia/Shanghai")
    file = inputs / "wrong-zone-far-from-edition" / "base.gpkg"
    done = run(database, "import", "grids", file, "--jurisdiction", "base", *columns, "--publish")
    assert done.exit_code == 0, done.output
    return database


def grids(database: Database, file: Path, *options: str, publish: bool = True) -> Result:
    return run(database, "import", "grids", file, *GRIDS, *options, *(("--publish",) if publish else ()))


def cases(database: Database, file: Path, folder: Path, *options: str, mapping: Sequence[str] = CASES) -> Result:
    rejects = ("--rejects", str(folder / "rejects.csv"))
    return run(database, "import", "cases", file, "--jurisdiction", "base", *mapping, *rejects, *options)


def rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


STORED = "select g.code, p.code, g.name from grids g left join grids p on p.id = g.parent_id order by g.level, g.code"
STORED_CASES = "select external_id, text, status, closed_at from cases order by external_id, text"


@pytest.mark.parametrize("name", ["num20.geojson", "num20b.geojson"])
def test_codes_that_have_lost_digits_are_refused(database: Database, inputs: Path, name: str) -> None:
    done = grids(database, inputs / "codes-20-digit-numbers" / name)
    assert done.exit_code == 1
    assert "4 numbers of the column code have lost their last digits" in done.stderr
    assert "Export the codes as text." in done.stderr


def test_whole_numbers_stay_exact_beside_a_missing_one(database: Database, engine: Engine, inputs: Path) -> None:
    done = grids(database, inputs / "int64-with-null" / "i64.gpkg", "--parent", "par", publish=False)
    parents = {parent for _, parent, _ in rows(engine, STORED)}
    assert done.exit_code != 2
    told = done.output
    exact = {str(parent) for parent in parents - {None}} or {"320115"}
    assert all((len(parent) == 18 and not parent.endswith("00000")) or parent == "320115" for parent in exact), told


def test_loads_written_as_text_are_added_as_numbers(database: Database, engine: Engine, inputs: Path) -> None:
    done = grids(database, inputs / "dissolve-text-loads" / "dis_text.geojson", "--households", "hh", "--dissolve")
    assert done.exit_code == 0, done.output
    assert rows(engine, "select code, households from grids order by code") == [("A", 300.0), ("B", 700.0)]


def test_rows_of_one_grid_with_two_parents_are_refused(database: Database, inputs: Path, tmp_path: Path) -> None:
    file, report = inputs / "dissolve-two-parents" / "dis_par.gpkg", tmp_path / "report.json"
    done = grids(database, file, "--name", "nm", "--parent", "par", "--dissolve", "--report", str(report))
    assert done.exit_code == 1
    found = {problem["kind"]: problem for problem in json.loads(report.read_text("utf-8"))["problems"]}
    assert found["two-parents"]["message"] == "The 2 rows of grid A have 2 parents: P, Q."
    assert found["two-names"]["message"] == "The 2 rows of grid A have 2 names: 甲, 乙. 甲 is kept."


def test_one_fault_of_each_word_for_missing_is_a_name(database: Database, engine: Engine, inputs: Path) -> None:
    done = grids(database, inputs / "names-na-nan-null" / "na.gpkg", "--name", "name")
    assert done.exit_code == 0, done.output
    stored = {code: name for code, _, name in rows(engine, STORED)}
    assert stored == {"NA": "Nan", "NE": "North", "SA": "South", "SE": "Null"}


def test_characters_that_nobody_sees_are_left_out_and_told(database: Database, engine: Engine, inputs: Path) -> None:
    done = grids(database, inputs / "invisible-character-code" / "zw.gpkg", "--parent", "par")
    assert done.exit_code == 3
    assert "U+200B" in done.stderr
    stored = [(code, parent) for code, parent, _ in rows(engine, STORED)]
    assert stored == [("A", None), ("B", None), ("A1", "A"), ("A2", "A"), ("B1", "B"), ("B2", "B")]


def test_parent_zero_is_none(database: Database, engine: Engine, inputs: Path) -> None:
    done = grids(database, inputs / "parent-zero" / "par0.gpkg", "--parent", "par")
    assert done.exit_code == 0, done.output
    assert [(code, parent) for code, parent, _ in rows(engine, STORED)] == [
        ("R", None),
        ("A", "R"),
        ("B", "R"),
        ("C", "R"),
    ]


def test_the_one_layer_with_shapes_is_taken(database: Database, inputs: Path) -> None:
    done = grids(database, inputs / "layer-styles" / "styles.gpkg")
    assert done.exit_code == 0, done.output
    assert "4 grid" in done.stdout


def test_folders_of_kml_come_all_at_once(database: Database, inputs: Path) -> None:
    done = grids(database, inputs / "kml-nested-folders" / "nested.kml")
    assert done.exit_code == 0, done.output
    assert "4 grid" in done.stdout


def test_archive_without_encoding_is_refused_or_read_right(database: Database, engine: Engine, inputs: Path) -> None:
    file = inputs / "zip-gbk-no-cpg" / "town_gbk.zip"
    done = grids(database, file, "--name", "name")
    assert done.exit_code == 1
    assert "网格00" in done.stderr
    done = grids(database, file, "--name", "name", "--encoding", "gbk")
    assert done.exit_code == 0, done.output
    assert sorted(str(name) for _, _, name in rows(engine, STORED)) == ["网格00", "网格01", "网格10", "网格11"]


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [
        ("xlsx-dimension/dim2.xlsx", (), 10),
        ("xlsx-merged-title/title.xlsx", (), 2),
        ("xlsx-merged-title/twohdr.xlsx", (), 2),
        ("xlsx-empty-sheets/sheets.xlsx", (), 2),
        ("xlsx-chartsheet/chart.xlsx", (), 2),
        ("csv-sep-line/sep.csv", (), 1),
        ("csv-bom-encoding-utf8/bom.csv", ("--encoding", "utf-8"), 1),
        ("csv-utf16/u16.csv", (), 1),
    ],
)
def test_every_case_of_the_table_is_stored(  # noqa: PLR0913, PLR0917 - fixtures
    base: Database, engine: Engine, inputs: Path, tmp_path: Path, name: str, options: tuple[str, ...], count: int
) -> None:
    done = cases(base, inputs / name, tmp_path, *options)
    assert done.exit_code == 0, done.output
    assert len(rows(engine, STORED_CASES)) == count


def test_header_that_is_not_in_the_first_row_is_told(base: Database, inputs: Path, tmp_path: Path) -> None:
    assert "in row 2" in cases(base, inputs / "xlsx-merged-title" / "title.xlsx", tmp_path).stderr


def test_header_with_a_line_feed_is_one(base: Database, inputs: Path, tmp_path: Path) -> None:
    done = cases(base, inputs / "csv-header-newline" / "hdrnl.csv", tmp_path, mapping=CASES[:-2])
    assert done.exit_code == 0, done.output
    assert "1 new" in done.stdout or "1 " in done.stdout


def test_formula_without_a_stored_value_is_listed(base: Database, engine: Engine, inputs: Path, tmp_path: Path) -> None:
    done = cases(base, inputs / "xlsx-formula-no-cache" / "formula.xlsx", tmp_path)
    assert done.exit_code == 3
    assert [case[1] for case in rows(engine, STORED_CASES)] == ["井盖"]
    assert "has no stored value" in (tmp_path / "rejects.csv").read_text("utf-8-sig")


def test_sheet_of_a_chart_is_named_as_such(base: Database, inputs: Path, tmp_path: Path) -> None:
    done = cases(base, inputs / "xlsx-chartsheet" / "chart.xlsx", tmp_path, "--sheet", "图")
    assert done.exit_code == 1
    assert "'图'" in done.stderr
    assert "is a chart" in done.stderr


def test_control_characters_of_excel_are_line_breaks(
    base: Database, engine: Engine, inputs: Path, tmp_path: Path
) -> None:
    assert cases(base, inputs / "xlsx-x000d" / "esc.xlsx", tmp_path).exit_code == 0
    assert rows(engine, STORED_CASES)[0][1] == "line1\nline2"


def test_encoding_that_is_none_of_text_is_one_sentence(base: Database, inputs: Path, tmp_path: Path) -> None:
    done = cases(base, inputs / "csv-bom-encoding-utf8" / "bom.csv", tmp_path, "--encoding", "hex")
    assert done.exit_code == 1
    assert "There is no encoding 'hex'." in done.stderr


def test_line_of_a_bad_byte_is_told(base: Database, inputs: Path, tmp_path: Path) -> None:
    done = cases(base, inputs / "csv-one-bad-byte" / "badbyte.csv", tmp_path)
    assert done.exit_code == 1
    assert "line 152" in done.stderr


def test_what_is_to_be_closed_some_day_is_open(base: Database, engine: Engine, inputs: Path, tmp_path: Path) -> None:
    done = cases(base, inputs / "csv-closed-9999" / "sent.csv", tmp_path, "--closed", "c")
    assert done.exit_code == 3
    assert [case[0::2][:2] for case in rows(engine, STORED_CASES)] == [("1", "open"), ("2", "open")]
    assert {case[3] for case in rows(engine, STORED_CASES)} == {None}


def test_word_for_missing_can_be_named(base: Database, engine: Engine, inputs: Path, tmp_path: Path) -> None:
    done = cases(base, inputs / "csv-null-words" / "null.csv", tmp_path, "--closed", "c", "--missing", "NULL")
    assert done.exit_code == 3
    assert [case[:3] for case in rows(engine, STORED_CASES)] == [("1", "", "open"), ("3", "a", "closed")]
    kept = (tmp_path / "rejects.csv").read_text("utf-8-sig").splitlines()[1]
    assert kept.startswith("2,2024-01-01 10:00,NULL,NULL,a,NULL,3,")


@pytest.mark.parametrize("name", ["sci.csv", "serial.csv"])
def test_numbers_that_excel_has_cut_are_told(base: Database, inputs: Path, tmp_path: Path, name: str) -> None:
    assert cases(base, inputs / "csv-excel-ids" / name, tmp_path).exit_code in {1, 3}
    told = (tmp_path / "rejects.csv").read_text("utf-8-sig")
    assert told.count("is a number that a spreadsheet has shortened") == 2
    assert ("day number of Excel (2024-01-01)" in told) == (name == "serial.csv")


def test_line_with_a_broken_quote_is_rejected_as_it_stands(base: Database, inputs: Path, tmp_path: Path) -> None:
    done = cases(base, inputs / "csv-broken-quote" / "quote.csv", tmp_path)
    assert done.exit_code == 3
    line = (tmp_path / "rejects.csv").read_text("utf-8-sig").splitlines()[1]
    assert line.startswith('2,2024-01-01 10:00,118.805,32.005,"""5"" pipe""",3,')


def test_corrected_rejects_are_imported_by_the_same_command(
    base: Database, engine: Engine, inputs: Path, tmp_path: Path
) -> None:
    columns = ("--id", "编号", "--time", "时间", "--lon", "经度", "--lat", "纬度", "--text", "内容")
    done = cases(base, inputs / "csv-gbk-rejects" / "gbk.csv", tmp_path, "--encoding", "gbk", mapping=columns)
    assert done.exit_code == 3
    rejected = tmp_path / "corrected.csv"
    rejected.write_text((tmp_path / "rejects.csv").read_text("utf-8-sig").replace("昨天", "2024-01-02"), "utf-8-sig")
    done = cases(base, rejected, tmp_path, "--encoding", "gbk", mapping=columns)
    assert done.exit_code == 0, done.output
    assert len(rows(engine, STORED_CASES)) == 2


def test_decimal_comma_is_named(base: Database, inputs: Path, tmp_path: Path) -> None:
    assert cases(base, inputs / "csv-decimal-comma" / "deccomma.csv", tmp_path).exit_code in {1, 3}
    assert "decimal comma" in (tmp_path / "rejects.csv").read_text("utf-8-sig")


def test_addresses_of_other_continents_are_refused(
    base: Database, engine: Engine, inputs: Path, tmp_path: Path
) -> None:
    file = inputs / "addresses-far-away" / "addr_far.csv"
    done = run(base, "import", "addresses", file, "--jurisdiction", "base", "--rejects", tmp_path / "rejects.csv")
    assert done.exit_code == 1
    assert "km from the jurisdiction" in done.stderr
    assert rows(engine, "select count(*) from addresses") == [(0,)]


def test_datum_without_a_known_shift_is_told(database: Database, inputs: Path) -> None:
    done = grids(database, inputs / "old-datum-no-shift" / "bj54.gpkg")
    assert done.exit_code == 3
    assert "Beijing 1954" in done.stderr


def test_grids_far_from_the_edition_in_force_are_told(base: Database, inputs: Path) -> None:
    file = inputs / "wrong-zone-far-from-edition" / "zone_off.gpkg"
    done = run(base, "import", "grids", file, "--jurisdiction", "base", "--code", "code", "--publish")
    assert done.exit_code in (1, 3)
    assert "283 km" in done.stderr


def test_zone_of_the_other_kind_is_named(database: Database, inputs: Path) -> None:
    done = grids(database, inputs / "cm-labelled-zone" / "cm_as_prefix.gpkg")
    assert done.exit_code == 1
    assert "EPSG:4549" in done.stderr


def test_town_across_the_180th_meridian_is_told_so(database: Database, inputs: Path) -> None:
    done = grids(database, inputs / "antimeridian" / "anti.gpkg")
    assert "180" in done.stderr
    assert "state plane" not in done.stderr


def test_names_of_typed_formats_are_names_whatever_they_say(database: Database, engine: Engine, inputs: Path) -> None:
    done = grids(database, inputs / "names-na-nan-null" / "na2.gpkg", "--name", "name")
    assert done.exit_code == 0, done.output
    assert {"Nan", "Null"} <= {name for _, _, name in rows(engine, STORED)}


MAPS = {
    "coverage": ("coverage",),
    "hotspots": ("hotspots",),
    "hotspots by a method": ("hotspots", "--method", "gi_star", "--base", "none", "--permutations", "100"),
    "two periods": (
        *("hotspots", "--method", "gi_star", "--base", "none", "--permutations", "100"),
        *("--split", "2026-03-04T00:00:00Z"),
    ),
}


@pytest.mark.parametrize("name", MAPS)
def test_map_of_a_town_across_the_180th_meridian_shows_the_town(
    name: str, database: Database, inputs: Path, tmp_path: Path
) -> None:
    assert grids(database, inputs / "antimeridian" / "anti2.gpkg").exit_code == 0
    lons = [179.995, 179.996, 179.997, -179.995, -179.996, 179.999]
    lines = [f"N{n},2026-03-0{n + 1}T10:00:00Z,{lon},-16.985,x" for n, lon in enumerate(lons)]
    (tmp_path / "cases.csv").write_text("\n".join(["id,t,lon,lat,x", *lines]), encoding="utf-8")
    done = run(database, "import", "cases", tmp_path / "cases.csv", "--jurisdiction", "j", *CASES)
    assert "6 added" in done.output, done.output
    done = run(database, "map", *MAPS[name], "--out", tmp_path / "map.html")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "map.html").read_text("utf-8")
    bounds = re.search(r'"bounds":(\[\[.*?\]\])', page)
    assert bounds is not None
    (_, west), (_, east) = json.loads(bounds[1])
    assert 0 < east - west < 0.05
    assert west < 180 < east
    # Everything that is drawn lies within: no shape and no case is a turn of the earth away.
    assert not re.search(r"\[-1(?:79|80)\.\d+, ?-?\d", page)
