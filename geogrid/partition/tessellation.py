"""Blocks too heavy for one grid, divided between their buildings."""

from dataclasses import replace
from typing import Final

import numpy as np
import shapely
from scipy.spatial import Voronoi, cKDTree

from geogrid.blocks import Adjacency, Blocks, Ground, MaxLoad, MergeRule
from geogrid.blocks.barriers import NO_BARRIER, RANK_COUNT
from geogrid.blocks.cutting import cut_apart
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import to_lonlat
from geogrid.partition.search.divide import Wish, divide
from geogrid.partition.search.graph import Graph, graph_of
from geogrid.types import FloatArray, GeometryArray, IntArray
from geogrid.wording import amount

_SPACING_M: Final = 4.0
_SHRUNK_M: Final = 0.05
_FAR: Final = 10.0
_LEAST_SHARE: Final = 0.1
_SEED: Final = 7


def divide_heavy(blocks: Blocks, limit: MaxLoad, *, rule: MergeRule | None = None) -> Blocks:
    """Return the blocks with those of too much load divided between their buildings.

    Parameters
    ----------
    blocks : Blocks
        Without dedicated land.
    limit : MaxLoad
        What is too much.
    rule : MergeRule, optional
        Which pieces are slivers; they stay with a neighbour in the same block.

    Raises
    ------
    InvalidInputError
        A load that the blocks do not have, or a limit of 0 or less.
    """
    if limit.load not in blocks.loads:
        names = ", ".join(sorted(blocks.loads))
        raise InvalidInputError.of("unknown-load", f"The blocks have no load '{limit.load}'.", f"They have: {names}.")
    if not limit.most > 0:
        raise InvalidInputError.of(
            "bad-max-load", f"A block of at most {amount(limit.most)} is none.", "Give more than 0."
        )
    divided = divide_some(blocks, np.arange(len(blocks)), limit, rule=rule)
    heavy = _still_heavy(divided, limit)
    return replace(divided, problems=(*divided.problems, *heavy)) if heavy else divided


def divide_some(blocks: Blocks, chosen: IntArray, limit: MaxLoad, *, rule: MergeRule | None = None) -> Blocks:
    """Return the blocks with those chosen, where they have too much load, divided between their buildings.

    Parameters
    ----------
    blocks : Blocks
        With dedicated land or without.
    chosen : (c,) int64
        Blocks that may be divided.
    limit, rule
        As in `divide_heavy`.
    """
    lines = dividing_lines(blocks.polygons[chosen], blocks.ground, limit)
    return cut_apart(blocks, lines, rule or MergeRule()) if len(lines) else blocks


def _still_heavy(blocks: Blocks, limit: MaxLoad) -> list[Problem]:
    """Return the blocks that no line between buildings brings under the limit."""
    heavy = np.flatnonzero(blocks.loads[limit.load] > limit.most)
    if not len(heavy):
        return []
    weight = blocks.ground.load_points.columns[limit.load]
    owner = blocks.ground.load_points.owners(blocks.polygons)
    largest = np.zeros(len(blocks))
    np.maximum.at(largest, owner[owner >= 0], weight[owner >= 0])
    standing = np.zeros(len(blocks))
    built = np.flatnonzero(owner[: len(blocks.ground.buildings)] >= 0)
    np.maximum.at(standing, owner[built], weight[built])
    what = np.where(standing == largest, "building", "lot or point")
    places = shapely.get_coordinates(to_lonlat(shapely.point_on_surface(blocks.polygons[heavy]), blocks.crs))
    return [
        Problem(
            "block-over-max-load",
            f"Block {block} has {amount(blocks.loads[limit.load][block])} {limit.load}, over {amount(limit.most)}: "
            f"one {what[block]} in it has {amount(largest[block])}.",
            f"A limit of {amount(blocks.loads[limit.load][block])} would take it.",
            severity="warning",
            subject=str(block),
            lonlat=(float(lon), float(lat)),
            size=float(blocks.loads[limit.load][block]),
            unit=limit.load,
        )
        for block, (lon, lat) in zip(heavy.tolist(), places, strict=True)
    ]


def dividing_lines(polygons: GeometryArray, ground: Ground, limit: MaxLoad) -> GeometryArray:
    """Return lines between buildings that divide the polygons with too much load.

    Parameters
    ----------
    polygons : (n,) Polygon
        Blocks, metres.
    ground : Ground
        Their buildings and loads.
    limit : MaxLoad
        What is too much.

    Returns
    -------
    (m,) LineString
        Edges of an enclosed tessellation: every place on them is as far from the building on the one side as from
        that on the other. A block with all its load in one building has none.

    References
    ----------
    Fleischmann, M., Feliciotti, A., Romice, O., Porta, S. (2020). Morphological tessellation as a way of
    partitioning space.
    """
    weight = ground.load_points.columns[limit.load]
    owner = ground.load_points.owners(polygons)
    inside = owner >= 0
    total = np.bincount(owner[inside], weights=weight[inside], minlength=len(polygons))
    heavy = np.flatnonzero(total > limit.most).tolist()
    building = owner[: len(ground.buildings)]
    places = shapely.get_coordinates(ground.load_points.points)
    lines = [
        _lines_in(
            polygons[block], ground.buildings[building == block], places[owner == block], weight[owner == block], limit
        )
        for block in heavy
    ]
    return np.concatenate([*lines, np.empty(0, dtype=object)])


def _lines_in(
    block: shapely.Polygon, buildings: GeometryArray, places: FloatArray, weights: FloatArray, limit: MaxLoad
) -> GeometryArray:
    """Return the lines that divide one block; `places` and `weights` are its loads."""
    seeds, body = _seeds(buildings, places)
    count = int(body.max(initial=-1)) + 1
    if count < 2:  # noqa: PLR2004 - nothing to divide between
        return np.empty(0, dtype=object)
    # Loads on lots go to the nearest building, which is the one in whose cell they lie.
    nearest = body[cKDTree(seeds).query(places)[1]]
    carried = np.bincount(nearest, weights=weights, minlength=count).astype(np.float64)
    edges, pairs = _edges(block, seeds, body)
    beside, position = np.unique(pairs, axis=0, return_inverse=True)
    lengths = np.zeros((len(beside), RANK_COUNT))
    np.add.at(lengths[:, NO_BARRIER], position.ravel(), shapely.length(edges))
    graph = graph_of(Adjacency(count, beside, lengths), carried, np.ones(count, dtype=np.bool_))
    part = _parts(graph, limit)
    lines: GeometryArray = edges[part[pairs[:, 0]] != part[pairs[:, 1]]]
    return lines


def _seeds(buildings: GeometryArray, places: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return points along the walls of buildings, and the building of each; without two buildings the loads."""
    walls = shapely.boundary(shapely.buffer(buildings, -_SHRUNK_M, join_style="mitre"))
    standing = np.flatnonzero(~shapely.is_empty(walls))
    if len(standing) < 2:  # noqa: PLR2004 - an empty lot with its loads as points, e.g. addresses
        seeds = np.unique(places, axis=0)
        return seeds, np.arange(len(seeds))
    xy, owner = shapely.get_coordinates(shapely.segmentize(walls[standing], _SPACING_M), return_index=True)
    seeds, first = np.unique(xy, axis=0, return_index=True)
    return seeds, np.unique(owner[first], return_inverse=True)[1].astype(np.int64)


def _edges(block: shapely.Polygon, seeds: FloatArray, body: IntArray) -> tuple[GeometryArray, IntArray]:
    """Return the edges between cells of different buildings within the block, and the two buildings of each."""
    west, south, east, north = block.bounds
    reach = _FAR * max(east - west, north - south)
    middle = np.array([(west + east) / 2, (south + north) / 2])
    # Four far points make every cell of a building finite.
    corners = middle + reach * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    diagram = Voronoi(np.vstack([seeds, corners]))
    sides = np.asarray(diagram.ridge_points)
    near = (sides < len(seeds)).all(axis=1)
    between = np.flatnonzero(near)[body[sides[near, 0]] != body[sides[near, 1]]]
    ends = diagram.vertices[np.asarray(diagram.ridge_vertices)[between]]
    shapely.prepare(block)
    lines = shapely.linestrings(ends)
    within = shapely.contains(block, lines)
    lines[~within] = shapely.intersection(lines[~within], block)
    kept = shapely.length(lines) > 0
    pairs = np.sort(body[sides[between[kept]]], axis=1)
    return lines[kept], pairs


def _parts(graph: Graph, limit: MaxLoad) -> IntArray:
    """Return a part for each building: connected ones, of at most so much load, and at least, where that can be."""
    component = graph.components()
    part = np.zeros(len(graph), dtype=np.int64)
    used = 0
    for number in range(int(component.max()) + 1):
        members = np.flatnonzero(component == number)
        # The cut depends on the block alone, not on what else is drawn in the town: hence a seed of its own.
        part[members] = used + _pieces(graph.part(members), limit)
        used = int(part.max()) + 1
    return part


def _pieces(graph: Graph, limit: MaxLoad) -> IntArray:
    """Return the parts of connected buildings: within both limits if all can be, else small enough to be joined on."""
    lows = [limit.least] if 0.0 < limit.least <= limit.most else []
    for low in [*lows, _LEAST_SHARE * limit.most]:
        pieces = divide(graph, Wish((low, limit.most), None), np.random.default_rng(_SEED))
        load = np.bincount(pieces, weights=graph.load_of)
        if load.min() >= low and load.max() <= limit.most:
            break
    return pieces
