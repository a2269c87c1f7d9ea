import csv
import gzip
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from sqlalchemy import Engine

from boundaries.addresses.geocoding import import_addresses
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.store.engine import unit_of_work
from geogrid.types import LevelName
from tests.db.programs import called_geogrid
from tests.fixtures_db import Database
from tests.http.conftest import store_town
from tests.serving import GEOGRID


@pytest.fixture
def gazetteer(engine: Engine, database: Database, tmp_path: Path) -> Path:
    with unit_of_work(engine) as session:
        save_jurisdiction(session, code="town", name="Town", levels=[LevelName("grid")])
    file = tmp_path / "known.csv"
    file.write_text(
        "road,house_number,lon,lat\nMain Street,1,10,50\nMain Street,3,10.001,50\n解放路,12号,10.1,50\n", "utf-8"
    )
    done = called_geogrid(
        "import", "addresses", str(file), "--column", "street=road", GEOGRID_DATABASE_URL=database.url
    )
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
    done = called_geogrid(*command, GEOGRID_DATABASE_URL=database.url)
    assert (done.returncode, done.stdout) == (0, "out.csv: 2 found, 0 review, 1 not found.\n")
    assert [(row["n"], row["geocode_lon"], row["geocode_status"]) for row in rows_of(out)] == [
        ("1", "10.0", "found"),
        ("2", "", "not_found"),
        ("3", "10.1", "found"),
    ]
    assert [row["n"] for row in rows_of(rejects)] == ["2"]
    assert not out.with_name("out.csv.progress").exists()


@pytest.mark.usefixtures("gazetteer")
def test_a_run_that_is_killed_goes_on_where_it_stopped_and_another_command_begins_anew(
    database: Database, tmp_path: Path
) -> None:
    asked, out = tmp_path / "asked.csv", tmp_path / "out.csv"
    asked.write_text("n,address\n" + "".join(f"{n},1 Main St\n" for n in range(1_700)), "utf-8")
    command = ("geocode", str(asked), "--out", str(out))
    called_geogrid(*command, GEOGRID_DATABASE_URL=database.url)
    whole, note = out.read_bytes(), out.with_name("out.csv.progress")
    for again, is_anew in ((command, False), ((*command, "--local"), True)):
        process = subprocess.Popen([GEOGRID, *command], env={**os.environ, "GEOGRID_DATABASE_URL": database.url})
        while not note.exists() and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        with out.open("ab") as file:
            file.write(b"500,1 Mai")
        done = called_geogrid(*again, GEOGRID_DATABASE_URL=database.url)
        told = re.fullmatch(r"out.csv: ([0-9,]+) found, 0 review, 0 not found.\n", done.stdout)
        assert told is not None
        assert (int(told[1].replace(",", "")) == 1_700) == is_anew
        assert out.read_bytes() == whole


BROKEN = "n,address\n1,1 Main St\n2\n3,1 Main St,more,and more\n4,解放路12号\n"


@pytest.mark.usefixtures("gazetteer")
@pytest.mark.parametrize("form", ["utf-8", "gbk", "utf-16", ";", "tab", "title", "xlsx", "gz"])
def test_rows_of_any_file_are_found_or_told(form: str, database: Database, tmp_path: Path) -> None:
    asked, out, rejects = tmp_path / "asked.csv", tmp_path / "out.csv", tmp_path / "rejects.csv"
    more: tuple[str, ...] = ("--encoding", "gbk") if form == "gbk" else ()
    text = {";": BROKEN.replace(",", ";"), "tab": BROKEN.replace(",", "\t"), "title": "路灯一览\n" + BROKEN}
    asked.write_text(text.get(form, BROKEN), form if form in {"gbk", "utf-16"} else "utf-8")
    if form == "gz":
        asked.write_bytes(gzip.compress(asked.read_bytes()))
    if form == "xlsx":
        rows = [["1", "1 Main St"], ["4", "解放路12号"]]
        pd.DataFrame(rows, columns=["n", "address"]).to_excel(asked.with_suffix(".xlsx"), index=False)
        asked = asked.with_suffix(".xlsx")
    command = ("geocode", str(asked), "--out", str(out), "--rejects", str(rejects), *more)
    done = called_geogrid(*command, GEOGRID_DATABASE_URL=database.url)
    got = {row["n"]: (row["geocode_status"], row["geocode_reason"]) for row in rows_of(out)}
    assert (got["1"], got["4"]) == (("found", ""), ("found", ""))
    if form == "xlsx":
        return
    above = 1 if form == "title" else 0
    assert got["2"] == ("unreadable", f"line {3 + above}: the line has 1 cell, the header has 2")
    assert got["3"] == ("unreadable", f"line {4 + above}: the line has 4 cells, the header has 2")
    assert [row["address"] for row in rows_of(rejects)] == ["", "1 Main St,more,and more"]
    assert done.stdout == "out.csv: 2 found, 0 review, 0 not found, 2 unreadable.\n"


@pytest.mark.usefixtures("gazetteer")
def test_answers_are_asked_for_again_and_stand_once(database: Database, tmp_path: Path) -> None:
    asked, out, again = tmp_path / "asked.csv", tmp_path / "out.csv", tmp_path / "again.csv"
    asked.write_text("n,address,geocode_lon\n1,1 Main St,old\n", "utf-8")
    for source, target in ((asked, out), (out, again)):
        done = called_geogrid("geocode", str(source), "--out", str(target), GEOGRID_DATABASE_URL=database.url)
        assert "are found anew" in done.stderr
    assert out.read_bytes() == again.read_bytes()
    assert rows_of(out)[0]["geocode_lon"] == "10.0"


@pytest.mark.usefixtures("gazetteer")
def test_an_output_never_writes_over_what_is_read(database: Database, tmp_path: Path) -> None:
    asked = tmp_path / "asked.csv"
    asked.write_text("n,address\n1,1 Main St\n", "utf-8")
    done = called_geogrid("geocode", str(asked), "--out", str(asked), GEOGRID_DATABASE_URL=database.url)
    assert done.returncode == 2
    assert "would write over asked.csv" in done.stderr
    assert asked.read_text("utf-8") == "n,address\n1,1 Main St\n"


@pytest.mark.usefixtures("gazetteer")
def test_a_missing_column_is_named(database: Database, tmp_path: Path) -> None:
    asked = tmp_path / "asked.csv"
    asked.write_text("place\nx\n", "utf-8")
    done = called_geogrid("geocode", str(asked), "--out", str(tmp_path / "o.csv"), GEOGRID_DATABASE_URL=database.url)
    assert done.returncode == 2
    assert "has no column 'address'; it has place" in done.stderr


@pytest.mark.usefixtures("gazetteer")
def test_a_grid_that_is_not_in_force_is_named(database: Database, tmp_path: Path) -> None:
    asked = tmp_path / "asked.csv"
    asked.write_text("address\n1 Main St\n", "utf-8")
    command = ("geocode", str(asked), "--out", str(tmp_path / "o.csv"), "--within", "D-x")
    done = called_geogrid(*command, GEOGRID_DATABASE_URL=database.url)
    assert done.returncode != 0
    assert "No grid 'D-x' is in force" in done.stderr
    assert "Traceback" not in done.stderr


def test_only_answers_in_the_grid_count_and_the_remote_geocoder_is_asked_for_the_others(
    engine: Engine, database: Database, tmp_path: Path, photon: str
) -> None:
    town = store_town(engine)
    words = {"street": ["Hill Road"] * 2, "house_number": ["7"] * 2}
    frame = gpd.GeoDataFrame(words, geometry=gpd.points_from_xy([10.5, 12.5], [50.5] * 2), crs=4326)
    with unit_of_work(engine) as session:
        import_addresses(session, town.id, frame, "hills")
    asked, out = tmp_path / "asked.csv", tmp_path / "out.csv"
    asked.write_text("address\n7 Hill Road\n7 Elm Street\n", "utf-8")
    command = ("geocode", str(asked), "--out", str(out), "--within", "D-c")

    def run(*more: str) -> str:
        where = database.url
        done = called_geogrid(
            *command, *more, GEOGRID_DATABASE_URL=where, GEOGRID_GEOCODER="photon", GEOGRID_GEOCODER_ADDRESS=photon
        )
        return done.stdout

    assert run() == "out.csv: 2 found, 0 review, 0 not found; 1 by the remote geocoder.\n"
    assert [(row["geocode_lon"], row["geocode_address"]) for row in rows_of(out)] == [
        ("12.5", "Hill Road 7"),
        ("12.25", "7 Elm Street"),
    ]
    assert run("--local") == "out.csv: 1 found, 0 review, 1 not found.\n"


@pytest.fixture
def photon() -> Iterator[str]:
    """Serve what Photon answers: one house in the grid D-c."""
    properties = {"name": "7 Elm Street", "osm_key": "building"}
    house = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [12.25, 50.5]}, "properties": properties}
    body = json.dumps({"type": "FeatureCollection", "features": [house]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
