"""Imports that are killed, interrupted or out of room: all of them or nothing, and the next one works."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from boundaries.cluster.private_cluster import PrivateCluster
from tests.db.imports import MAPPING, cases_file, good_rows, grids_file
from tests.db.programs import GEOGRID, called_geogrid, run_geogrid

ROWS = 12_000
KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def town(shared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose store has the town's grids, with a table of cases of several chunks beside it."""
    folder = tmp_path_factory.mktemp("town")
    arguments = ("--jurisdiction", "town", "--code", "code", "--publish")
    home = {"GEOGRID_HOME": str(shared_home)}
    done = called_geogrid("import", "grids", str(grids_file(folder)), *arguments, **home)
    if done.returncode and not os.environ.get("CI") and "not installed" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    return cases_file(folder, [*good_rows(ROWS), "N0,,,,,,,,"])


@pytest.fixture(autouse=True)
def _no_cases_yet(town: Path, shared_home: Path) -> Iterator[None]:
    yield
    with connected(shared_home) as connection:
        connection.execute("truncate cases cascade")
    for left in town.parent.glob("*rejects*"):
        left.unlink()


@contextmanager
def connected(home: Path) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(PrivateCluster(home).ensure(), autocommit=True) as connection:
        yield connection


def stored(home: Path) -> tuple[object, ...] | None:
    with connected(home) as connection:
        query = "select (select count(*) from cases), (select count(*) from case_events)"
        return connection.execute(query).fetchone()


def arguments(file: Path) -> list[str]:
    return ["import", "cases", str(file), *MAPPING, "--rejects", str(file.with_name("rejects.csv"))]


def disturbed(file: Path, home: Path, disturb: Callable[[int], None]) -> tuple[int, str]:
    """Start an import, disturb it once its first rows are in the database, and return how it ended."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GEOGRID_")}
    # A runner in the background ignores interrupts, and its children with it.
    with subprocess.Popen(
        ["env", "--default-signal=INT", GEOGRID, *arguments(file)],
        env=environment | {"GEOGRID_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd="/",
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert first == f"cases: 5,000 of {ROWS + 1:,} rows\n"
        disturb(process.pid)
        told = process.stderr.read()
        return process.wait(timeout=60), told


def kill_database(home: Path) -> None:
    server = PrivateCluster(home).running()
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)


def import_whole(file: Path, home: Path) -> None:
    done = called_geogrid(*arguments(file), GEOGRID_HOME=str(home))
    assert (done.returncode, done.stdout) == (3, f"cases.csv: {ROWS + 1:,} rows: {ROWS:,} added, 1 rejected.\n")
    assert stored(home) == (ROWS, 2 * ROWS)


def test_kill_9_of_the_import_leaves_nothing_and_the_next_one_works(town: Path, shared_home: Path) -> None:
    code, _ = disturbed(town, shared_home, lambda pid: os.kill(pid, signal.SIGKILL))
    assert code == KILLED
    assert stored(shared_home) == (0, 0)
    assert not town.with_name("rejects.csv").exists()
    import_whole(town, shared_home)


def test_kill_9_of_the_database_leaves_nothing_and_the_next_import_works(town: Path, shared_home: Path) -> None:
    code, told = disturbed(town, shared_home, lambda _: kill_database(shared_home))
    assert code == 1
    assert "cannot be used:" in told
    assert "Traceback" not in told
    assert stored(shared_home) == (0, 0)
    assert not town.with_name("rejects.csv").exists()
    import_whole(town, shared_home)


def test_an_interrupt_leaves_nothing_behind(town: Path, shared_home: Path) -> None:
    code, told = disturbed(town, shared_home, lambda pid: os.kill(pid, signal.SIGINT))
    assert code == 1
    assert told.endswith("Aborted!\n")
    assert stored(shared_home) == (0, 0)
    assert list(town.parent.glob("*rejects*")) + list(town.parent.glob(".*rejects*")) == []


def test_a_disk_that_is_full_for_the_rejects_file_imports_nothing(town: Path, shared_home: Path) -> None:
    file = cases_file(town.parent, [*good_rows(6000), *[f"B{n},,,,,,,," for n in range(6000)]], name="bad.csv")
    done = run_geogrid(*arguments(file), home=shared_home, before=("prlimit", "--fsize=100000"))
    assert done.returncode == 1
    assert done.stderr.endswith(
        f"Error: The rejects file {file.with_name('rejects.csv')} cannot be written: File too large. "
        "Nothing was imported. Name another place with --rejects.\n"
    )
    assert stored(shared_home) == (0, 0)
    assert list(town.parent.glob("*rejects*")) + list(town.parent.glob(".*rejects*")) == []
