# ruff: noqa: T201 - a program that prints its table
"""GridIndex beside its peers on a city of 21,565 grids, and on nations of up to a million.

Run: python -m tests.benchmarks.index [--largest 1000000]. The table goes to artifacts/index.md, the figures to
artifacts/index.json. Ratios are of processor time, because other work on the machine lengthens the time on the wall.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid import GridIndex
from geogrid.jit import Array, kernel
from tests.benchmarks.coverages import Coverage, coverage
from tests.benchmarks.peers import PACKAGES, Pairs, Spent, first_of, ready_peers, sjoin, timed

GRIDS, POINTS, SEED = 21_565, 2_000_000, 1
ROUNDS, PEER_ROUNDS, THREAD_ROUNDS = 15, 3, 100
SIZES = (1_000, 10_000, 100_000)
LARGEST = 1_000_000
MEMORY = 8 << 30
ARTIFACTS = Path("artifacts")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what was measured, what it must be and what it should be."""

    measure: str
    figure: float
    unit: str
    must: float | None = None
    aim: float | None = None
    at_most: bool = False

    def reaches(self, limit: float | None) -> bool:
        """Tell whether the figure is on the right side of a limit."""
        return limit is None or (self.figure <= limit if self.at_most else self.figure >= limit)

    def line(self) -> str:
        """Return the line as Markdown."""
        sign = "at most " if self.at_most else ""
        limits = ["" if limit is None else f"{sign}{limit:g}" for limit in (self.must, self.aim)]
        reached = "aim" if self.reaches(self.aim) else "must" if self.reaches(self.must) else "no"
        reached = "" if self.must is None and self.aim is None else reached
        return f"| {self.measure} | {self.figure:,.3g} {self.unit} | {limits[0]} | {limits[1]} | {reached} |"


@kernel
def read_and_write(x: Array, y: Array, out: Array) -> None:
    """Read every point and write a number for it: what no index can beat."""
    for i in range(len(x)):
        out[i] = np.int32(x[i] + y[i])


def million_a_second(spent: Spent) -> float:
    return POINTS / spent.cpu / 1e6


def median_spent(work: Callable[[], Any]) -> Spent:
    work()  # compiled, and its pages in memory
    found = [timed(work)[1] for _ in range(ROUNDS)]
    return Spent(statistics.median(each.cpu for each in found), statistics.median(each.wall for each in found))


def city(folder: Path) -> tuple[list[Row], list[str]]:
    """Return the rows of the city, and a line about each peer."""
    town = coverage(GRIDS, POINTS, seed=SEED)
    GridIndex.build(town.polygons[:100]).locate(town.x[:1], town.y[:1])  # compiled before the clock starts
    builds = [timed(lambda: GridIndex.build(town.polygons)) for _ in range(5)]
    index, build = builds[0][0], min(spent.cpu for _, spent in builds)
    before, peers, lines = one_core(index, town), {}, []
    answers = index.locate(town.x, town.y)
    for name, ask in ready_peers(town):
        if isinstance(ask, str):
            lines.append(f"- {name} cannot run here: {ask}")
            continue
        peers[name], differing = asked(ask, answers)
        lines.append(
            f"- {name}: {million_a_second(peers[name]):.3f} million points/s of a core, {peers[name].wall:.1f} s on "
            f"the wall; {differing} of {POINTS:,} answers differ from GridIndex"
        )
        print(lines[-1], flush=True)
    ours = min(before, one_core(index, town), key=lambda spent: spent.cpu)
    others = {name: spent.cpu for name, spent in peers.items() if name != "geopandas.sjoin"}
    best = min(others, key=lambda name: others[name])
    bound = median_spent(lambda: read_and_write(town.x, town.y, np.empty(POINTS, np.int32)))
    rows = [
        Row("GridIndex, one core", million_a_second(ours), "M points/s"),
        Row("bound of memory: read the points, write the answers", million_a_second(bound), "M points/s"),
        Row("over geopandas.sjoin", peers["geopandas.sjoin"].cpu / ours.cpu, "x", 50, 100),
        Row(f"over the best of the others, {best}", others[best] / ours.cpu, "x", 30, 60),
        *two_threads(index, town),
        Row(f"build of {town.edges:,} edges", build, "s of a core", None, 1, at_most=True),
        Row(
            "time of the best peer to locate, over the build",
            min(spent.cpu for spent in peers.values()) / build,
            "x",
            10,
        ),
    ]
    return rows + stored(index, folder), lines


def one_core(index: GridIndex, town: Coverage) -> Spent:
    return median_spent(lambda: index.locate(town.x, town.y))


def asked(ask: Callable[[], Pairs], answers: NDArray[np.int32]) -> tuple[Spent, int]:
    """Return what a peer's median round took, and how many of its answers are not ours."""
    rounds = [timed(ask) for _ in range(PEER_ROUNDS)]
    differing = int((first_of(rounds[0][0], POINTS) != answers).sum())
    return sorted((spent for _, spent in rounds), key=lambda spent: spent.cpu)[PEER_ROUNDS // 2], differing


def two_threads(index: GridIndex, town: Coverage) -> list[Row]:
    """Return the rows of two threads over one, from the quickest rounds: the others shared a core with something."""
    rounds: dict[int, list[Spent]] = {1: [], 2: []}
    for _ in range(THREAD_ROUNDS):
        for threads, found in rounds.items():
            found.append(timed(partial(index.locate, town.x, town.y, threads=threads))[1])
    wall = {threads: min(spent.wall for spent in found) for threads, found in rounds.items()}
    cpu = {threads: min(spent.cpu for spent in found) for threads, found in rounds.items()}
    return [
        Row("two threads over one, on the wall", wall[1] / wall[2], "x", 1.7, 1.9),
        Row("processor time of one thread, over half that of two", 2 * cpu[1] / cpu[2], "x"),
    ]


def stored(index: GridIndex, folder: Path) -> list[Row]:
    """Return the rows of the index as a file."""
    path = folder / "city.index"
    index.save(path)
    opened = statistics.median(timed(lambda: GridIndex.open(path))[1].wall for _ in range(ROUNDS))
    return [
        Row("index file", path.stat().st_size / 1e6, "MB", 150, 60, at_most=True),
        Row("index in memory", index.nbytes / 1e6, "MB", 150, 60, at_most=True),
        Row("open of the file", opened * 1e3, "ms", 20, 5, at_most=True),
    ]


def growth(largest: int, folder: Path) -> list[Row]:
    """Return the rows of larger and larger nations, each measured in a process of its own."""
    figures = {size: nation(size, folder) for size in (*(size for size in SIZES if size < largest), largest)}
    rows = [
        Row(f"a point among {size:,} polygons", 1e9 * found["point"], "ns of a core") for size, found in figures.items()
    ]
    last = figures[largest]
    slower = last["point"] / figures[SIZES[0]]["point"]
    return [
        Row(f"{largest:,} polygons: build", last["build"], "s of a core", 180, 60, at_most=True),
        Row(
            f"{largest:,} polygons: memory while building, input included", last["memory"] / 1e9, "GB", 8, at_most=True
        ),
        Row(f"{largest:,} polygons: index", last["index"] / 1e6, "MB"),
        Row(f"{largest:,} polygons: over geopandas.sjoin", last["sjoin"] / last["point"], "x", 40),
        *rows,
        Row(f"growth of time per point from {SIZES[0]:,} to {largest:,}", slower, "x", 4, 2, at_most=True),
    ]


def nation(size: int, folder: Path) -> dict[str, float]:
    """Return the figures of a coverage, made in one process and measured in another that has 8 GB at most."""
    for step in ("make", "measure"):
        command = [sys.executable, "-m", "tests.benchmarks.index", f"--{step}", str(size), "--folder", str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    print(f"  {size:,} polygons: {found}", flush=True)
    return found


def make(size: int, folder: Path) -> None:
    """Write a coverage and its points to files."""
    town = coverage(size, POINTS, seed=SEED)
    _, coords, (rings, polygons) = shapely.to_ragged_array(town.polygons)
    np.savez(folder / f"{size}.npz", coords=coords, rings=rings, polygons=polygons, x=town.x, y=town.y)


def measure(size: int, folder: Path) -> dict[str, float]:
    """Build and ask within 8 GB; compare the answers with those of geopandas."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with np.load(folder / f"{size}.npz") as file:
        offsets = file["rings"], file["polygons"]
        polygons = shapely.from_ragged_array(shapely.GeometryType.POLYGON, file["coords"], offsets)
        town = Coverage(polygons, file["x"], file["y"], 0)
    GridIndex.build(polygons[:100]).locate(town.x[:1], town.y[:1])
    index, build = timed(lambda: GridIndex.build(polygons))
    memory = most_memory()
    spent = one_core(index, town)
    pairs, joined = timed(sjoin(town))
    if (first_of(pairs, POINTS) != index.locate(town.x, town.y)).any():
        raise ValueError("the answers differ from those of geopandas.sjoin")
    return {
        "build": build.cpu,
        "build_wall": build.wall,
        "memory": memory,
        "index": index.nbytes,
        "point": spent.cpu / POINTS,
        "sjoin": joined.cpu / POINTS,
    }


def most_memory() -> int:
    """Return the most bytes that this process had in memory at once; what came before it does not count."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def machine() -> list[str]:
    """Return what the figures depend on."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "numba", *PACKAGES))
    return [
        f"{processor()}, {cores} cores, load {load:.1f} at the start, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, GEOS {shapely.geos_version_string}, {versions}",
    ]


def processor() -> str:
    """Return the model of the processor, where the system tells."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def report(rows: list[Row], about: list[str], spread: list[str]) -> str:
    """Return the table as Markdown."""
    intro = [
        f"{GRIDS:,} polygons of about 47 vertices and {POINTS:,} points clustered like people (seed {SEED}); larger",
        "coverages are made the same way. Peers run in the same process, one thread each; sjoin and STRtree have their",
        "trees before the clock starts. Rates and ratios are of processor time, as other work on the machine lengthens",
        f"time on the wall. Two threads over one is of the wall: the quickest of {THREAD_ROUNDS} rounds of each.",
    ]
    head = ["| measure | figure | must | aim | reached |", "|---|---|---|---|---|"]
    return "\n".join([*intro, "", *about, "", *spread, "", *head, *(row.line() for row in rows), ""])


def main() -> int:
    """Measure, print and store the table; return 0 if every figure is as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=LARGEST, help="polygons of the largest nation")
    for step in ("make", "measure"):
        parser.add_argument(f"--{step}", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make(given.make, given.folder)
        return 0
    if given.measure:
        print(json.dumps(measure(given.measure, given.folder)))
        return 0
    about = machine()
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as folder:
        rows, peers = city(Path(folder))
        rows += growth(given.largest, Path(folder))
    text = report(rows, about, peers)
    print(text)
    ARTIFACTS.mkdir(exist_ok=True)
    (ARTIFACTS / "index.md").write_text(text)
    (ARTIFACTS / "index.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    return int(not all(row.reaches(row.must) for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
