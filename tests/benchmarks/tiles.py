# ruff: noqa: T201 - a program that prints its table
"""Vector tiles over HTTP beside tipg and pygeoapi: one PostGIS, the same 20,430 polygons, one process each, in turn.

Run: python -m tests.benchmarks.tiles. Needs PostgreSQL; the peers are installed into an environment of their own.
"""

import http.client
import json
import os
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import shapely

from boundaries.store.settings import StoreSettings
from geogrid.tiles import WEB_MERCATOR_QUAD
from tests.benchmarks import embedding
from tests.benchmarks.coverages import coverage
from tests.benchmarks.embedding import GRIDS, PEERS, fetch, free_port, running
from tests.benchmarks.stores import private_store
from tests.environments import environment

ROUNDS = 5
NEW_TILES = 24
PATIENCE_MS = 15_000
"""A server that takes longer for its first answer is not asked again."""

ZOOMS = (10, 14)


@dataclass(frozen=True, slots=True)
class TileServer:
    """A server of tiles: its name, its address, and the path of a tile."""

    name: str
    address: str
    path: Callable[[int, int, int], str]


def main() -> int:
    """Measure, print the table, and return 0 if GeoGrid is ahead of both on every line."""
    with private_store() as settings, ExitStack() as stack:
        embedding.store(settings)
        new = after_publication(settings)
        servers = [stack.enter_context(each) for each in (geogrid(settings), tipg(settings))]
        servers.append(stack.enter_context(pygeoapi(settings, settings.home)))
        return 0 if compare(servers, new) else 1


@contextmanager
def geogrid(settings: StoreSettings) -> Iterator[TileServer]:
    os.environ["GEOGRID_TILES_AHEAD"] = "false"  # what is measured is the answer, not the work beside it
    with embedding.geogrid(settings) as served:
        yield TileServer("GeoGrid", served.address, lambda z, y, x: f"/editions/1/tiles/WebMercatorQuad/{z}/{y}/{x}")


@contextmanager
def tipg(settings: StoreSettings) -> Iterator[TileServer]:
    """Serve all features of a tile: its limit of 10,000 would leave some out."""
    os.environ["TIPG_MAX_FEATURES_PER_TILE"] = str(GRIDS)
    with embedding.tipg(settings) as served:
        yield TileServer(
            "tipg", served.address, lambda z, y, x: f"/collections/peers.polygons/tiles/WebMercatorQuad/{z}/{x}/{y}"
        )


@contextmanager
def pygeoapi(settings: StoreSettings, home: Path) -> Iterator[TileServer]:
    """Serve by its provider MVT-postgresql."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    config = embedding._pygeoapi_config(settings, address)
    resource = config["resources"]["polygons"]  # type: ignore[index]
    [features] = resource["providers"]
    tiles = {
        **features,
        "type": "tile",
        "name": "MVT-postgresql",
        "options": {"zoom": {"min": 0, "max": 16}},
        "format": {"name": "pbf", "mimetype": "application/vnd.mapbox-vector-tile"},
    }
    resource["providers"].append(tiles)
    folder = home / "pygeoapi-tiles"
    folder.mkdir()
    path, described = folder / "config.yml", folder / "openapi.yml"
    path.write_text(json.dumps(config))
    variables = {"PYGEOAPI_CONFIG": str(path), "PYGEOAPI_OPENAPI": str(described)}
    python = environment("peers", *PEERS)
    program = [str(python.with_name("pygeoapi")), "openapi", "generate", str(path), "--output-file", str(described)]
    subprocess.run(program, check=True, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
    command = [str(python), "-m", "uvicorn", "pygeoapi.starlette_app:APP", "--port", str(port), "--log-level", "error"]
    with running([*command, "--no-access-log"], variables, address, "/conformance?f=json"):
        yield TileServer(
            "pygeoapi", address, lambda z, y, x: f"/collections/polygons/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt"
        )


def places() -> dict[int, tuple[int, int]]:
    """Return row and column of the tile in the middle of the polygons, by zoom."""
    west, south, east, north = shapely.total_bounds(coverage(GRIDS, 1, seed=7).polygons)
    middle = ((west + east) / 2, (south + north) / 2)
    found = {}
    for zoom in ZOOMS:
        column, _, row, _ = WEB_MERCATOR_QUAD.span((*middle, *middle), zoom)
        found[zoom] = (row, column)
    return found


def after_publication(settings: StoreSettings) -> dict[int, float]:
    """Return the milliseconds of the very first tile of each zoom, asked of a server at once after a publication."""
    with geogrid(settings) as server:
        return {zoom: asked(server, zoom, place)[2] for zoom, place in places().items()}


def asked(server: TileServer, zoom: int, place: tuple[int, int], etag: str = "") -> tuple[int, int, float, str]:
    """Return status, bytes, milliseconds and ETag of a tile."""
    headers = {"If-None-Match": etag} if etag else {}
    status, found, length, took = fetch(server.address, server.path(zoom, *place), headers)
    if status not in {http.client.OK, http.client.NOT_MODIFIED}:
        raise RuntimeError(f"{server.name} answered {status} to {server.path(zoom, *place)}")
    return status, length, took, {name.lower(): value for name, value in found.items()}.get("etag", "")


def compare(servers: list[TileServer], new: Mapping[int, float]) -> bool:
    """Print milliseconds of every line; return whether the first server is ahead of all others on each.

    Parameters
    ----------
    servers : list of TileServer
        GeoGrid first.
    new : mapping of int to float
        By zoom, the first answer of GeoGrid after the publication.
    """
    print(f"{GRIDS:,} polygons; milliseconds: the first answer, and the median of {ROUNDS} in turn; kilobytes")
    print(f"  {'':<24}{''.join(f'{one.name:>20}' for one in servers)}")
    ahead = True
    for zoom, place in places().items():
        first = {one.name: asked(one, zoom, place) for one in servers}
        spent: dict[str, list[float]] = {one.name: [] for one in servers}
        for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine strikes all of them
            for one in servers:
                slow = first[one.name][2] > PATIENCE_MS
                spent[one.name].append(first[one.name][2] if slow else asked(one, zoom, place)[2])
        peers = [first[one.name][2] for one in servers[1:]]
        ahead &= _line(f"z{zoom}, after publication", [new[zoom], *peers])
        ahead &= _line(f"z{zoom}, new process", [first[servers[0].name][2], *peers])
        medians = [statistics.median(found) for found in spent.values()]
        ahead &= _line(f"z{zoom}, again ({first[servers[0].name][1] / 1e3:,.0f} kB)", medians)
        if zoom > ZOOMS[0]:
            ahead &= new_tiles(servers, zoom, place)
        etag = first[servers[0].name][3]
        kept = statistics.median(asked(servers[0], zoom, place, etag)[2] for _ in range(ROUNDS))
        ahead &= _line(f"z{zoom}, unchanged*", [kept, *medians[1:]])
    print("  * the peers have no ETag: their whole tile")
    return ahead


def new_tiles(servers: list[TileServer], zoom: int, place: tuple[int, int]) -> bool:
    """Compare tiles that nobody has asked for before, another one each time."""
    spent: dict[str, list[float]] = {one.name: [] for one in servers}
    for step in range(1, NEW_TILES + 1):
        for one in servers:
            spent[one.name].append(asked(one, zoom, (place[0] + step // 8, place[1] + step % 8))[2])
    return _line(f"z{zoom}, new tiles", [statistics.median(found) for found in spent.values()])


def _line(name: str, values: list[float]) -> bool:
    ours, *others = values
    ahead = ours < min(others)
    cells = "".join(f"{each:>20,.1f}" for each in values)
    print(f"  {name:<24}{cells}   {'ahead' if ahead else 'BEHIND'} {min(others) / ours:.1f} times", flush=True)
    return ahead


if __name__ == "__main__":
    raise SystemExit(main())
