"""Fifty planners at one draft over HTTP, 1,000 edits: nothing lost, households constant, 412 only where two overlap.

Each works in a community of his own for most of his edits, and now and then in the one of his neighbour. Two servers
answer; a third connection listens and must hear every edit.

Run it with ``python -m tests.benchmarks.planners``; it needs PostgreSQL and about a minute.
"""

import json
import statistics
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx2
import numpy as np

from api.settings import ServerSettings
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.drafts import new_draft
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.store.engine import connect, unit_of_work
from boundaries.store.schema import upgrade
from geogrid.types import LevelName
from tests.benchmarks.plans import say, town
from tests.benchmarks.stores import private_store
from tests.serving import serving

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLANNERS, EDITS, ASTRAY = 50, 20, 0.1
COLUMNS, ROWS = 40, 25


class Planner:
    """Somebody who moves blocks from one grid to the next, and names both with their versions."""

    def __init__(self, number: int, address: str, codes: list[list[str]]) -> None:
        self.number, self.codes = number, codes
        self.rng = np.random.default_rng(number)
        self.client = httpx2.Client(base_url=address, timeout=60)
        self.statuses: list[int] = []
        self.seconds: list[float] = []
        self.overlaps: list[bool] = []

    def work(self) -> None:
        """Make the edits, each from what is read right before it."""
        for _ in range(EDITS):
            place = (self.number + int(self.rng.random() < ASTRAY)) % len(self.codes)
            own = self.codes[place]
            at = int(self.rng.integers(0, len(own) - 1))
            self._move(own[at], own[at + 1])

    def _move(self, source: str, target: str) -> None:
        seen = self.client.get("/versions").json()["grids"]
        blocks = self.client.get("/blocks", params={"grid": source, "limit": 100}).json()["features"]
        if len(blocks) < 2:
            source, target = target, source
            blocks = self.client.get("/blocks", params={"grid": source, "limit": 100}).json()["features"]
        named = {code: seen[code] for code in (source, target)}
        chosen = [int(self.rng.choice([each["id"] for each in blocks]))]
        operation = {"kind": "move_blocks", "blocks": chosen, "to": target}
        begun = time.perf_counter()
        body = {"operations": [operation], "grids": named, "by": f"planner {self.number}"}
        reply = self.client.post("/edits", json=body)
        self.seconds.append(time.perf_counter() - begun)
        self.statuses.append(reply.status_code)
        if reply.status_code == httpx2.codes.PRECONDITION_FAILED:
            now = self.client.get("/versions").json()["grids"]
            self.overlaps.append(any(now.get(code) != version for code, version in named.items()))


def hear(address: str, heard: list[int], stop: threading.Event) -> None:
    """Collect the versions that the stream tells."""
    with httpx2.stream("GET", f"{address}/events?since=0", timeout=60) as reply:
        for line in reply.iter_lines():
            if line.startswith("id: "):
                heard.append(int(line.removeprefix("id: ")))
            if stop.is_set():
                return


def households(client: httpx2.Client) -> float:
    """Return the sum over the leaves."""
    grids = client.get("/grids", params={"level": 3, "limit": 100_000}).json()["features"]
    return sum(each["properties"]["households"] for each in grids)


def measure(first: str, second: str, codes: list[list[str]]) -> dict[str, Any]:
    """Let the planners work, half of them at each server."""
    watcher = httpx2.Client(base_url=first, timeout=60)
    before, heard, stop = households(watcher), [], threading.Event()
    listener = threading.Thread(target=hear, args=(second, heard, stop), daemon=True)
    listener.start()
    planners = [Planner(number, (first, second)[number % 2], codes) for number in range(PLANNERS)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(PLANNERS) as pool:
        list(pool.map(Planner.work, planners))
    took = time.perf_counter() - begun
    time.sleep(2)
    stop.set()
    statuses = Counter(status for planner in planners for status in planner.statuses)
    edits = watcher.get("/edits").json()["edits"]
    changes = {each["position"] for each in edits}
    seconds = [each for planner in planners for each in planner.seconds]
    return {
        "edits asked for": PLANNERS * EDITS,
        "answers": dict(statuses),
        "edits kept": len(changes),
        "412 without an overlap": sum(not each for planner in planners for each in planner.overlaps),
        "households before and after": [before, households(watcher)],
        "edits heard at the other server": len(set(heard)),
        "seconds an edit, median and 95 %": [
            round(statistics.median(seconds), 3),
            round(float(np.quantile(seconds, 0.95)), 3),
        ],
        "seconds in all": round(took, 1),
    }


def main() -> int:
    """Store a town, serve it twice, report, and return 0 if nothing was lost and nobody refused for nothing."""
    with private_store() as store:
        engine = connect(store)
        upgrade(engine)
        grids, blocks = town(COLUMNS, ROWS)
        levels = [LevelName("city"), LevelName("community"), LevelName("grid")]
        with unit_of_work(engine) as session:
            stored = save_jurisdiction(session, code="town", name="Town", levels=levels)
            plan = save_plan(session, stored, name="first", grids=grids, blocks=blocks)
            publish(session, plan, valid_from=NOW)
            draft = new_draft(session, plan, name="next", made_by="benchmark", at=NOW).id
        engine.dispose()
        leaves = sorted(str(code) for code in grids[grids["kind"] != "parent"]["code"])
        codes = [[code for code in leaves if code.startswith(f"C{number:04d}")] for number in range(PLANNERS)]
        settings = ServerSettings(**{**store.model_dump(), "open": "all"})
        with serving(settings) as first, serving(settings) as second:
            found = measure(f"{first}/plans/{draft}", f"{second}/plans/{draft}", codes)
    say(json.dumps(found, indent=2))
    is_sound = found["answers"].get(200) == found["edits kept"] == found["edits heard at the other server"] - 1
    is_kept = len({round(each, 6) for each in found["households before and after"]}) == 1
    return 0 if is_sound and is_kept and not found["412 without an overlap"] else 1


if __name__ == "__main__":
    sys.exit(main())
