"""A million blocks to the 20,430 grids of Qiqihar, 17,242 comprehensive and 3,188 dedicated, beside ten thousand.

Run it with ``python -m tests.benchmarks.partition_scale``; it takes some minutes and about 5 GB. What is counted is
the time from streets and addresses to blocks, and from blocks to grids, each by itself and together.
"""

import json
import resource
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import geopandas as gpd
import numpy as np
import shapely

from geogrid.blocks import Blocks, Site, build_blocks
from geogrid.partition import Partition, partition

CRS = "EPSG:32651"
SIDE_M = 100.0
SMALL, LARGE = 10_000, 1_000_000
COMPREHENSIVE, DEDICATED = 17_242, 3_188
MOST_HOUSEHOLDS = 17
TOLERANCE = 0.25
MOST_SECONDS, MOST_GB, MOST_RATIO = 600.0, 8.0, 2.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What one size came to."""

    blocks: int
    comprehensive: int
    dedicated: int
    build_s: float
    partition_s: float
    build_cpu_s: float
    partition_cpu_s: float
    in_band: float
    contiguous: bool
    peak_gb: float


class Clock:
    """Seconds between entry and exit: passed, and spent by all processors, which other programs do not lengthen."""

    def __enter__(self) -> Self:
        """Start."""
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.wall_s = time.perf_counter() - self._start[0]
        self.cpu_s = time.process_time() - self._start[1]


def say(line: str) -> None:
    """Write a line of the report."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def streets_and_addresses(count: int) -> tuple[gpd.GeoSeries, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the limit, the crooked streets and the addresses with households of a town of about so many blocks."""
    rng = np.random.default_rng(1)
    side = round(np.sqrt(count))
    corners = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1).astype(float)
    corners[1:-1, 1:-1] += rng.uniform(-0.25, 0.25, corners[1:-1, 1:-1].shape)
    corners = corners * SIDE_M + [500_000.0, 5_250_000.0]
    lines = [np.asarray(shapely.linestrings(way[1:-1]), dtype=object) for way in (corners, corners.transpose(1, 0, 2))]
    ranks = np.where(np.arange(side - 1) % 10 == 0, 6, 4)
    streets = gpd.GeoDataFrame({"rank": np.tile(ranks, 2)}, geometry=np.concatenate(lines), crs=CRS)
    middles = ((corners[:-1, :-1] + corners[1:, 1:]) / 2).reshape(-1, 2)
    households = rng.integers(0, MOST_HOUSEHOLDS, len(middles)).astype(float)
    addresses = gpd.GeoDataFrame({"households": households}, geometry=gpd.points_from_xy(*middles.T), crs=CRS)
    return gpd.GeoSeries([shapely.box(*corners[0, 0], *corners[-1, -1])], crs=CRS), streets, addresses


def with_institutions(blocks: Blocks, count: int) -> Blocks:
    """Return the blocks with so many of them dedicated, far from each other."""
    chosen = np.linspace(0, len(blocks) - 1, count).astype(np.int64)
    site = np.full(len(blocks), -1)
    site[chosen] = np.arange(count)
    return replace(blocks, site=site, sites=tuple(Site(f"School {n}", "school") for n in range(count)))


def measured(count: int) -> Figures:
    """Return the figures of a town of about so many blocks."""
    town = streets_and_addresses(count)
    with Clock() as building:
        blocks = build_blocks(town[0], town[1], loads=town[2])
    share = count / LARGE
    blocks = with_institutions(blocks, round(DEDICATED * share))
    wanted = round(COMPREHENSIVE * share)
    mean = float(blocks.loads["households"][blocks.site < 0].sum()) / wanted
    band = mean * (1 - TOLERANCE), mean * (1 + TOLERANCE)
    with Clock() as dividing:
        found = partition(blocks, n_grids=wanted, band=band, rng=np.random.default_rng(1))
    return _figures(found, building, dividing)


def _figures(found: Partition, building: Clock, dividing: Clock) -> Figures:
    dedicated = found.site >= 0
    return Figures(
        blocks=len(found.blocks),
        comprehensive=int((~dedicated).sum()),
        dedicated=int(dedicated.sum()),
        build_s=building.wall_s,
        partition_s=dividing.wall_s,
        build_cpu_s=building.cpu_s,
        partition_cpu_s=dividing.cpu_s,
        in_band=float(found.in_band.mean()),
        contiguous=int(found.blocks.adjacency.components(found.grid).max()) + 1 == len(found),
        peak_gb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    )


def _total(row: Figures) -> float:
    return row.build_s + row.partition_s


def _total_cpu(row: Figures) -> float:
    return row.build_cpu_s + row.partition_cpu_s


def main() -> None:
    """Print the figures, and write them to artifacts/partition_scale.json."""
    measured(SMALL // 10)  # compiled and in the cache before the clock starts
    rows = [measured(SMALL), measured(LARGE)]
    for row in rows:
        say(
            f"{row.blocks:9,} blocks: {row.comprehensive:,} comprehensive and {row.dedicated:,} dedicated grids, "
            f"{row.in_band:.2%} in the band, {'all' if row.contiguous else 'not all'} contiguous; "
            f"blocks {row.build_s:.1f} s ({row.build_cpu_s:.1f} s of processors), grids {row.partition_s:.1f} s "
            f"({row.partition_cpu_s:.1f} s), peak {row.peak_gb:.1f} GB"
        )
    small, large = rows
    ratios = {
        "grids": (large.partition_s / large.blocks) / (small.partition_s / small.blocks),
        "grids_cpu": (large.partition_cpu_s / large.blocks) / (small.partition_cpu_s / small.blocks),
        "both": (_total(large) / large.blocks) / (_total(small) / small.blocks),
        "both_cpu": (_total_cpu(large) / large.blocks) / (_total_cpu(small) / small.blocks),
    }
    shown = ", ".join(f"{name} {ratio:.2f} x" for name, ratio in ratios.items())
    say(f"time per block beside ten thousand: {shown} (asked: under {MOST_RATIO:g} x)")
    say(f"together {_total(large):.0f} s, {_total_cpu(large):.0f} s of processors (asked: {MOST_SECONDS:.0f} s)")
    say(f"peak {large.peak_gb:.1f} GB (asked: {MOST_GB:.0f} GB)")
    out = Path("artifacts")
    out.mkdir(exist_ok=True)
    rows_as = [{name: getattr(row, name) for name in Figures.__slots__} for row in rows]
    (out / "partition_scale.json").write_text(json.dumps({"rows": rows_as, "ratios": ratios}, indent=2) + "\n")


if __name__ == "__main__":
    main()
