# ruff: noqa: T201 - a program that prints its table
"""Memory of a server and its processes under hostile clients: flat, and under 1.5 GB.

Run: python -m tests.benchmarks.hostile_clients [--clients 50] [--seconds 60]. Needs PostgreSQL. A town with 20,000
complaints is stored; each client does one thing again and again as soon as it is answered, whatever the answer. The
figures go to artifacts/hostile_clients.json.
"""

import argparse
import gzip
import io
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pyarrow as pa
from sqlalchemy import Engine

from boundaries.cases.reading import NewCase, add_cases
from boundaries.store.engine import connect, unit_of_work
from boundaries.store.schema import upgrade
from tests.benchmarks.embedding import serving_as_installed
from tests.benchmarks.stores import private_store
from tests.http.conftest import store_town

CASES: Final = 20_000
MOST_MB: Final = 1_500.0
MOST_GROWTH: Final = 0.15
"""How much more memory may be in use in the last third of the time than in the second."""

LOOK_S: Final = 1.0
ARTIFACTS: Final = Path("artifacts")
NDJSON: Final = "application/x-ndjson"
ARROW: Final = "application/vnd.apache.arrow.stream"
HALF: Final = (
    b"POST /cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n"
)

Attack = Callable[[str], int]
"""Done once at an address; returns the status, 0 where there was none."""


def bomb(rows: int) -> bytes:
    """Return a small Arrow stream that becomes large."""
    zeros = np.zeros(rows)
    table = pa.table({"lon": zeros, "lat": zeros})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue()


def posting(path: str, body: bytes, media_type: str, **headers: str) -> Attack:
    """Return an attack that posts a body."""
    sent = {"content-type": media_type, **headers}
    return lambda base: httpx2.post(f"{base}{path}", content=body, headers=sent, timeout=120).status_code


def getting(path: str, **headers: str) -> Attack:
    """Return an attack that gets a page."""
    return lambda base: httpx2.get(f"{base}{path}", headers=headers, timeout=120).status_code


def half_sent(base: str) -> int:
    """Send half a request and wait."""
    place = urlsplit(base)
    with socket.create_connection((place.hostname, place.port), 30) as connection:
        connection.sendall(HALF + b"x" * 1_000_000)
        time.sleep(5)
    return 0


def slow_reader(base: str) -> int:
    """Ask for everything and read a little of it."""
    place = urlsplit(base)
    with socket.create_connection((place.hostname, place.port), 30) as connection:
        connection.sendall(b"GET /cases?f=csv HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(10):
            connection.recv(1_000)
            time.sleep(0.5)
    return 0


def attacks() -> Mapping[str, Attack]:
    """Return what the clients do, by name."""
    line = b'{"lon":10.5,"lat":50.5}\n'
    return {
        "20 MB of NDJSON": posting("/locate", line * (20_000_000 // len(line)), NDJSON),
        "12 MB of valid NDJSON": posting("/locate", line * 500_000, NDJSON),
        "9 MB of JSON": posting("/locate", b"[" + b"[10.5,50.5]," * 750_000 + b"[0,0]]", "application/json"),
        "Arrow that becomes 320 MB": posting("/locate", bomb(20_000_000), ARROW),
        "Arrow of 500,000 rows": posting("/locate", bomb(500_000), ARROW),
        "gzip that becomes 1 GB": posting(
            "/locate", gzip.compress(bytes(1_000_000_000), 1), NDJSON, **{"content-encoding": "gzip"}
        ),
        "deep JSON": posting("/cases", b'{"attributes":' + b"[" * 900_000, "application/json"),
        "a long attribute": posting(
            "/cases", json.dumps({"text": "x", "attributes": {"a": "y" * 1_900_000}}).encode(), "application/json"
        ),
        "half a request": half_sent,
        "a slow reader": slow_reader,
        "hotspot map": getting("/maps/hotspots", **{"accept-encoding": "br"}),
        "all cases": getting("/collections/cases/items?limit=10000"),
        "all cases as KML": getting("/collections/cases/items?limit=10000&f=kml"),
        "all cases as TopoJSON": getting("/collections/cases/items?limit=10000&f=topojson"),
        "deep pages": getting("/collections/cases/items?limit=1000&offset=19000"),
        "addresses": posting("/geocode", b"q\n" + b"Long Street 9\n" * 10_000, "text/csv"),
    }


def memory_mb(server: int) -> float:
    """Return what a process and those that it started hold, shared pages by their part."""
    return sum(_proportional_kb(pid) for pid in _family(server)) / 1e3


def _family(server: int) -> Iterator[int]:
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
        except OSError:
            continue
    waiting = [server]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += parents.get(pid, ())


def _proportional_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def attack(base: str, server: int, *, clients: int, seconds: float) -> tuple[list[float], Counter[str]]:
    """Let clients do their worst; return the memory, a figure a look, and what was answered how often."""
    over, counts, things = threading.Event(), Counter[str](), list(attacks().items())

    def again(name: str, thing: Attack) -> None:
        while not over.is_set():
            try:
                status = thing(base)
            except (httpx2.TransportError, OSError):
                status = 0
            counts[f"{name} [{status or 'none'}]"] += 1

    threads = [threading.Thread(target=again, args=things[n % len(things)], daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    held = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(LOOK_S)
        held.append(memory_mb(server))
    over.set()
    for thread in threads:
        thread.join(10)
    return held, Counter(dict(counts))


def is_flat(held: list[float]) -> bool:
    """Tell whether the last third of the time took hardly more than the second."""
    third = max(len(held) // 3, 1)
    return float(np.median(held[-third:])) <= (1 + MOST_GROWTH) * float(np.median(held[third : 2 * third]))


def store_cases(engine: Engine) -> None:
    """Store a town with many complaints."""
    town = store_town(engine)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    places = np.random.default_rng(1).uniform((10, 50), (13, 51), (CASES, 2)).tolist()
    made = [
        NewCase(
            source="bench",
            source_key=str(number),
            reported_at=begin + timedelta(minutes=number),
            lon=lon,
            lat=lat,
            located_by="point",
            text=f"case {number} " * 5,
        )
        for number, (lon, lat) in enumerate(places)
    ]
    with unit_of_work(engine) as session:
        add_cases(session, town.id, made)


def measured(*, clients: int, seconds: float) -> bool:
    """Store a town, serve it, attack it, print and write the figures; return whether they are as they must be."""
    with private_store() as settings:
        engine = connect(settings)
        upgrade(engine)
        store_cases(engine)
        engine.dispose()
        with serving_as_installed(settings) as (base, server):
            before = memory_mb(server)
            held, counts = attack(base, server, clients=clients, seconds=seconds)
            answers = httpx2.get(f"{base}/locate?lon=10.5&lat=50.5", timeout=60).status_code == httpx2.codes.OK
    told = {"before": before, "held": held, "answers": counts, "answers afterwards": answers}
    ARTIFACTS.mkdir(exist_ok=True)
    (ARTIFACTS / "hostile_clients.json").write_text(json.dumps(told, indent=2) + "\n")
    print(f"{clients} clients for {seconds:g} s; before {before:,.0f} MB")
    print("  each fifth second, MB: " + " ".join(f"{each:,.0f}" for each in held[::5]))
    print(f"  most {max(held):,.0f} MB (must {MOST_MB:,.0f}), flat: {is_flat(held)}, answers afterwards: {answers}")
    for name, count in sorted(counts.items()):
        print(f"  {count:6,} {name}")
    failed = [name for name in counts if name.endswith("[500]")]
    return max(held) <= MOST_MB and is_flat(held) and answers and not failed


def main() -> int:
    """Return 0 where the memory is as it must be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    chosen = parser.parse_args()
    return 0 if measured(clients=chosen.clients, seconds=chosen.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
