"""The entrance of geometry to metres."""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from geogrid.geometry.metres import STRAIGHT_M, to_metres

HELSINKI = CRS.from_epsg(32635)
CGCS = CRS.from_epsg(4549)


def layer(*shapes: shapely.Geometry | None, crs: str = "EPSG:4326") -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=crs)


def test_long_edge_in_degrees_is_followed_to_a_millimetre() -> None:
    box = shapely.box(24.0, 60.0, 25.0, 60.5)
    shape = to_metres(layer(box), HELSINKI).geometry[0]
    # The oracle: many places on the edges, each projected by itself.
    dense = shapely.get_coordinates(shapely.segmentize(box.exterior, 0.001))
    places = np.column_stack(Transformer.from_crs(4326, HELSINKI, always_xy=True).transform(*dense.T))
    assert shapely.distance(shapely.points(places), shape.exterior).max() < 2 * STRAIGHT_M
    assert shapely.get_num_coordinates(shape) > 100


@given(st.floats(-0.5, 0.5), st.floats(0.01, 0.9))
def test_neighbours_keep_one_edge_whichever_way_they_draw_it(slope: float, length: float) -> None:
    start, end = (121.0, 31.0), (121.0 + length, 31.0 + slope)
    left = shapely.Polygon([start, end, (121.0, 33.0)])
    right = shapely.Polygon([end, start, (121.0, 29.0)])
    shapes = to_metres(layer(left, right), CGCS).geometry
    edge = to_metres(layer(shapely.LineString([start, end])), CGCS).geometry[0]
    on_edge = [vertices_on(shape, edge) for shape in shapes]
    assert on_edge[0] == on_edge[1]
    assert len(on_edge[0]) >= 2


def vertices_on(shape: shapely.Geometry, edge: shapely.LineString) -> set[tuple[float, ...]]:
    xy = shapely.get_coordinates(shape)
    return set(map(tuple, xy[shapely.distance(shapely.points(xy), edge) < 1.0].tolist()))


def test_short_edges_get_no_vertices() -> None:
    house = shapely.box(121.0, 31.0, 121.0002, 31.0001)
    assert shapely.get_num_coordinates(to_metres(layer(house), CGCS).geometry[0]) == 5


def test_polygon_and_multipolygon_of_one_area_come_out_alike() -> None:
    area = shapely.box(24.0, 60.0, 24.4, 60.2)
    one, other = to_metres(layer(area, shapely.MultiPolygon([area])), HELSINKI).geometry
    assert shapely.equals_exact(one, other.geoms[0], 0.0)


def test_area_valid_in_degrees_only_is_mended_and_listed() -> None:
    # The spike of this house is a tenth of a millimetre wide; in degrees it is a valid ring.
    ring = [(24.0, 60.0), (24.001, 60.0), (24.001, 60.001), (24.0005, 60.0005), (24.0, 60.001)]
    bow = shapely.Polygon([(24.0, 60.0), (24.001, 60.001), (24.001, 60.0), (24.0, 60.001)])
    metric = to_metres(layer(shapely.Polygon(ring), bow, None), HELSINKI)
    assert shapely.is_valid(metric.geometry).all()
    assert metric.mended.tolist() == [1]
    assert metric.unusable.tolist() == [2]
    assert [str(problem) for problem in metric.problems("buildings")] == [
        "Row 1 of the buildings crosses itself and was mended. Look at what became of it.",
        "Row 2 of the buildings has no usable geometry and is left out. Draw or delete what has none.",
    ]


@given(st.lists(st.tuples(st.floats(24.0, 24.01), st.floats(60.0, 60.01)), min_size=4, max_size=12))
def test_any_ring_comes_out_valid_as_an_area_or_empty(places: list[tuple[float, float]]) -> None:
    metric = to_metres(layer(shapely.Polygon(places)), HELSINKI)
    assert shapely.is_valid(metric.geometry[0])
    assert shapely.get_dimensions(metric.geometry[0]) in {-1, 0, 2}
    assert len(metric.unusable) == int(metric.geometry[0].is_empty)


def test_places_that_the_projection_cannot_take_are_left_out() -> None:
    metric = to_metres(layer(shapely.Point(24.9, 60.2), shapely.Point(np.inf, 60.0)), HELSINKI)
    assert metric.unusable.tolist() == [1]
    assert not metric.geometry[0].is_empty


def test_heights_are_dropped() -> None:
    metric = to_metres(layer(shapely.Point(24.9, 60.2, 7.0)), HELSINKI)
    assert not shapely.has_z(metric.geometry[0])
