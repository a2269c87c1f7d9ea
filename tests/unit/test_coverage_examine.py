import numpy as np
import pytest
import shapely
from pyproj import CRS
from shapely import Polygon, box

from geogrid.coverage.examine import Examination, compare_with_children, examine, mend
from geogrid.coverage.plane import Plane
from geogrid.types import GeometryArray

UTM = CRS.from_epsg(32650)
ORIGIN = np.array([500_000.0, 3_500_000.0])


def array(*polygons: shapely.Geometry) -> GeometryArray:
    shifted = [shapely.transform(polygon, lambda xy: xy + ORIGIN) for polygon in polygons]
    return np.array(shifted, dtype=object)


def plane() -> Plane:
    """A plane whose units are those of the tests' boxes."""
    return Plane(UTM, np.array([1.0, 1.0]))


def examined(*polygons: shapely.Geometry, codes: str = "ABCDEFGH", dedicated: str = "") -> Examination:
    names = list(codes[: len(polygons)])
    yields = np.array([name not in dedicated for name in names])
    return examine(array(*polygons), names, plane(), yields=yields)


def told(found: Examination) -> list[str]:
    return [problem.message for problem in found.problems]


def test_a_perfect_coverage_has_no_problem() -> None:
    assert told(examined(box(0, 0, 10, 10), box(10, 0, 20, 10))) == []


def test_an_overlap_is_listed_with_size_place_and_who_gets_it() -> None:
    found = examined(box(0, 0, 10, 10), box(8, 0, 20, 10))
    problem = found.problems[0]
    assert str(problem) == "Grids A and B overlap by 20 m2. The land goes to A."
    assert problem.severity == "warning"
    assert problem.size == pytest.approx(20.0, rel=2e-3)
    assert problem.lonlat == pytest.approx((117.0000949, 31.6343), abs=1e-3)


def test_overlapping_land_goes_to_the_smaller_code() -> None:
    found = examined(box(0, 0, 10, 10), box(8, 0, 20, 10), codes="BA")
    assert shapely.area(found.polygons).tolist() == pytest.approx([80.0, 120.0])
    assert shapely.union_all(found.polygons).area == pytest.approx(200.0)


def test_a_dedicated_grid_is_carved_out_of_a_comprehensive_one_whatever_its_code() -> None:
    found = examined(box(0, 0, 10, 10), box(2, 2, 4, 4), dedicated="B")
    assert shapely.area(found.polygons).tolist() == pytest.approx([96.0, 4.0])


def test_a_grid_that_others_cover_wholly_is_an_error() -> None:
    found = examined(box(0, 0, 10, 10), box(2, 2, 4, 4))
    assert str(found.problems[0]) == (
        "Grid B lies wholly within grid A: no land is left for it. Draw it again or leave it out."
    )
    assert found.problems[0].severity == "error"


def test_two_grids_of_the_same_shape_are_an_error() -> None:
    assert "Grid B lies wholly within grid A" in told(examined(box(0, 0, 9, 9), box(0, 0, 9, 9)))[0]


def test_a_hole_between_grids_is_a_gap_with_its_size_and_neighbours() -> None:
    found = examined(box(0, 0, 10, 10), box(10, 0, 20, 4), box(10, 6, 20, 10), box(20, 0, 30, 10))
    assert told(found) == ["There is a gap of 20 m2 between grids A, B, C and D."]
    assert found.problems[0].remedy == "A point there is in no grid. Close it, unless it is left out on purpose."


def test_a_hole_within_one_grid_is_a_gap() -> None:
    ring = box(0, 0, 10, 10).difference(box(4, 4, 6, 6))
    assert told(examined(ring)) == ["There is a gap of 4.00 m2 in grid A."]


def test_a_grid_within_a_hole_is_not_counted_as_gap() -> None:
    ring = box(0, 0, 10, 10).difference(box(2, 2, 8, 8))
    assert told(examined(ring, box(4, 4, 6, 6))) == ["There is a gap of 32 m2 between grids A and B."]


def test_a_narrow_channel_between_two_grids_that_is_open_to_the_outside_is_a_gap() -> None:
    found = examined(box(0, 0, 10, 10), box(10.5, 0, 20, 10))
    assert told(found) == ["There is a gap of 5.00 m2 between grids A and B."]


def test_a_wide_street_between_two_grids_is_not_a_gap() -> None:
    assert told(examined(box(0, 0, 10, 10), box(15, 0, 20, 10))) == []


def test_a_narrow_notch_in_the_limit_of_one_grid_is_its_shape() -> None:
    notched = box(0, 0, 10, 10).difference(box(5, 8, 5.3, 10))
    assert told(examined(notched)) == []


def test_a_sharp_corner_between_two_grids_is_not_a_gap() -> None:
    left = Polygon([(0, 0), (10, 0), (10, 2), (0, 10)])
    right = Polygon([(10, 0), (20, 0), (20, 10), (10, 2)])
    assert told(examined(left, right)) == []


def test_a_vertex_on_the_neighbours_edge_is_added_there() -> None:
    found = examined(box(0, 0, 10, 10), box(10, 0, 20, 5), box(10, 5, 20, 10))
    assert told(found) == []
    assert shapely.coverage_is_valid(found.polygons)
    assert shapely.get_num_coordinates(found.polygons[0]) == 6


def test_a_bow_tie_is_mended_and_listed() -> None:
    bow_tie = array(Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]))
    found = mend(bow_tie, ["A"], plane())
    assert str(found.problems[0]) == (
        "Grid A: its ring is invalid (Self-intersection); it was repaired, which changed its area by 50 m2. "
        "Compare it with the original."
    )
    assert shapely.is_valid(found.polygons).all()
    assert shapely.area(found.polygons[0]) == pytest.approx(50.0)


def test_a_ring_without_area_is_an_error() -> None:
    flat = array(Polygon([(0, 0), (10, 0), (5, 0)]))
    found = mend(flat, ["A"], plane())
    assert found.problems[0].severity == "error"
    assert "encloses no area" in found.problems[0].message


def test_a_parent_that_differs_from_its_children_is_listed() -> None:
    own, union = array(box(0, 0, 20, 10)), array(box(0, 0, 19, 10))
    problems = compare_with_children(own, union, ["P"], plane(), min_area_m2=0.01)
    assert [str(problem) for problem in problems] == [
        "Grid P differs from the union of its children by 10 m2. The union of the children counts."
    ]


def test_the_plane_gives_vertices_back_to_the_last_bit() -> None:
    drawn = np.array([box(118.1234567, 31.7654321, 118.2345678, 31.8765432)], dtype=object)
    flat = Plane.around(drawn, CRS.from_epsg(4326))
    assert shapely.equals_identical(flat.restore(flat.flatten(drawn), drawn), drawn).all()


@pytest.mark.parametrize("epsg", [4326, 2232, 3857, 32613])
def test_areas_are_square_metres_in_every_crs(epsg: int) -> None:
    corners = {4326: (-105.0, 39.7), 2232: (3_140_000.0, 1_690_000.0), 3857: (-11_688_546.0, 4_825_923.0)}
    x, y = corners.get(epsg, (500_000.0, 4_394_000.0))
    size = {4326: 0.001, 2232: 100.0 / 0.3048006096, 3857: 100.0, 32613: 100.0}[epsg]
    drawn = np.array([box(x, y, x + size, y + size)], dtype=object)
    flat = Plane.around(drawn, CRS.from_epsg(epsg))
    expected = {
        4326: 85.75 * 111.03,
        2232: 10_000.0,
        3857: 10_000.0 * np.cos(np.radians(39.7)) ** 2,
        32613: 10_000.0 / 0.9996**2,
    }
    assert flat.area_m2(flat.flatten(drawn))[0] == pytest.approx(expected[epsg], rel=5e-3)
