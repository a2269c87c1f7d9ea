"""Random towns for properties of plans: a bent lattice of blocks, grids grown on it, a tree above them."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import shapely

from geogrid.plans import BlockTable, Buildings, Draft, Node, Rules, Tools
from geogrid.types import GridCode, LevelName

ORIGIN = np.array([118.8, 31.9])
CELL = 0.001


def random_town(seed: int, *, width: int = 6, height: int = 5, leaves: int = 6) -> Draft:
    """Return a district of two communities whose leaves are grown block by block."""
    rng = np.random.default_rng(seed)
    polygons = lattice(rng, width, height)
    n = len(polygons)
    owner = grown(rng, width, height, leaves)
    loads = np.column_stack([rng.integers(0, 120, n), rng.integers(0, 300, n), rng.integers(0, 9, n)]).astype(float)
    loads[rng.random(n) < 0.1] = np.nan
    nodes = {1: Node(1, GridCode("D"), "District", 1, None, "parent")}
    nodes |= {key: Node(key, GridCode(f"D{key:03d}"), f"Community {key}", 2, 1, "parent") for key in (2, 3)}
    for number in range(leaves):
        key = 10 + number
        dedicated = bool(rng.random() < 0.2) and number > 1
        nodes[key] = Node(
            key,
            GridCode(f"G{number}"),
            f"Grid {number}",
            3,
            2 + number % 2,
            "dedicated" if dedicated else "comprehensive",
            "school" if dedicated else None,
            unplaced=(float(rng.integers(0, 3)), 0.0, 0.0),
            attributes={"since": 2020 + number},
        )
    blocks = BlockTable(np.arange(101, 101 + n), polygons, loads)
    levels = tuple(LevelName(name) for name in ("district", "community", "grid"))
    return Draft(blocks, owner + 10, nodes, Rules(3, band=(100.0, 400.0), levels=levels))


def lattice(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Return quadrilaterals that share their corners, in rows."""
    corners = np.stack(np.meshgrid(np.arange(width + 1), np.arange(height + 1)), axis=-1).astype(float)
    corners[1:-1, 1:-1] += rng.uniform(-0.3, 0.3, corners[1:-1, 1:-1].shape)
    corners = ORIGIN + corners * CELL
    rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=2)
    return np.asarray(shapely.polygons(rings.reshape(-1, 4, 2)), dtype=object)


def grown(rng: np.random.Generator, width: int, height: int, leaves: int) -> np.ndarray:
    """Return contiguous labels 0 .. leaves-1, every one used."""
    n = width * height
    owner = np.full(n, -1)
    owner[rng.choice(n, leaves, replace=False)] = np.arange(leaves)
    while (owner < 0).any():
        place = int(rng.choice(np.flatnonzero(owner < 0)))
        x, y = place % width, place // width
        around = [(x + dx, y + dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
        near = [owner[b * width + a] for a, b in around if 0 <= a < width and 0 <= b < height]
        known = [label for label in near if label >= 0]
        if known:
            owner[place] = known[int(rng.integers(len(known)))]
    return owner.astype(np.int64)


def random_tools(draft: Draft, seed: int) -> Tools:
    """Return numbers for what is new, and small buildings inside blocks."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(draft.blocks), 6, replace=False)
    places = shapely.get_coordinates(shapely.centroid(draft.blocks.polygons[chosen]))
    polygons = shapely.buffer(shapely.points(places), CELL * 0.1, cap_style="square")
    buildings = Buildings(
        np.arange(6), tuple(f"House {n}" for n in range(6)), np.asarray(polygons), rng.integers(1, 20, 6).astype(float)
    )
    return Tools(_next(1000), _next(9000), buildings)


def _next(start: int):  # noqa: ANN202 - a counter
    numbers: Iterator[int] = count(start)
    return lambda: next(numbers)


def fingerprint(draft: Draft) -> bytes:
    """Return every byte that says what a plan is."""
    return b"".join(
        [
            draft.blocks.ids.tobytes(),
            b"".join(shapely.to_wkb(draft.blocks.polygons)),
            draft.blocks.loads.tobytes(),
            draft.owner.tobytes(),
            repr(sorted(draft.nodes.items())).encode(),
            repr(draft.rules).encode(),
        ]
    )
