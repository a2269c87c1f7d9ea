import json
import threading
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import box
from sqlalchemy import Engine, text

from boundaries.editions.reading import editions_of
from boundaries.files.grids.fields import GridFields
from boundaries.files.grids.importing import GridFile, JurisdictionChoice, import_grids
from boundaries.jurisdictions.reading import get_jurisdiction
from boundaries.store.engine import unit_of_work
from tests.db.imports import LAT, LON, grids_file, import_town, run, scalar
from tests.fixtures_db import Database

COLUMNS = ("--jurisdiction", "town", "--code", "code")


def test_a_clean_file_becomes_an_edition(database: Database, engine: Engine, tmp_path: Path) -> None:
    done = import_town(database, tmp_path, "--jurisdiction-name", "小镇", "--time-zone", "Asia/Shanghai")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("town.gpkg: 2 community, 4 grid; imported as plan ")
    assert done.stdout.endswith(", published. 0 errors, 0 warnings.\n")
    with engine.connect() as connection:
        rows = connection.execute(
            text("""
                select g.code, g.name, g.level, p.code, g.kind, g.households
                from grids g left join grids p on p.id = g.parent_id order by g.level, g.code
            """)
        ).all()
        town = connection.execute(text("select name, time_zone from jurisdictions")).one()
    assert rows[0] == ("E", "E", 1, None, "parent", 70.0)
    assert rows[2] == ("a", "甲", 2, "W", "comprehensive", 10.0)
    assert tuple(town) == ("小镇", "Asia/Shanghai")
    assert scalar(engine, "select count(*) from assignments") == 4


def test_without_publish_the_plan_is_a_draft(database: Database, engine: Engine, tmp_path: Path) -> None:
    done = run(database, "import", "grids", grids_file(tmp_path), *COLUMNS)
    assert done.exit_code == 0
    assert ", a draft. " in done.stdout
    assert scalar(engine, "select state from plans") == "draft"


def test_a_refused_file_stores_nothing_and_exits_with_1(database: Database, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    columns = {"code": ["a", None, "b", "b"]}
    shapes = [box(LON + n / 100, LAT, LON + (n + 1) / 100, LAT + 0.01) for n in range(4)]
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_file(path)
    done = run(database, "import", "grids", path, *COLUMNS, "--publish")
    assert done.exit_code == 1
    assert done.stderr.endswith("Error: town.gpkg is refused: 2 errors, 0 warnings. Nothing is stored.\n")
    assert "Row 2 has no code." in done.stderr
    assert "Code b stands in 2 rows: 3, 4." in done.stderr
    assert scalar(engine, "select count(*) from jurisdictions") == 0


def faulty_file(folder: Path) -> Path:
    """Two cells that overlap, and a third with a gap before it."""
    path = folder / "town.gpkg"
    shapes = [box(LON, LAT, LON + 0.011, LAT + 0.01), box(LON + 0.01, LAT, LON + 0.02, LAT + 0.01)]
    shapes.append(box(LON + 0.020005, LAT, LON + 0.03, LAT + 0.01))
    gpd.GeoDataFrame({"code": ["a", "b", "c"]}, geometry=shapes, crs=4326).to_file(path)
    return path


def test_warnings_are_imported_listed_and_exit_with_3(database: Database, engine: Engine, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = run(database, "import", "grids", faulty_file(tmp_path), *COLUMNS, "--publish", "--report", report)
    assert done.exit_code == 3
    assert done.stdout.endswith(", published. 0 errors, 2 warnings.\n")
    told = json.loads(report.read_text(encoding="utf-8"))
    assert {name: told[name] for name in ("file", "crs", "jurisdiction", "outcome", "published", "grids")} == {
        "file": "town.gpkg",
        "crs": "EPSG:4326",
        "jurisdiction": "town",
        "outcome": "imported",
        "published": True,
        "grids": [{"level": 1, "name": "grid", "name_zh": "网格", "count": 3}],
    }
    assert [(problem["kind"], problem["subject"], problem["unit"]) for problem in told["problems"]] == [
        ("overlap", "a, b", "m2"),
        ("gap", "b, c", "m2"),
    ]
    assert told["problems"][0]["size"] == pytest.approx(94.6 * 1109, rel=0.01)
    assert told["problems"][1]["lonlat"] == pytest.approx([LON + 0.0200025, LAT + 0.005], abs=1e-5)
    assert scalar(engine, "select count(*) from grids") == 3


def test_the_stored_coverage_has_no_overlap(database: Database, engine: Engine, tmp_path: Path) -> None:
    run(database, "import", "grids", faulty_file(tmp_path), *COLUMNS)
    overlap = """
        select coalesce(sum(ST_Area(ST_Intersection(one.geom, other.geom))), 0)
        from grids one join grids other on one.id < other.id
    """
    assert scalar(engine, overlap) == 0.0


def test_problems_stand_in_aligned_columns_where_there_is_no_terminal(database: Database, tmp_path: Path) -> None:
    lines = run(database, "import", "grids", faulty_file(tmp_path), *COLUMNS, "--dry-run").stderr.splitlines()
    assert lines[0].split() == ["problem", "place", "(lon,", "lat)", "size", "what"]
    assert (
        len({line.index(word) for line, word in zip(lines, ("what", "Grids a and b", "There is"), strict=False)}) == 1
    )


def test_of_many_problems_of_a_kind_twenty_are_shown(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "many.gpkg"
    shapes = [box(LON + n / 1000, LAT, LON + (n + 1) / 1000, LAT + 0.01) for n in range(30)]
    gpd.GeoDataFrame({"code": [None] * 30}, geometry=shapes, crs=4326).astype({"code": object}).to_file(path)
    done = run(database, "import", "grids", path, *COLUMNS)
    assert done.stderr.count("has no code.") == 20
    assert "and 10 more of kind null-code, see --report" in done.stderr


def test_a_dry_run_stores_nothing(database: Database, engine: Engine, tmp_path: Path) -> None:
    done = run(database, "import", "grids", grids_file(tmp_path), *COLUMNS, "--dry-run")
    assert done.exit_code == 0
    assert done.stdout == "town.gpkg: 4 grid; could be imported; nothing is stored (--dry-run). 0 errors, 0 warnings.\n"
    assert scalar(engine, "select count(*) from jurisdictions") == 0


def test_a_refusal_is_reported_as_json_too(database: Database, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = run(
        database, "import", "grids", grids_file(tmp_path), "--jurisdiction", "t", "--code", "x", "--report", report
    )
    assert done.exit_code == 1
    told = json.loads(report.read_text(encoding="utf-8"))
    assert (told["outcome"], told["problems"][0]["kind"]) == ("refused", "missing-column")


def test_a_second_edition_ends_the_first(database: Database, engine: Engine, tmp_path: Path) -> None:
    import_town(database, tmp_path, "--valid-from", "2024-01-01T00:00:00+08:00")
    later = ("--valid-from", "2025-01-01T00:00:00+08:00")
    refused = import_town(database, tmp_path, *later)
    assert refused.exit_code == 1
    assert "lookups of that time were answered from edition" in refused.stderr
    assert "say with --accept-backdated why it is meant" in refused.stderr
    assert scalar(engine, "select count(*) from plans") == 1
    done = import_town(database, tmp_path, *later, "--accept-backdated", "the first was late")
    assert done.exit_code == 0
    assert scalar(engine, "select kind || ': ' || reason from acceptances") == "backdated: the first was late"
    with unit_of_work(engine) as session:
        town = get_jurisdiction(session, scalar(engine, "select code from jurisdictions"))
        assert [plan.state for plan in editions_of(session, town.id)] == ["retired", "published"]


def test_another_number_of_levels_is_refused_for_a_jurisdiction_with_plans(database: Database, tmp_path: Path) -> None:
    import_town(database, tmp_path)
    done = run(database, "import", "grids", grids_file(tmp_path), *COLUMNS)
    assert done.exit_code == 1
    assert "The file has 1 level, and 2 names are given (community, grid)." in done.stderr


def test_what_the_jurisdiction_has_stays_when_it_is_not_named_again(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    import_town(database, tmp_path, "--jurisdiction-name", "小镇", "--attribution", "© 镇")
    import_town(database, tmp_path)
    assert scalar(engine, "select name || attribution::text from jurisdictions") == '小镇["© 镇"]'


def test_land_of_the_jurisdiction_that_no_grid_covers_is_listed(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    import_town(database, tmp_path)
    with engine.begin() as connection:
        limit = box(LON, LAT, LON + 0.05, LAT + 0.01)
        statement = "update jurisdictions set limit_geom = ST_Multi(ST_GeomFromText(:wkt, 4326))"
        connection.execute(text(statement), {"wkt": limit.wkt})
    done = import_town(database, tmp_path)
    assert done.exit_code == 3
    assert "of the jurisdiction lie in no grid." in done.stderr


def test_coordinates_of_another_place_are_refused_by_the_limit(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    import_town(database, tmp_path)
    with engine.begin() as connection:
        connection.execute(
            text("update jurisdictions set limit_geom = ST_Multi(ST_MakeEnvelope(24.9, 60.1, 25.0, 60.2, 4326))")
        )
    done = import_town(database, tmp_path)
    assert done.exit_code == 1
    assert "They look like another place around 118.82, 31.905: the jurisdiction is around 24.95, 60.15." in done.stderr


@pytest.mark.parametrize(
    ("cells", "gone", "new"),
    [((0, 1), "2.098 km2 of its 4.195 km2", "0.000 km2"), ((0, 1, 2, 3, 4), "0.000 km2 of its 4.195 km2", "1.049 km2")],
    ids=["half of it", "all of it and more"],
)
def test_an_edition_of_other_land_than_the_one_in_force_is_told_so(
    database: Database, tmp_path: Path, cells: tuple[int, ...], gone: str, new: str
) -> None:
    one = ("--jurisdiction", "one", "--code", "code")
    run(database, "import", "grids", grids_file(tmp_path), *one, "--publish")
    boxes = [box(LON + n / 100, LAT, LON + (n + 1) / 100, LAT + 0.01) for n in cells]
    later = gpd.GeoDataFrame({"code": [f"n{n}" for n in cells]}, geometry=boxes, crs=4326)
    later.to_file(tmp_path / "later.gpkg")
    done = run(database, "import", "grids", tmp_path / "later.gpkg", *one)
    assert done.exit_code == 3, done.output
    said = " ".join(done.stderr.split())
    assert f"{gone} are in no grid any more, {new} are new." in said


def test_two_imports_into_a_new_jurisdiction_at_once_make_one_of_it(engine: Engine, tmp_path: Path) -> None:
    file = GridFile(grids_file(tmp_path), GridFields(code="code"))
    done: list[bool] = []

    def import_once() -> None:
        with unit_of_work(engine) as session:
            done.append(import_grids(session, file, JurisdictionChoice("town")).is_refused)

    threads = [threading.Thread(target=import_once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [False, False]
    assert scalar(engine, "select count(*) from jurisdictions") == 1
    assert scalar(engine, "select count(*) from plans") == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--valid-from", "2024-01-01T00:00:00+08:00"), "--valid-from goes with --publish."),
        (("--publish", "--valid-from", "2024-01-01T00:00:00"), "has no offset"),
        (("--publish", "--valid-from", "soon"), "'soon' is no time"),
        (("--publish", "--valid-from", "1899-12-31T23:59:59+00:00"), "it lies beyond the years 1900 to 2199"),
        (("--publish", "--valid-from", "9999-12-31T23:59:59-14:00"), "it lies beyond the years 1900 to 2199"),
    ],
)
def test_a_wrong_command_line_exits_with_2(
    database: Database, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    done = run(database, "import", "grids", grids_file(tmp_path), *COLUMNS, *options)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_report_that_cannot_be_written_is_said_before_anything_is_stored(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    done = run(database, "import", "grids", grids_file(tmp_path), *COLUMNS, "--report", tmp_path / "no" / "r.json")
    assert done.exit_code == 1
    assert "The report cannot be written to" in done.stderr
    assert scalar(engine, "select count(*) from jurisdictions") == 0
