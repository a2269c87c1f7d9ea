"""Buildings drawn twice, and parents that do not tile: told, and counted once."""

import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS

from boundaries.files.towns.loads import counted_once
from boundaries.files.towns.parents import parent_problems
from geogrid.blocks.duplicates import counted_in

METRES = CRS("EPSG:4547")
X, Y = 500_000.0, 3_800_000.0


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(X + west, Y + south, X + east, Y + north)


def buildings(*shapes: shapely.Geometry, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=METRES)


HOUSE = box(0, 0, 10, 10)


@pytest.mark.parametrize(
    ("other", "counted"),
    [
        (HOUSE, 1),
        (box(1, 0, 11, 10), 1),
        (box(3, 0, 13, 10), 2),
        (box(10, 0, 20, 10), 2),
        (box(2, 2, 5, 5), 1),
        (box(8, 8, 12, 12), 2),
    ],
)
def test_footprints_with_most_of_the_smaller_in_common_are_one_building(other: shapely.Polygon, counted: int) -> None:
    for pair in ((HOUSE, other), (other, HOUSE)):
        kept, problems = counted_once(buildings(*pair))
        assert len(kept) == counted
        assert len(problems) == 2 - counted
        assert kept.union_all().equals(shapely.union_all(list(pair)))


def test_fifty_buildings_drawn_twice_are_counted_once_and_listed() -> None:
    once = [box(20 * n, 0, 20 * n + 10, 10) for n in range(50)]
    kept, (problem,) = counted_once(buildings(*once, *once, households=[3] * 50 + [3] * 50))
    assert (len(kept), kept["households"].sum(), problem.size) == (50, 150, 50.0)
    assert problem.lonlat is not None
    assert "50 in 0, 51 in 1" in problem.message


def test_the_larger_count_of_two_drawings_stays() -> None:
    kept, _ = counted_once(buildings(HOUSE, HOUSE, HOUSE, households=[4, 9, None]))
    assert kept["households"].tolist() == [9]


def test_part_with_its_own_households_within_a_larger_building_stays() -> None:
    podium, tower, kiosk = box(0, 0, 50, 50), box(10, 10, 20, 20), box(30, 30, 33, 33)
    kept, _ = counted_once(buildings(podium, tower, kiosk, households=[0, 80, 0]))
    assert kept["households"].tolist() == [0, 80]


def test_building_in_the_courtyard_of_another_is_its_own() -> None:
    ring = shapely.Polygon(box(0, 0, 50, 50).exterior, [box(10, 10, 40, 40).exterior])
    assert len(counted_once(buildings(ring, box(15, 15, 35, 35)))[0]) == 2


def test_pairs_are_those_that_every_pair_tried_gives() -> None:
    rng = np.random.default_rng(4)
    corner = rng.uniform(0, 60, (60, 2))
    size = rng.uniform(3, 25, (60, 2))
    shapes = np.array([box(*low, *(low + span)) for low, span in zip(corner, size, strict=True)], dtype=object)
    owner, _ = counted_in(shapes)
    for row, shape in enumerate(shapes):
        larger = [
            other
            for other in range(60)
            if other != row
            and (shapes[other].area, -other) > (shape.area, -row)
            and shape.intersection(shapes[other]).area >= 0.8 * shape.area
        ]
        assert (owner[row] == row) == (not larger)


def test_a_hundred_thousand_row_houses_take_seconds() -> None:
    x, y = np.meshgrid(np.arange(500) * 8.0, np.arange(200) * 20.0)
    houses = shapely.box(X + x.ravel(), Y + y.ravel(), X + x.ravel() + 8, Y + y.ravel() + 12)
    start = time.process_time()
    assert (counted_in(houses)[0] == np.arange(100_000)).all()
    assert time.process_time() - start < 20


def parents(*shapes: shapely.Polygon) -> gpd.GeoDataFrame:
    names = ["Upper", "Lower", "Third"][: len(shapes)]
    return gpd.GeoDataFrame({"name": names}, geometry=list(shapes), crs=METRES)


LIMIT = gpd.GeoSeries([box(0, 0, 200, 100)], crs=METRES)


@pytest.mark.parametrize(
    ("areas", "kind", "m2", "names"),
    [
        ((box(0, 0, 110, 100), box(100, 0, 200, 100)), "parents-overlap", 1_000.0, ("Upper", "Lower")),
        ((box(0, 0, 90, 100), box(100, 0, 200, 100)), "parents-gap", 1_000.0, ("Upper", "Lower")),
        ((box(0, 0, 200, 100), box(50, 0, 60, 100)), "parents-overlap", 1_000.0, ("Upper", "Lower")),
    ],
)
def test_parents_that_do_not_tile_are_told_with_place_size_and_names(
    areas: tuple[shapely.Polygon, ...], kind: str, m2: float, names: tuple[str, ...]
) -> None:
    (problem,) = parent_problems(parents(*areas), LIMIT)
    assert (problem.kind, problem.severity, problem.size) == (kind, "warning", pytest.approx(m2))
    assert all(f"'{name}'" in problem.message for name in names)
    assert problem.lonlat is not None
    place = gpd.GeoSeries([shapely.Point(problem.lonlat)], crs=4326).to_crs(METRES).iloc[0]
    assert place.within(LIMIT.iloc[0])


def test_parents_that_tile_are_not_told_of() -> None:
    assert parent_problems(parents(box(0, 0, 100, 100), box(100, 0, 200, 100)), LIMIT) == []


def test_hole_within_parents_is_told_where_they_are_the_limit() -> None:
    ring = shapely.Polygon(box(0, 0, 200, 100).exterior, [box(40, 40, 50, 50).exterior])
    (problem,) = parent_problems(parents(ring), gpd.GeoSeries([ring], crs=METRES))
    assert (problem.kind, problem.size) == ("parents-gap", pytest.approx(100.0))
