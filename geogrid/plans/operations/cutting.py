"""Moving land by a drawn patch: blocks are cut along its edge, never through a building."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.editions.fields import LOADS
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.overlays import DEGREE, union_of_coverage
from geogrid.plans.operations.kinds import MoveLand
from geogrid.plans.operations.tools import Buildings, Tools, refuse_empty
from geogrid.plans.state import BlockTable, Draft, flat
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

SLIVER_M2: Final = 1.0
"""A piece of a block smaller than this stays with the rest of it."""

TOUCH_DEGREES: Final = 1e-8
"""A corner this near to an edge (1 mm) is on it."""

WALL_M: Final = 0.05
"""A cut this deep in a building runs along its wall."""

_HOUSEHOLDS: Final = LOADS.index("households")
_BUILDINGS: Final = LOADS.index("buildings")


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Blocks cut along an edge: pieces in degrees, the block of each, and whether it lies in the patch."""

    polygons: GeometryArray
    block: IntArray
    inside: BoolArray


def move_land(draft: Draft, operation: MoveLand, tools: Tools) -> Draft:
    """Give the land within a patch to a leaf.

    Blocks that lie in it go whole. Others are cut: both pieces become new blocks, which share the loads of the old
    one by the buildings in them, or by area where it has none. Blocks that get a vertex on their edge are replaced,
    so that the land stays seamless.

    Raises
    ------
    NotFoundError
        There is no such grid.
    InvalidInputError
        The edge would cut buildings, all of which are listed; no land is in the patch; a grid would have none left.
    """
    target = draft.leaf(operation.to)
    near = np.flatnonzero(shapely.dwithin(draft.blocks.polygons, operation.patch, TOUCH_DEGREES))
    if not len(near):
        raise InvalidInputError.of("patch-outside", "The patch lies outside the plan.", "Draw it over the grids.")
    pieces = _cut(draft.blocks.polygons[near], _snapped(operation.patch, draft.blocks.polygons[near]))
    moved = draft.owner[near[pieces.block]] != target.key
    if not (pieces.inside & moved).any():
        raise InvalidInputError.of(
            "nothing-to-move", f"The land in the patch is in grid {target.code} already.", "Draw it over other land."
        )
    _refuse_cut_buildings(tools.buildings, pieces, draft.owner[near], target.key)
    result = _replaced(draft, near, pieces, target.key, tools)
    refuse_empty(draft, result)
    return result


def _snapped(patch: shapely.Geometry, blocks: GeometryArray) -> shapely.Geometry:
    """Return a patch whose edge runs through the corners of blocks that lie on it but for rounding.

    Otherwise a patch along an earlier cut would make slivers and corners that only one neighbour has.
    """
    corners = shapely.MultiPoint(shapely.get_coordinates(blocks))
    led: shapely.Geometry = shapely.snap(patch, corners, TOUCH_DEGREES)
    return led if shapely.is_valid(led) and not shapely.is_empty(led) else patch


def _cut(blocks: GeometryArray, patch: shapely.Geometry) -> _Pieces:
    """Return the pieces of blocks; a vertex where the edge meets a block's edge is on both sides of it."""
    edges = [*shapely.boundary(blocks), shapely.boundary(patch)]
    noded = shapely.get_parts(shapely.union_all(np.array(edges, dtype=object)))
    faces = shapely.normalize(shapely.get_parts(shapely.polygonize(noded)))
    faces = faces[np.lexsort(shapely.bounds(faces).T[::-1])]
    within = shapely.point_on_surface(faces)
    face, block = shapely.STRtree(blocks).query(within, predicate="intersects")
    faces, within = faces[face], within[face]
    inside = shapely.intersects(within, patch)
    inside = _without_slivers(faces, block, inside)
    keys = np.column_stack([block, inside])
    chosen, group = np.unique(keys, axis=0, return_inverse=True)
    polygons: list[shapely.Geometry] = []
    owner: list[int] = []
    for number in range(len(chosen)):
        parts = shapely.get_parts(union_of_coverage(faces[group == number], metre=DEGREE))
        polygons.extend(parts)
        owner.extend([number] * len(parts))
    made = chosen[np.array(owner, dtype=np.int64)]
    pieces = np.array(polygons, dtype=np.object_)
    return _Pieces(_plain(pieces, made[:, 0], blocks), made[:, 0].astype(np.int64), made[:, 1].astype(np.bool_))


def _plain(pieces: GeometryArray, block: IntArray, blocks: GeometryArray) -> GeometryArray:
    """Return the pieces, those of whole blocks without the new vertices that no cut block beside them has."""
    whole = np.bincount(block, minlength=len(blocks))[block] == 1
    needed = np.concatenate([_keys(pieces[~whole]), _keys(blocks)])
    plain = pieces.copy()
    for number in np.flatnonzero(whole).tolist():
        rings = [xy[np.isin(_keys_of(xy), needed)] for xy in map(shapely.get_coordinates, _rings(pieces[number]))]
        plain[number] = shapely.Polygon(rings[0], rings[1:])
    return plain


def _rings(polygon: shapely.Polygon) -> list[shapely.LinearRing]:
    return [polygon.exterior, *polygon.interiors]


def _keys(polygons: GeometryArray) -> NDArray[np.complex128]:
    return _keys_of(shapely.get_coordinates(polygons))


def _keys_of(xy: FloatArray) -> NDArray[np.complex128]:
    keys: NDArray[np.complex128] = xy[:, 0] + 1j * xy[:, 1]
    return keys


def _without_slivers(faces: GeometryArray, block: IntArray, inside: BoolArray) -> BoolArray:
    """Return which faces move: what is too small to stand alone goes with the rest of its block."""
    area = shapely.area(flat(faces)[0])
    kept = inside.copy()
    for number in np.unique(block).tolist():
        own = block == number
        for side in (True, False):
            if 0.0 < area[own & (inside == side)].sum() < SLIVER_M2:
                kept[own] = not side
    return kept


def _refuse_cut_buildings(buildings: Buildings, pieces: _Pieces, owner: IntArray, target: int) -> None:
    """Refuse a cut through buildings that were whole before, and list them."""
    if not len(buildings):
        return
    polygons, scale = flat(buildings.polygons)
    inner = shapely.buffer(polygons, -WALL_M, join_style="mitre")
    land = shapely.transform(pieces.polygons, lambda xy: xy * scale)
    building, piece = shapely.STRtree(land).query(inner, predicate="intersects")
    before = owner[pieces.block[piece]]
    after = np.where(pieces.inside[piece], target, before)
    cut = [
        number
        for number in np.unique(building).tolist()
        if len(np.unique(after[building == number])) > len(np.unique(before[building == number]))
    ]
    if cut:
        raise InvalidInputError(_in_the_way(buildings, number) for number in cut)


def _in_the_way(buildings: Buildings, number: int) -> Problem:
    identifier = int(buildings.ids[number])
    place = shapely.point_on_surface(buildings.polygons[number])
    named = f" ({buildings.names[number]})" if buildings.names[number] else ""
    return Problem(
        "building-in-the-way",
        f"The edge of the patch cuts building {identifier}{named}.",
        "Draw it around the building.",
        subject=str(identifier),
        lonlat=(round(float(place.x), 7), round(float(place.y), 7)),
    )


def _replaced(draft: Draft, near: IntArray, pieces: _Pieces, target: int, tools: Tools) -> Draft:
    """Return the draft with the blocks that changed replaced by their pieces."""
    counts = np.bincount(pieces.block, minlength=len(near))
    vertices = shapely.get_num_coordinates(draft.blocks.polygons[near])
    owner = draft.owner.copy()
    gone: list[int] = []
    fresh: list[tuple[int, shapely.Geometry, FloatArray, int]] = []
    for number, position in enumerate(near.tolist()):
        own = np.flatnonzero(pieces.block == number)
        same = counts[number] == 1 and shapely.get_num_coordinates(pieces.polygons[own[0]]) == vertices[number]
        if same:
            owner[position] = target if pieces.inside[own[0]] else owner[position]
            continue
        gone.append(position)
        shares = shared_loads(draft.blocks.loads[position], pieces.polygons[own], tools.buildings)
        for piece, loads in zip(own.tolist(), shares, strict=True):
            leaf = target if pieces.inside[piece] else int(draft.owner[position])
            fresh.append((tools.new_block(), pieces.polygons[piece], loads, leaf))
    stay = np.ones(len(owner), dtype=np.bool_)
    stay[gone] = False
    return _with_blocks(replace(draft, blocks=draft.blocks.rows(stay), owner=owner[stay]), fresh)


def _with_blocks(draft: Draft, fresh: list[tuple[int, shapely.Geometry, FloatArray, int]]) -> Draft:
    if not fresh:
        return draft
    ids = np.array([row[0] for row in fresh], dtype=np.int64)
    polygons = np.array([row[1] for row in fresh], dtype=object)
    table = BlockTable(ids, polygons, np.array([row[2] for row in fresh]))
    order = np.argsort(np.concatenate([draft.blocks.ids, ids]), kind="stable")
    owner = np.concatenate([draft.owner, np.array([row[3] for row in fresh], dtype=np.int64)])[order]
    return replace(draft, blocks=draft.blocks.joined(table), owner=owner)


def shared_loads(loads: FloatArray, pieces: GeometryArray, buildings: Buildings) -> Iterator[FloatArray]:
    """Yield the loads of each piece; together they are those of the block, to the last digit."""
    area = shapely.area(pieces)
    counted, settled = _built(pieces, buildings)
    weights = np.column_stack([_first_known(settled, counted, area), _first_known(settled, counted, area), area])
    weights[:, _BUILDINGS] = _first_known(counted, area)
    whole = np.array([float(np.nan_to_num(load)).is_integer() for load in loads])
    left = loads.copy()
    for number in range(len(pieces)):
        rest = weights[number:].sum(axis=0)
        share = left * np.divide(weights[number], rest, out=np.zeros(len(rest)), where=rest > 0)
        share = np.where(whole, np.round(share), share)
        own = left if number == len(pieces) - 1 else np.minimum(share, left)
        yield own
        left = left - own


def _built(pieces: GeometryArray, buildings: Buildings) -> tuple[FloatArray, FloatArray]:
    """Return the number of buildings in each piece, and the households that they are known to have."""
    counted, settled = np.zeros(len(pieces)), np.zeros(len(pieces))
    if len(buildings):
        building, piece = shapely.STRtree(pieces).query(
            shapely.point_on_surface(buildings.polygons), predicate="intersects"
        )
        # On the edge between two pieces the first counts.
        first = np.unique(building, return_index=True)[1]
        np.add.at(counted, piece[first], 1.0)
        np.add.at(settled, piece[first], np.nan_to_num(buildings.households[building[first]]))
    return counted, settled


def _first_known(*choices: FloatArray) -> FloatArray:
    return next((weights for weights in choices if weights.sum() > 0), choices[-1])
