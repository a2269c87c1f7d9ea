# ruff: noqa: T201 - a program that prints its table
"""Lookups over HTTP: ``GET /locate`` beside a bare route of the same server, ``POST /locate`` with 100,000 points.

Run: python -m tests.benchmarks.serving. Needs PostgreSQL and wrk; 21,565 grids of about 47 vertices, as a city has.
The figures go to artifacts/serving.json.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import httpx2
import numpy as np
import pyarrow as pa
from fastapi import FastAPI

from api.app import create_app
from api.locate.batch import ARROW
from api.serving import listen
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import connect, unit_of_work
from boundaries.store.schema import upgrade
from boundaries.store.settings import StoreSettings
from geogrid.types import LevelName
from tests.benchmarks.coverages import Coverage, coverage
from tests.benchmarks.stores import open_to_all, private_store

GRIDS, POINTS = 21_565, 100_000
ROUNDS, SECONDS, CONNECTIONS = 5, 3, 8
LEAST_RATIO, AIMED_RATIO = 0.7, 0.9
LEAST_POINTS_A_SECOND, AIMED_POINTS_A_SECOND = 1e6, 3e6
PLACES = 1_000
ARTIFACTS = Path("artifacts")


def make_app() -> FastAPI:
    """Return the application with two routes that do nothing, for the server to be measured by."""
    app = create_app()

    @app.get("/bare")
    async def bare(lon: float, lat: float) -> dict[str, float]:
        return {"lon": lon, "lat": lat}

    @app.get("/empty")
    async def empty() -> dict[str, str]:
        return {"grid": "a"}

    return app


def main() -> int:
    """Measure, print the table, and return 0 if every figure is as it must be."""
    with private_store() as settings:
        town = coverage(GRIDS, POINTS, seed=1)
        store(settings, town)
        with served(settings) as address:
            return 0 if measure(address, town, settings.home) else 1


def store(settings: StoreSettings, town: Coverage) -> None:
    """Store the coverage as an edition."""
    engine = connect(settings)
    upgrade(engine)
    grids = gpd.GeoDataFrame(
        {"code": [f"G{i:05}" for i in range(GRIDS)], "name": [f"Grid {i}" for i in range(GRIDS)]},
        geometry=town.polygons,
        crs="EPSG:4326",
    ).assign(level=1, parent=None, kind="comprehensive", category=None)
    with unit_of_work(engine) as session:
        city = save_jurisdiction(session, code="city", name="City", levels=[LevelName("grid")])
        plan = save_plan(session, city, name="edition", grids=grids)
        publish(session, plan, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
    engine.dispose()


@contextmanager
def served(settings: StoreSettings) -> Iterator[str]:
    """Serve in a process of its own, as one worker."""
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "tests.benchmarks.serving:make_app"]
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log"]
    process = subprocess.Popen([*command, *options], env={**os.environ, **open_to_all(settings)})
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def wait_until_ready(address: str) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            if httpx2.get(f"{address}/health/ready", timeout=10).status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    raise TimeoutError("the server was not ready within 120 s")


def measure(address: str, town: Coverage, home: Path) -> bool:
    """Print the table; return whether every figure is as it must be."""
    script = home / "places.lua"
    script.write_text(places(town))
    rates: dict[str, list[float]] = {"/empty": [], "/bare": [], "/locate": []}
    for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine strikes all of them
        for path, found in rates.items():
            found.append(requests_a_second(address, path, script))
    print(f"{GRIDS:,} grids, {PLACES:,} places, wrk with {CONNECTIONS} connections, medians of {ROUNDS} rounds")
    for path, found in rates.items():
        print(f"  GET {path:<8} {statistics.median(found):>8,.0f} requests/s")
    ratios = [mine / bare for mine, bare in zip(rates["/locate"], rates["/bare"], strict=True)]
    ratio = statistics.median(ratios)
    print(f"  /locate over /bare {ratio:.2f} (must {LEAST_RATIO}, aim {AIMED_RATIO})")
    speed = points_a_second(address, town)
    figures = {path: statistics.median(found) for path, found in rates.items()}
    ARTIFACTS.mkdir(exist_ok=True)
    told = {"requests_a_second": figures, "locate_over_bare": ratio, "posted_points_a_second": speed}
    (ARTIFACTS / "serving.json").write_text(json.dumps(told, indent=2) + "\n")
    print(f"  POST /locate, {POINTS:,} points as Arrow: {speed / 1e6:.2f} million/s (must 1, aim 3)")
    return ratio >= LEAST_RATIO and speed >= LEAST_POINTS_A_SECOND


def places(town: Coverage) -> str:
    """Return the script by which wrk asks for another place each time."""
    queries = [f"?lon={x:.6f}&lat={y:.6f}" for x, y in zip(town.x[:PLACES], town.y[:PLACES], strict=True)]
    return (
        f"local queries = {{{','.join(json.dumps(query) for query in queries)}}}\n"
        "local turn = 0\n"
        "request = function() turn = turn % #queries + 1; return wrk.format(nil, wrk.path .. queries[turn]) end\n"
    )


def requests_a_second(address: str, path: str, script: Path) -> float:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), f"{address}{path}"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told:
        raise ValueError(f"{path} was refused:\n{told}")
    return next(float(line.split(":")[1]) for line in told.splitlines() if line.startswith("Requests/sec"))


def points_a_second(address: str, town: Coverage) -> float:
    table = pa.table({"lon": town.x, "lat": town.y})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body, times = sink.getvalue().to_pybytes(), []
    with httpx2.Client(base_url=address, timeout=60) as client:
        for _ in range(4 * ROUNDS):
            start = time.perf_counter()
            reply = client.post("/locate", content=body, headers={"content-type": ARROW})
            grids = pa.ipc.open_stream(reply.content).read_all().column("grid")
            times.append(time.perf_counter() - start)
    if grids.null_count or len(grids) != POINTS:
        raise ValueError(f"{grids.null_count:,} of {len(grids):,} points have no grid")
    return POINTS / float(np.median(times))


if __name__ == "__main__":
    sys.exit(main())
