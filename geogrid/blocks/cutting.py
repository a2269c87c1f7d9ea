"""Blocks cut along further lines."""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from geogrid.blocks.adjacency import Adjacency, rook_adjacency
from geogrid.blocks.assembly import areas_holding, assemble_blocks
from geogrid.blocks.faces import Faces, dissolve, faces_between
from geogrid.blocks.ground import NOWHERE
from geogrid.blocks.limits import on_grid
from geogrid.blocks.records import Blocks
from geogrid.blocks.slivers import FaceFacts, MergeRule, merge_small_faces
from geogrid.types import BoolArray, GeometryArray, IntArray


@dataclass(frozen=True, slots=True)
class CutFaces:
    """Faces that blocks fall into when further lines cut them; see `cut_along`."""

    faces: Faces
    block: IntArray
    adjacency: Adjacency

    @property
    def is_whole(self) -> BoolArray:
        """Which faces are a block that no line has cut."""
        whole: BoolArray = np.bincount(self.block)[self.block] == 1
        return whole


def cut_along(blocks: Blocks, lines: GeometryArray) -> CutFaces:
    """Return the faces between the edges of the blocks and further lines, led around buildings, and their blocks."""
    polygons = on_grid(blocks.polygons)
    fixed = shapely.get_parts(shapely.boundary(polygons))
    faces = faces_between(fixed=fixed, flexible=lines, buildings=blocks.ground.buildings)
    block = areas_holding(faces.polygons, polygons)
    inside = block != NOWHERE
    faces, block = replace(faces, polygons=faces.polygons[inside], in_building=faces.in_building[inside]), block[inside]
    edges = blocks.ground.edges
    return CutFaces(faces, block, rook_adjacency(faces.polygons, edges.lines, edges.ranks))


def cut_apart(blocks: Blocks, lines: GeometryArray, rule: MergeRule) -> Blocks:
    """Return the blocks cut along lines; slivers stay with a neighbour in the same block."""
    cut = cut_along(blocks, lines)
    occupied = blocks.ground.load_points.occupied(cut.faces.polygons)
    facts = FaceFacts(groups=cut.block, occupied=occupied, settled=cut.is_whole)
    labels = merge_small_faces(cut.faces, cut.adjacency, facts, rule=rule)
    first = np.unique(labels, return_index=True)[1]
    return assemble_blocks(
        dissolve(cut.faces.polygons, labels),
        blocks.ground,
        adjacency=cut.adjacency.contracted(labels),
        parent=blocks.parent[cut.block[first]],
        site=blocks.site[cut.block[first]],
        sites=blocks.sites,
    )
