import itertools
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Blocks, ready_blocks
from geogrid.partition import partition_of
from geogrid.partition.evaluation import GRID_METRICS, TOTAL_METRICS, evaluate

SIDE_M = 100.0


def board(columns: int, rows: int) -> Blocks:
    """Return squares of 10 households each, numbered row by row."""
    squares = [
        shapely.box(x * SIDE_M, y * SIDE_M, (x + 1) * SIDE_M, (y + 1) * SIDE_M)
        for y, x in itertools.product(range(rows), range(columns))
    ]
    areas = gpd.GeoDataFrame({"households": [10.0] * len(squares)}, geometry=squares, crs="EPSG:32650")
    return ready_blocks(areas, load_columns=["households"])


def test_two_squares_side_by_side_have_the_scores_of_a_rectangle() -> None:
    found = evaluate(partition_of(board(2, 1), np.array([0, 0]), band=(10, 30)))
    assert found.overall["polsby_popper"] == pytest.approx(4 * math.pi * 2 / 36)
    assert found.overall["reock"] == pytest.approx(2 / (math.pi * (5 / 4)))
    assert found.grids["deviation"].tolist() == [0.0]


def test_every_metric_of_the_registry_has_a_figure() -> None:
    found = evaluate(partition_of(board(3, 3), np.arange(9) // 3, band=(10, 30)))
    assert set(found.grids) == {metric.name for metric in GRID_METRICS}
    assert set(found.overall) == {metric.name for metric in TOTAL_METRICS}


def test_a_grid_in_two_pieces_is_told_with_the_place_of_the_smaller() -> None:
    found = evaluate(partition_of(board(4, 1), np.array([0, 0, 1, 0])))
    assert found.overall["contiguous"] == 1
    (fragment,) = found.fragments
    assert fragment.size == pytest.approx(SIDE_M**2)
    place = gpd.GeoSeries([shapely.Point(350, 50)], crs="EPSG:32650").to_crs(4326).iloc[0]
    assert fragment.lonlat == pytest.approx((place.x, place.y))


def test_share_in_band_counts_both_limits() -> None:
    found = evaluate(partition_of(board(6, 1), np.array([0, 1, 1, 2, 2, 2]), band=(20, 25)))
    assert found.overall["in_band"] == pytest.approx(1 / 3)


def test_a_boundary_without_a_barrier_is_told() -> None:
    found = evaluate(partition_of(board(2, 2), np.array([0, 0, 1, 1])))
    assert found.overall["on_barriers"] == 0.0
    assert found.barrier_share["no barrier"] == 1.0
    assert found.overall["cut_edges"] == 2


def test_gaps_are_what_the_limit_has_beyond_the_grids() -> None:
    grids = partition_of(board(2, 1), np.array([0, 1]))
    assert math.isnan(evaluate(grids).overall["gaps"])
    assert evaluate(grids, limit=shapely.box(0, 0, 250, 100)).overall["gaps"] == pytest.approx(50 * 100)


def test_moved_load_follows_each_grid_to_its_successor() -> None:
    blocks = board(4, 1)
    renamed = evaluate(partition_of(blocks, np.array([0, 0, 1, 1])), previous=np.array([7, 7, 3, 3]))
    assert renamed.overall["moved"] == 0.0
    shifted = evaluate(partition_of(blocks, np.array([0, 1, 1, 1])), previous=np.array([7, 7, 3, 3]))
    assert shifted.overall["moved"] == 10.0


def test_identical_and_contained_grids_overlap_by_their_land() -> None:
    twice = np.array([shapely.box(0, 0, 10, 10), shapely.box(0, 0, 10, 10), shapely.box(20, 0, 40, 20)], dtype=object)
    within = np.append(twice, shapely.box(25, 5, 30, 10))
    areas = gpd.GeoDataFrame({"households": [1.0] * 4}, geometry=within, crs="EPSG:32650")
    grids = partition_of(ready_blocks(areas, load_columns=["households"]), np.arange(4))
    assert evaluate(grids).overall["overlaps"] == pytest.approx(100 + 25)


def test_nesting_is_measured_by_land_whatever_blocks_say_of_their_parents() -> None:
    grids = partition_of(board(4, 1), np.array([0, 0, 1, 1]))
    assert math.isnan(evaluate(grids).overall["nested"])
    exact = np.array([shapely.MultiPolygon([shapely.box(0, 0, 200, 100)]), shapely.box(200, 0, 400, 100)], dtype=object)
    assert (evaluate(grids, parents=exact).overall["nested"], evaluate(grids, parents=exact).overall["straddling"]) == (
        1.0,
        pytest.approx(0.0),
    )
    shifted = np.array([shapely.box(0, 0, 170, 100), shapely.box(170, 0, 400, 100)], dtype=object)
    assert evaluate(grids, parents=shifted).overall["nested"] == 0.0
    assert evaluate(grids, parents=shifted).overall["straddling"] == pytest.approx(30 * 100)
