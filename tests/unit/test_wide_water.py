"""Wide water parts its shores unless a street crosses it; water without houses goes to the longest shore."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Blocks, build_blocks
from geogrid.blocks.assembly import water_blocks
from geogrid.blocks.barriers import RESIDENTIAL
from geogrid.blocks.shores import sea_within
from geogrid.blocks.water import wide_water
from geogrid.partition import Partition, partition
from geogrid.partition.evaluation import evaluate
from geogrid.types import BoolArray

CRS = "EPSG:32650"
TOWN = shapely.box(0, 0, 600, 600)
INLET = shapely.box(250, 100, 350, 700)
RIVER = shapely.box(250, -10, 350, 610)


def river_town(*across: shapely.LineString, kind: str = "river") -> Blocks:
    """Return blocks of a town like the others whose river is a line at x = 300."""
    river = shapely.LineString([(300, -5), (300, 605)])
    lines = [shapely.LineString([(x, -5), (x, 605)]) for x in (100, 200, 400, 500)]
    lines += [
        shapely.LineString([(west, y), (east, y)])
        for y in range(100, 600, 100)
        for west, east in ((-5, 292), (308, 605))
    ]
    streets = [*lines, *across]
    barriers = gpd.GeoDataFrame(
        {"rank": [RESIDENTIAL] * len(streets) + [8], "kind": ["highway"] * len(streets) + [kind]},
        geometry=[*streets, river],
        crs=CRS,
    )
    return build_blocks(gpd.GeoSeries([TOWN], crs=CRS), barriers)


def town(water: shapely.Geometry, *, bridges: list[shapely.LineString] | None = None, kind: str = "highway") -> Blocks:
    """Return blocks between streets every 100 m that end at the water, with a house of 10 in each dry square."""
    lines = [shapely.LineString([(x, -5), (x, 605)]) for x in range(100, 600, 100)]
    lines += [shapely.LineString([(-5, y), (605, y)]) for y in range(100, 600, 100)]
    dry = shapely.get_parts(shapely.difference(np.array(lines), water.buffer(1)))
    dry = dry[shapely.length(dry) > 1]
    over = bridges or []
    streets = gpd.GeoDataFrame(
        {"rank": [RESIDENTIAL] * (len(dry) + len(over)), "kind": ["highway"] * len(dry) + [kind] * len(over)},
        geometry=[*dry, *over],
        crs=CRS,
    )
    squares = [shapely.box(x + 10, y + 10, x + 25, y + 25) for x in range(0, 600, 100) for y in range(0, 600, 100)]
    houses = [square for square in squares if not square.intersects(water)]
    buildings = gpd.GeoDataFrame({"households": [10.0] * len(houses)}, geometry=houses, crs=CRS)
    return build_blocks(
        gpd.GeoSeries([TOWN], crs=CRS),
        streets,
        buildings=buildings,
        water=gpd.GeoDataFrame(geometry=[water], crs=CRS),
    )


def water_of(blocks: Blocks) -> BoolArray:
    return water_blocks(blocks.polygons, blocks.ground, blocks.site)


def divided(blocks: Blocks, band: tuple[float, float] = (50, 80)) -> Partition:
    return partition(blocks, band=band, rng=np.random.default_rng(1))


def shores_of(grids: Partition, water: shapely.Geometry) -> list[set[str]]:
    """Return on which sides of the water each grid has houses."""
    places = shapely.point_on_surface(grids.blocks.ground.buildings)
    west = shapely.get_x(places) < water.centroid.x
    grid = grids.grid[grids.blocks.building_block]
    return [set(np.where(west[grid == number], "west", "east").tolist()) for number in range(len(grids))]


def tiles(grids: Partition) -> bool:
    polygons = grids.polygons()
    return bool(
        shapely.coverage_is_valid(polygons)
        and shapely.area(polygons).sum() == pytest.approx(TOWN.area)
        and shapely.union_all(polygons).symmetric_difference(TOWN).area < 0.01
    )


def test_no_grid_has_houses_on_both_banks_of_a_river_without_a_bridge() -> None:
    grids = divided(town(RIVER), band=(30, 400))
    assert {len(shores) for shores in shores_of(grids, RIVER)} == {1}
    assert tiles(grids)


@pytest.mark.parametrize(("kind", "joined"), [("highway", True), ("railway", False)])
def test_a_street_across_joins_the_banks_and_a_railway_does_not(kind: str, joined: bool) -> None:  # noqa: FBT001
    blocks = town(RIVER, bridges=[shapely.LineString([(200, 300), (400, 300)])], kind=kind)
    dry = ~water_of(blocks)
    assert len(np.unique(blocks.adjacency.components()[dry])) == (1 if joined else 2)


def test_a_pier_joins_nothing() -> None:
    blocks = town(RIVER, bridges=[shapely.LineString([(200, 300), (320, 300)])])
    assert len(np.unique(blocks.adjacency.components()[~water_of(blocks)])) == 2


def test_houses_around_an_inlet_are_not_joined_over_it() -> None:
    blocks = town(INLET)
    grids = divided(blocks, band=(40, 80))
    assert tiles(grids)
    edge = blocks.adjacency.pairs[~water_of(blocks)[blocks.adjacency.pairs].any(axis=1)]
    middle = shapely.linestrings(shapely.get_coordinates(shapely.point_on_surface(blocks.polygons))[edge])
    over = shapely.length(shapely.intersection(middle, shapely.box(260, 150, 340, 700)))
    # Around the head of the inlet one may walk; over it nothing leads.
    assert over.max() < 60
    assert all(piece == 1 for piece in evaluate(grids).grids["pieces"])


def test_an_island_belongs_to_the_shore_that_its_bridge_leads_to() -> None:
    lake = shapely.difference(shapely.box(150, 150, 550, 550), shapely.box(300, 300, 420, 420))
    alone = town(lake)
    bridged = town(lake, bridges=[shapely.LineString([(350, 400), (350, 560)])])
    counts = [len(np.unique(blocks.adjacency.components()[~water_of(blocks)])) for blocks in (alone, bridged)]
    assert counts == [2, 1]


def test_water_without_houses_goes_to_the_block_of_its_parent_with_the_longest_shore() -> None:
    blocks = town(RIVER)
    grids = divided(blocks, band=(100, 400))
    wet = water_of(blocks)
    assert wet.any()
    for block in np.flatnonzero(wet).tolist():
        shore = shapely.length(shapely.intersection(blocks.polygons[block], blocks.polygons)) * ~wet
        (longest,) = np.flatnonzero(shore > shore.max() - 0.01)[:1]
        assert grids.grid[block] == grids.grid[longest]


def test_water_decides_no_shape() -> None:
    sea = shapely.box(-10, 300, 610, 610)
    found = evaluate(divided(town(sea), band=(50, 80)))
    assert found.grids["polsby_popper"].min() > 0.4


def test_narrow_water_parts_nothing() -> None:
    brook = shapely.box(290, -10, 310, 610)
    assert len(np.unique(town(brook).adjacency.components())) == 1


def parts_of(blocks: Blocks) -> int:
    return len(np.unique(blocks.adjacency.components()))


def test_a_river_that_is_a_line_parts_its_banks_and_a_bridge_joins_them() -> None:
    assert parts_of(river_town()) == 2
    assert parts_of(river_town(kind="waterway")) == 1
    assert parts_of(river_town(shapely.LineString([(250, 330), (350, 350)]))) == 1


def test_a_street_that_ends_in_a_river_joins_nothing() -> None:
    assert parts_of(river_town(shapely.LineString([(250, 330), (300, 330)]))) == 2
    # Cut in two above the water, as maps have it where a bridge begins, it joins.
    west, east = shapely.LineString([(250, 330), (300, 330)]), shapely.LineString([(300, 330), (350, 330)])
    assert parts_of(river_town(west, east)) == 1


def test_the_middle_line_of_a_river_whose_area_is_drawn_says_nothing() -> None:
    lines = gpd.GeoDataFrame(
        {"rank": [8], "kind": ["river"]}, geometry=[shapely.LineString([(0, 0), (99, 0)])], crs=CRS
    )
    brook, river = shapely.box(-9, -5, 99, 5), shapely.box(-9, -20, 109, 20)
    for area, wide in ((brook, 0), (river, 1)):
        water = wide_water(np.array([area]), lines, lines.geometry.to_numpy())
        assert (len(water.areas), len(water.rivers)) == (wide, 0)


def test_the_sea_is_on_the_right_of_its_coastline() -> None:
    limit = shapely.box(0, 0, 10, 10)
    north, south = shapely.LineString([(11, 4), (-1, 4)]), shapely.LineString([(-1, 4), (11, 4)])
    # Going west the north is on the right; an island goes around with its land on the left.
    assert shapely.equals(shapely.union_all(sea_within(np.array([north]), limit)), shapely.box(0, 4, 10, 10))
    assert shapely.equals(shapely.union_all(sea_within(np.array([south]), limit)), shapely.box(0, 0, 10, 4))
    island = shapely.LineString([(2, 2), (4, 2), (4, 4), (2, 4), (2, 2)])
    around = shapely.difference(limit, shapely.box(2, 2, 4, 4))
    assert shapely.equals(shapely.union_all(sea_within(np.array([island]), limit)), around)
