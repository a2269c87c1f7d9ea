"""Towns drawn by chance: streets, buildings, households, institutions and administrative areas.

A rectangle is halved again and again; each line is a street, the earlier the more important. The drawing is then bent
by a smooth map with waves of every length, so that streets curve and nothing crosses that did not cross before. Work
and memory grow with the number of blocks and buildings alone. Blocks are smaller in the middle of the town and larger
at its edge; a river crosses it from west to east and a railway from south to north where it has room for them.
Institutions are schools, hospitals, parks, markets, offices, works and public offices. Administrative areas follow main
streets: ``(3, 17)`` are 3 streets of 17 communities in all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from geogrid.coordinates import WGS84, local_crs, transformer_between
from geogrid.errors import InvalidInputError, Problem
from geogrid.towns.drawing import Bend, BentLattice
from geogrid.towns.houses import Houses, build_houses
from geogrid.towns.land import LandUse, use_of_land
from geogrid.towns.lattice import UNITS_PER_M, Density, Lattice, halve
from geogrid.towns.names import estate_names, pair_names, site_names
from geogrid.towns.streets import draw_barriers
from geogrid.types import FloatArray, GeometryArray

_HOUSEHOLDS_A_BLOCK: Final = 45
_BLOCKS_A_SITE: Final = 40
_LEAST_BLOCK_M2: Final = 100.0
_WIDER: Final = 1.12
_DENSE: Final = 8.0
_CORE: Final = 0.28
_BLOCKS_A_CENTRE: Final = 60_000
_MOST_CENTRES: Final = 16
_WALL_M: Final = 5.0
_SECOND_RESIDENTS: Final = 0.6


@dataclass(frozen=True, slots=True)
class SyntheticTown:
    """A town that exists nowhere, in a metric CRS (CGCS2000 in China, else UTM).

    Parameters
    ----------
    limit : GeoSeries
        One polygon.
    barriers : GeoDataFrame
        ``name``, ``rank``, ``kind`` (highway, railway, waterway), ``street_class``, LineString.
    buildings : GeoDataFrame
        ``households``, ``population``, ``levels``, ``use``, ``estate`` (name, missing outside estates), ``block``.
    sites : GeoDataFrame
        ``name``, ``category``, polygon: institutions that can have a dedicated grid.
    estates : GeoDataFrame
        ``name``, ``households``, polygon: housing estates (小区), each on one block or on two beside each other.
    areas : tuple of GeoDataFrame
        Administrative areas, a frame per level from the top: ``code``, ``name``, ``parent`` (row of the level above, 0
        on the first level).
    blocks : GeoDataFrame
        The land between the lines as it was drawn, a valid coverage: ``households``, ``population``, ``buildings``,
        ``site`` (row of `sites`, -1 for none) and ``area`` (row of the lowest areas, 0 without any).
    """

    limit: gpd.GeoSeries
    barriers: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    estates: gpd.GeoDataFrame
    areas: tuple[gpd.GeoDataFrame, ...]
    blocks: gpd.GeoDataFrame

    @property
    def crs(self) -> CRS:
        """Projected CRS of every layer, metres."""
        return CRS(self.limit.crs)


def synthetic_town(  # noqa: PLR0913 - one wish each, by keyword
    n_blocks: int,
    *,
    rng: np.random.Generator,
    households: int | None = None,
    n_sites: int | None = None,
    areas: Sequence[int] = (),
    block_m2: float = 20_000.0,
    centre: tuple[float, float] = (113.84, 30.65),
    flaws: float = 0.03,
    dual_carriageways: bool = True,
    with_buildings: bool = True,
) -> SyntheticTown:
    """Draw a town.

    Parameters
    ----------
    n_blocks : int
        Pieces of land between streets; met exactly.
    rng : numpy.random.Generator
        Same state, same town, to the last byte.
    households : int, optional
        In all, met exactly; by default 45 a block.
    n_sites : int, optional
        Institutions, met exactly; by default one for 40 blocks.
    areas : sequence of int
        Administrative areas of each level below the town, from the top, met exactly. They nest.
    block_m2, centre : float, tuple of float
        Mean area of a block; longitude and latitude of the middle of the town, EPSG:4326.
    flaws : float
        Share of the lanes that stop short of the street that they lead to; and twice as many dead ends.
    dual_carriageways, with_buildings : bool
        Main streets are two lines, as on maps; without buildings a million blocks take a minute.

    Raises
    ------
    InvalidInputError
        A number out of its range; every such number is listed.

    Examples
    --------
    >>> town = synthetic_town(60, rng=np.random.default_rng(1), households=3_000, areas=(4,))
    >>> len(town.blocks), int(town.buildings["households"].sum()), len(town.areas[0])
    (60, 3000, 4)
    """
    living = _HOUSEHOLDS_A_BLOCK * n_blocks if households is None else households
    institutions = n_blocks // _BLOCKS_A_SITE if n_sites is None else n_sites
    _check(n_blocks, living, institutions, areas, block_m2=block_m2, centre=centre, flaws=flaws)
    crs = local_crs(*centre)
    origin = np.array(transformer_between(WGS84, crs).transform(*centre))
    drawing = _draw([*areas, n_blocks], block_m2, origin, rng)
    box_m = drawing.lattice.box / UNITS_PER_M
    sides_m = box_m[:, 2:] - box_m[:, :2]
    land = use_of_land(sides_m, drawing.lattice.pair, households=living, n_sites=institutions, rng=rng)
    barriers = draw_barriers(drawing, land, flaws=flaws, dual=dual_carriageways, rng=rng)
    houses = build_houses(box_m, land, drawing.bend, rng) if with_buildings else None
    return _town(drawing, land, barriers, houses, crs=crs, rng=rng)


def _draw(counts: list[int], block_m2: float, origin: FloatArray, rng: np.random.Generator) -> BentLattice:
    """Halve a rectangle to areas and blocks, and bend it; `counts` are the pieces of each level, blocks last."""
    n_blocks = counts[-1]
    size = np.rint(np.sqrt(n_blocks * block_m2) * np.array([_WIDER, 1 / _WIDER]) * UNITS_PER_M).astype(np.int64)
    lattice = halve(size, np.array(counts), _density(size.astype(np.float64), n_blocks, rng), rng)
    return BentLattice(lattice, Bend.random(size / UNITS_PER_M, origin, rng))


def _town(  # noqa: PLR0913 - the parts of a town
    drawing: BentLattice,
    land: LandUse,
    barriers: gpd.GeoDataFrame,
    houses: Houses | None,
    *,
    crs: CRS,
    rng: np.random.Generator,
) -> SyntheticTown:
    lattice = drawing.lattice
    polygons = drawing.polygons(lattice.box)
    names = estate_names(int(land.estate.max(initial=-1)) + 1, rng)
    built = _buildings(houses, land, names, crs=crs, rng=rng)
    outline = drawing.polygons(np.array([[0, 0, *lattice.size.tolist()]]))
    return SyntheticTown(
        limit=gpd.GeoSeries(outline, crs=crs),
        barriers=barriers.set_crs(crs),
        buildings=built,
        sites=_sites(land, polygons, crs=crs, rng=rng),
        estates=_estates(land, polygons, names, crs=crs),
        areas=_areas(drawing, crs=crs, rng=rng),
        blocks=_blocks(lattice, land, polygons, built, crs=crs, rng=rng),
    )


def _check(  # noqa: PLR0913 - what was asked for
    n_blocks: int,
    households: int,
    n_sites: int,
    areas: Sequence[int],
    *,
    block_m2: float,
    centre: tuple[float, float],
    flaws: float,
) -> None:
    lon, lat = centre
    wishes = (
        (n_blocks >= 1, f"{n_blocks} blocks", "A town has at least 1."),
        (households >= 0, f"{households} households", "Give 0 or more."),
        (0 <= n_sites <= n_blocks, f"{n_sites} sites on {n_blocks} blocks", "Give 0 to one for each block."),
        (
            list(areas) == sorted(areas) and all(1 <= count <= n_blocks for count in areas),
            f"areas {tuple(areas)} of {n_blocks} blocks",
            "Each level has as many areas as the one above or more, the blocks most of all.",
        ),
        (_LEAST_BLOCK_M2 <= block_m2 < np.inf, f"blocks of {block_m2:g} m2", f"Give {_LEAST_BLOCK_M2:g} m2 or more."),
        (-180 <= lon <= 180 and -80 <= lat <= 84, f"the centre {lon:g}, {lat:g}", "Longitude first, then latitude."),  # noqa: PLR2004 - where UTM ends
        (0.0 <= flaws <= 1.0, f"a share of flaws of {flaws:g}", "Give 0 to 1."),
    )
    problems = [
        Problem("bad-town", f"There is no town with {what}.", remedy) for fine, what, remedy in wishes if not fine
    ]
    if problems:
        raise InvalidInputError(problems)


def _density(size: FloatArray, n_blocks: int, rng: np.random.Generator) -> Density:
    """Return how dense blocks are: around one centre, or several in a large town."""
    count = int(np.clip(n_blocks // _BLOCKS_A_CENTRE, 1, _MOST_CENTRES))
    centres = size * (np.full((1, 2), 0.5) if count == 1 else rng.uniform(0.12, 0.88, (count, 2)))
    reach = _CORE * np.sqrt(size.prod() / count)

    def density(places: FloatArray) -> FloatArray:
        value = np.ones(len(places))
        for centre in centres:
            value += _DENSE * np.exp(-(((places - centre) / reach) ** 2).sum(axis=1))
        return value

    return density


def _residents(households: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return two residents a household and often a third."""
    return 2 * households + rng.binomial(households, _SECOND_RESIDENTS)


def _buildings(
    houses: Houses | None, land: LandUse, names: np.ndarray, *, crs: CRS, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    if houses is None:
        none = np.empty(0, dtype=np.int64)
        houses = Houses(np.empty(0, dtype=object), none, none, none, none.astype(str))
    named = [*names.tolist(), None]
    estate = [named[number] for number in land.estate[houses.block].tolist()]
    columns = {
        "households": houses.households,
        "population": _residents(houses.households, rng),
        "levels": houses.levels,
        "use": houses.use,
        "estate": estate,
        "block": houses.block,
    }
    return gpd.GeoDataFrame(columns, geometry=houses.polygons, crs=crs)


def _sites(land: LandUse, polygons: GeometryArray, *, crs: CRS, rng: np.random.Generator) -> gpd.GeoDataFrame:
    block = np.flatnonzero(land.site >= 0)
    walled = shapely.buffer(polygons[block], -_WALL_M, join_style="mitre")
    columns = {"name": site_names(land.categories, rng), "category": land.categories}
    return gpd.GeoDataFrame(columns, geometry=walled, crs=crs)


def _estates(land: LandUse, polygons: GeometryArray, names: np.ndarray, *, crs: CRS) -> gpd.GeoDataFrame:
    block = np.flatnonzero(land.estate >= 0)
    block = block[np.argsort(land.estate[block], kind="stable")]
    groups = np.split(polygons[block], np.cumsum(np.bincount(land.estate[block]))[:-1]) if len(block) else []
    joined = np.array([shapely.union_all(group) if len(group) > 1 else group[0] for group in groups], dtype=object)
    walled = shapely.buffer(joined, -_WALL_M, join_style="mitre")
    sums = np.bincount(land.estate[block], weights=land.households[block]).astype(np.int64)
    return gpd.GeoDataFrame({"name": names, "households": sums}, geometry=walled, crs=crs)


def _areas(drawing: BentLattice, *, crs: CRS, rng: np.random.Generator) -> tuple[gpd.GeoDataFrame, ...]:
    unit = drawing.lattice.unit
    frames = []
    codes: list[str] = [""]
    for level, boxes in enumerate(drawing.lattice.unit_boxes):
        first = np.unique(unit[:, level], return_index=True)[1]
        parent = unit[first, level - 1] if level else np.zeros(len(boxes), dtype=np.int64)
        codes = _codes(codes, parent.tolist())
        columns = {"code": codes, "name": pair_names(len(boxes), rng), "parent": parent}
        frames.append(gpd.GeoDataFrame(columns, geometry=drawing.polygons(boxes), crs=crs))
    return tuple(frames)


def _codes(above: list[str], parent: list[int]) -> list[str]:
    """Return three digits after the code of the parent, counted within it."""
    used = [0] * len(above)
    codes = []
    for row in parent:
        used[row] += 1
        codes.append(f"{above[row]}{used[row]:03d}")
    return codes


def _blocks(  # noqa: PLR0913 - the parts of a town
    lattice: Lattice,
    land: LandUse,
    polygons: GeometryArray,
    buildings: gpd.GeoDataFrame,
    *,
    crs: CRS,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    count = len(polygons)
    block = buildings["block"].to_numpy()
    if len(buildings):
        population = np.bincount(block, weights=buildings["population"], minlength=count).astype(np.int64)
    else:
        population = _residents(land.households, rng)
    columns = {
        "households": land.households,
        "population": population,
        "buildings": np.bincount(block, minlength=count),
        "site": land.site,
        "area": lattice.unit[:, -1] if lattice.unit.shape[1] else np.zeros(count, dtype=np.int64),
    }
    return gpd.GeoDataFrame(columns, geometry=polygons, crs=crs)
