"""Which land of one plan is which land of another: by block where blocks are the same, by overlay where they differ."""

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.editions.fields import LOADS
from geogrid.geometry.overlays import DEGREE, differences, intersections, union
from geogrid.plans.state import BlockTable, Draft, flat
from geogrid.types import FloatArray, GeometryArray, IntArray

NOWHERE = 0
"""In the place of a grid: land that only one of the plans has."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Land that is in one leaf of each plan.

    Parameters
    ----------
    before, after : (n,) int64
        Key of the leaf in either plan, `NOWHERE` for none.
    polygons : (n,) Polygon or MultiPolygon
        Degrees, WGS 84.
    area_m2 : (n,) float64
        Area.
    loads : (n, 3) float64
        Columns as `LOADS`; unknown ones are 0.
    is_same_block : (n,) bool
        A block of both plans; other pieces come from an overlay.
    """

    before: IntArray
    after: IntArray
    polygons: GeometryArray
    area_m2: FloatArray
    loads: FloatArray
    is_same_block: np.ndarray

    def __len__(self) -> int:
        """Return the number of pieces."""
        return len(self.before)


def pieces_of(old: Draft, new: Draft) -> Pieces:
    """Return the pieces that two plans cut the land into.

    Notes
    -----
    Pieces of an overlay have the loads of the old block in the ratio of the areas; land that only the new plan has,
    those of the new block.
    """
    scale = _scale(old, new)
    common, here, there = np.intersect1d(old.blocks.ids, new.blocks.ids, assume_unique=True, return_indices=True)
    polygons = old.blocks.polygons[here]
    same = Pieces(
        old.owner[here],
        new.owner[there],
        polygons,
        _area(polygons, scale),
        np.nan_to_num(old.blocks.loads[here]),
        np.ones(len(common), dtype=np.bool_),
    )
    gone, come = ~np.isin(old.blocks.ids, common), ~np.isin(new.blocks.ids, common)
    if not gone.any() and not come.any():
        return same
    laid = _overlay(old.blocks.rows(gone), old.owner[gone], new.blocks.rows(come), new.owner[come], scale)
    return Pieces(
        *(
            np.concatenate([getattr(same, name), getattr(laid, name)])
            for name in ("before", "after", "polygons", "area_m2", "loads", "is_same_block")
        )
    )


def _overlay(old: BlockTable, old_owner: IntArray, new: BlockTable, new_owner: IntArray, scale: FloatArray) -> Pieces:
    """Return the pieces of blocks that the plans do not share."""
    one, other = shapely.STRtree(new.polygons).query(old.polygons, predicate="intersects")
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    shared = intersections(old.polygons[one], new.polygons[other], metre=DEGREE)
    some = ~shapely.is_empty(shared)
    one, other, shared = one[some], other[some], shared[some]
    lost = _rest(old.polygons, one, shared)
    gained = _rest(new.polygons, other, shared)
    was, now = np.flatnonzero(~shapely.is_empty(lost)), np.flatnonzero(~shapely.is_empty(gained))
    polygons = np.concatenate([shared, lost[was], gained[now]])
    area = _area(polygons, scale)
    from_old = np.concatenate([one, was])
    loads = np.concatenate([old.loads[from_old], new.loads[now]])
    whole = np.concatenate([_area(old.polygons, scale)[from_old], _area(new.polygons, scale)[now]])
    return Pieces(
        np.concatenate([old_owner[from_old], np.full(len(now), NOWHERE)]),
        np.concatenate([new_owner[other], np.full(len(was), NOWHERE), new_owner[now]]),
        polygons,
        area,
        np.nan_to_num(loads) * (area / whole)[:, None],
        np.zeros(len(polygons), dtype=np.bool_),
    )


def _rest(blocks: GeometryArray, owner: IntArray, parts: GeometryArray) -> GeometryArray:
    """Return what is left of each block without its parts."""
    rest = blocks.copy()
    order = np.argsort(owner, kind="stable")
    keys, starts = np.unique(owner[order], return_index=True)
    covered = np.empty(len(keys), dtype=np.object_)
    covered[:] = [union(parts[group], metre=DEGREE) for group in np.split(order, starts[1:])[: len(keys)]]
    rest[keys] = differences(blocks[keys], covered, metre=DEGREE)
    return rest


def _scale(old: Draft, new: Draft) -> FloatArray:
    """Return the square metres of a square degree, one for both, so that areas of equal land are equal."""
    both = np.concatenate([old.blocks.polygons, new.blocks.polygons])
    return flat(both)[1]


def _area(polygons: GeometryArray, scale: FloatArray) -> FloatArray:
    area: FloatArray = shapely.area(polygons) * float(scale.prod())
    return area


def by_pair(pieces: Pieces, before: IntArray, after: IntArray) -> tuple[IntArray, FloatArray]:
    """Return the pairs of grids that have land in common, sorted, shape (k, 2), and its area and loads, (k, 4).

    Parameters
    ----------
    pieces : Pieces
        The land.
    before, after : (n,) int64
        Grid of each piece in either plan, of the level that is meant.
    """
    pairs, position = np.unique(np.column_stack([before, after]), axis=0, return_inverse=True)
    sums: FloatArray = np.zeros((len(pairs), 1 + len(LOADS)))
    np.add.at(sums, position, np.column_stack([pieces.area_m2, pieces.loads]))
    return pairs.astype(np.int64), sums
