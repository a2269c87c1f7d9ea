"""A real PostGIS for tests: one cluster a process, one database a test, copied from a template with the tables."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Engine, make_url
from sqlalchemy.orm import Session

from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.demo import DemoSummary, run_demo
from boundaries.store.engine import connect, open_engine, session_factory, unit_of_work
from boundaries.store.schema import upgrade
from boundaries.store.server_role import SERVER_ROLE, prepare_role
from boundaries.store.settings import StoreSettings
from geogrid.errors import UnavailableError

TEMPLATE = "geogrid"
RUNNING_SERVER = "TESTS_DATABASE_SERVER"
"""Variable with the address of a cluster that runs already, for who starts many test processes one after the other."""

ROOM_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Database:
    """A database of one test; the addresses carry passwords, for other processes.

    Servers log in by `server_url`, as they do where they are well set up; commands and tests as the owner.
    """

    url: str
    settings: StoreSettings

    @property
    def server_url(self) -> str:
        return str(self.settings.server_database_url)


@dataclass(frozen=True, slots=True)
class Server:
    """The cluster of this test process."""

    url: URL
    numbers: Iterator[int]

    def url_of(self, database: str) -> str:
        return self.url.set(database=database).render_as_string(hide_password=False)

    def execute(self, statement: str, *parameters: str) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode(), parameters)


def server_url_of(url: str) -> str:
    """Return the address of the server's role in a database of the tests."""
    return make_url(url).set(username=SERVER_ROLE).render_as_string(hide_password=False)


def lost(settings: StoreSettings) -> StoreSettings:
    """Return settings of a database that is not there."""
    gone = "postgresql://u:secret@127.0.0.1:1/none"
    return settings.model_copy(update={"database_url": gone, "server_database_url": gone})


def start_or_skip(cluster: PrivateCluster) -> str:
    """Start a cluster; on a machine without PostgreSQL the tests are skipped, in CI they fail."""
    try:
        return cluster.ensure()
    except UnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def quick_folder() -> str | None:
    """Return a folder in memory with room for a cluster: hundreds of databases are copied. Else the usual one."""
    memory = Path("/dev/shm")  # noqa: S108 - only where there is room; what it holds is deleted at the end
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES
    return str(memory) if roomy else None


@contextmanager
def running_server() -> Iterator[str]:
    """Start a cluster whose template has the tables, and yield its address; it goes away in the end."""
    home = Path(tempfile.mkdtemp(prefix="geogrid-test-", dir=quick_folder()))
    cluster = PrivateCluster(home, durable=False)
    try:
        url = start_or_skip(cluster)
        engine = connect(StoreSettings(database_url=url, home=home))
        upgrade(engine)
        # Of the whole cluster, and its rights are of the template: every copy has them.
        prepare_role(engine, SERVER_ROLE, make_url(url).password or "")
        engine.dispose()
        yield url
    finally:
        cluster.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = os.environ.get(RUNNING_SERVER)
    if running:
        # Databases of a process that was ended before it dropped them must not be in the way.
        yield Server(make_url(running), count(os.getpid() * 10_000))
        return
    with running_server() as url:
        yield Server(make_url(url), count(1))


def copied(server: Server, template: str, home: Path) -> Iterator[Database]:
    """Copy a database, and drop the copy at the end."""
    name = f"test_{next(server.numbers)}"
    server.execute(f"create database {name} template {template} strategy file_copy")
    try:
        url = server.url_of(name)
        yield Database(url, StoreSettings(database_url=url, server_database_url=server_url_of(url), home=home))
    finally:
        server.execute(f"drop database {name} with (force)")


@pytest.fixture
def database(server: Server, tmp_path: Path) -> Iterator[Database]:
    """A database with the tables of this version and no rows."""
    yield from copied(server, TEMPLATE, tmp_path)


@pytest.fixture
def bare_database(server: Server, tmp_path: Path) -> Iterator[Database]:
    """A database without tables or extensions."""
    yield from copied(server, "template1", tmp_path)


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    opened = open_engine(database.settings)
    yield opened
    opened.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session that the test may commit; the database goes away with the test."""
    with session_factory(engine)() as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class DemoStore:
    """A database in which the demo has run; tests only read from it."""

    database: Database
    engine: Engine
    summary: DemoSummary
    told: list[str]


@pytest.fixture(scope="session")
def demo(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStore]:
    for database in copied(server, TEMPLATE, tmp_path_factory.mktemp("demo")):
        told: list[str] = []
        engine = open_engine(database.settings)
        with unit_of_work(engine) as session:
            summary = run_demo(session, told.append)
        yield DemoStore(database, engine, summary, told)
        engine.dispose()
