"""Splitting a leaf: along a drawn line, or by the engine."""

from typing import Final

import numpy as np
import shapely

from geogrid.blocks import Adjacency, rook_adjacency
from geogrid.codes import reading_order
from geogrid.errors import InvalidInputError
from geogrid.geometry.overlays import DEGREE, intersections
from geogrid.partition.search.divide import Wish, divide
from geogrid.partition.search.graph import graph_of
from geogrid.partition.search.shares import share_out
from geogrid.plans.operations.cutting import move_land
from geogrid.plans.operations.dividing import divided
from geogrid.plans.operations.kinds import MoveLand, SplitByLine, SplitInto
from geogrid.plans.operations.on_foot import on_foot
from geogrid.plans.operations.tools import NO_BAND_REMEDY, Tools, add_leaf
from geogrid.plans.state import Draft, Node, flat, union
from geogrid.types import FloatArray, GeometryArray, IntArray
from geogrid.wording import amount, counted

_TWO: Final = 2


def split_by_line(draft: Draft, operation: SplitByLine, tools: Tools) -> Draft:
    """Split a leaf along a line; a block goes to the side that has most of its area.

    Raises
    ------
    NotFoundError
        There is no such grid.
    InvalidInputError
        The line does not divide it, all its blocks lie on one side, or cutting would meet buildings.
    """
    node = draft.leaf(operation.grid)
    positions = draft.members(node.key)
    blocks, scale = flat(draft.blocks.polygons[positions])
    line = shapely.transform(operation.line, lambda xy: xy * scale)
    sides = _sides(union(blocks), line)
    if len(sides) < _TWO:
        raise InvalidInputError.of(
            "line-does-not-divide",
            f"The line does not divide grid {node.code}.",
            "Draw it from edge to edge, a little beyond both.",
            subject=node.code,
        )
    if operation.cut:
        return _cut_apart(draft, operation, node, shapely.transform(sides, lambda xy: xy / scale), tools)
    side = _side_of(blocks, sides)
    groups = [positions[side == number] for number in range(len(sides)) if (side == number).any()]
    if len(groups) < _TWO:
        raise InvalidInputError.of(
            "blocks-on-one-side",
            f"Every block of grid {node.code} lies mostly on one side of the line.",
            "Draw it nearer to the middle, or have the blocks cut.",
            subject=node.code,
        )
    return divided(draft, tools, node, groups, operation.names)


def _cut_apart(draft: Draft, operation: SplitByLine, node: Node, sides: GeometryArray, tools: Tools) -> Draft:
    """Return the draft with each side of a line but the largest as a grid of its own, blocks cut."""
    kept = int(shapely.area(sides).argmax())
    names = list(operation.names)
    for side in [part for number, part in enumerate(sides) if number != kept]:
        name = names.pop(0) if names else None
        draft, key = add_leaf(draft, tools, like=node, name=name, kind=node.kind, category=node.category)
        draft = move_land(draft, MoveLand(side, draft.nodes[key].code), tools)
    return draft


def _sides(land: shapely.Geometry, line: shapely.Geometry) -> GeometryArray:
    """Return the parts of a land that a line makes, in reading order."""
    noded = shapely.union_all(np.array([shapely.boundary(land), line], dtype=object))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inside = faces[shapely.contains(land, shapely.point_on_surface(faces))]
    ordered: GeometryArray = inside[reading_order(inside)]
    return ordered


def _side_of(blocks: GeometryArray, sides: GeometryArray) -> IntArray:
    """Return for each block the side that has most of its area."""
    share: FloatArray = np.zeros((len(blocks), len(sides)))
    block, side = shapely.STRtree(sides).query(blocks, predicate="intersects")
    share[block, side] = shapely.area(intersections(blocks[block], sides[side], metre=DEGREE))
    most: IntArray = share.argmax(axis=1).astype(np.int64)
    return most


def split_into(draft: Draft, operation: SplitInto, tools: Tools) -> Draft:
    """Let the engine split a leaf into contiguous grids: so many, or within the band.

    Raises
    ------
    NotFoundError
        There is no such grid.
    InvalidInputError
        More grids than blocks or fewer than its separate pieces, no band, or nothing to split.
    """
    node = draft.leaf(operation.grid)
    band = operation.band or draft.rules.band
    if operation.count is None and band is None:
        raise InvalidInputError.of("no-band", "The plan has no band.", f"Give a number of grids. {NO_BAND_REMEDY}")
    positions = draft.members(node.key)
    adjacency = _adjacency(draft, positions, tools)
    pieces = adjacency.components()
    loads = np.nan_to_num(draft.balanced(positions))
    if operation.count is None and not loads.any():
        raise InvalidInputError.of(
            "nothing-to-split",
            f"Nothing tells how to split grid {node.code} into a band: no block of it has any {draft.rules.load}.",
            "Give a number of grids, or import loads.",
            subject=node.code,
        )
    wishes = _wishes(node, pieces, loads, operation.count, band)
    labels = _divided(adjacency, pieces, loads, wishes, np.random.default_rng(operation.seed))
    if labels.max() == 0:
        raise InvalidInputError.of(
            "nothing-to-split",
            f"Grid {node.code} is best left whole: its load is {amount(loads.sum())}, in "
            f"{counted(len(positions), 'block')}.",
            "Give a number of grids, or a lower band.",
            subject=node.code,
        )
    groups = [positions[labels == number] for number in range(int(labels.max()) + 1)]
    shapes = np.array([union(draft.blocks.polygons[group]) for group in groups], dtype=object)
    return divided(draft, tools, node, [groups[number] for number in reading_order(shapes).tolist()], ())


def _wishes(
    node: Node, pieces: IntArray, loads: FloatArray, count: int | None, band: tuple[float, float] | None
) -> list[Wish]:
    """Return what is wanted of each separate piece of a leaf."""
    sizes = np.bincount(pieces).tolist()
    if count is None:
        return [Wish(band, None) for _ in sizes]
    if not max(len(sizes), _TWO) <= count <= len(pieces):
        raise InvalidInputError.of(
            "count-impossible",
            f"Grid {node.code} cannot be split into {count}: it has {counted(len(pieces), 'block')} in "
            f"{counted(len(sizes), 'separate piece')}.",
            f"Ask for {max(len(sizes), _TWO)} to {len(pieces)}."
            if len(pieces) > 1
            else "Choose a grid of several blocks, or cut this one: move land with a patch.",
            subject=node.code,
        )
    totals = np.bincount(pieces, weights=loads).tolist()
    return [Wish(None, share) for share in share_out(count, totals, sizes)]


def _divided(
    adjacency: Adjacency, pieces: IntArray, loads: FloatArray, wishes: list[Wish], rng: np.random.Generator
) -> IntArray:
    labels = np.zeros(len(pieces), dtype=np.int64)
    used = 0
    for number, wish in enumerate(wishes):
        inside = pieces == number
        labels[inside] = used + divide(graph_of(adjacency, loads, inside), wish, rng)
        used = int(labels[inside].max()) + 1
    return labels


def _adjacency(draft: Draft, positions: IntArray, tools: Tools) -> Adjacency:
    """Return the blocks between which one can walk, with the barriers between them, metres."""
    blocks, scale = flat(draft.blocks.polygons[positions])
    lines = shapely.transform(tools.barriers.lines, lambda xy: xy * scale)
    return on_foot(rook_adjacency(blocks, lines, tools.barriers.ranks), draft, positions, tools)
