# ruff: noqa: T201 - a program that prints its tables
"""Grids beside those of other tools: same blocks, neighbours and loads, figures by `geogrid.partition.evaluation`."""

import json
import multiprocessing
import sys
import time
import warnings
from collections.abc import Callable
from math import nan
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from boundaries.files.line_ranks import HIGHWAY_RANKS
from geogrid.blocks import MaxLoad, build_blocks, ready_blocks
from geogrid.blocks.barriers import RAIL_WATER_MOTORWAY
from geogrid.coordinates import local_crs
from geogrid.partition import Partition, divide_heavy, partition, partition_of
from geogrid.partition.evaluation import evaluate
from geogrid.types import IntArray
from tests.benchmarks.partition_peers import TOOLS, Town, optimal_wish, ours

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
PEER_SECONDS = 120
"""After so many seconds a tool is stopped."""

OKLAHOMA_OPTIMUM = 39
OKLAHOMA_SEEDS = 10
_HEADINGS = (
    "",
    "seconds",
    "cpu s",
    "grids",
    "in band",
    "out",
    "contiguous",
    "PP",
    "Reock",
    "on barriers",
    "cut",
    "gaps m2",
)


def queens_village() -> Town:
    """Return Queens Village: blocks between streets, rail and the box of the extract; housing units by lot."""
    file = DATA / "queens_village" / "queens_village_ny.gpkg"
    streets = pyogrio.read_dataframe(file, layer="streets")
    streets["rank"] = streets["highway"].str.removesuffix("_link").map(HIGHWAY_RANKS)
    rail = pyogrio.read_dataframe(file, layer="rail_water_lines")
    rail = rail[rail["railway"] == "rail"].assign(rank=RAIL_WATER_MOTORWAY)
    land = pyogrio.read_dataframe(file, layer="landuse_water_areas")
    water = land[land["natural"] == "water"].assign(rank=RAIL_WATER_MOTORWAY)
    water["geometry"] = water.boundary
    barriers = pd.concat([streets[streets["rank"].notna()], rail, water])[["rank", "geometry"]]
    lots = pd.read_csv(DATA / "queens_village" / "lots_population_2023.csv.gz")
    loads = gpd.GeoDataFrame(lots, geometry=gpd.points_from_xy(lots["longitude"], lots["latitude"]), crs=4326)
    limit = gpd.GeoSeries([shapely.box(*streets.total_bounds)], crs=4326)
    buildings = pyogrio.read_dataframe(file, layer="buildings")
    start = time.perf_counter()
    blocks = build_blocks(
        limit,
        barriers.astype({"rank": int}),
        buildings=buildings,
        loads=loads,
        load_columns=["unitsres"],
    )
    blocks = divide_heavy(blocks, MaxLoad(500.0, "unitsres"))
    print(f"\nQueens Village: {len(blocks):,} blocks in {time.perf_counter() - start:.1f} s")
    area = limit.to_crs(blocks.crs).iloc[0]
    return Town("Queens Village, housing units, 300:500", blocks, area, "unitsres", (300.0, 500.0))


def denver() -> Town:
    """Return the census blocks of Denver with their population."""
    areas = gpd.read_parquet(DATA / "denver_blocks" / "blocks.parquet").to_crs(32613)
    blocks = ready_blocks(areas, load_columns=["TOTPOP20"])
    return Town("Denver, population, 700:1300", blocks, shapely.union_all(blocks.polygons), "TOTPOP20", (700.0, 1300.0))


def wuchang() -> Town:
    """Return Wuchang: blocks between the streets of Wuhan, nested in the district, its street length as the load."""
    districts = gpd.read_file(DATA / "wuhan" / "wuhan_districts.geojson")
    district = districts[districts["name"] == "武昌区"].to_crs(local_crs(114.3, 30.55))
    streets = gpd.read_parquet(DATA / "wuhan" / "simplified.parquet").to_crs(district.crs)
    kinds = streets["highway"].astype(str).str.strip("[]' ").str.split("[', ]+").str[0].str.removesuffix("_link")
    ranks = kinds.map(HIGHWAY_RANKS).fillna(HIGHWAY_RANKS["residential"]).astype(int)
    barriers = gpd.GeoDataFrame({"rank": ranks}, geometry=streets.geometry, crs=district.crs)
    inside = barriers.clip(district).explode(ignore_index=True)
    pieces = inside[inside.length > 0]
    # Every street is cut to pieces of 50 m at most, each a load at its middle.
    lines = shapely.get_parts(shapely.segmentize(pieces.geometry.to_numpy(), 50.0))
    start, end = _segments(lines)
    loads = gpd.GeoDataFrame({"street_m": np.hypot(*(end - start).T)}, crs=district.crs,
                             geometry=gpd.points_from_xy(*((start + end) / 2).T))  # fmt: skip
    begun = time.perf_counter()
    blocks = build_blocks(district, barriers, loads=loads, load_columns=["street_m"], nested_in=district)
    print(f"\nWuchang: {len(blocks):,} blocks in {time.perf_counter() - begun:.1f} s")
    mean = float(blocks.loads["street_m"].sum()) / 100
    band = (round(0.7 * mean), round(1.3 * mean))
    name = f"Wuchang, street length, {band[0]}:{band[1]} m"
    return Town(name, blocks, district.geometry.iloc[0], "street_m", (float(band[0]), float(band[1])))


def _segments(lines: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    within = owner[1:] == owner[:-1]
    return xy[:-1][within], xy[1:][within]


def measured(tool: Callable[[Town], IntArray], town: Town) -> tuple[float, float, IntArray | str]:
    """Return the seconds by the clock and of the processors, and the labels of a tool or why there are none.

    A process of its own can be stopped.
    """
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)

    def work() -> None:
        warnings.simplefilter("ignore")
        start, worked = time.perf_counter(), time.process_time()
        try:
            labels: IntArray | str = tool(town)
        except Exception as error:  # noqa: BLE001 - whatever ails a peer is a row of the table
            labels = f"{type(error).__name__}: {str(error)[:80]}"
        sending.send((time.perf_counter() - start, time.process_time() - worked, labels))

    process = context.Process(target=work)
    process.start()
    result: tuple[float, float, IntArray | str] = (float(PEER_SECONDS), nan, f"stopped after {PEER_SECONDS} s")
    try:
        if receiving.poll(PEER_SECONDS):
            result = receiving.recv()
    except EOFError:
        result = (nan, nan, "ended without an answer")
    process.terminate()
    process.join()
    return result


def figures(town: Town, found: Partition) -> dict[str, float]:
    """Return what the table shows."""
    overall = evaluate(found, limit=town.limit).overall
    alone = int((town.blocks.loads[town.load] > town.band[1]).sum())
    return {**overall, "out": float((~found.in_band).sum()), "blocks_over": float(alone)}


def compare(town: Town) -> dict[str, Any]:
    """Print and return the figures of every tool on a town."""
    over = int((town.blocks.loads[town.load] > town.band[1]).sum())
    print(f"{town.name}: {len(town.blocks):,} blocks, {town.blocks.loads[town.load].sum():,.0f} in all, "
          f"{over} blocks alone over the band")  # fmt: skip
    print(f"{_HEADINGS[0]:17}" + "".join(f"{heading:>12}" for heading in _HEADINGS[1:]))
    rows = {}
    ours(town)  # compiled and in the cache before the clock starts, as it is from the second run on
    for name, tool in TOOLS.items():
        seconds, cpu, labels = measured(tool, town)
        if isinstance(labels, str):
            print(f"{name:17}{seconds:12.2f}  {labels}", flush=True)
            rows[name] = {"seconds": seconds, "failed": labels}
            continue
        row = figures(town, partition_of(town.blocks, labels, load=town.load, band=town.band))
        rows[name] = {"seconds": seconds, "cpu_seconds": cpu, **row}
        print(f"{name:17}{seconds:12.2f}{cpu:12.2f}{row['grids']:12.0f}{row['in_band']:12.1%}{row['out']:12.0f}"
              f"{row['contiguous']:12.0f}{row['polsby_popper']:12.3f}{row['reock']:12.3f}{row['on_barriers']:12.1%}"
              f"{row['buildings_cut']:12.0f}{row['gaps']:12.2f}", flush=True)  # fmt: skip
    return rows


def problems_of(town: Town) -> None:
    """Print why grids of ours are out of the band."""
    found = partition(town.blocks, band=town.band, load=town.load, rng=np.random.default_rng(1))
    for kind in sorted({problem.kind for problem in found.problems}):
        told = [problem.message for problem in found.problems if problem.kind == kind]
        print(f"  {kind}: {len(told)}; e.g. {told[0]}")


def oklahoma() -> dict[str, Any]:
    """Print how often the proven optimum of Oklahoma's counties is met."""
    folder = DATA / "oklahoma_counties"
    limits = json.loads((folder / "published_optima.json").read_text())
    nodes = json.loads((folder / "OK_county.json").read_text())
    people = {node["GEOID20"]: node["P0010001"] for node in nodes["nodes"]}
    areas = gpd.read_file(folder / "OK_county.gpkg")
    areas["people"] = areas["GEOID20"].map(people).astype(float)
    blocks = ready_blocks(areas, load_columns=["people"])
    band = float(limits["L"]), float(limits["U"])
    cuts, seconds = [], []
    for seed in range(OKLAHOMA_SEEDS):
        start = time.perf_counter()
        found = partition(blocks, band=band, load="people", objective=optimal_wish(), rng=np.random.default_rng(seed))
        seconds.append(time.perf_counter() - start)
        overall = evaluate(found).overall
        fits = overall["in_band"] == 1.0 and overall["contiguous"] == len(found) == limits["k"]
        cuts.append(int(overall["cut_edges"]) if fits else -1)
    met = cuts.count(OKLAHOMA_OPTIMUM)
    print(f"Oklahoma, 77 counties into 5: cut edges {cuts}")
    print(f"  the proven optimum {OKLAHOMA_OPTIMUM} with {met} of {len(cuts)} seeds, at most {max(seconds):.1f} s each")
    return {"cut_edges": cuts, "seconds": seconds}


TOWNS: dict[str, Callable[[], Town]] = {"queens_village": queens_village, "denver": denver, "wuchang": wuchang}


def main() -> None:
    """Run the comparisons named, or all, and write the figures to artifacts/partition.json."""
    if not DATA.is_dir():
        print(f"No data in {DATA}.")
        return
    wanted = sys.argv[1:] or ["oklahoma", *TOWNS]
    result: dict[str, Any] = {"oklahoma": oklahoma()} if "oklahoma" in wanted else {}
    for name, town_of in TOWNS.items():
        if name in wanted:
            town = town_of()
            result[name] = compare(town)
            problems_of(town)
    out = Path("artifacts")
    out.mkdir(exist_ok=True)
    (out / "partition.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
