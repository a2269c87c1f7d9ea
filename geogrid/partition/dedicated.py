"""Dedicated grids (专属网格): land of institutions carved out of the blocks, seamlessly, never through a building."""

from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from geogrid.blocks import NOWHERE, Adjacency, Blocks, assemble_blocks
from geogrid.blocks.assembly import areas_holding
from geogrid.blocks.cutting import cut_along
from geogrid.blocks.faces import PRECISION_M, dissolve
from geogrid.blocks.limits import on_grid, onto_lines
from geogrid.blocks.slivers import FaceFacts, merge_small_faces
from geogrid.partition.sites import SiteRule, claims_of, landless
from geogrid.types import BoolArray, GeometryArray, IntArray

_STRIP_CONTACT: Final = 0.25
_MITRE: Final = 5.0
_SPECK_M2: Final = 100.0  # where every site gets a grid, what the cut leaves of one is none
_TOUCH_M: Final = 0.05


def carve_dedicated(blocks: Blocks, sites: gpd.GeoDataFrame, *, rule: SiteRule | None = None) -> Blocks:
    """Cut blocks along sites, so that each site is made of whole blocks.

    Parameters
    ----------
    blocks : Blocks
        Blocks without dedicated land.
    sites : GeoDataFrame
        ``name``, ``category`` and polygons or points. A point takes the building it lies in, else its block if
        that holds at most one building. A column ``dedicated`` (True, False or missing) says which are wished for.
    rule : SiteRule, optional
        How.

    Returns
    -------
    Blocks
        The same land and loads, with `site` and `sites` filled in. Sites that got no land are listed in the problems.

    Raises
    ------
    InvalidInputError
        A category that is none of `geogrid.types.DEDICATED_CATEGORIES`, or a layer without CRS.
    """
    rule = rule or SiteRule()
    # Land of sites along the limit has to meet it where the cut will find it.
    blocks = replace(blocks, polygons=on_grid(blocks.polygons))
    claims, problems = claims_of(blocks, sites, rule)
    if not claims.sites:
        polygons = onto_lines(blocks.polygons, blocks.ground.limits)
        return replace(blocks, polygons=polygons, problems=(*blocks.problems, *problems))
    pieces = _cut_blocks(blocks, _grown(blocks, claims.polygons, rule), rule)
    site = _without_specks(pieces, max(rule.min_area_m2, _SPECK_M2))
    site = _with_pockets(replace(pieces, site=site), blocks.ground.load_points.occupied(pieces.polygons))
    used, position = np.unique(site[site != NOWHERE], return_inverse=True)
    lost = [claims.sites[number] for number in range(len(claims.sites)) if number not in used]
    site[site != NOWHERE] = position
    return assemble_blocks(
        pieces.polygons,
        blocks.ground,
        adjacency=pieces.adjacency,
        parent=pieces.parent,
        site=site,
        sites=tuple(claims.sites[number] for number in used.tolist()),
        problems=(*problems, *(landless(site.name, "no land of its own is left after cutting") for site in lost)),
    )


@dataclass(frozen=True, slots=True)
class _CarvedBlocks:
    """Blocks after the cut, with the claim that each lies in or -1."""

    polygons: GeometryArray
    adjacency: Adjacency
    parent: IntArray
    site: IntArray


def _grown(blocks: Blocks, land: GeometryArray, rule: SiteRule) -> GeometryArray:
    """Return the land of each site with the strips that it leaves at the edges of its blocks."""
    # Every overlay here is snapped: plain ones fail on edges that nearly coincide, and these do.
    claimed = shapely.union_all(land, grid_size=PRECISION_M)
    centres = shapely.STRtree(shapely.point_on_surface(blocks.ground.buildings))
    tree = shapely.STRtree(blocks.polygons)
    grown = []
    for shape in land:
        gained = [shape]
        for number in sorted(tree.query(shape, predicate="intersects").tolist()):
            block = blocks.polygons[number]
            own = shapely.area(shapely.intersection(block, shape, grid_size=PRECISION_M))
            if own < rule.min_area_m2 / 2:
                continue
            rest = shapely.difference(block, claimed, grid_size=PRECISION_M)
            if rest.area <= rule.rest_share * block.area and not len(centres.query(rest, predicate="intersects")):
                gained.append(rest)
            else:
                gained.extend(_strips(rest, shape, rule.strip_m))
        grown.append(shapely.union_all(gained, grid_size=PRECISION_M))
    return np.array(grown, dtype=object)


def _strips(rest: shapely.Geometry, shape: shapely.Geometry, width_m: float) -> list[shapely.Geometry]:
    """Return the parts of `rest` narrower than a width that lie along `shape`.

    Notes
    -----
    The morphological opening of `rest` loses exactly what a disc of that diameter cannot enter; corners are mitred
    so that they stay.
    """
    eroded = shapely.buffer(rest, -width_m / 2, join_style="mitre", mitre_limit=_MITRE)
    # Mitred corners can cross each other, which a buffer does not mend.
    dilated = shapely.buffer(eroded, width_m / 2, join_style="mitre", mitre_limit=_MITRE)
    opened = shapely.make_valid(dilated, method="structure", keep_collapsed=False)
    narrow = shapely.get_parts(shapely.difference(rest, opened, grid_size=PRECISION_M))
    contact = shapely.length(
        shapely.intersection(shapely.boundary(narrow), shapely.buffer(shape, _TOUCH_M), grid_size=PRECISION_M)
    )
    chosen = narrow[contact >= _STRIP_CONTACT * shapely.length(narrow)]
    return [part for part in chosen if part.area > 0]


def _cut_blocks(blocks: Blocks, land: GeometryArray, rule: SiteRule) -> _CarvedBlocks:
    """Return the blocks cut along the land of the sites, slivers merged."""
    cut = cut_along(blocks, shapely.get_parts(shapely.boundary(land)))
    faces, block, adjacency = cut.faces, cut.block, cut.adjacency
    site = areas_holding(faces.polygons, land)
    facts = FaceFacts(
        groups=blocks.parent[block],
        occupied=blocks.ground.load_points.occupied(faces.polygons),
        settled=cut.is_whole | ((site != NOWHERE) & (shapely.area(faces.polygons) >= rule.min_area_m2)),
    )
    labels = merge_small_faces(faces, adjacency, facts, rule=rule.merge)
    # The largest face of a piece says what it is; what was merged into it was too small to count.
    by_size = np.lexsort((-shapely.area(faces.polygons), labels))
    largest = by_size[np.unique(labels[by_size], return_index=True)[1]]
    return _CarvedBlocks(
        polygons=dissolve(faces.polygons, labels),
        adjacency=adjacency.contracted(labels),
        parent=blocks.parent[block][largest],
        site=site[largest],
    )


def _without_specks(pieces: _CarvedBlocks, min_area_m2: float) -> IntArray:
    """Return the sites of the pieces; parts of a site too small for a grid become ordinary land."""
    component = pieces.adjacency.components(_key(pieces))
    area = np.bincount(component, weights=shapely.area(pieces.polygons))
    return np.where(area[component] < min_area_m2, NOWHERE, pieces.site)


def _with_pockets(pieces: _CarvedBlocks, occupied: BoolArray) -> IntArray:
    """Return the sites of the pieces; ordinary land without a building that sites enclose joins them."""
    component = pieces.adjacency.components(_key(pieces))
    built = np.bincount(component, weights=occupied) > 0
    pocket = (pieces.site == NOWHERE) & ~built[component]
    site = pieces.site.copy()
    shared = pieces.adjacency.shared_m
    for number in np.unique(component[pocket]).tolist():
        members = component == number
        inner = members[pieces.adjacency.pairs]
        border = inner[:, 0] != inner[:, 1]
        other = np.where(inner[border, 0], pieces.adjacency.pairs[border, 1], pieces.adjacency.pairs[border, 0])
        own_parent = pieces.parent[np.flatnonzero(members)[0]]
        usable = (pieces.parent[other] == own_parent) & (pieces.site[other] != NOWHERE)
        if usable.any():
            length = np.bincount(pieces.site[other][usable], weights=shared[border][usable])
            site[members] = int(length.argmax())
    return site


def _key(pieces: _CarvedBlocks) -> IntArray:
    """Return one number for each pair of parent and site."""
    key: IntArray = (pieces.parent - pieces.parent.min()) * (pieces.site.max() + 2) + pieces.site + 1
    return key
