"""Tracks and paths divide land where nothing better does; the boundary is told apart by kind and cause."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Blocks, MaxLoad, build_blocks, divide_along_weak
from geogrid.blocks.barriers import FOOTPATH, RESIDENTIAL, SERVICE
from geogrid.partition import carve_dedicated, divide_heavy, partition, partition_of
from geogrid.partition.boundary import CAUSES, DIVIDED_BLOCK, OPEN_LAND, SITE_EDGE
from geogrid.partition.evaluation import Evaluation, evaluate

CRS = "EPSG:32650"
SIDE_M = 800.0
MOST = MaxLoad(120.0)


def valley(*tracks: shapely.LineString, rank: int = SERVICE, street: bool = True) -> Blocks:
    """Return blocks of a valley: one street through its middle, 8 x 8 farms of 10 households, tracks."""
    lines = [shapely.LineString([(-10, SIDE_M / 2), (SIDE_M + 10, SIDE_M / 2)])] if street else []
    barriers = gpd.GeoDataFrame(
        {"rank": [RESIDENTIAL] * len(lines) + [rank] * len(tracks)}, geometry=[*lines, *tracks], crs=CRS
    )
    farms = [shapely.box(x * 100 + 40, y * 100 + 40, x * 100 + 55, y * 100 + 55) for x in range(8) for y in range(8)]
    houses = gpd.GeoDataFrame({"households": [10.0] * len(farms)}, geometry=farms, crs=CRS)
    return build_blocks(gpd.GeoSeries([shapely.box(0, 0, SIDE_M, SIDE_M)], crs=CRS), barriers, buildings=houses)


def across(*places: float) -> list[shapely.LineString]:
    return [shapely.LineString([(x, 0), (x + 20, SIDE_M)]) for x in places]


TRACKS = [*across(180, 380, 580)]


def figures(blocks: Blocks) -> Evaluation:
    grids = partition(blocks, band=(60, 120), rng=np.random.default_rng(1))
    assert grids.in_band.all()
    return evaluate(grids)


@pytest.mark.parametrize("rank", [SERVICE, FOOTPATH])
def test_heavy_blocks_are_divided_along_tracks_before_anything_else(rank: int) -> None:
    blocks = divide_along_weak(valley(*TRACKS, rank=rank), MOST)
    assert len(blocks) == 8
    edges = shapely.union_all([*TRACKS, shapely.LineString([(0, SIDE_M / 2), (SIDE_M, SIDE_M / 2)])]).buffer(0.01)
    inner = shapely.difference(
        shapely.union_all(shapely.boundary(blocks.polygons)), shapely.box(0, 0, 800, 800).boundary
    )
    assert shapely.covers(edges, inner)
    assert blocks.adjacency.length_by_rank_m[:, rank].sum() == pytest.approx(sum(line.length for line in TRACKS))
    assert blocks.loads["households"].sum() == 640


def test_with_tracks_the_boundary_runs_on_barriers_and_without_them_it_does_not() -> None:
    with_tracks = figures(divide_heavy(divide_along_weak(valley(*TRACKS), MOST), MOST))
    without = figures(divide_heavy(divide_along_weak(valley(), MOST), MOST))
    assert with_tracks.overall["on_barriers_comprehensive"] > 0.99
    assert without.overall["on_barriers_comprehensive"] < 0.85
    assert [note.kind for note in with_tracks.notes] == ["weak-barriers"]
    (note,) = without.notes
    assert note.kind == "off-barriers"
    assert "there are none" in note.remedy
    assert DIVIDED_BLOCK in note.message


def test_a_light_block_keeps_its_tracks_within() -> None:
    assert len(divide_along_weak(valley(*TRACKS), MaxLoad(320.0))) == len(valley(*TRACKS))


def test_paths_divide_only_what_tracks_leave_too_heavy() -> None:
    paths = across(80, 280, 480, 680)
    lines = gpd.GeoDataFrame(
        {"rank": [RESIDENTIAL] + [SERVICE] * 3 + [FOOTPATH] * 4},
        geometry=[shapely.LineString([(-10, 400), (810, 400)]), *TRACKS, *paths],
        crs=CRS,
    )
    farms = [shapely.box(x * 100 + 40, y * 100 + 40, x * 100 + 55, y * 100 + 55) for x in range(8) for y in range(8)]
    households = [30.0 if x < 2 else 10.0 for x in range(8) for _ in range(8)]
    houses = gpd.GeoDataFrame({"households": households}, geometry=farms, crs=CRS)
    limit = gpd.GeoSeries([shapely.box(0, 0, SIDE_M, SIDE_M)], crs=CRS)
    blocks = divide_along_weak(build_blocks(limit, lines, buildings=houses), MOST)
    # West of the first track there are 240 households on either side of the street.
    assert blocks.adjacency.length_by_rank_m[:, FOOTPATH].sum() == pytest.approx(paths[0].length, rel=0.01)


def test_a_track_that_ends_in_a_field_is_led_on_to_the_edge_of_its_block() -> None:
    short = shapely.LineString([(400, 40), (400, 360)])
    assert len(divide_along_weak(valley(short), MOST)) == len(valley()) + 1


def test_no_weak_barrier_cuts_a_house() -> None:
    blocks = divide_along_weak(valley(shapely.LineString([(47, 0), (47, 400)])), MOST)
    inner = shapely.buffer(blocks.ground.buildings, -0.02, join_style="mitre")
    assert (np.bincount(shapely.STRtree(blocks.polygons).query(inner, predicate="intersects")[0]) == 1).all()


def test_the_edge_of_a_site_is_told_apart_from_that_between_comprehensive_grids() -> None:
    school = gpd.GeoDataFrame(
        {"name": ["School"], "category": ["school"]}, geometry=[shapely.box(210, 60, 370, 330)], crs=CRS
    )
    blocks = carve_dedicated(valley(*TRACKS), school)
    halves = partition_of(
        blocks, np.where(blocks.site >= 0, 2, (shapely.get_y(shapely.centroid(blocks.polygons)) > 400))
    )
    found = evaluate(halves)
    assert found.overall["on_barriers_comprehensive"] == 1.0
    assert found.overall["on_barriers_dedicated"] == 0.0
    between, dedicated = found.sides
    assert between.length_m == pytest.approx(SIDE_M)
    assert found.off_barriers == pytest.approx(
        {SITE_EDGE: dedicated.length_m} | {c: 0 for c in CAUSES if c != SITE_EDGE}
    )
    # Both together are what was measured before.
    both_m = between.length_m + dedicated.length_m
    assert found.overall["on_barriers"] == pytest.approx(SIDE_M / both_m)


def test_open_land_is_told_from_land_between_houses() -> None:
    blocks = divide_heavy(valley(street=False), MaxLoad(320.0))
    grids = partition(blocks, band=(300, 340), rng=np.random.default_rng(1))
    (side, _) = evaluate(grids).sides
    off = evaluate(grids).off_barriers
    assert off[DIVIDED_BLOCK] + off[OPEN_LAND] == pytest.approx(side.length_m)


def test_the_outline_of_a_parent_is_a_barrier() -> None:
    limit = gpd.GeoSeries([shapely.box(0, 0, 400, 200)], crs=CRS)
    streets = gpd.GeoDataFrame({"rank": [4]}, geometry=[shapely.LineString([(0, 100), (400, 100)])], crs=CRS)
    parents = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 150, 200), shapely.box(150, 0, 400, 200)], crs=CRS)
    blocks = build_blocks(limit, streets, nested_in=parents)
    assert evaluate(partition_of(blocks, np.arange(len(blocks)), load="buildings")).overall["on_barriers"] == 1.0
