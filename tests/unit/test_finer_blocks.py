"""Blocks too coarse for their band, divided so that grids meet it."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Blocks, MaxLoad, build_blocks
from geogrid.partition import divide_heavy, partition
from geogrid.partition.finer import finer_blocks

CRS = "EPSG:32650"


def row_of_blocks(houses: Sequence[Sequence[float]]) -> Blocks:
    """Return square blocks of 200 m side by side, each with a row of houses of given households."""
    streets = gpd.GeoDataFrame(
        {"rank": [4] * (len(houses) - 1)},
        geometry=[shapely.LineString([(200 * x, 0), (200 * x, 200)]) for x in range(1, len(houses))],
        crs=CRS,
    )
    places = [
        (200 * block + 190 * (number + 0.5) / len(loads) + 5, 100)
        for block, loads in enumerate(houses)
        for number in range(len(loads))
    ]
    households = [load for loads in houses for load in loads]
    shapes = [shapely.box(x - 1, y - 1, x + 1, y + 1) for x, y in places]
    buildings = gpd.GeoDataFrame({"households": households}, geometry=shapes, crs=CRS)
    limit = gpd.GeoSeries([shapely.box(0, 0, 200 * len(houses), 200)], crs=CRS)
    return build_blocks(limit, streets, buildings=buildings, load_columns=["households"])


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize(("houses", "band"), [(34, (100, 120)), (35, (110, 120)), (47, (150, 160)), (31, (100, 110))])
def test_a_heavy_block_of_small_houses_is_divided_into_pieces_within_the_band(
    houses: int, band: tuple[float, float]
) -> None:
    blocks = divide_heavy(row_of_blocks([[10.0] * houses]), MaxLoad(band[1], least=band[0]))
    assert blocks.loads["households"].sum() == houses * 10
    found = partition(blocks, band=band, rng=rng())
    assert found.in_band.all()
    assert not found.problems


def test_a_block_just_under_the_band_beside_small_ones_is_divided() -> None:
    """Blocks of 130, 12, 130, 12: together 284, so 3 grids of 60 to 140, but 12 beside 130 makes 142."""
    blocks = row_of_blocks([[12.0], [13.0] * 10, [12.0], [13.0] * 10, [12.0]])
    coarse = partition(blocks, band=(60, 140), rng=rng())
    assert not coarse.in_band.all()
    reached = [partition(finer, band=(60, 140), rng=rng()) for finer in finer_blocks(coarse)]
    assert any(found.in_band.all() for found in reached)
    assert all(found.load.sum() == blocks.loads["households"].sum() for found in reached)
    assert all(shapely.coverage_is_valid(found.blocks.polygons) for found in reached)


def test_blocks_are_left_alone_where_no_division_can_help() -> None:
    blocks = row_of_blocks([[10.0, 10.0], [10.0, 10.0]])
    assert not list(finer_blocks(partition(blocks, band=(60, 140), rng=rng())))
    assert not list(finer_blocks(partition(blocks, band=(20, 40), rng=rng())))


def test_grids_without_a_band_need_no_finer_blocks() -> None:
    found = partition(row_of_blocks([[10] * 4] * 4), n_grids=2, rng=rng())
    assert list(finer_blocks(found)) == []
