"""The small picture of the start page, for towns of any size and place."""

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from api.home.sketch import Sketch, draw_sketch
from geogrid.coordinates import metres_per_degree
from tests.db.towns import row_of_boxes

NO_STREETS = gpd.GeoDataFrame({"name": [], "rank": []}, geometry=[], crs="EPSG:4326")


def town(across: int, down: int, *, levels: int, west: float = 114.0, south: float = 30.0) -> gpd.GeoDataFrame:
    """Return square leaf grids of a hundredth of a degree, under a district where there are two levels."""
    lon, lat = np.meshgrid(np.arange(across), np.arange(down))
    x, y = west + lon.ravel() * 0.01, south + lat.ravel() * 0.01
    leaves = gpd.GeoDataFrame(
        {"code": [f"L{i}" for i in range(across * down)], "kind": "comprehensive", "level": levels},
        geometry=shapely.box(x, y, x + 0.01, y + 0.01),
        crs="EPSG:4326",
    )
    if levels > 1:
        whole = shapely.box(x.min(), y.min(), x.max() + 0.01, y.max() + 0.01)
        district = gpd.GeoDataFrame({"code": ["D"], "kind": "parent", "level": 1}, geometry=[whole], crs="EPSG:4326")
        leaves = gpd.GeoDataFrame(pd.concat([district, leaves], ignore_index=True), crs="EPSG:4326")
    return leaves.assign(name=leaves["code"], households=1.0)


def drawn(grids: gpd.GeoDataFrame) -> Sketch:
    return draw_sketch(grids, NO_STREETS, band=(0, 2), load="households")


def numbers(path: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(re.findall(r"-?[\d.]+", path), dtype=float).reshape(-1, 2)


@pytest.mark.parametrize(("across", "down"), [(1, 1), (30, 2), (2, 30), (20, 20)])
def test_everything_is_within_the_picture(across: int, down: int) -> None:
    sketch = drawn(town(across, down, levels=2))
    assert len(sketch.grids) == across * down
    for grid in sketch.grids:
        pixels = numbers(grid.path)
        assert (pixels >= 0).all()
        assert (pixels <= [sketch.projection.width, sketch.projection.height]).all()
        x, y = sketch.pixel(grid.lon, grid.lat)
        assert pixels[:, 0].min() < x < pixels[:, 0].max()
        assert pixels[:, 1].min() < y < pixels[:, 1].max()


@pytest.mark.parametrize("south", [-70.0, 0.0, 30.0, 69.0])
def test_shape_is_true_at_every_latitude(south: float) -> None:
    sketch = drawn(town(10, 10, levels=2, south=south))
    along_lon, along_lat = metres_per_degree(np.array([south + 0.05]))
    projection = sketch.projection
    scale_x, scale_y = projection.pixels_per_lon / along_lon[0], projection.pixels_per_lat / along_lat[0]
    assert scale_x == pytest.approx(scale_y, rel=1e-9)


def test_north_is_up_and_east_is_right() -> None:
    sketch = drawn(row_of_boxes().assign(name="x"))
    west, east = sketch.pixel(10.5, 50.5), sketch.pixel(12.5, 50.5)
    assert west[0] < east[0]
    assert sketch.pixel(10.5, 50.9)[1] < west[1]


def test_load_and_kind_give_the_colour() -> None:
    grids = row_of_boxes("abcd").assign(households=[np.nan, 1.0, 5.0, np.nan, 1.0])
    sketch = draw_sketch(grids, NO_STREETS, band=(2, 6), load="households")
    assert [grid.style for grid in sketch.grids] == ["under", "in", "unknown", "dedicated"]


def test_too_many_leaves_are_drawn_as_their_parents() -> None:
    sketch = drawn(town(60, 40, levels=2))
    assert [grid.code for grid in sketch.grids] == ["D"]


def test_too_many_leaves_without_parents_are_drawn_as_one_outline() -> None:
    sketch = drawn(town(60, 40, levels=1))
    assert sketch.grids == ()
    assert len(sketch.parents) == 1
    assert len(numbers(sketch.parents[0][0])) == 4


def test_cases_beyond_the_picture_are_left_out_and_equal_ones_drawn_once() -> None:
    sketch = drawn(town(2, 2, levels=2))
    inside, far = [114.005, 30.005], [0.0, 0.0]
    assert sketch.dots(np.array([inside, inside, far])).count("M") == 1
    assert sketch.dots(np.empty((0, 2))) == ""


def test_most_important_streets_are_kept() -> None:
    streets = gpd.GeoDataFrame(
        {"name": "", "rank": [1] * 7_000 + [7]},
        geometry=[shapely.LineString([(114, 30), (114.01, 30.01)])] * 7_000
        + [shapely.LineString([(114.02, 30), (114.02, 30.02)])],
        crs="EPSG:4326",
    )
    sketch = draw_sketch(town(2, 2, levels=2), streets, band=None, load="households")
    assert sketch.streets.count("M") == 6_000
    assert numbers(sketch.streets)[0, 0] == sketch.pixel(114.02, 30)[0]
