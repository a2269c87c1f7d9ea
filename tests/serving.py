"""The real application on a real port: in a thread of the test, or as the program that users start."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from api.heads import GuardedProtocol
from api.serving import listen
from api.settings import ServerSettings
from tests.fixtures_db import Database

GEOGRID = Path(sys.executable).with_name("geogrid")


@contextmanager
def serving(settings: ServerSettings) -> Iterator[str]:
    """Serve until the end of the block; yields the address."""
    with serving_app(create_app(settings)) as address:
        yield address


@contextmanager
def serving_app(app: ASGIApp) -> Iterator[str]:
    """Serve any application until the end of the block; yields the address."""
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", http=GuardedProtocol))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def environment(database: Database) -> dict[str, str]:
    return {
        **os.environ,
        "GEOGRID_DATABASE_URL": database.url,
        "GEOGRID_SERVER_DATABASE_URL": database.server_url,
        "GEOGRID_HOME": str(database.settings.home),
    }


def start(database: Database, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [GEOGRID, "serve", "--port", "0", *options],
        env=environment(database),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(database: Database, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = start(database, *options)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        told = re.fullmatch(r"GeoGrid is at (http://127\.0\.0\.1:\d+)/\n", first)
        assert told is not None, first + (process.stderr.read() if process.stderr else "")
        yield process, told[1]
    finally:
        process.kill()
        process.communicate(timeout=60)


def children_of(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(parts[1]) == pid and parts[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def is_there(pid: int) -> bool:
    """Tell whether a process is there and not merely waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False
