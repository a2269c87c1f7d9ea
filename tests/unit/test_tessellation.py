import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Blocks, MaxLoad, build_blocks
from geogrid.errors import InvalidInputError
from geogrid.partition import partition
from geogrid.partition.tessellation import divide_heavy

CRS = "EPSG:32650"
WALL_M = 0.02


def one_block(places: list[tuple[float, float]], households: list[float], *, size_m: float = 300.0) -> Blocks:
    """Return a square block with houses of 20 by 20 m at the places."""
    houses = gpd.GeoDataFrame(
        {"households": households}, geometry=[shapely.box(x, y, x + 20, y + 20) for x, y in places], crs=CRS
    )
    streets = gpd.GeoDataFrame({"rank": []}, geometry=[], crs=CRS).astype({"rank": int})
    return build_blocks(gpd.GeoSeries([shapely.box(0, 0, size_m, size_m)], crs=CRS), streets, buildings=houses)


ROWS = [(x, y) for y in (40.0, 140.0, 240.0) for x in (40.0, 140.0, 240.0)]


def test_a_heavy_block_is_divided_into_pieces_of_at_most_the_load() -> None:
    blocks = divide_heavy(one_block(ROWS, [100.0] * 9), MaxLoad(400.0))
    assert len(blocks) >= 3
    assert blocks.loads["households"].max() <= 400
    assert blocks.loads["households"].sum() == 900
    assert shapely.coverage_is_valid(blocks.polygons)
    assert shapely.area(blocks.polygons).sum() == pytest.approx(300 * 300)


def test_no_dividing_line_cuts_a_house() -> None:
    blocks = divide_heavy(one_block(ROWS, [100.0] * 9), MaxLoad(150.0))
    assert len(blocks) == 9
    for house in blocks.ground.buildings:
        inner = house.buffer(-WALL_M, join_style="mitre")
        assert sum(polygon.intersects(inner) for polygon in blocks.polygons) == 1


def test_two_equal_houses_are_parted_in_the_middle() -> None:
    blocks = divide_heavy(one_block([(40, 140), (240, 140)], [100.0, 100.0]), MaxLoad(150.0))
    assert len(blocks) == 2
    shared = blocks.polygons[0].intersection(blocks.polygons[1])
    assert shapely.get_coordinates(shared)[:, 0] == pytest.approx(150, abs=0.1)


def test_one_house_over_the_limit_stays_whole_and_is_told() -> None:
    blocks = divide_heavy(one_block([(40, 140), (240, 140)], [900.0, 50.0]), MaxLoad(300.0))
    assert sorted(blocks.loads["households"]) == [50, 900]
    assert [problem.kind for problem in blocks.problems] == ["block-over-max-load"]
    assert "one building in it has 900" in blocks.problems[0].message
    found = partition(blocks, band=(40, 300), rng=np.random.default_rng(1))
    assert [problem.kind for problem in found.problems] == ["block-over-band"]


def test_a_block_below_the_limit_is_left_as_it_is() -> None:
    before = one_block(ROWS, [100.0] * 9)
    assert divide_heavy(before, MaxLoad(900.0)) is before


def test_a_limit_of_an_unknown_load_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no load 'tax'"):
        divide_heavy(one_block(ROWS, [1.0] * 9), MaxLoad(10.0, "tax"))
    with pytest.raises(InvalidInputError, match="at most 0 is none"):
        divide_heavy(one_block(ROWS, [1.0] * 9), MaxLoad(0.0))
