"""A disk that is full: said as such, what is stored stays readable, nothing is there by half, and room heals it."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings
from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store.engine import open_engine
from boundaries.store.settings import StoreSettings
from tests.fixtures_db import start_or_skip
from tests.http.conftest import store_town

DISK_MB = 700
HALF = """
    select (select count(*) from cases c where not exists (select from case_events e where e.case_id = c.id))
        + (select count(*) - count(distinct external_id) from cases)"""


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own for a private cluster, in memory; only the administrator can make one."""
    folder = Path(tempfile.mkdtemp(prefix="geogrid-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("a disk of its own can only be made by root")
    cluster = PrivateCluster(folder / "home")
    try:
        start_or_skip(cluster)
        yield folder
    finally:
        cluster.stop()
        # The indexes of editions are mapped as long as this process lives.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def filled(folder: Path) -> Path:
    """Take all the room that a disk has left."""
    path = folder / "filler"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return path


def until(is_so: Callable[[], bool], seconds: float = 60.0) -> bool:
    ends = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > ends:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.timeout(200)
def test_full_disk_is_told_loses_nothing_and_heals_with_room(small_disk: Path) -> None:
    settings = ServerSettings(**StoreSettings(home=small_disk / "home").model_dump(), open="all", refresh_seconds=0.2)
    engine = open_engine(settings)
    store_town(engine)
    engine.dispose()
    taken: set[str] = set()

    def post(number: int) -> int:
        body = {"external_id": f"n-{number}", "lon": 10.5, "lat": 50.5, "text": f"{number} " + "x" * 9_000}
        reply = client.post("/cases", json=body)
        if reply.status_code == 201:
            taken.add(f"n-{number}")
        else:
            told.append(reply.text)
        return int(reply.status_code)

    told: list[str] = []
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        assert post(0) == 201
        filler = filled(small_disk)
        statuses = {post(number) for number in range(1, 3_000) if not told}
        assert statuses <= {201, 503}
        assert told, "the disk never became full"
        assert "it has run out of room" in told[0] or "Try again" in told[0], told[0]
        assert str(small_disk) not in told[0]
        assert client.get("/locate?lon=10.5&lat=50.5").status_code == 200
        assert PrivateCluster(small_disk / "home").running() is None or client.get("/cases").status_code == 200
        filler.unlink()
        assert until(lambda: client.get("/health/ready").json()["checks"]["database"] == "ok")
        assert until(lambda: post(4_000) == 201)
        assert client.get("/cases").json()["numberMatched"] >= len(taken)
    with psycopg.connect(PrivateCluster(small_disk / "home").ensure()) as connection:
        assert connection.execute(HALF).fetchone() == (0,)
        rows = {name for (name,) in connection.execute("select external_id from cases")}
    assert taken <= rows
