"""The store in its states: none, one and two towns; gone, frozen, read-only, killed; and logs that keep secrets."""

import logging
import os
import shutil
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.app import create_app
from api.settings import ServerSettings
from api.state.store import Store
from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.store.engine import open_engine
from boundaries.store.settings import StoreSettings
from geogrid.errors import UnavailableError
from tests.fixtures_db import Database, quick_folder, start_or_skip
from tests.http.conftest import Town, store_town
from tests.http.test_cases import case, store_cases

PAGES = ("/", "/search", "/maps/coverage", "/maps/hotspots", "/docs", "/conformance")
HTML = {"accept": "text/html"}


@pytest.fixture
def empty(database: Database) -> Iterator[TestClient]:
    with TestClient(create_app(ServerSettings(**database.settings.model_dump()))) as opened:
        yield opened


def test_empty_store_says_so_and_not_that_it_cannot_be_used(empty: TestClient) -> None:
    for path in PAGES[:4]:
        page = empty.get(path, headers={**HTML, "accept-language": "en"})
        assert "Nothing is stored yet" in page.text, path
        assert "cannot be used" not in page.text
        assert "Try again in a few seconds" not in page.text
        assert "retry-after" not in page.headers
    for path in ("/cases", "/collections", "/locate?lon=1&lat=1"):
        assert "No town is stored yet: run `geogrid demo` or `geogrid import town`." in empty.get(path).json()["detail"]


def test_embedded_map_says_what_to_do_without_a_town_and_with_two(
    empty: TestClient, settings: ServerSettings, engine: Engine
) -> None:
    for path in ("/embed/map", "/oembed?url=http://testserver/embed/map"):
        reply = empty.get(path, headers={**HTML, "accept-language": "en"})
        assert reply.status_code in {404, 503}
        assert "No town is stored yet: run `geogrid demo` or `geogrid import town`." in reply.text
        assert "retry-after" not in reply.headers
    store_town(engine)
    store_town(engine, "other", west=20.0)
    with TestClient(create_app(settings)) as client:
        refused = client.get("/embed/map", headers=HTML)
        assert refused.status_code == 400
        assert "name one" in refused.text
        assert "other, town" in refused.text
        for code in ("town", "other"):
            assert client.get(f"/embed/map?jurisdiction={code}", headers=HTML).status_code == 200
            oembed = client.get(f"/oembed?url=http://testserver/embed/map?jurisdiction={code}")
            assert oembed.status_code == 200


def test_second_town_breaks_no_page(settings: ServerSettings, engine: Engine, town: Town) -> None:
    other = store_town(engine, "other", west=20.0)
    (first,) = store_cases(engine, town, case("1", lon=10.5, lat=50.5))
    (second,) = store_cases(engine, other, case("2", lon=20.5, lat=50.5))
    with TestClient(create_app(settings)) as client:
        for path in PAGES:
            assert client.get(path, headers=HTML).status_code == 200, path
        for number, code in ((first, town.code), (second, other.code)):
            page = client.get(f"/search/{number}", headers=HTML)
            assert page.status_code == 200
            assert f"/collections/grids/items?limit=2000\\u0026jurisdiction={code}" in page.text
        for code in (town.code, other.code):
            assert client.get(f"/maps/hotspots?jurisdiction={code}").status_code == 200
        refused = client.get("/locate?lon=10.5&lat=50.5")
        assert refused.status_code == 400
        assert "Name one of: other, town" in refused.json()["detail"] or "town, other" in refused.json()["detail"]


def test_read_only_database_is_told_with_what_works(
    settings: ServerSettings, engine: Engine, town: Town, database: Database
) -> None:
    store_cases(engine, town, case("1", lon=10.5, lat=50.5))
    name = database.url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"alter database {name} set default_transaction_read_only = on".encode())
    with TestClient(create_app(settings)) as client:
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "read-only")
        assert "nothing can be stored" in ready.json()["checks"]["database"]
        assert client.get("/cases").status_code == 200
        refused = client.post("/cases", json={"lon": 10.5, "lat": 50.5})
        assert refused.status_code == 503
        assert "it is read-only" in refused.json()["detail"]
        assert "127.0.0.1" not in refused.text


PLANTED = ("13800138000", "110101199003078888", "planted complaint")


def test_log_has_no_word_of_a_complaint(
    settings: ServerSettings, engine: Engine, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    del town
    body = {"lon": 10.5, "lat": 50.5, "text": PLANTED[2], "channel": PLANTED[0], "attributes": {"id": PLANTED[1]}}
    breaks = (
        "alter table cases add column extra int not null",
        "alter table cases drop column extra; alter table cases add constraint planted check (channel = '')",
        "alter table cases drop constraint planted; alter table case_events rename column detail to elsewhere",
        "alter table cases rename column text to elsewhere",
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client, caplog.at_level(logging.DEBUG):
        for statement in breaks:
            with engine.begin() as connection:
                connection.execute(text(statement))
            try:
                reply = client.post("/cases", json=body)
                assert reply.status_code in {409, 500}
                assert not any(each in reply.text for each in PLANTED)
            finally:
                engine.dispose()
    told = caplog.text + "".join(
        "".join(traceback.format_exception(*record.exc_info)) for record in caplog.records if record.exc_info
    )
    assert not any(each in told for each in PLANTED)


@pytest.fixture
def private() -> Iterator[PrivateCluster]:
    home = Path(tempfile.mkdtemp(prefix="geogrid-test-", dir=quick_folder()))
    cluster = PrivateCluster(home, durable=False)
    try:
        start_or_skip(cluster)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(home)


def until(is_so: object, seconds: float = 90.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if callable(is_so) and is_so():
            return True
        time.sleep(0.1)
    return False


def signal_all(number: signal.Signals, *pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # backends come and go
            os.kill(pid, number)


def frozen(private: PrivateCluster) -> list[int]:
    """Stop all processes of a cluster, and return them."""
    server = private.running()
    assert server is not None
    with psycopg.connect(private.url(), autocommit=True) as connection:
        rows = connection.execute("select pid from pg_stat_activity where pid <> pg_backend_pid()")
        pids = [server.pid, *(pid for (pid,) in rows)]
    signal_all(signal.SIGSTOP, *pids)
    return pids


@pytest.mark.timeout(400)
def test_frozen_database_holds_up_no_request_and_no_thread(private: PrivateCluster) -> None:
    settings = ServerSettings(**StoreSettings(home=private.home).model_dump(), refresh_seconds=0.2, open="all")
    engine = open_engine(settings)
    store_town(engine)
    engine.dispose()
    report = {"lon": 10.5, "lat": 50.5, "text": "lamp"}

    def status(client: TestClient, path: str) -> tuple[int, float]:
        began = time.monotonic()
        reply = client.post(path[1:], json=report) if path.startswith("+") else client.get(path)
        return reply.status_code, time.monotonic() - began

    paths = ["/cases", "/search", "/changes", "/collections/cases/items", "/collections/grids/items", "+/cases"] * 4
    with TestClient(create_app(settings)) as client, ThreadPoolExecutor(len(paths)) as pool:
        assert until(lambda: client.get("/health/ready").json()["status"] == "ready")
        assert client.get("/cases").status_code == 200
        before, pids = threading.active_count(), frozen(private)
        try:
            first = list(pool.map(partial(status, client), paths))
            assert {code for code, _ in first} == {503}
            assert max(took for _, took in first) < 40
            then = list(pool.map(partial(status, client), paths))
            assert {code for code, _ in then} == {503}
            assert max(took for _, took in then) < 3
            assert client.get("/locate?lon=10.5&lat=50.5").status_code == 200
            # Those of the pool here, those of requests, and the probe; none that waits for ever.
            assert threading.active_count() <= before + 2 * len(paths) + 5
        finally:
            signal_all(signal.SIGCONT, *pids)
        assert until(lambda: client.get("/cases").status_code == 200)
        assert client.post("/cases", json=report).status_code == 201


@pytest.mark.timeout(400)
def test_frozen_database_is_told_within_a_second_and_a_killed_one_is_started_again(
    private: PrivateCluster, caplog: pytest.LogCaptureFixture
) -> None:
    settings = ServerSettings(**StoreSettings(home=private.home).model_dump(), refresh_seconds=0.2)
    with TestClient(create_app(settings)) as client, caplog.at_level(logging.WARNING):
        assert until(lambda: client.get("/health/ready").json()["checks"]["database"] == "ok")
        server = private.running()
        assert server is not None
        with psycopg.connect(private.url(), autocommit=True) as connection:
            backends = [
                row[0] for row in connection.execute("select pid from pg_stat_activity where pid <> pg_backend_pid()")
            ]
        try:
            signal_all(signal.SIGSTOP, server.pid, *backends)
            for _ in range(3):
                began = time.monotonic()
                ready = client.get("/health/ready")
                assert time.monotonic() - began < 1.5  # a second, and a machine that is busy
                assert ready.status_code == 503
                assert "does not answer" in ready.json()["checks"]["database"]
        finally:
            signal_all(signal.SIGCONT, server.pid, *backends)
        assert until(lambda: client.get("/health/ready").json()["checks"]["database"] == "ok")
        os.kill(server.pid, signal.SIGKILL)
        assert until(lambda: private.running() is None or private.running() != server)
        assert until(lambda: client.get("/health/ready").json()["checks"]["database"] == "ok")
        assert "The private database has died; it is started again (try 1)." in caplog.text
        assert until(lambda: "The private database runs again." in caplog.text)
        private.stop()
        time.sleep(1.5)
        assert private.running() is None, "stopped on purpose, it stays stopped"
        assert client.get("/health/ready").status_code == 503


def test_server_beside_a_frozen_database_can_be_stopped(private: PrivateCluster) -> None:
    settings = ServerSettings(**StoreSettings(home=private.home).model_dump(), refresh_seconds=0.05)
    private.ensure()
    server = private.running()
    assert server is not None
    backends: list[int] = []
    try:
        with TestClient(create_app(settings)) as client:
            assert until(lambda: client.get("/health/ready").json()["checks"]["database"] == "ok")
            backends = [
                child
                for task in Path(f"/proc/{server.pid}/task").iterdir()
                for child in map(int, (task / "children").read_text().split())
            ]
            signal_all(signal.SIGSTOP, server.pid, *backends)
            time.sleep(0.5)
            began = time.monotonic()
        assert time.monotonic() - began < 40
    finally:
        signal_all(signal.SIGCONT, server.pid, *backends)


def test_closed_store_is_not_opened_again_by_whoever_comes_late(database: Database) -> None:
    store = Store(database.settings)
    store.warm()
    store.close()
    with pytest.raises(UnavailableError, match="The server stops"):
        store.engine()
    with pytest.raises(UnavailableError, match="The server stops"):
        store.read(lambda connection: connection.execute("select 1"))
