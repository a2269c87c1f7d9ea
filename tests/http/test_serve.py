"""``geogrid serve`` as a program: addresses told, a taken port refused, stopped by Ctrl-C, several workers."""

import gc
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.serving import listen, settled
from geogrid.errors import UnavailableError
from tests.fixtures_db import Database
from tests.http.conftest import Town
from tests.serving import GEOGRID, children_of, environment, is_there, running


def wait_for(address: str, *, seconds: float = 90.0) -> httpx2.Response:
    end = time.monotonic() + seconds
    while True:
        try:
            return httpx2.get(address, timeout=5)
        except httpx2.TransportError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def refusal(database: Database, *options: str) -> str:
    process = subprocess.run(
        [GEOGRID, "serve", *options],
        env=environment(database),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    assert process.stdout == ""
    return process.stderr


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_server_tells_its_addresses_answers_and_stops(database: Database, town: Town, sign: signal.Signals) -> None:
    del town
    with running(database) as (process, base):
        answer = wait_for(f"{base}/locate?lon=10.25&lat=50.5").json()
        assert answer["grid"]["code"] == "D-a"
        process.send_signal(sign)
        assert process.stdout is not None
        told = [process.stdout.readline().split() for _ in range(5)]
        expected = [f"{base}{path}" for path in ("/maps/coverage", "/maps/hotspots", "/search", "/docs")]
        assert [line[-1] for line in told[:4]] == expected
        assert told[4] == ["Ctrl-C", "stops", "it."]
        _, err = process.communicate(timeout=20)
        assert "Traceback" not in err
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"{base}/health/live")


def test_several_workers_share_the_port(database: Database, town: Town) -> None:
    del town
    with running(database, "--workers", "2") as (process, base):
        assert wait_for(f"{base}/locate?lon=10.25&lat=50.5").json()["grid"]["code"] == "D-a"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err


def test_workers_end_with_the_process_that_began_them_though_it_is_killed(database: Database, town: Town) -> None:
    del town
    with running(database, "--workers", "2") as (process, base):
        wait_for(f"{base}/health/live")
        children = children_of(process.pid)
        assert len(children) >= 2
        process.kill()
        # Whoever is left holds the end of what it prints.
        process.communicate(timeout=60)
        assert not any(map(is_there, children))


def test_taken_port_is_refused_in_one_sentence(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = refusal(database, "--port", str(port))
    assert told == (f"Error: Port {port} of 127.0.0.1 is taken. Stop what uses it, or choose another with --port.\n")


def test_demo_tells_of_a_taken_port_before_the_work(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = subprocess.run(
            [GEOGRID, "demo"],
            env={**environment(database), "GEOGRID_PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (told.returncode, told.stdout) == (1, "")
    assert (
        told.stderr == f"Error: Port {port} of 127.0.0.1 is taken. Stop what uses it, or choose another with --port.\n"
    )


def test_address_of_another_machine_is_refused() -> None:
    with pytest.raises(UnavailableError, match=r"192\.0\.2\.1 is not an address of this machine"):
        listen("192.0.2.1", 0)


def test_store_without_tables_is_refused_with_the_remedy(bare_database: Database) -> None:
    assert "Run: geogrid db upgrade" in refusal(bare_database, "--port", "0")


def test_store_of_another_version_is_refused(database: Database, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("update geogrid_revision set version_num = '9999'"))
    told = refusal(database, "--port", "0")
    assert "made by a newer GeoGrid" in told
    assert "Traceback" not in told


def test_what_is_there_before_the_first_request_is_not_looked_through_for_garbage() -> None:
    loaded: list[list[object]] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loaded.append([loaded])
        yield

    with TestClient(FastAPI(lifespan=settled(lifespan))):
        looked_through = {id(each) for each in gc.get_objects()}
        assert gc.is_tracked(loaded[0])
        assert id(loaded[0]) not in looked_through
