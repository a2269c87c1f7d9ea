"""The land of two plans cut so finely that every piece is in one leaf of each; blocks stay blocks where they can."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.plans.operations.cutting import shared_loads
from geogrid.plans.operations.tools import Tools
from geogrid.plans.origins import leaves_at
from geogrid.plans.pieces import NOWHERE
from geogrid.plans.state import BlockTable, Draft, flat
from geogrid.types import FloatArray, GeometryArray, IntArray

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Cells:
    """Pieces of land with their leaf in each of three plans.

    Parameters
    ----------
    blocks : BlockTable
        Blocks of either plan where they do; new ones where both plans had cut the same block.
    base, ours, theirs : (n,) int64
        Leaf of each in what both began as, and in either; `NOWHERE` for none.
    """

    blocks: BlockTable
    base: IntArray
    ours: IntArray
    theirs: IntArray

    def sums(self, chosen: IntArray) -> FloatArray:
        """Return square metres and loads of some cells, shape (4,)."""
        polygons = self.blocks.polygons[chosen]
        area = float(shapely.area(flat(polygons)[0]).sum())
        total: FloatArray = np.array([area, *np.nansum(self.blocks.loads[chosen], axis=0)])
        return total


def cells_of(base: Draft, ours: Draft, theirs: Draft, tools: Tools) -> Cells:
    """Return the land of a plan, cut as it is cut in it and in another."""
    common = np.isin(theirs.blocks.ids, ours.blocks.ids)
    same = theirs.blocks.rows(common)
    own = np.isin(ours.blocks.ids, theirs.blocks.ids)
    table = same
    if not common.all():
        table = same.joined(_refined(theirs.blocks.rows(~common), ours.blocks.rows(~own), tools))
    return Cells(table, _leaves(base, table), _leaves(ours, table), _leaves(theirs, table))


def _leaves(draft: Draft, table: BlockTable) -> IntArray:
    """Return the leaf of each block: by its number where the plan has it, else by where it lies."""
    leaf = np.full(len(table), NOWHERE, dtype=np.int64)
    if not len(draft.blocks):
        return leaf
    place = np.minimum(np.searchsorted(draft.blocks.ids, table.ids), len(draft.blocks) - 1)
    known = draft.blocks.ids[place] == table.ids
    leaf[known] = draft.owner[place[known]]
    leaf[~known] = leaves_at(draft, table.polygons[~known])
    return leaf


def _refined(theirs: BlockTable, ours: BlockTable, tools: Tools) -> BlockTable:
    """Return the blocks of a plan cut as another cuts the same land; every corner is on both sides of its edge."""
    edges = [*shapely.boundary(theirs.polygons), *shapely.boundary(ours.polygons)]
    noded = shapely.get_parts(shapely.union_all(np.array(edges, dtype=object)))
    faces = shapely.normalize(shapely.get_parts(shapely.polygonize(noded)))
    faces = faces[np.lexsort(shapely.bounds(faces).T[::-1])]
    face, block = shapely.STRtree(theirs.polygons).query(shapely.point_on_surface(faces), predicate="intersects")
    order = np.lexsort((face, block))
    face, block = face[order], block[order]
    places = {shapely.to_wkb(polygon): place for place, polygon in enumerate(shapely.normalize(ours.polygons))}
    rows: list[tuple[int, shapely.Geometry, FloatArray]] = []
    for number in range(len(theirs)):
        rows += _within(theirs, number, faces[face[block == number]], ours, places, tools)
    return BlockTable.sorted(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=object),
        np.array([row[2] for row in rows]).reshape(-1, theirs.loads.shape[1]),
    )


def _within(  # noqa: PLR0913, PLR0917 - both tables
    theirs: BlockTable, number: int, faces: GeometryArray, ours: BlockTable, places: dict[bytes, int], tools: Tools
) -> Iterator[tuple[int, shapely.Geometry, FloatArray]]:
    """Yield the pieces of one block: itself, blocks of the other plan, or new ones that share its loads."""
    loads = theirs.loads[number]
    whole = shapely.normalize(theirs.polygons[number])
    if not len(faces) or (len(faces) == 1 and shapely.equals_exact(faces[0], whole)):
        yield int(theirs.ids[number]), theirs.polygons[number], loads
        return
    found = [places.get(shapely.to_wkb(polygon)) for polygon in faces]
    stored = [place for place in found if place is not None]
    sums = np.nansum(ours.loads[stored], axis=0)
    if len(stored) == len(faces) and np.allclose(sums, np.nan_to_num(loads), rtol=0, atol=_ROUNDING):
        for place in stored:
            yield int(ours.ids[place]), ours.polygons[place], ours.loads[place]
        return
    for polygon, share in zip(faces, shared_loads(loads, faces, tools.buildings), strict=True):
        yield tools.new_block(), polygon, share
