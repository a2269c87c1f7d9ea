# ruff: noqa: T201 - a program that prints its table
"""Features over HTTP beside tipg and pygeoapi: one PostGIS, the same 20,430 polygons, one process each, in turn.

Run: python -m tests.benchmarks.embedding. Needs PostgreSQL; the peers are installed into an environment of their own.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import geopandas as gpd
import shapely
from sqlalchemy import Engine, make_url, text

from api.serving import listen
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import connect, unit_of_work
from boundaries.store.schema import upgrade
from boundaries.store.settings import StoreSettings
from geogrid.types import LevelName
from tests.benchmarks.coverages import coverage
from tests.benchmarks.stores import open_to_all, private_store
from tests.environments import environment

GRIDS = 20_430
ROUNDS = 9
FULL_ROUNDS = 3
STREAMED_BYTES = 1_000_000_000
MOST_GROWTH_MB = 64
PEERS = (
    "tipg==1.6.1",
    "pygeoapi==0.21.0",
    "uvicorn",
    "psycopg2-binary",
    "geoalchemy2",
    "pygeofilter[backend-sqlalchemy]",
)
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: where, and how it names the collection and each question."""

    name: str
    address: str
    items: str
    pid: int
    full: Mapping[str, str]
    first_id: str
    cold_ms: dict[str, float] = field(default_factory=dict)


def main() -> int:
    """Measure, print the tables, and return 0 if GeoGrid is ahead on every line and its memory stays flat."""
    with private_store() as settings:
        box, home = store(settings), settings.home
        with geogrid(settings) as ours, tipg(settings) as small, pygeoapi(settings, home) as large:
            ahead = compare((ours, small, large), box)
            return 0 if stays_flat(ours, settings) and ahead else 1


def store(settings: StoreSettings) -> str:
    """Store the polygons as an edition, and as a plain table with an index for the peers; return a box of them."""
    engine = connect(settings)
    upgrade(engine)
    town = coverage(GRIDS, 1, seed=7)
    grids = gpd.GeoDataFrame(
        {
            "code": [f"G{i:05}" for i in range(GRIDS)],
            "name": [f"Grid {i}" for i in range(GRIDS)],
            "households": [float(300 + i % 200) for i in range(GRIDS)],
        },
        geometry=town.polygons,
        crs="EPSG:4326",
    ).assign(level=1, parent=None, kind="comprehensive", category=None)
    with unit_of_work(engine) as session:
        city = save_jurisdiction(session, code="city", name="City", levels=[LevelName("grid")])
        plan = save_plan(session, city, name="edition", grids=grids)
        publish(session, plan, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
    with engine.begin() as connection:
        for statement in _PLAIN_TABLE:
            connection.execute(text(statement))
    engine.dispose()
    middle = town.polygons[GRIDS // 2].centroid
    west, south, east, north = shapely.total_bounds(town.polygons)
    side_x, side_y = (east - west) / 8, (north - south) / 8
    return f"{middle.x - side_x:.6f},{middle.y - side_y:.6f},{middle.x + side_x:.6f},{middle.y + side_y:.6f}"


_PLAIN_TABLE = (
    "create schema peers",
    """create table peers.polygons as select g.id, g.code, g.name, g.level, l.name as level_name, g.kind, g.category,
        g.households, g.population, g.buildings, g.plan_id as edition, g.geom
       from grids g left join levels l on l.position = g.level""",
    "alter table peers.polygons add primary key (id)",
    "create index on peers.polygons using gist (geom)",
    "analyze",
)


@contextmanager
def running(command: list[str], variables: Mapping[str, str], address: str, ready: str) -> Iterator[int]:
    """Run a server until the end of the block; yields its process once it answers."""
    process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while True:
            try:
                if fetch(address, ready)[0] == http.client.OK:
                    break
            except OSError:
                pass
            if time.monotonic() > end or process.poll() is not None:
                raise TimeoutError(f"{command[0]} did not answer within 120 s")
            time.sleep(0.2)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a port that is free now."""
    with listen("127.0.0.1", 0) as free:
        return int(free.getsockname()[1])


@contextmanager
def serving_as_installed(settings: StoreSettings) -> Iterator[tuple[str, int]]:
    """Run ``geogrid serve`` on a store; yields its address and its process once it answers."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [str(Path(sys.executable).with_name("geogrid")), "serve", "--port", str(port)]
    with running(command, open_to_all(settings), address, "/health/ready") as pid:
        yield address, pid


@contextmanager
def geogrid(settings: StoreSettings) -> Iterator[Served]:
    """Serve by GeoGrid, as one worker."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app", "--port", str(port)]
    variables = open_to_all(settings)
    items = "/collections/grids/items"
    full = {"GeoJSON": f"{items}?limit={GRIDS}", "FlatGeobuf": f"{items}?f=flatgeobuf"}
    with running([*command, "--log-level", "warning", "--no-access-log"], variables, address, "/health/ready") as pid:
        yield Served("GeoGrid", address, items, pid, full, "G10000")


@contextmanager
def tipg(settings: StoreSettings) -> Iterator[Served]:
    """Serve by tipg, as one worker."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    python = environment("peers", *PEERS)
    command = [str(python), "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--log-level", "warning"]
    variables = {
        "DATABASE_URL": str(settings.database_url),
        "TIPG_DB_SCHEMAS": '["peers"]',
        "TIPG_MAX_FEATURES_PER_QUERY": str(GRIDS),
        "TIPG_CATALOG_TTL": "3600",
    }
    items = "/collections/peers.polygons/items"
    with running([*command, "--no-access-log"], variables, address, "/healthz") as pid:
        yield Served("tipg", address, items, pid, {"GeoJSON": f"{items}?limit={GRIDS}"}, "10001")


@contextmanager
def pygeoapi(settings: StoreSettings, home: Path) -> Iterator[Served]:
    """Serve by pygeoapi, as one worker of its Starlette application."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    python = environment("peers", *PEERS)
    folder = home / "pygeoapi"
    folder.mkdir()
    config, described = folder / "config.yml", folder / "openapi.yml"
    config.write_text(json.dumps(_pygeoapi_config(settings, address)))
    variables = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(described)}
    program = [str(python.with_name("pygeoapi")), "openapi", "generate", str(config), "--output-file", str(described)]
    subprocess.run(program, check=True, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
    command = [str(python), "-m", "uvicorn", "pygeoapi.starlette_app:APP", "--port", str(port), "--log-level", "error"]
    items = "/collections/polygons/items"
    with running([*command, "--no-access-log"], variables, address, "/conformance?f=json") as pid:
        yield Served("pygeoapi", address, items, pid, {"GeoJSON": f"{items}?f=json&limit={GRIDS}"}, "10001")


def _pygeoapi_config(settings: StoreSettings, address: str) -> dict[str, object]:
    url = make_url(str(settings.database_url))
    database = {"host": url.host, "port": url.port, "dbname": url.database, "user": url.username}
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {**database, "password": url.password, "search_path": ["peers", "public"]},
        "id_field": "id",
        "table": "polygons",
        "geom_field": "geom",
    }
    resource = {
        "type": "collection",
        "title": "polygons",
        "description": "polygons",
        "keywords": ["polygons"],
        "links": [],
        "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": CRS84}},
        "providers": [provider],
    }
    limits = {"default_items": 1_000, "max_items": GRIDS, "on_exceed": "throttle"}
    server = {
        "bind": {"host": "127.0.0.1", "port": urlsplit(address).port},
        "url": address,
        "mimetype": "application/json",
        "encoding": "utf-8",
        "language": "en-US",
        "limits": limits,
        "gzip": False,
        "pretty_print": False,
    }
    person = {"name": "x", "url": "http://localhost"}
    identification = {
        "title": "x",
        "description": "x",
        "keywords": ["x"],
        "keywords_type": "theme",
        "terms_of_service": "x",
        "url": "http://localhost",
    }
    return {
        "server": server,
        "logging": {"level": "ERROR"},
        "metadata": {"identification": identification, "license": person, "provider": person, "contact": person},
        "resources": {"polygons": resource},
    }


Answer = tuple[int, Mapping[str, str], int, float]


def fetch(address: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return status, headers, length and milliseconds of one request on a connection of its own."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=300)
    try:
        begin = time.perf_counter()
        connection.request("GET", path, headers={"Accept-Encoding": "identity", **(headers or {})})
        reply = connection.getresponse()
        length = 0
        while piece := reply.read(1 << 20):
            length += len(piece)
        return reply.status, dict(reply.getheaders()), length, (time.perf_counter() - begin) * 1e3
    finally:
        connection.close()


def questions(box: str) -> dict[str, Callable[[Served], str]]:
    """Return the lines of the table, and how each server is asked."""
    return {
        "page of 1,000": lambda one: f"{one.items}?limit=1000&{_json(one)}",
        "page deep inside": lambda one: f"{one.items}?limit=1000&offset=15000&{_json(one)}",
        "page of a box": lambda one: f"{one.items}?limit=1000&bbox={box}&{_json(one)}",
        "one feature": lambda one: f"{one.items}/{one.first_id}?{_json(one)}",
    }


def _json(one: Served) -> str:
    return "f=geojson" if one.name != "pygeoapi" else "f=json"


def compare(servers: tuple[Served, ...], box: str) -> bool:
    """Print milliseconds of every line; return whether the first server is ahead of all others on each."""
    print(f"{GRIDS:,} polygons, milliseconds: the first answer, then the median of {ROUNDS} in turn")
    print(f"  {'':<18}{''.join(f'{one.name:>22}' for one in servers)}")
    ahead = True
    for name, ask in questions(box).items():
        ahead &= _line(name, servers, {one.name: ask(one) for one in servers}, ROUNDS)
    ahead &= _line("all, GeoJSON", servers, {one.name: one.full["GeoJSON"] for one in servers}, FULL_ROUNDS)
    flat = {one.name: one.full.get("FlatGeobuf", one.full["GeoJSON"]) for one in servers}
    ahead &= _line("all, FlatGeobuf*", servers, flat, FULL_ROUNDS)
    ours = servers[0]
    etag = fetch(ours.address, f"{ours.items}?limit=1000")[1]["etag"]
    ahead &= _line(
        "page, unchanged*",
        servers,
        {one.name: f"{one.items}?limit=1000" for one in servers},
        ROUNDS,
        headers={"If-None-Match": etag},
    )
    print("  * the peers have no FlatGeobuf and no ETag: their GeoJSON, and their whole page")
    return ahead


def _line(
    name: str,
    servers: tuple[Served, ...],
    paths: Mapping[str, str],
    rounds: int,
    *,
    headers: Mapping[str, str] | None = None,
) -> bool:
    first: dict[str, float] = {}
    spent: dict[str, list[float]] = {one.name: [] for one in servers}
    for number in range(rounds + 1):  # in turn, so that a busy moment of the machine strikes all of them
        for one in servers:
            status, _, _, took = fetch(one.address, paths[one.name], headers)
            if status not in {http.client.OK, http.client.NOT_MODIFIED}:
                raise RuntimeError(f"{one.name} answered {status} to {paths[one.name]}")
            if number:
                spent[one.name].append(took)
            else:
                first[one.name] = took
    medians = {key: statistics.median(found) for key, found in spent.items()}
    shown = "".join(f"{f'{first[one.name]:,.0f} / {medians[one.name]:,.1f}':>22}" for one in servers)
    ours, *others = (medians[one.name] for one in servers)
    ahead = ours < min(others)
    print(f"  {name:<18}{shown}   {'ahead' if ahead else 'BEHIND'} {min(others) / ours:.1f} times", flush=True)
    return ahead


def stays_flat(ours: Served, settings: StoreSettings) -> bool:
    """Stream a gigabyte to a reader that takes its time; return whether the server's memory stays as it was."""
    engine = connect(settings)
    store_large(engine)
    engine.dispose()
    path = "/collections/edition-2/items?limit=1000000&jurisdiction=large"
    end = time.monotonic() + 60
    while (
        fetch(ours.address, "/collections/edition-2?jurisdiction=large")[0] != http.client.OK and time.monotonic() < end
    ):
        time.sleep(0.5)
    before = resident_mb(ours.pid)
    received, most, seconds = read_slowly(ours, path)
    print(f"  {received / 1e9:.2f} GB in {seconds:.0f} s to a slow reader: {before:.0f} MB, then {most:.0f} MB at most")
    return received >= STREAMED_BYTES and most - before <= MOST_GROWTH_MB


def store_large(engine: Engine) -> None:
    """Store a gigabyte of GeoJSON as a former edition: one in force would be compiled for lookups."""
    with unit_of_work(engine) as session:
        save_jurisdiction(session, code="large", name="Large", levels=[LevelName("grid")])
    with engine.begin() as connection:
        for statement in _LARGE_EDITION:
            connection.execute(text(statement))


_LARGE_EDITION = (
    """insert into plans (jurisdiction_id, name, state) select id, 'large', 'draft' from jurisdictions
       where code = 'large'""",
    """insert into grids (plan_id, code, name, level, kind, geom)
       select p.id, g.code, g.name, 1, 'comprehensive',
           ST_Multi(ST_Segmentize(g.geom, ST_Perimeter(g.geom) / 6500))
       from grids g, plans p
       where p.name = 'large' and g.plan_id <> p.id and g.id % 5 = 0""",
    """update plans set state = 'retired', validity = '[2020-01-01,2021-01-01)' where name = 'large'""",
)


def read_slowly(ours: Served, path: str) -> tuple[int, float, float]:
    """Return bytes received, the most megabytes the server held meanwhile, and seconds."""
    place = urlsplit(ours.address)
    received, most, begin = 0, 0.0, time.perf_counter()
    with socket.create_connection((place.hostname, place.port), timeout=300) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n".encode())
        while piece := line.recv(262_144):
            received += len(piece)
            if received // 10_000_000 != (received - len(piece)) // 10_000_000:
                most = max(most, resident_mb(ours.pid))
                time.sleep(0.15)
    return received, most, time.perf_counter() - begin


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} is gone")


if __name__ == "__main__":
    raise SystemExit(main())
