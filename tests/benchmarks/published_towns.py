# ruff: noqa: T201 - a program that prints its tables
"""Five towns whose grids are published, drawn by chance: their counts, and a million blocks within a time."""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geogrid.blocks import NOWHERE, Blocks, build_blocks
from geogrid.partition import Partition, carve_dedicated, partition, partition_levels
from geogrid.towns import PUBLISHED_TOWNS, PublishedTown, SyntheticTown, drawn_blocks, synthetic_town

OUTLINES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "china_admin"
SMALL, LARGE = 10_000, 1_000_000
_KILOBYTES_A_GIGABYTE = 1e6
_PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def blocks_of(published: PublishedTown, town: SyntheticTown) -> Blocks:
    """Return the blocks between the streets, in the lowest administrative areas, with dedicated land."""
    blocks = build_blocks(
        town.limit, town.barriers, buildings=town.buildings, nested_in=town.areas[-1] if town.areas else None
    )
    return carve_dedicated(blocks, town.sites) if published.dedicated else blocks


def is_in_county(published: PublishedTown, town: SyntheticTown) -> bool | None:
    """Tell whether the middle of the town lies in the outline of its county; None without the outlines."""
    if not OUTLINES.is_dir():
        return None
    counties = gpd.read_file(OUTLINES / "five_places_counties_wgs84.geojson")
    # A city is the union of its counties, whose codes begin with its own four digits.
    outline = counties.geometry[counties["adcode"].astype(str).str.startswith(str(published.county).removesuffix("00"))]
    middle = town.limit.to_crs(4326).iloc[0].centroid
    return bool(outline.union_all().contains(middle))


def run(published: PublishedTown) -> dict[str, Any]:
    """Print and return what a town comes to."""
    start = time.perf_counter()
    town = published.draw(np.random.default_rng(1))
    blocks = blocks_of(published, town)
    drawn = time.perf_counter()
    tree = partition_levels(blocks, published.scheme, prefix="G", rng=np.random.default_rng(1))
    done = time.perf_counter()
    counts = tree.grids.groupby("level_name", sort=False).size().to_dict()
    wanted = {level.name: level.n_grids or 1 for level in published.scheme}
    load = tree.leaves.load[tree.leaves.site == NOWHERE]
    low, high = published.grid_households or (0.0, np.inf)
    within = float(((load >= low) & (load <= high)).mean())
    tiles = bool(shapely.coverage_is_valid(tree.leaves.polygons()))
    print(
        f"{published.name}\n  {len(town.buildings):,} buildings, {published.households:,} households, {len(blocks):,} "
        f"blocks in {drawn - start:.1f} s; grids in {done - drawn:.1f} s; in its county: "
        f"{is_in_county(published, town)}\n"
        f"  counts {counts}: {'as published' if counts == wanted else f'published {wanted}'}; seamless: {tiles}\n"
        f"  households of a grid {load.min():.0f} to {load.max():.0f}, mean {load.mean():.1f}"
        + (f"; {within:.1%} within {low:g} to {high:g}" if published.grid_households else ""),
        flush=True,
    )
    for problem in tree.problems[:3]:
        print(f"    {problem.kind}: {problem.message}")
    return {"counts": counts, "wanted": wanted, "within": within, "seconds": done - drawn, "blocks": len(blocks)}


def qiqihar_like(n_blocks: int) -> tuple[Blocks, int]:
    """Return a city with the proportions of Qiqihar, and its number of comprehensive grids."""
    city = next(town for town in PUBLISHED_TOWNS if town.key == "qiqihar")
    share = n_blocks / city.n_blocks
    town = synthetic_town(
        n_blocks,
        rng=np.random.default_rng(1),
        households=round(share * city.households),
        n_sites=round(share * city.dedicated),
        areas=[max(round(share * count), 1) for count in city.areas],
        block_m2=city.block_m2,
        centre=city.centre,
        flaws=0.0,
        dual_carriageways=False,
        with_buildings=False,
    )
    return drawn_blocks(town, with_barriers=False), round(share * (city.scheme[-1].n_grids or 0))


def million() -> dict[str, Any]:
    """Print the time a block at a million blocks beside that at ten thousand, and the memory."""
    result: dict[str, Any] = {}
    for n_blocks in (SMALL, LARGE):
        start = time.perf_counter()
        blocks, count = qiqihar_like(n_blocks)
        ready = time.perf_counter()
        if n_blocks == SMALL:
            partition(blocks, n_grids=count, rng=np.random.default_rng(1))  # compiled before the clock starts
            ready = time.perf_counter()
        worked = time.process_time()
        found = partition(blocks, n_grids=count, rng=np.random.default_rng(1))
        seconds, cpu = time.perf_counter() - ready, time.process_time() - worked
        result[str(n_blocks)] = facts = {
            "seconds": seconds,
            "cpu_seconds": cpu,
            "drawn_in": ready - start,
            "comprehensive": int((found.site == NOWHERE).sum()),
            "dedicated": int((found.site != NOWHERE).sum()),
            "contiguous": is_contiguous(found),
            "memory_gb": max(resource.getrusage(who).ru_maxrss for who in _PROCESSES) / _KILOBYTES_A_GIGABYTE,
        }
        load = found.load[found.site == NOWHERE]
        print(f"{n_blocks:>9,} blocks -> {facts['comprehensive']:,} comprehensive and {facts['dedicated']:,} dedicated "
              f"grids in {seconds:.1f} s, {cpu:.1f} s of processors "
              f"({1e6 * cpu / n_blocks:.0f} us a block), {facts['memory_gb']:.1f} GB; "
              f"contiguous: {facts['contiguous']}; households {load.min():.0f} to {load.max():.0f}, mean "
              f"{load.mean():.0f}, {(abs(load / load.mean() - 1) <= 0.25).mean():.1%} within a quarter of it; "
              f"{len(found.problems)} problems", flush=True)  # fmt: skip
    ratio = result[str(LARGE)]["cpu_seconds"] / LARGE / (result[str(SMALL)]["cpu_seconds"] / SMALL)
    print(f"a block takes {ratio:.2f} times as long at a million as at ten thousand")
    return result | {"ratio": ratio}


def is_contiguous(found: Partition) -> bool:
    """Tell whether every grid is in one piece."""
    return int(found.blocks.adjacency.components(found.grid).max()) + 1 == len(found)


def main() -> None:
    """Run the towns named, or all of streets and houses, and write the figures to artifacts/published_towns.json.

    ``million`` draws Qiqihar in full; `tests.benchmarks.partition_scale` times as many blocks cut from streets.
    """
    wanted = sys.argv[1:] or [town.key for town in PUBLISHED_TOWNS if town.key != "qiqihar"]
    result = {town.key: run(town) for town in PUBLISHED_TOWNS if town.key in wanted}
    if "million" in wanted:
        result["million"] = million()
    out = Path("artifacts")
    out.mkdir(exist_ok=True)
    (out / "published_towns.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
