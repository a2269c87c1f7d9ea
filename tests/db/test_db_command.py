"""`geogrid db`, by the real program."""

import json
from pathlib import Path

import psycopg
import pytest

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store.schema import head_revision
from tests.db.programs import Geogrid, called_geogrid
from tests.fixtures_db import Database


def test_status_of_nothing_says_how_to_create_it(home: Path, geogrid: Geogrid) -> None:
    said = geogrid("db", "status", home=home)
    assert said.returncode == 3
    assert said.stdout.splitlines() == [
        "database     missing (private)",
        f"data folder  {home}/postgres",
        "remedy       geogrid db start creates it",
    ]
    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("server")
def test_start_makes_a_store_ready_for_use(home: Path, geogrid: Geogrid) -> None:
    started = geogrid("db", "start", home=home)
    assert started.returncode == 0, started.stderr
    found = json.loads(geogrid("db", "status", "--json", home=home).stdout)
    assert found.pop("address") == f"postgresql://geogrid:***@127.0.0.1:{found['port']}/geogrid"
    assert found.pop("postgresql").startswith("1")
    assert found.pop("postgis").startswith("3.")
    assert found == {
        "state": "running",
        "is_private": True,
        "is_usable": True,
        "port": found["port"],
        "data_folder": f"{home}/postgres",
        "schema_needed": head_revision(),
        "schema_found": head_revision(),
        "server": "geogrid_server, which GeoGrid makes and looks after",
        "problem": None,
    }


def test_start_and_stop_may_be_repeated(cluster: PrivateCluster, geogrid: Geogrid) -> None:
    home = cluster.folder.path
    assert [geogrid("db", "start", home=home).returncode for _ in range(2)] == [0, 0]
    stopped = [geogrid("db", "stop", home=home) for _ in range(2)]
    assert [said.returncode for said in stopped] == [0, 0]
    assert [said.stdout.strip() for said in stopped] == [
        f"The database is stopped; its data stay in {home}/postgres",
        "The database was not running.",
    ]


def test_status_of_a_stopped_database_is_3(cluster: PrivateCluster, geogrid: Geogrid) -> None:
    cluster.stop()
    said = geogrid("db", "status", home=cluster.folder.path)
    assert (said.returncode, said.stdout.splitlines()[0]) == (3, "database     stopped (private)")


def test_url_opens_the_database_and_starts_it_when_needed(cluster: PrivateCluster, geogrid: Geogrid) -> None:
    cluster.stop()
    address = geogrid("db", "url", home=cluster.folder.path).stdout.strip()
    with psycopg.connect(address) as connection:
        assert connection.execute("select current_database()").fetchone() == ("geogrid",)


def test_upgrade_makes_the_tables_once(bare_database: Database) -> None:
    before = called_geogrid("db", "status", GEOGRID_DATABASE_URL=bare_database.url)
    said = [called_geogrid("db", "upgrade", GEOGRID_DATABASE_URL=bare_database.url).stdout.strip() for _ in range(2)]
    after = called_geogrid("db", "status", GEOGRID_DATABASE_URL=bare_database.url)
    assert (before.returncode, after.returncode) == (4, 0)
    assert said == [
        f"Upgraded from none to {head_revision()}.",
        f"Nothing to do: the tables are at {head_revision()}.",
    ]


def test_status_shows_the_server_of_the_address(database: Database) -> None:
    said = called_geogrid("db", "status", GEOGRID_DATABASE_URL=database.url)
    assert said.stdout.splitlines()[0] == "database     running (named by GEOGRID_DATABASE_URL)"


@pytest.mark.parametrize(("verb", "done"), [("start", "started"), ("stop", "stopped")])
def test_server_of_another_is_neither_started_nor_stopped(database: Database, verb: str, done: str) -> None:
    said = called_geogrid("db", verb, GEOGRID_DATABASE_URL=database.url)
    assert said.returncode == 1
    assert said.stderr.strip() == (
        f"Error: GEOGRID_DATABASE_URL names a server that is not GeoGrid's own, so it cannot be {done} here. "
        "Unset it to use the private database."
    )


def test_unreachable_server_is_status_3_and_its_password_stays_secret() -> None:
    said = called_geogrid("db", "status", "--json", GEOGRID_DATABASE_URL="postgres://ann:s3cret@127.0.0.1:1/town")
    assert said.returncode == 3
    assert "s3cret" not in said.stdout + said.stderr
    assert json.loads(said.stdout)["problem"] == (
        "The database postgresql://ann:***@127.0.0.1:1/town cannot be used: "
        'connection to server at "127.0.0.1", port 1 failed: Connection refused. '
        "Look with: geogrid db status. GEOGRID_DATABASE_URL says which database is used."
    )
