"""The same question to other libraries: which polygons has each point inside. Each runs on one core."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.types import GeometryArray, IntArray
from tests.benchmarks.coverages import Coverage

CRS = "EPSG:4326"
Pairs = tuple[IntArray, IntArray]
"""Which point, in which polygon; a point on a line is in several."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of all cores together, and of the clock on the wall."""

    cpu: float
    wall: float


def timed(work: Callable[[], Result]) -> tuple[Result, Spent]:
    """Return what work returns, and what it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, Spent(time.process_time() - cpu, time.perf_counter() - wall)


def sjoin(town: Coverage) -> Callable[[], Pairs]:
    grids = gpd.GeoDataFrame({"grid": np.arange(len(town.polygons))}, geometry=town.polygons, crs=CRS)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(town.x, town.y, crs=CRS))
    _ = grids.sindex  # made before the clock starts, as ours is

    def ask() -> Pairs:
        joined = gpd.sjoin(points, grids, predicate="intersects")
        return joined.index.to_numpy(), joined["grid"].to_numpy()

    return ask


def strtree(town: Coverage) -> Callable[[], Pairs]:
    tree, points = shapely.STRtree(town.polygons), _points(town)

    def ask() -> Pairs:
        point, polygon = tree.query(points, predicate="intersects")
        return point, polygon

    return ask


def duckdb(town: Coverage) -> Callable[[], Pairs]:
    import duckdb as engine

    connection = engine.connect()
    connection.execute(f"load '{_duckdb_extension()}'")
    connection.execute("set threads = 1")
    grids, points = _wkb_frame(town.polygons), _wkb_frame(_points(town))
    for name, frame in (("grids", grids), ("points", points)):
        connection.register("frame", frame)
        rows = connection.sql("select i, st_geomfromwkb(wkb) as shape from frame")
        rows.create(name)
        connection.unregister("frame")

    def ask() -> Pairs:
        query = "select p.i as point, g.i as grid from points p join grids g on st_intersects(g.shape, p.shape)"
        found = connection.sql(query).fetchnumpy()
        return np.asarray(found["point"]), np.asarray(found["grid"])

    return ask


def _points(town: Coverage) -> GeometryArray:
    points: GeometryArray = np.asarray(shapely.points(town.x, town.y), dtype=np.object_)
    return points


def _duckdb_extension() -> str:
    files = metadata.files("duckdb-extension-spatial") or []
    return str(next(file for file in files if file.name == "spatial.duckdb_extension").locate())


def _wkb_frame(shapes: GeometryArray) -> pd.DataFrame:
    return pd.DataFrame({"i": np.arange(len(shapes)), "wkb": shapely.to_wkb(shapes)})


def sedonadb(town: Coverage) -> Callable[[], Pairs]:
    import sedona.db

    context = sedona.db.connect()
    context.sql("set datafusion.execution.target_partitions = 1").execute()
    for name, shapes in (("grids", town.polygons), ("points", _points(town))):
        frame = gpd.GeoDataFrame({"i": np.arange(len(shapes))}, geometry=shapes, crs=CRS)
        context.create_data_frame(frame).to_memtable().to_view(name)

    def ask() -> Pairs:
        query = "select p.i as point, g.i as grid from points p join grids g on st_intersects(g.geometry, p.geometry)"
        found = context.sql(query).to_arrow_table()
        return found["point"].to_numpy(), found["grid"].to_numpy()

    return ask


PEERS: Mapping[str, Callable[[Coverage], Callable[[], Pairs]]] = {
    "geopandas.sjoin": sjoin,
    "shapely STRtree": strtree,
    "DuckDB spatial": duckdb,
    "SedonaDB": sedonadb,
}
PACKAGES = ("geopandas", "shapely", "duckdb", "duckdb-extension-spatial", "sedonadb")


def ready_peers(town: Coverage) -> Iterator[tuple[str, Callable[[], Pairs] | str]]:
    """Yield each peer with the question made ready, or with why it cannot be asked."""
    for name, make in PEERS.items():
        try:
            yield name, make(town)
        except Exception as error:  # noqa: BLE001 - whatever ails a peer is a row of the table
            yield name, f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"


def first_of(pairs: Pairs, points: int) -> IntArray:
    """Return the smallest position that each point is paired with, -1 for none."""
    found = np.full(points, np.iinfo(np.int64).max)
    np.minimum.at(found, pairs[0], pairs[1])
    return np.where(found == np.iinfo(np.int64).max, -1, found)
