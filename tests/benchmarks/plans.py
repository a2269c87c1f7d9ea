"""A draft of 20,430 grids and 300,000 blocks, as Qiqihar's: one move, its undo, validation, comparison, publication.

A running server is asked for a place all the while it is published: how long until it answers from the new edition, and
whether an answer is missing.

Run it with ``python -m tests.benchmarks.plans``; it needs PostgreSQL, about 2 GB of disk and some minutes.
"""

import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import geopandas as gpd
import httpx2
import numpy as np
import shapely
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.grids.tables import Plan
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.plans.comparing import compare_plans
from boundaries.plans.drafts import move_state, new_draft
from boundaries.plans.edits.editing import Author, edit, undo
from boundaries.plans.rules import check_plan
from boundaries.plans.storing import save_plan
from boundaries.publishing.publish import publish
from boundaries.publishing.rules import Publication, publish_plan
from boundaries.store.engine import connect, unit_of_work
from boundaries.store.schema import upgrade
from geogrid.plans.operations.kinds import MoveBlocks
from geogrid.types import LevelName
from tests.benchmarks.stores import private_store
from tests.fixtures_db import Database
from tests.serving import running

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 6, 1, tzinfo=UTC)
PLANNER = Author("benchmark")
ACROSS, DOWN = 3, 5
COMMUNITY = 50


def say(line: str) -> None:
    """Write a line of the report."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def town(columns: int, rows: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return grids and blocks of a city > community > grid town: leaves of 15 blocks, communities of 50 leaves."""
    rng = np.random.default_rng(0)
    width, height = columns * ACROSS, rows * DOWN
    corners = np.stack(np.meshgrid(np.arange(width + 1), np.arange(height + 1)), axis=-1).astype(float)
    corners += rng.uniform(-0.25, 0.25, corners.shape)
    corners = np.array([123.0, 47.0]) + corners * 0.001
    rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=2).reshape(-1, 4, 2)
    polygons = np.asarray(shapely.polygons(rings), dtype=object)
    x, y = np.tile(np.arange(width), height), np.repeat(np.arange(height), width)
    leaf = y // DOWN * columns + x // ACROSS
    households = rng.integers(0, 60, len(polygons)).astype(float)
    blocks = gpd.GeoDataFrame(
        {"grid": [f"C{n // COMMUNITY:04d}{n:05d}" for n in leaf.tolist()], "households": households, "buildings": 4.0},
        geometry=polygons,
        crs="EPSG:4326",
    )
    return grids_of(blocks, leaf), blocks


def grids_of(blocks: gpd.GeoDataFrame, leaf: np.ndarray) -> gpd.GeoDataFrame:
    frames = []
    labels = {3: leaf, 2: leaf // COMMUNITY, 1: np.zeros(len(leaf), dtype=int)}
    for level, label in labels.items():
        order = np.argsort(label, kind="stable")
        parts = np.split(blocks.geometry.to_numpy()[order], np.cumsum(np.bincount(label))[:-1])
        number = range(len(parts))
        codes = {
            3: [f"C{n // COMMUNITY:04d}{n:05d}" for n in number],
            2: [f"C{n:04d}" for n in number],
            1: ["C"],
        }[level]
        frames.append(
            {
                "code": codes,
                "name": [f"Grid {code}" for code in codes],
                "level": [level] * len(parts),
                "parent": [code[: {3: 5, 2: 1}.get(level, 0)] or None for code in codes],
                "kind": ["comprehensive" if level == 3 else "parent"] * len(parts),
                "category": [None] * len(parts),
                "households": np.bincount(label, weights=blocks["households"]).tolist(),
                "buildings": np.bincount(label, weights=blocks["buildings"]).tolist(),
                "geometry": [shapely.coverage_union_all(part) for part in parts],
            }
        )
    columns = {name: [value for frame in frames for value in frame[name]] for name in frames[0]}
    geometry = columns.pop("geometry")
    return gpd.GeoDataFrame(columns, geometry=geometry, crs="EPSG:4326")


def timed(label: str, work: Callable[[], object], limit_s: float) -> bool:
    """Print how long some work took beside what is asked for, and return whether it was in time."""
    start = time.perf_counter()
    work()
    took = time.perf_counter() - start
    say(f"{label:<46}{took:9.3f} s   (asked: under {limit_s:g} s)")
    return took < limit_s


def time_moves(engine: Engine, plan_id: int, count: int) -> list[float]:
    """Return the seconds of moves across boundaries and of their undoing, one after the other."""
    with unit_of_work(engine) as session:
        pairs = session.execute(
            text("""
                select a.block_id, other.code from assignments a
                join grids own on own.id = a.grid_id
                join grids other on other.plan_id = own.plan_id and other.level = 3 and other.id <> own.id
                    and ST_Intersects(other.geom, own.geom)
                where a.plan_id = :plan and a.block_id % 997 = 0
                order by a.block_id limit :count
            """),
            {"plan": plan_id, "count": count},
        ).all()
    seconds = []
    for block, code in pairs:
        for work in (
            lambda session, block=block, code=code: edit(
                session, plan_id, [MoveBlocks((block,), code)], author=PLANNER, version=None
            ),
            lambda session: undo(session, plan_id, author=PLANNER, version=None),
        ):
            start = time.perf_counter()
            with unit_of_work(engine) as session:
                work(session)
            seconds.append(time.perf_counter() - start)
    return seconds


@dataclass
class Watcher:
    """Asks a server for a place, again and again; remembers when which edition answered."""

    base: str
    answers: list[tuple[float, int, int]] = field(default_factory=list)
    is_over: bool = False

    def ask(self) -> None:
        with httpx2.Client(base_url=self.base, timeout=30) as client:
            while not self.is_over:
                reply = client.get("/locate", params={"lon": 123.05, "lat": 47.05})
                edition = reply.json()["edition"]["id"] if reply.status_code == 200 else 0
                self.answers.append((time.perf_counter(), reply.status_code, edition))

    def first_of(self, edition: int) -> float:
        """Wait for an edition and return when it answered first."""
        while True:
            found = [at for at, _, answered in self.answers if answered == edition]
            if found:
                return found[0]
            time.sleep(0.01)


@contextmanager
def watched(database: Database) -> Iterator[Watcher]:
    with running(database) as (_, base):
        watcher = Watcher(base)
        thread = threading.Thread(target=watcher.ask)
        thread.start()
        try:
            while not watcher.answers:
                time.sleep(0.1)
            yield watcher
        finally:
            watcher.is_over = True
            thread.join()


def main(columns: int = 135, rows: int = 152) -> int:
    """Measure, and return 0 if everything was in time. The default is 20,520 leaves and 307,800 blocks."""
    with private_store(durable=True) as settings:
        engine = connect(settings)
        upgrade(engine)
        return 0 if measure(engine, Database(settings.database_url or "", settings), columns, rows) else 1


def measure(engine: Engine, database: Database, columns: int, rows: int) -> bool:
    grids, blocks = town(columns, rows)
    say(f"{len(grids[grids['level'] == 3]):,} leaf grids, {len(blocks):,} blocks, durable private PostgreSQL")
    ids: dict[str, int] = {}

    def first() -> None:
        with unit_of_work(engine) as session:
            levels = [LevelName("city"), LevelName("community"), LevelName("grid")]
            area = save_jurisdiction(session, code="city", name="City", levels=levels)
            plan = save_plan(session, area, name="first", grids=grids, blocks=blocks, band=(300, 500))
            publish(session, plan, valid_from=NOW)
            ids["first"] = plan.id

    def draft() -> None:
        with unit_of_work(engine) as session:
            base = session.get_one(Plan, ids["first"])
            ids["draft"] = new_draft(session, base, name="draft", made_by="benchmark", at=NOW).id

    def run(work: Callable[..., object], *arguments: object) -> Callable[[], None]:
        def inside() -> None:
            with unit_of_work(engine) as session:
                work(session, *arguments)

        return inside

    in_time = [timed("store and publish the first", first, 300), timed("copy it to a draft", draft, 120)]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    seconds = time_moves(engine, ids["draft"], 40)
    for label, part in (("one move", seconds[0::2]), ("its undo", seconds[1::2])):
        median, most = statistics.median(part), max(part)
        say(f"{label:<46}{median:9.3f} s   median of {len(part)}, most {most:.3f} s (asked: under 0.1 s)")
        in_time.append(median < 0.1)
    time_moves(engine, ids["draft"], 5)
    in_time.append(timed("validation of all", run(lambda s: check_plan(s, s.get_one(Plan, ids["draft"]))), 30))
    in_time.append(
        timed(
            "comparison of all",
            run(lambda s: compare_plans(s, s.get_one(Plan, ids["first"]), s.get_one(Plan, ids["draft"]))),
            30,
        )
    )

    def publication(session: Session) -> None:
        for state in ("in_review", "approved"):
            move_state(session, ids["draft"], state, version=None, made_by="benchmark")
        how = Publication(LATER, "benchmark", accept_warnings="benchmark", reason="benchmark", accept=("backdated",))
        publish_plan(session, ids["draft"], how, version=None)

    with watched(database) as watcher:
        in_time.append(timed("publication with its checks and its index", run(publication), 60))
        committed = time.perf_counter()
        delay = watcher.first_of(ids["draft"]) - committed
    say(f"{'until a running server answers from it':<46}{delay:9.3f} s   (asked: under 2 s)")
    lost = sum(status != 200 for _, status, _ in watcher.answers)
    slowest = max(np.diff([at for at, _, _ in watcher.answers]))
    say(f"{len(watcher.answers):,} answers meanwhile, {lost} lost; the slowest took {slowest:.3f} s")
    return all([*in_time, delay < 2, lost == 0])


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
