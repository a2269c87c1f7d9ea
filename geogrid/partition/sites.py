"""Which institutions get a dedicated grid (专属网格): by wish, people or size, and what becomes of homes on them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import shapely

from geogrid.blocks import Blocks, MergeRule, Site
from geogrid.blocks.faces import PRECISION_M
from geogrid.errors import InvalidInputError, Problem
from geogrid.geometry.metres import to_lonlat, to_metres
from geogrid.types import DEDICATED_CATEGORIES, BoolArray, FloatArray, GeometryArray, IntArray
from geogrid.wording import amount

PUBLISHED_RATIO: Final = 0.18
"""Dedicated grids for each comprehensive one: Qiqihar has 3,188 beside 17,242."""

HOME_SHARE: Final = 0.1
"""Residents of a site count as homes above this share of what a grid must hold."""

Homes = Literal["comprehensive", "divide", "dedicated"]

_SAME_SHARE: Final = 0.8
_WALL_M: Final = 0.05
_SPACING_M: Final = 4.0


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
    most : int, optional
        So many sites at most: those with the most ``people``, where the layer tells any, else the largest. Sites with
        ``dedicated`` true come first, whatever their number; without a number all do.
    residents : str, optional
        Load that says who lives on a site; without it nobody does.
    most_residents : float
        Sites with more hold homes.
    homes : {"comprehensive", "divide", "dedicated"}
        What becomes of sites with homes: they stay in comprehensive grids, the land of their other buildings is
        carved out alone, or all of it is. Sites with ``dedicated`` true are carved whole in any case.
    """

    min_area_m2: float = 1_500.0
    strip_m: float = 20.0
    rest_share: float = 0.25
    merge: MergeRule = field(default_factory=MergeRule)
    most: int | None = None
    residents: str | None = None
    most_residents: float = math.inf
    homes: Homes = "comprehensive"


@dataclass(frozen=True, slots=True)
class Claims:
    """Land that sites ask for, the smallest first, so that a school in a park keeps its land.

    Parameters
    ----------
    sites : tuple of Site
        Institutions.
    polygons : (s,) Polygon or MultiPolygon
        Their land, metres.
    """

    sites: tuple[Site, ...]
    polygons: GeometryArray


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Every site of a layer: what it is, its land (empty for none), and what the layer wishes of it."""

    sites: tuple[Site, ...]
    land: GeometryArray
    wish: tuple[bool | None, ...]
    people: FloatArray


def claims_of(blocks: Blocks, sites: gpd.GeoDataFrame, rule: SiteRule) -> tuple[Claims, list[Problem]]:
    """Return the sites that get a dedicated grid, without doubles, and why others do not.

    Parameters
    ----------
    blocks : Blocks
        The land.
    sites : GeoDataFrame
        ``name``, ``category``, polygons or points; ``dedicated`` (True, False or missing) and ``people`` besides.
    rule : SiteRule
        Which.

    Raises
    ------
    InvalidInputError
        A category that is none of `geogrid.types.DEDICATED_CATEGORIES`, or a layer without CRS.
    """
    found = _candidates(blocks, sites, rule.min_area_m2)
    area = shapely.area(found.land)
    refused = np.array([wish is False for wish in found.wish], dtype=np.bool_)
    small = (area < rule.min_area_m2) & ~refused
    problems = [
        landless(found.sites[number].name, _too_small(float(area[number]), rule.min_area_m2))
        for number in np.flatnonzero(small).tolist()
    ]
    usable = _without_doubles(found, np.flatnonzero(~small & ~refused))
    land, kept, told = _without_homes(blocks, found, usable, rule)
    ranked = _by_rank(found, shapely.area(land), kept)
    wished = [number for number in ranked if found.wish[number]]
    most = len(ranked) if rule.most is None else max(rule.most, len(wished))
    # The smallest first: a school in a park keeps its land.
    order = sorted(ranked[:most], key=lambda number: (float(shapely.area(land[number])), found.sites[number].name))
    return Claims(tuple(found.sites[number] for number in order), land[order]), [*problems, *told]


def _candidates(blocks: Blocks, sites: gpd.GeoDataFrame, min_area_m2: float) -> _Candidates:
    unknown = sorted(set(sites["category"]) - set(DEDICATED_CATEGORIES))
    if unknown:
        categories = ", ".join(DEDICATED_CATEGORIES)
        raise InvalidInputError(
            Problem("unknown-category", f"'{name}' is no category of dedicated grids.", f"Known: {categories}.")
            for name in unknown
        )
    plain = sites["category"].str.replace("_", " ").str.capitalize()
    names = sites["name"].fillna(plain).astype(str).tolist()
    wishes = sites["dedicated"].tolist() if "dedicated" in sites else [None] * len(sites)
    people = sites["people"].fillna(0.0).to_numpy(dtype=np.float64) if "people" in sites else np.zeros(len(sites))
    return _Candidates(
        tuple(Site(name, category) for name, category in zip(names, sites["category"], strict=True)),
        _land(blocks, to_metres(sites, blocks.crs).geometry, min_area_m2),
        tuple(wish if wish is None else bool(wish) for wish in wishes),
        people,
    )


def _by_rank(found: _Candidates, area: FloatArray, numbers: Sequence[int]) -> list[int]:
    """Return sites, those that are wished for first, then by people, size and name: the order of rows is no matter."""
    return sorted(
        numbers,
        key=lambda number: (not found.wish[number], -found.people[number], -area[number], found.sites[number].name),
    )


def _without_doubles(found: _Candidates, numbers: IntArray) -> list[int]:
    """Return sites without those that others of their category cover: larger ones, or those that are wished for."""
    area = shapely.area(found.land)
    order = sorted(
        numbers.tolist(), key=lambda number: (not found.wish[number], -area[number], found.sites[number].name)
    )
    place = {number: rank for rank, number in enumerate(order)}
    tree = shapely.STRtree(found.land)
    kept: set[int] = set()
    for number in order:
        same = [
            other
            for other in tree.query(found.land[number], predicate="intersects").tolist()
            if other in kept
            and place[other] < place[number]
            and found.sites[other].category == found.sites[number].category
        ]
        above = shapely.union_all(found.land[same], grid_size=PRECISION_M)
        covered = shapely.area(shapely.intersection(found.land[number], above, grid_size=PRECISION_M))
        if covered < _SAME_SHARE * area[number]:
            kept.add(number)
    return [number for number in order if number in kept]


def _without_homes(
    blocks: Blocks, found: _Candidates, numbers: list[int], rule: SiteRule
) -> tuple[GeometryArray, list[int], list[Problem]]:
    """Return the land of each site, the sites that still get some, and which hold homes."""
    land = found.land.copy()
    if rule.residents is None or not numbers:
        return land, numbers, []
    homes = _residents(blocks, land[numbers], rule.residents)
    kept, problems = [], []
    for number, residents in zip(numbers, homes.tolist(), strict=True):
        outcome: Homes = "dedicated" if found.wish[number] else rule.homes
        if residents > rule.most_residents:
            if outcome == "divide":
                land[number] = _institutional(blocks, land[number], rule.residents)
                outcome = "divide" if land[number].area >= rule.min_area_m2 else "comprehensive"
            problems.append(_home_problem(blocks, found, number, residents, outcome=outcome, rule=rule))
            if outcome == "comprehensive":
                continue
        kept.append(number)
    return land, kept, problems


def _residents(blocks: Blocks, land: GeometryArray, load: str) -> FloatArray:
    points = blocks.ground.load_points
    weights = points.columns[load]
    inside, point = shapely.STRtree(points.points).query(land, predicate="intersects")[0:2]
    sums: FloatArray = np.bincount(inside, weights=weights[point], minlength=len(land)).astype(np.float64)
    return sums


def _institutional(blocks: Blocks, land: shapely.Geometry, load: str) -> shapely.Geometry:
    """Return the land of a site that is nearer to its other buildings than to those with residents."""
    buildings = blocks.ground.buildings
    inside = np.sort(shapely.STRtree(buildings).query(land, predicate="intersects"))
    lived_in = blocks.ground.load_points.columns[load][: len(buildings)][inside] > 0
    walls = shapely.boundary(shapely.buffer(buildings[inside], -_WALL_M, join_style="mitre"))
    standing = ~shapely.is_empty(walls)
    xy, owner = shapely.get_coordinates(shapely.segmentize(walls[standing], _SPACING_M), return_index=True)
    is_home: BoolArray = lived_in[standing][owner]
    if is_home.all():
        return shapely.Polygon()
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=land))
    seed, cell = shapely.STRtree(cells).query(shapely.points(xy), predicate="intersects")
    other = np.unique(cell[~is_home[seed]])
    own = shapely.union_all(cells[other], grid_size=PRECISION_M)
    return shapely.intersection(own, land, grid_size=PRECISION_M)


def _home_problem(  # noqa: PLR0913 - what is said of a site
    blocks: Blocks, found: _Candidates, number: int, residents: float, *, outcome: Homes, rule: SiteRule
) -> Problem:
    site = found.sites[number]
    said = {
        "comprehensive": "it stays in comprehensive grids",
        "divide": "only the land of its other buildings gets a dedicated grid",
        "dedicated": "all of it gets a dedicated grid, which has no band",
    }[outcome]
    place = shapely.point_on_surface(to_lonlat(found.land[[number]], blocks.crs))[0]
    return Problem(
        "site-with-homes",
        f"'{site.name}' ({site.category}) holds {residents:,.0f} {rule.residents}, over {rule.most_residents:,.0f}: "
        f"{said}.",
        "Choose for all with --sites-with-homes comprehensive, divide or dedicated, or for one by yes or no in a "
        "column 'dedicated' of the sites.",
        "warning",
        site.name,
        lonlat=(float(place.x), float(place.y)),
        size=residents,
        unit=rule.residents or "",
    )


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


def _too_small(area_m2: float, least_m2: float) -> str:
    if not area_m2:
        return "it is a point in no building, and its block has several"
    return f"{area_m2:.0f} m2 is below the least {amount(least_m2)} m2"


def landless(name: str, reason: str) -> Problem:
    """Return why a site gets no dedicated grid."""
    return Problem(
        "site-without-grid",
        f"'{name}' gets no dedicated grid: {reason}.",
        "Lower the least area, or give its outline.",
        severity="warning",
        subject=name,
    )
