"""Why grids are out of their band, and remedies that work: each is tried again as it was named."""

import re

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Blocks, build_blocks, ready_blocks
from geogrid.errors import InvalidInputError
from geogrid.partition import Partition, SchemeLevel, partition, partition_levels

CRS = "EPSG:32650"


def squares(columns: int, rows: int, loads: list[float] | float) -> Blocks:
    """Return square blocks row by row."""
    corners = np.indices((rows, columns)).reshape(2, -1) * 100.0
    cells = shapely.box(corners[1], corners[0], corners[1] + 100.0, corners[0] + 100.0)
    values = [loads] * len(cells) if isinstance(loads, float) else loads
    frame = gpd.GeoDataFrame({"households": values}, geometry=cells, crs=CRS)
    return ready_blocks(frame, load_columns=["households"])


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def named_band(found: Partition) -> tuple[float, float]:
    """Return the band that the first remedy names."""
    low, high = re.search(r"A band of ([\d.]+):([\d.]+) would do", found.problems[0].remedy).groups()
    return float(low), float(high)


def kinds(found: Partition) -> set[str]:
    return {problem.kind for problem in found.problems}


def test_blocks_whose_sums_skip_the_band_are_the_reason() -> None:
    blocks = squares(4, 3, [90.0] * 11 + [98.0])
    found = partition(blocks, band=(95, 99), rng=rng())
    assert kinds(found) == {"no-sum-fits"}
    assert "block 0 has 90" in found.problems[0].message
    assert named_band(found) == (90.0, 99.0)
    assert partition(blocks, band=named_band(found), rng=rng()).in_band.all()


def test_land_of_few_blocks_is_proven_to_have_no_division() -> None:
    """40 and 50 make 90, as do 30 and 60; but they do not lie side by side."""
    blocks = squares(4, 1, [40.0, 30.0, 60.0, 50.0])
    found = partition(blocks, band=(90, 90), rng=rng())
    assert kinds(found) == {"no-division-fits"}
    assert named_band(found) == (70.0, 110.0)
    assert partition(blocks, band=named_band(found), rng=rng()).in_band.all()


def test_an_estate_that_forbids_the_band_is_named_and_leaving_it_out_helps() -> None:
    blocks = squares(8, 1, 50.0)
    found = partition(blocks, band=(100, 100), keep_together=[[0, 1], [3, 4]], rng=rng())
    assert kinds(found) == {"fixed-against-band"}
    assert found.problems[0].remedy == "Leave group 1 out of those kept together."
    assert partition(blocks, band=(100, 100), keep_together=[[0, 1]], rng=rng()).in_band.all()


def test_a_lock_that_forbids_the_band_is_named_and_unlocking_helps() -> None:
    blocks = squares(4, 2, 50.0)
    previous = np.array([7, 7, 2, 2, 7, 2, 2, 2])
    found = partition(blocks, band=(150, 250), previous=previous, locked=[7], rng=rng())
    assert found.in_band.all()
    blocks, previous = squares(6, 1, 50.0), np.array([0, 7, 7, 1, 1, 1])
    found = partition(blocks, band=(100, 100), previous=previous, locked=[7], rng=rng())
    assert all(problem.remedy.startswith("Unlock grid 7 of the earlier plan.") for problem in found.problems)
    assert partition(blocks, band=(100, 100), previous=previous, rng=rng()).in_band.all()


def test_the_nearest_number_of_grids_that_works_is_named() -> None:
    blocks = squares(6, 2, [50.0, 10.0] * 6)
    found = partition(blocks, band=(60, 70), n_grids=5, rng=rng())
    assert not found.in_band.all()
    again = partition(blocks, band=(60, 70), n_grids=6, rng=rng())
    assert again.in_band.all()


def test_parents_are_called_by_their_names() -> None:
    halves = gpd.GeoDataFrame(
        {"name": ["东村", "西村"]}, geometry=[shapely.box(100, 0, 200, 100), shapely.box(0, 0, 100, 100)], crs=CRS
    )
    houses = gpd.GeoDataFrame(
        {"households": [10.0, 90.0]}, geometry=[shapely.box(20, 20, 30, 30), shapely.box(150, 20, 160, 30)], crs=CRS
    )
    limit = gpd.GeoSeries([shapely.box(0, 0, 200, 100)], crs=CRS)
    streets = gpd.GeoDataFrame({"rank": [4]}, geometry=[shapely.LineString([(0, -9), (200, -9)])], crs=CRS)
    blocks = build_blocks(limit, streets, buildings=houses, nested_in=halves, load_columns=["households"])
    found = partition(blocks, band=(50, 100), rng=rng())
    assert kinds(found) == {"too-little-load"}
    assert "in 西村," in found.problems[0].message


def test_numbers_of_tables_are_written_as_numbers() -> None:
    frame = gpd.GeoDataFrame({"households": [-5]}, geometry=[shapely.box(0, 0, 1, 1)], crs=CRS)
    with pytest.raises(InvalidInputError, match=r"households is -5; a load"):
        ready_blocks(frame, load_columns=["households"])


def test_more_than_six_levels_are_refused() -> None:
    scheme = [SchemeLevel(f"level {n}", n_grids=2) for n in range(7)]
    with pytest.raises(InvalidInputError, match="7 levels were given .* at most 6"):
        partition_levels(squares(4, 2, 50.0), scheme, prefix="X", rng=rng())
    assert partition_levels(squares(4, 2, 50.0), scheme[:6], prefix="X", rng=rng()).level_names[-1] == "level 5"
