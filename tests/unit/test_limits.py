import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import affinity
from shapely.ops import split

from geogrid.blocks import Blocks, build_blocks
from geogrid.blocks.limits import on_grid, onto_lines
from geogrid.partition import carve_dedicated

CRS = "EPSG:32650"
SLANTED = affinity.rotate(shapely.box(500_000, 3_300_000, 501_000, 3_300_700), 17.3, origin=(500_000, 3_300_000))


def slanted_blocks() -> Blocks:
    """Return blocks of a limit that no street meets at a right angle, and with no corner on a round coordinate."""
    west, south, east, north = SLANTED.bounds
    ways = [shapely.LineString([(x, south - 9), (x + 55.5, north + 9)]) for x in np.arange(west, east, 123.4)]
    ways += [shapely.LineString([(west - 9, y), (east + 9, y + 77.7)]) for y in np.arange(south, north, 98.7)]
    streets = gpd.GeoDataFrame({"rank": [4] * len(ways)}, geometry=ways, crs=CRS)
    return build_blocks(gpd.GeoSeries([SLANTED], crs=CRS), streets)


def off(polygons: np.ndarray, limit: shapely.Geometry) -> float:
    area: float = shapely.union_all(polygons).symmetric_difference(limit).area
    return area


def test_blocks_have_the_corners_of_their_limit() -> None:
    vertices = set(map(tuple, shapely.get_coordinates(slanted_blocks().polygons)))
    assert set(map(tuple, shapely.get_coordinates(SLANTED))) <= vertices


def test_blocks_of_a_slanted_limit_are_its_equal_and_a_coverage() -> None:
    blocks = slanted_blocks()
    assert off(blocks.polygons, SLANTED) < 1e-5
    assert off(on_grid(blocks.polygons), SLANTED) > 0.1
    assert shapely.coverage_is_valid(blocks.polygons)


def test_land_of_an_institution_at_the_limit_leaves_it_met() -> None:
    grounds = shapely.Point(shapely.get_coordinates(SLANTED)[0]).buffer(130)
    sites = gpd.GeoDataFrame({"name": ["School"], "category": ["school"]}, geometry=[grounds], crs=CRS)
    carved = carve_dedicated(slanted_blocks(), sites)
    assert (carved.site == 0).any()
    assert off(carved.polygons, SLANTED) < 1e-5
    assert shapely.coverage_is_valid(carved.polygons)


def test_parents_that_are_not_on_round_coordinates_are_met() -> None:
    middle = SLANTED.centroid
    halves = shapely.get_parts(
        split(SLANTED, affinity.rotate(shapely.LineString([(middle.x, 0), (middle.x, 9e6)]), 40.1, middle))
    )
    streets = gpd.GeoDataFrame({"rank": []}, geometry=[], crs=CRS).astype({"rank": int})
    blocks = build_blocks(
        gpd.GeoSeries([SLANTED], crs=CRS), streets, nested_in=gpd.GeoDataFrame(geometry=halves, crs=CRS)
    )
    for number, half in enumerate(halves):
        assert off(blocks.polygons[blocks.parent == number], half) < 1e-5


def test_a_vertex_near_a_line_that_runs_elsewhere_stays() -> None:
    line = shapely.LineString([(0.0004, -10), (0.0004, 10)])
    touching = shapely.Polygon([(0, 0), (5, 5), (5, -5)])
    assert onto_lines(np.array([touching], dtype=object), np.array([line], dtype=object))[0].equals_exact(touching, 0)


def test_a_vertex_stays_where_moving_it_would_make_edges_cross() -> None:
    """The notch is thinner than the distance to the line: its tip would come to lie beyond its base."""
    line = shapely.LineString([(0.0009, -10), (0.0009, 10)])
    notched = shapely.Polygon([(0, -5), (0, 5), (5, 5), (0.0005, 0), (5, -5)])
    (found,) = onto_lines(np.array([notched], dtype=object), np.array([line], dtype=object))
    assert found.is_valid


@pytest.mark.parametrize("count", [0, 1])
def test_without_lines_nothing_moves(count: int) -> None:
    polygons = np.array([shapely.box(0, 0, 1, 1)] * count, dtype=object)
    assert onto_lines(polygons, np.empty(0, dtype=object)) is polygons
