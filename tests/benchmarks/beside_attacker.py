# ruff: noqa: T201 - a program that prints its table
"""``GET /locate`` beside an attacker: how much longer the slowest answers take than on a server of its own.

Run: python -m tests.benchmarks.beside_attacker. Needs PostgreSQL and curl; Chicago with its 74,401 complaints. The
attacker, in processes of its own, does five things at once, each again as soon as it is answered: it downloads cases
as GeoJSON and all of them as CSV, draws the map of their hotspots, and posts 20 MB, as JSON, which is refused, and as
lines, which are answered. On a machine with few processors the attacker takes time from the server by its own work
already; how much, the same attack on a second server of the same store tells. The figures go to
artifacts/beside_attacker.json.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import numpy as np

from boundaries.store.engine import connect
from boundaries.store.schema import upgrade
from tests.benchmarks.chicago import CODE, DATA, import_areas, import_complaints
from tests.benchmarks.embedding import serving_as_installed
from tests.benchmarks.stores import private_store

SECONDS, EVERY_S, ROUNDS = 12.0, 0.02, 2
POSTED_MB: Final = 20
MOST_RATIO: Final = 2.0
ARTIFACTS: Final = Path("artifacts")


def main() -> int:
    """Measure, print the table, and return 0 if the slowest hundredth takes at most twice as long."""
    with private_store() as settings:
        engine = connect(settings)
        upgrade(engine)
        import_areas(engine, DATA)
        import_complaints(engine, DATA, settings.home / "rejects.csv")
        engine.dispose()
        with serving_as_installed(settings) as (address, _), serving_as_installed(settings) as (other, _):
            return 0 if measure(address, other, settings.home) else 1


def attack_on(address: str, home: Path) -> dict[str, Sequence[str | Path]]:
    """Return what the attacker does to a server: words for curl, by name."""
    body, lines = home / "body.json", home / "body.ndjson"
    points = [[-87.65 + n % 1000 / 1e6, 41.85] for n in range(POSTED_MB * 1_000_000 // 24)]
    body.write_text(json.dumps({"points": points}))
    lines.write_text(
        "".join(
            f'{{"id":{10**7 + n},"lon":{lon:.6f},"lat":{lat}}}\n'
            for n, (lon, lat) in enumerate(points[: POSTED_MB * 1_000_000 // 45])
        )
    )
    post = ("-X", "POST", f"{address}/locate", "-H")
    return {
        "downloads cases": (f"{address}/collections/cases/items?limit=10000&jurisdiction={CODE}",),
        "downloads all cases as CSV": (f"{address}/cases?f=csv&jurisdiction={CODE}",),
        "draws the hotspots": (f"{address}/maps/hotspots?jurisdiction={CODE}",),
        "posts 20 MB": (*post, "Content-Type: application/json", "--data-binary", f"@{body}"),
        "posts 20 MB of lines": (*post, "Content-Type: application/x-ndjson", "--data-binary", f"@{lines}"),
    }


def measure(address: str, other: str, home: Path) -> bool:
    """Print the table; return whether the slowest hundredth is as it must be."""
    times: dict[str, list[float]] = {"alone": [], "beside": [], "beside an attack on another": []}
    counts: Counter[str] = Counter()
    for _ in range(ROUNDS):
        times["alone"] += asked(address)
        with attacked(attack_on(address, home), counts):
            times["beside"] += asked(address)
        with attacked(attack_on(other, home), Counter()):
            times["beside an attack on another"] += asked(address)
    rows = {name: np.percentile(found, (50, 99, 100)) * 1e3 for name, found in times.items()}
    print(f"GET /locate every {EVERY_S * 1e3:.0f} ms, {ROUNDS} rounds of {SECONDS:.0f} s each, in turn")
    for name, (half, most, worst) in rows.items():
        print(f"  {name:<27} p50 {half:7.2f} ms   p99 {most:8.2f} ms   slowest {worst:8.2f} ms")
    print("  the attacker: " + ", ".join(f"{name} {count:,} times" for name, count in counts.items()))
    ratio = float(rows["beside"][1] / rows["alone"][1])
    share = float(rows["beside"][1] / rows["beside an attack on another"][1])
    print(f"  p99 beside over alone {ratio:.2f} (must {MOST_RATIO:.0f}), over that of an attack on another {share:.2f}")
    ARTIFACTS.mkdir(exist_ok=True)
    told = {"ms": {name: found.tolist() for name, found in rows.items()}, "ratio": ratio, "attacks": counts}
    (ARTIFACTS / "beside_attacker.json").write_text(json.dumps(told, indent=2) + "\n")
    return ratio <= MOST_RATIO


def asked(address: str) -> list[float]:
    """Ask at a steady pace, whatever the answers take; return the seconds from when each was due to its answer."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=120)
    chance = np.random.default_rng(1)
    found = []
    begun = time.perf_counter()
    for turn in range(int(SECONDS / EVERY_S)):
        due = begun + turn * EVERY_S
        time.sleep(max(due - time.perf_counter(), 0.0))
        lon, lat = -87.65 + chance.uniform(-0.05, 0.05), 41.85 + chance.uniform(-0.05, 0.05)
        connection.request("GET", f"/locate?lon={lon:.6f}&lat={lat:.6f}")
        reply = connection.getresponse()
        reply.read()
        assert reply.status in {200, 404}, reply.status
        found.append(time.perf_counter() - due)
    connection.close()
    return found


@contextmanager
def attacked(things: dict[str, Sequence[str | Path]], counts: Counter[str]) -> Iterator[None]:
    """Do each thing again and again until the end of the block."""
    over = threading.Event()

    def again(name: str, request: Sequence[str | Path]) -> None:
        command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", *request]
        while not over.is_set():
            status = subprocess.run(command, check=False, capture_output=True, text=True).stdout
            counts[f"{name} [{status}]"] += 1

    threads = [threading.Thread(target=again, args=thing) for thing in things.items()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    sys.exit(main())
