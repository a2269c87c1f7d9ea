import csv
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from boundaries.engine import unit_of_work
from boundaries.jurisdictions import LevelName, save_jurisdiction
from tests.db.programs import run_geogrid
from tests.fixtures_db import Database


@pytest.fixture
def gazetteer(engine: Engine, database: Database, tmp_path: Path) -> Path:
    with unit_of_work(engine) as session:
        save_jurisdiction(session, code="town", name="Town", levels=[LevelName("grid")])
    file = tmp_path / "known.csv"
    file.write_text(
        "road,house_number,lon,lat\nMain Street,1,10,50\nMain Street,3,10.001,50\n解放路,12号,10.1,50\n", "utf-8"
    )
    done = run_geogrid("import", "addresses", str(file), "--column", "street=road", GEOGRID_DATABASE_URL=database.url)
    assert (done.returncode, done.stdout) == (0, "known.csv: 3 rows, 3 addresses.\n")
    return file


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.usefixtures("gazetteer")
def test_a_file_is_geocoded_with_its_rejects(database: Database, tmp_path: Path) -> None:
    asked, out, rejects = (tmp_path / name for name in ("asked.csv", "out.csv", "rejects.csv"))
    asked.write_text('n,address\n1,1 MAIN ST\n2,"nowhere,\nat all"\n3,解放路十二号\n', "utf-8")
    command = ("geocode", str(asked), "--out", str(out), "--rejects", str(rejects))
    done = run_geogrid(*command, GEOGRID_DATABASE_URL=database.url)
    assert (done.returncode, done.stdout) == (0, "out.csv: 2 found, 0 review, 1 not found.\n")
    assert [(row["n"], row["geocode_lon"], row["geocode_status"]) for row in rows_of(out)] == [
        ("1", "10.0", "found"),
        ("2", "", "not_found"),
        ("3", "10.1", "found"),
    ]
    assert [row["n"] for row in rows_of(rejects)] == ["2"]
    assert not out.with_name("out.csv.progress").exists()


@pytest.mark.usefixtures("gazetteer")
def test_an_interrupted_run_goes_on_where_it_stopped(database: Database, tmp_path: Path) -> None:
    asked, out = tmp_path / "asked.csv", tmp_path / "out.csv"
    asked.write_text("n,address\n" + "".join(f"{n},1 Main St\n" for n in range(1_200)), "utf-8")
    command = ("geocode", str(asked), "--out", str(out))
    run_geogrid(*command, GEOGRID_DATABASE_URL=database.url)
    whole = out.read_bytes()
    lines = whole.splitlines(keepends=True)
    complete = b"".join(lines[:501])
    header = lines[0].decode().strip().split(",")
    note = {"of": [str(asked), asked.stat().st_size, header, [str(out)]], "done": 500, "sizes": [len(complete)]}
    out.write_bytes(complete + b"500,1 Mai")
    out.with_name("out.csv.progress").write_text(json.dumps(note), "utf-8")
    done = run_geogrid(*command, GEOGRID_DATABASE_URL=database.url)
    assert done.stdout == "out.csv: 700 found, 0 review, 0 not found.\n"
    assert out.read_bytes() == whole


@pytest.mark.usefixtures("gazetteer")
def test_a_missing_column_is_named(database: Database, tmp_path: Path) -> None:
    asked = tmp_path / "asked.csv"
    asked.write_text("place\nx\n", "utf-8")
    done = run_geogrid("geocode", str(asked), "--out", str(tmp_path / "o.csv"), GEOGRID_DATABASE_URL=database.url)
    assert done.returncode == 2
    assert "has no column 'address'; it has place" in done.stderr
