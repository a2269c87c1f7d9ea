import csv
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point
from sqlalchemy import Engine, text

from boundaries.addresses.geocoding import import_addresses
from boundaries.files import table_reader
from boundaries.files.cases.fields import CaseFields, CaseReading
from boundaries.files.cases.importing import CaseImport
from boundaries.files.cases.statuses import StatusReader
from boundaries.files.rejects import open_rejects
from boundaries.files.table_reader import open_table
from boundaries.files.times import TimeReader, time_zone
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.store.engine import unit_of_work
from geogrid.coordinates import WGS84, from_wgs84
from tests.db.imports import HEADER, LAT, LON, MAPPING, cases_file, good_rows, import_cases, import_town, run, scalar
from tests.fixtures_db import Database

AT = f"{LON + 0.005},{LAT + 0.005}"
"""A point in grid a."""


@pytest.fixture(autouse=True)
def _town(database: Database, tmp_path: Path) -> None:
    assert import_town(database, tmp_path, "--time-zone", "Asia/Shanghai").exit_code == 0


def cases(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("""
                select cases.*, grids.code as grid from cases left join grids on grids.id = cases.grid_id
                order by cases.id
            """)
        )
        return [dict(row) for row in rows.mappings()]


def rejects(folder: Path) -> list[list[str]]:
    with (folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def reasons(folder: Path) -> list[str]:
    return [row[-1] for row in rejects(folder)[1:]]


def test_a_good_row_becomes_a_case_in_its_grid(database: Database, engine: Engine, tmp_path: Path) -> None:
    row = f"N1,2024-03-01 08:00,2024-03-02 09:30,Completed - Dup,{AT},东山路1号,路灯不亮,13900000000"
    done = import_cases(database, cases_file(tmp_path, [row]), "--set", "channel=12345", "--source", "hotline")
    assert (done.exit_code, done.stdout) == (0, "cases.csv: 1 rows: 1 added.\n")
    (case,) = cases(engine)
    assert {
        name: case[name]
        for name in (
            "source",
            "source_key",
            "external_id",
            "channel",
            "text",
            "address",
            "status",
            "grid",
            "located_by",
        )
    } == {
        "source": "hotline",
        "source_key": "N1",
        "external_id": "N1",
        "channel": "12345",
        "text": "路灯不亮",
        "address": "东山路1号",
        "status": "closed",
        "grid": "a",
        "located_by": "point",
    }
    assert case["reported_at"] == datetime(2024, 3, 1, tzinfo=UTC)
    assert case["closed_at"] == datetime(2024, 3, 2, 1, 30, tzinfo=UTC)
    assert case["attributes"] == {"status": "Completed - Dup"}


def test_columns_that_are_not_named_are_not_stored(database: Database, engine: Engine, tmp_path: Path) -> None:
    import_cases(database, cases_file(tmp_path, good_rows(1)))
    stored = scalar(engine, "select string_agg(to_jsonb(cases)::text, '') from cases")
    assert "1390000" not in str(stored)


def test_columns_named_to_be_kept_are_stored(database: Database, engine: Engine, tmp_path: Path) -> None:
    import_cases(database, cases_file(tmp_path, good_rows(1)), "--keep", "phone")
    assert cases(engine)[0]["attributes"] == {"phone": "1390000"}


def test_every_case_has_the_events_that_tell_how_it_came(database: Database, engine: Engine, tmp_path: Path) -> None:
    import_cases(database, cases_file(tmp_path, good_rows(2)))
    told = "select string_agg(kind || coalesce(detail->>'grid', ''), ',' order by case_id, id) from case_events"
    assert scalar(engine, told) == "received,assigneda,received,assigneda"


def test_importing_a_file_again_adds_nothing(database: Database, engine: Engine, tmp_path: Path) -> None:
    rows = [*good_rows(20), f"N3,2024-03-01 00:03,,open,{AT},,another,"]
    import_cases(database, cases_file(tmp_path, rows))
    before = scalar(engine, "select md5(string_agg(c::text, '' order by id)) from cases c")
    done = import_cases(database, cases_file(tmp_path, rows))
    assert done.stdout == "cases.csv: 21 rows: 0 added, 21 stored before.\n"
    assert scalar(engine, "select md5(string_agg(c::text, '' order by id)) from cases c") == before
    assert scalar(engine, "select count(*) from case_events") == 42


def test_rows_of_one_number_with_other_content_are_kept_and_equal_ones_are_one(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    row = f"N1,2024-03-01,{{}},Completed,{AT},,a,"
    file = cases_file(tmp_path, [row.format("2024-03-02"), row.format("2024-03-05"), row.format("2024-03-02")])
    done = import_cases(database, file)
    assert done.stdout == (
        "cases.csv: 3 rows: 2 added, 1 repeated in the file.\n"
        "1 have a number that an earlier row has with other content; each is a case of its own.\n"
    )
    assert [case["external_id"] for case in cases(engine)] == ["N1", "N1"]
    assert len({case["source_key"] for case in cases(engine)}) == 2


def test_without_numbers_the_content_is_the_identity(database: Database, engine: Engine, tmp_path: Path) -> None:
    mapping = ("--jurisdiction", "town", "--time", "when", "--lon", "lon", "--lat", "lat", "--text", "what")
    file = cases_file(tmp_path, [*good_rows(3), good_rows(1)[0]])
    assert "3 added, 1 repeated" in import_cases(database, file, mapping=mapping).stdout
    assert "0 added, 3 stored before, 1 repeated" in import_cases(database, file, mapping=mapping).stdout
    assert scalar(engine, "select count(*) from cases") == 3


def test_a_case_that_a_later_file_closes_is_closed_and_not_opened_again(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    first = cases_file(tmp_path, [f"N1,2024-03-01,,Open,{AT},,a,"], name="march.csv")
    later = cases_file(tmp_path, [f"N1,2024-03-01,2024-04-02,Completed,{AT},,a,"], name="april.csv")
    import_cases(database, first)
    assert "0 added, 1 stored before, 1 of them moved on." in import_cases(database, later).stdout
    assert "moved on" not in import_cases(database, first).stdout
    (case,) = cases(engine)
    assert (case["status"], case["closed_at"]) == ("closed", datetime(2024, 4, 1, 16, tzinfo=UTC))
    assert scalar(engine, "select string_agg(kind, ',' order by id) from case_events") == "received,assigned,closed"


def test_bad_rows_go_to_the_rejects_file_with_line_and_reason(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    rows = [
        f"N1,2024-03-01,,open,{AT},,good,",
        f"N2,01/02/2024,,open,{AT},,ambiguous,",
        "N3,2024-03-01,,open,,,,no place,",
        "N4,2024-03-01,,open,0,0,,zero,",
        "N5,2024-03-01,,open,119,31,,whole degrees and far,",
        "N6,2024-03-01,,open,118.80,100,,off the earth,",
        f"N7,2024-03-01,,odd,{AT},,status,",
        f"N8,2024-03-02,2024-03-01,closed,{AT},,closed first,",
        f"N9,2024-03-01,2024-03-02,open,{AT},,open and closed,",
        f"N10,2999-01-01,,open,{AT},,future,",
        f"N11,,,open,x,{LAT},,two faults,",
        "N12,2024-03-01",
        "N13,2024-03-01,,open,119,32,,whole degrees and near,",
        f"N14,2024-03-01,,open,{AT},,null\0character,",
    ]
    done = import_cases(database, cases_file(tmp_path, rows))
    assert done.exit_code == 3
    assert done.stdout == "cases.csv: 14 rows: 1 added, 13 rejected.\n"
    assert scalar(engine, "select string_agg(text, ',') from cases") == "good"
    assert rejects(tmp_path)[0] == [*HEADER.split(","), "line", "reason"]
    assert [row[-2] for row in rejects(tmp_path)[1:]] == [str(line) for line in range(3, 16)]
    assert "\n".join(reasons(tmp_path)) == (
        "the reporting time '01/02/2024' may be day or month first; name the format, "
        "e.g. --time-format '%m/%d/%Y %I:%M:%S %p'\n"
        "it has neither point nor address\n"
        "its point is 0, 0, which stands for an unknown one\n"
        "its point 119.000000, 31.000000 is 101 km from the jurisdiction; at most 50 km are believed\n"
        "its point 118.8, 100 is not on the earth\n"
        "the status 'odd' is unknown; say what it means, e.g. --status-value 'odd=open'\n"
        "it was closed (2024-03-01) before it was reported (2024-03-02)\n"
        "it has a closing time and the status 'open'\n"
        "the reporting time '2999-01-01' is in the future\n"
        "it has no reporting time; lon 'x' is no number\n"
        "the line has 2 cells, the header has 9\n"
        "its point 119, 32 is of whole degrees, which stands for a rough one\n"
        "a cell has a null character"
    )


def test_a_corrected_rejects_file_can_be_imported(database: Database, engine: Engine, tmp_path: Path) -> None:
    import_cases(database, cases_file(tmp_path, [*good_rows(3), "N9,2024-03-01,,open,,,,dark,"]))
    corrected = tmp_path / "corrected.csv"
    corrected.write_text((tmp_path / "rejects.csv").read_text(encoding="utf-8-sig").replace(",,,,dark", f",{AT},,dark"))
    text_of = corrected.read_text().replace("open,,", f"open,{AT}")
    corrected.write_text(text_of)
    assert import_cases(database, corrected).exit_code == 0
    assert scalar(engine, "select count(*) from cases") == 4


def test_points_near_but_outside_every_grid_are_stored_without_one(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    done = import_cases(database, cases_file(tmp_path, [f"N1,2024-03-01,,open,{LON + 0.1},{LAT},,a,"]))
    assert done.exit_code == 0
    assert done.stdout.endswith("1 lie outside every grid and have none.\n")
    assert [case["grid"] for case in cases(engine)] == [None]
    assert scalar(engine, "select detail->>'reason' from case_events where kind = 'unassigned'") == (
        "The point is outside every grid."
    )


def test_rows_without_a_point_are_placed_by_their_address(database: Database, engine: Engine, tmp_path: Path) -> None:
    with unit_of_work(engine) as session:
        known = gpd.GeoDataFrame(
            {"street": ["Main Street"], "house_number": ["5"]}, geometry=[Point(LON + 0.015, LAT + 0.005)], crs=4326
        )
        import_addresses(session, get_jurisdiction(session, "town").id, known, "test")
    rows = ["N1,2024-03-01,,open,,,Main Street 5,a,", "N2,2024-03-01,,open,,,Nowhere Lane 9,b,"]
    done = import_cases(database, cases_file(tmp_path, rows))
    assert "1 were placed by their address." in done.stdout
    (case,) = cases(engine)
    assert (case["grid"], case["located_by"]) == ("b", "address")
    assert reasons(tmp_path) == ["it has no point, and its address 'Nowhere Lane 9' was not found"]


def test_a_dry_run_stores_nothing_and_writes_the_rejects(database: Database, engine: Engine, tmp_path: Path) -> None:
    done = import_cases(database, cases_file(tmp_path, [*good_rows(2), "N9,,,,,,,,"]), "--dry-run")
    assert (done.exit_code, done.stdout) == (3, "cases.csv: 3 rows: 2 would be added, 1 rejected.\n")
    assert scalar(engine, "select count(*) from cases") == 0
    assert len(rejects(tmp_path)) == 2


def test_a_file_of_bad_rows_only_exits_with_1(database: Database, engine: Engine, tmp_path: Path) -> None:
    assert import_cases(database, cases_file(tmp_path, ["N9,,,,,,,,"])).exit_code == 1
    assert scalar(engine, "select count(*) from cases") == 0


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx", ".csv.gz"])
def test_the_same_rows_in_another_format_are_the_same_cases(
    database: Database, engine: Engine, tmp_path: Path, suffix: str
) -> None:
    file = cases_file(tmp_path, good_rows(30))
    import_cases(database, file)
    frame = pd.read_csv(file, dtype={"lon": float, "lat": float, "when": str, "phone": str})
    other = tmp_path / f"other{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(other)
    elif suffix == ".xlsx":
        frame.to_excel(other, index=False)
    else:
        frame.to_csv(other, index=False)
    assert import_cases(database, other).stdout == f"other{suffix}: 30 rows: 0 added, 30 stored before.\n"
    assert scalar(engine, "select count(*) from cases") == 30


def test_metres_come_to_their_grid_with_the_crs_named(database: Database, engine: Engine, tmp_path: Path) -> None:
    place = gpd.GeoSeries([Point(LON + 0.025, LAT + 0.005)], crs=4326).to_crs(4549)
    file = cases_file(tmp_path, [f"N1,2024-03-01,,open,{place.x[0]},{place.y[0]},,a,"])
    mapping = ("--jurisdiction", "town", "--time", "when", "--x", "lon", "--y", "lat")
    assert import_cases(database, file, "--crs", "EPSG:4549", mapping=mapping).exit_code == 0
    assert cases(engine)[0]["grid"] == "c"
    told = import_cases(database, file, mapping=mapping)
    assert (told.exit_code, "--x and --y need --crs" in told.stderr) == (2, True)


def test_amap_points_come_to_their_grid(database: Database, engine: Engine, tmp_path: Path) -> None:
    lon, lat = from_wgs84([LON + 0.0101], [LAT + 0.005], "gcj02")
    file = cases_file(tmp_path, [f"N1,2024-03-01,,open,{lon[0]},{lat[0]},,a,"])
    import_cases(database, file, "--coord-type", "gcj02")
    assert cases(engine)[0]["grid"] == "b"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [f"N{n},2024-03-01,,open,{LAT},{LON + 0.005},,a," for n in range(9)],
            "They look like latitude before longitude. Name the two columns the other way round: longitude (x) first.",
        ),
        (
            [f"N{n},2024-03-01,,open,{671000 + n},{3531000 + n},,a," for n in range(9)],
            "with which they fall into the jurisdiction. Name it: --crs EPSG:",
        ),
        (
            [f"N{n},01/02/2024,,open,{AT},,a," for n in range(9)],
            "In cases.csv the reporting time '01/02/2024' may be day or month first; name the format",
        ),
        ([], "cases.csv has a header and no rows."),
    ],
    ids=["swapped", "metres", "ambiguous times", "no rows"],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused(
    database: Database, engine: Engine, tmp_path: Path, rows: list[str], said: str
) -> None:
    done = import_cases(database, cases_file(tmp_path, rows))
    assert done.exit_code == 1
    assert said in done.stderr
    assert scalar(engine, "select count(*) from cases") == 0
    assert not (tmp_path / "rejects.csv").exists()


def test_a_time_format_settles_what_is_ambiguous(database: Database, engine: Engine, tmp_path: Path) -> None:
    file = cases_file(tmp_path, [f"N1,01/02/2024,,open,{AT},,a,"])
    import_cases(database, file, "--time-format", "%d/%m/%Y", "--time-zone", "UTC")
    assert cases(engine)[0]["reported_at"] == datetime(2024, 2, 1, tzinfo=UTC)


def test_words_of_the_users_system_are_explained(database: Database, engine: Engine, tmp_path: Path) -> None:
    file = cases_file(tmp_path, [f"N1,2024-03-01,,挂起,{AT},,a,"])
    import_cases(database, file, "--status-value", "挂起=in_progress")
    assert cases(engine)[0]["status"] == "in_progress"


def test_everything_missing_is_said_at_once(database: Database, tmp_path: Path) -> None:
    mapping = ("--jurisdiction", "town", "--id", "no", "--lon", "lon")
    done = import_cases(database, cases_file(tmp_path, good_rows(1)), mapping=mapping)
    assert done.stderr == (
        "Error: cases.csv has no column 'no' (--id). "
        "It has: number, when, closed, status, lon, lat, address, what, phone.\n"
        "No column says when a case was reported. Name it: --time COLUMN.\n"
        "--lon and --lat go together. Name both columns, or neither.\n"
    )


def test_map_is_another_way_to_name_columns(database: Database, engine: Engine, tmp_path: Path) -> None:
    pairs = ("time=when", "lon=lon", "lat=lat")
    mapping = ("--jurisdiction", "town", *(word for pair in pairs for word in ("--map", pair)))
    assert import_cases(database, cases_file(tmp_path, good_rows(2)), mapping=mapping).exit_code == 0
    assert scalar(engine, "select count(*) from cases") == 2
    told = import_cases(database, cases_file(tmp_path, good_rows(2)), "--map", "when=time")
    assert (told.exit_code, "FIELD one of id, time, closed" in told.stderr) == (2, True)


def test_a_jurisdiction_without_edition_has_no_grids_for_cases(database: Database, tmp_path: Path) -> None:
    run(database, "import", "grids", tmp_path / "town.gpkg", "--jurisdiction", "new", "--code", "code")
    mapping = ("--jurisdiction", "new", *MAPPING[2:])
    done = import_cases(database, cases_file(tmp_path, good_rows(1)), mapping=mapping)
    assert done.stderr == (
        "Error: Jurisdiction 'new' has no edition in force, so cases have no grids to be located in. "
        "Publish one, e.g. with geogrid import grids --publish.\n"
    )


def test_the_counts_are_reported_as_json(database: Database, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    import_cases(database, cases_file(tmp_path, [*good_rows(2), "N9,,,,,,,,"]), "--report", report)
    told = json.loads(report.read_text(encoding="utf-8"))
    assert (told["outcome"], told["rows"], told["added"], told["rejected"]) == ("imported", 3, 2, 1)
    assert told["reasons"] == {"it has no reporting time": 1}


@pytest.mark.parametrize("folder", ["/proc/1", "no-such-folder"])
def test_a_rejects_file_that_cannot_be_written_stops_the_import_first(
    database: Database, engine: Engine, tmp_path: Path, folder: str
) -> None:
    path = tmp_path / folder / "r.csv"
    done = import_cases(database, cases_file(tmp_path, good_rows(2)), "--rejects", path)
    assert done.exit_code == 1
    assert f"The rejects file {path} cannot be written:" in done.stderr
    assert done.stderr.endswith("Nothing was imported. Name another place with --rejects.\n")
    assert scalar(engine, "select count(*) from cases") == 0


def test_a_file_cut_short_after_many_good_rows_imports_nothing(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    rows = [*good_rows(table_reader.ROWS_A_CHUNK + 10), 'N99999,2024-03-01,,open,1,1,,"cut']
    done = import_cases(database, cases_file(tmp_path, rows))
    assert done.exit_code == 1
    cut = table_reader.ROWS_A_CHUNK + 12
    assert f"cases.csv is cut short: it ends within the quoted cell of line {cut}." in done.stderr
    assert scalar(engine, "select count(*) from cases") == 0
    assert list(tmp_path.glob("*rejects*")) + list(tmp_path.glob(".*rejects*")) == []


def test_two_imports_of_one_file_at_once_store_each_row_once(engine: Engine, tmp_path: Path) -> None:
    file = cases_file(tmp_path, good_rows(8000))
    fields = CaseFields({"id": "number", "time": "when", "lon": "lon", "lat": "lat"})
    reading = CaseReading(TimeReader(time_zone("UTC")), StatusReader(), WGS84)
    added: list[int] = []

    def import_once(rejects_file: Path) -> None:
        with open_table(file) as table, open_rejects(rejects_file) as bad, unit_of_work(engine) as session:
            town = get_jurisdiction(session, "town")
            added.append(CaseImport(town, fields, reading, "s", file, datetime.now(UTC)).run(session, table, bad).added)

    threads = [threading.Thread(target=import_once, args=(tmp_path / f"r{n}.csv",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [0, 8000]
    assert scalar(engine, "select count(*) from cases") == 8000
    assert scalar(engine, "select count(*) from case_events") == 16000
