"""Dedicated grids (专属网格): land of institutions carved out of the blocks, seamlessly, never through a building."""

from dataclasses import dataclass, field, replace
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from geogrid.blocks import NOWHERE, Adjacency, Blocks, MergeRule, Site, assemble_blocks
from geogrid.blocks.assembly import areas_holding
from geogrid.blocks.cutting import cut_along
from geogrid.blocks.faces import PRECISION_M, FaceFacts, dissolve, merge_small_faces
from geogrid.blocks.limits import on_grid, onto_lines
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import to_metres
from geogrid.types import DEDICATED_CATEGORIES, BoolArray, GeometryArray, IntArray

_SAME_SHARE: Final = 0.8
_STRIP_CONTACT: Final = 0.25
_MITRE: Final = 5.0
_TOUCH_M: Final = 0.05


@dataclass(frozen=True, slots=True)
class SiteRule:
    """Which sites get a dedicated grid, and how its edge is drawn.

    Parameters
    ----------
    min_area_m2 : float
        Smaller sites stay in their comprehensive grid; they are listed.
    strip_m : float
        Land narrower than this between a site and the edge of its block goes with the site.
    rest_share : float
        What is left of a block goes with the site if it holds no building and is at most this share of it.
    merge : MergeRule
        Which leftovers are slivers.
    """

    min_area_m2: float = 1_500.0
    strip_m: float = 20.0
    rest_share: float = 0.25
    merge: MergeRule = field(default_factory=MergeRule)


@dataclass(frozen=True, slots=True)
class _Claims:
    """Land that sites ask for, the smallest first, so that a school in a park keeps its land."""

    sites: tuple[Site, ...]
    polygons: GeometryArray


def carve_dedicated(blocks: Blocks, sites: gpd.GeoDataFrame, *, rule: SiteRule | None = None) -> Blocks:
    """Cut blocks along sites, so that each site is made of whole blocks.

    Parameters
    ----------
    blocks : Blocks
        Blocks without dedicated land.
    sites : GeoDataFrame
        ``name``, ``category`` and polygons or points. A point takes the building it lies in, else its block if
        that holds at most one building.
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
    claims, problems = _claims(blocks, sites, rule)
    if not claims.sites:
        polygons = onto_lines(blocks.polygons, blocks.ground.limits)
        return replace(blocks, polygons=polygons, problems=(*blocks.problems, *problems))
    pieces = _cut_blocks(blocks, _grown(blocks, claims.polygons, rule), rule)
    site = _without_specks(pieces, rule.min_area_m2)
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
        problems=(*problems, *(_landless(site.name, "no land of its own is left after cutting") for site in lost)),
    )


@dataclass(frozen=True, slots=True)
class _CarvedBlocks:
    """Blocks after the cut, with the claim that each lies in or -1."""

    polygons: GeometryArray
    adjacency: Adjacency
    parent: IntArray
    site: IntArray


def _claims(blocks: Blocks, sites: gpd.GeoDataFrame, rule: SiteRule) -> tuple[_Claims, list[Problem]]:
    """Return the sites that are large enough, without doubles, and why the others are not."""
    unknown = sorted(set(sites["category"]) - set(DEDICATED_CATEGORIES))
    if unknown:
        categories = ", ".join(DEDICATED_CATEGORIES)
        raise InvalidInputError(
            Problem("unknown-category", f"'{name}' is no category of dedicated grids.", f"Known: {categories}.")
            for name in unknown
        )
    plain = sites["category"].str.replace("_", " ").str.capitalize()
    names = sites["name"].fillna(plain).astype(str).tolist()
    candidates = [Site(name, category) for name, category in zip(names, sites["category"], strict=True)]
    land = _land(blocks, to_metres(sites, blocks.crs).geometry, rule.min_area_m2)
    area = shapely.area(land)
    problems = [
        _landless(candidates[number].name, _too_small(float(area[number]), rule.min_area_m2))
        for number in np.flatnonzero(area < rule.min_area_m2).tolist()
    ]
    # Larger first while doubles are dropped; ties by name, so that the order of the rows does not matter.
    order = sorted(np.flatnonzero(area >= rule.min_area_m2).tolist(), key=lambda n: (-area[n], candidates[n].name))
    kept: list[int] = []
    for number in order:
        same = [other for other in kept if candidates[other].category == candidates[number].category]
        covered = shapely.area(shapely.intersection(land[number], shapely.union_all(land[same]), grid_size=PRECISION_M))
        if covered < _SAME_SHARE * area[number]:
            kept.append(number)
    kept.reverse()
    return _Claims(tuple(candidates[number] for number in kept), land[kept]), problems


def _land(blocks: Blocks, geometry: GeometryArray, min_area_m2: float) -> GeometryArray:
    """Return the polygon of each site: its own without courtyards, its building, or its block; empty for none."""
    land = np.array([_solid(shape, min_area_m2) for shape in geometry], dtype=object)
    points = shapely.get_type_id(geometry) == shapely.GeometryType.POINT
    for areas in (blocks.ground.buildings, _lone_blocks(blocks)):
        open_ = np.flatnonzero(points & shapely.is_empty(land))
        site, area = shapely.STRtree(areas).query(geometry[open_], predicate="intersects")
        for position, number in zip(open_[site[::-1]].tolist(), area[::-1].tolist(), strict=True):
            land[position] = _solid(areas[number], min_area_m2)
    return land


def _lone_blocks(blocks: Blocks) -> GeometryArray:
    lone: GeometryArray = blocks.polygons[blocks.loads["buildings"] <= 1]
    return lone


def _solid(shape: shapely.Geometry, max_hole_m2: float) -> shapely.Geometry:
    """Return the polygons of a shape, holes up to a size filled."""
    parts = [part for part in shapely.get_parts(shapely.get_parts(shape)) if isinstance(part, shapely.Polygon)]
    filled = [
        shapely.Polygon(part.exterior, [ring for ring in part.interiors if shapely.Polygon(ring).area > max_hole_m2])
        for part in parts
    ]
    return shapely.union_all(filled, grid_size=PRECISION_M)


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


def _too_small(area_m2: float, least_m2: float) -> str:
    if not area_m2:
        return "it is a point in no building, and its block has several"
    return f"{area_m2:.0f} m2 is below the least {least_m2:g} m2"


def _landless(name: str, reason: str) -> Problem:
    return Problem(
        "site-without-grid",
        f"'{name}' gets no dedicated grid: {reason}.",
        "Lower the least area, or give its outline.",
        severity="warning",
        subject=name,
    )
