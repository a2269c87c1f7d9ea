"""The index, example by example."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely

import geogrid
from geogrid import GridIndex
from geogrid.coordinates import metres_per_degree
from geogrid.errors import InvalidInputError

WEST, EAST, NORTH = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(0, 1, 2, 2)
THREE = [WEST, EAST, NORTH]


def located(
    polygons: list[shapely.Geometry], *points: tuple[float, float], codes: list[str] | None = None
) -> list[int]:
    return GridIndex.build(polygons, codes=codes).locate(*np.array(points, dtype=float).T).tolist()


def test_a_point_inside_one_grid_is_in_that_grid() -> None:
    assert located(THREE, (0.5, 0.5), (1.5, 0.5), (1.0, 1.5)) == [0, 1, 2]


def test_a_point_on_a_shared_edge_goes_to_the_smaller_position() -> None:
    assert located(THREE, (1.0, 0.5), (0.5, 1.0), (1.5, 1.0)) == [0, 0, 1]


def test_a_point_on_a_shared_corner_goes_to_the_smallest_position() -> None:
    assert located(THREE, (1.0, 1.0)) == [0]


def test_a_point_on_a_shared_edge_goes_to_the_smaller_code() -> None:
    assert located(THREE, (1.0, 0.5), (0.5, 1.0), (1.0, 1.0), codes=["c", "b", "a"]) == [1, 2, 2]


def test_the_outer_limit_belongs_to_the_grid() -> None:
    assert located(THREE, (0.0, 0.0), (0.0, 0.5), (2.0, 2.0), (np.nextafter(0.0, -1), 0.5)) == [0, 0, 2, -1]


def test_a_gap_and_the_outside_are_nowhere() -> None:
    assert located([WEST, shapely.box(1.5, 0, 2, 1)], (1.2, 0.5), (5.0, 5.0), (-1e300, 0.0)) == [-1, -1, -1]


def test_nan_and_infinity_are_nowhere() -> None:
    assert located(THREE, (np.nan, 0.5), (0.5, np.nan), (np.inf, 0.5), (0.5, -np.inf)) == [-1] * 4


def test_where_grids_overlap_the_smaller_position_answers_and_the_pair_is_listed() -> None:
    index = GridIndex.build([shapely.box(2, 0, 4, 2), shapely.box(0, 0, 3, 2), shapely.box(4, 0, 5, 2)])
    assert index.locate([2.5, 1.5, 3.5], [1.0, 1.0, 1.0]).tolist() == [0, 1, 0]
    assert index.overlaps.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        (shapely.box(1, 0, 2, 1), False),
        (shapely.box(1, 1, 2, 2), False),
        (shapely.box(np.nextafter(1, 0), 0, 2, 1), True),
        (shapely.box(0, 0, 1, 1), True),
        (shapely.box(0.25, 0.25, 0.75, 0.75), True),
        (shapely.Polygon([(-1, 0.5), (0.5, -1), (0.5, 0.5)]), True),
        (shapely.Polygon([(0, 0), (1, 0), (1, 1)]), True),
        (shapely.Polygon([(0, 0), (1, 1), (2, 0), (1, -1)]), True),
    ],
    ids=["edge", "corner", "one ulp", "equal", "within", "crossing", "half", "through corners"],
)
def test_overlaps_are_exact(other: shapely.Polygon, overlap: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert (len(GridIndex.build([WEST, other]).overlaps) == 1) is overlap


def test_an_island_in_a_hole_is_no_overlap() -> None:
    ring = shapely.Polygon(shapely.box(0, 0, 9, 9).exterior, [shapely.box(3, 3, 6, 6).exterior.coords])
    index = GridIndex.build([ring, shapely.box(3, 3, 6, 6)])
    assert len(index.overlaps) == 0
    assert index.locate([4.0, 1.0, 3.0], [4.0, 1.0, 4.0]).tolist() == [1, 0, 0]


def test_copies_of_one_grid_all_overlap_and_the_first_answers() -> None:
    index = GridIndex.build([WEST] * 40)
    assert index.locate([0.5, 1.0, 2.0], [0.5, 0.5, 0.5]).tolist() == [0, 0, -1]
    assert len(index.overlaps) == 40 * 39 // 2


def test_more_grids_meet_in_a_corner_than_a_record_has_bits() -> None:
    angles = np.linspace(0, 2 * np.pi, 101)[:-1]
    rim = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    fan = shapely.polygons([[(0.0, 0.0), rim[i], rim[(i + 1) % 100]] for i in range(100)])
    middles = 1e-9 * (rim + np.roll(rim, -1, axis=0))
    index = GridIndex.build(fan, codes=[f"{99 - i:03}" for i in range(100)])
    assert index.locate(*middles.T).tolist() == list(range(100))
    assert index.locate([0.0], [0.0]).tolist() == [99]


def test_a_multipolygon_is_one_grid() -> None:
    both = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)])
    assert located([both, shapely.box(1, 0, 2, 1)], (0.5, 0.5), (5.5, 5.5), (1.5, 0.5), (3, 3)) == [0, 0, 1, -1]


@pytest.mark.parametrize(
    ("scale", "shift"),
    [(1e-300, 0.0), (1e-30, 0.0), (1e-7, 116.0), (1.0, 116.0), (1e9, -1e9), (1e140, 0.0), (2.0**-40, 1.0)],
)
def test_any_size_of_coordinates_is_located(scale: float, shift: float) -> None:
    index = GridIndex.build(shapely.transform(THREE, lambda xy: xy * scale + shift))
    points = np.array([[0.5, 0.5], [1.5, 0.5], [1.0, 1.5], [1.0, 0.5], [3.0, 3.0]]) * scale + shift
    assert index.locate(*points.T).tolist() == [0, 1, 2, 0, -1]


def test_the_zeros_of_both_signs_are_one_place() -> None:
    left = shapely.Polygon([(-1, 0), (-0.0, 0), (-0.0, 1), (-1, 1)])
    right = shapely.Polygon([(0.0, 0), (1, 0), (1, 1), (0.0, 1)])
    index = GridIndex.build([left, right])
    assert index.nearest_boundary([-0.1], [0.5])[1].tolist() == [1]
    assert index.locate([-0.0, 0.0], [0.5, 0.5]).tolist() == [0, 0]


def test_repeated_vertices_change_nothing() -> None:
    stutter = shapely.Polygon([(0, 0), (0, 0), (1, 0), (1, 1), (1, 1), (1, 1), (0, 1), (0, 0), (0, 0)])
    assert located([stutter], (0.5, 0.5), (1, 1), (1.1, 1)) == [0, 0, -1]


def test_no_polygons_and_empty_polygons_contain_nothing() -> None:
    for polygons in ([], [shapely.Polygon()], [shapely.MultiPolygon(), shapely.Polygon()]):
        index = GridIndex.build(polygons)
        assert len(index) == len(polygons)
        assert index.locate([0.0, 1.0], [0.0, 1.0]).tolist() == [-1, -1]
        assert len(index.within([0.0], [0.0], 1e9).point) == 0
        assert index.nearest_boundary([0.0], [0.0])[0].tolist() == [np.inf]
        assert len(index.overlaps) == 0


def test_an_empty_polygon_keeps_its_position() -> None:
    assert located([shapely.Polygon(), WEST], (0.5, 0.5)) == [1]


def test_no_points_give_no_answers() -> None:
    index = GridIndex.build(THREE)
    assert index.locate([], []).dtype == np.int32
    assert len(index.locate([], [], threads=4)) == 0
    assert len(index.within([], [], 1.0).positions) == 0


@pytest.mark.parametrize("limit", ["building._MOST_WORDS", "edges._MOST_VERTICES"])
def test_more_than_an_index_holds_is_refused(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(f"geogrid.index.{limit}", 2)
    with pytest.raises(InvalidInputError, match="Build several indexes"):
        GridIndex.build(THREE)


def test_threads_and_callers_at_once_get_the_same_answers() -> None:
    index = GridIndex.build(THREE)
    x, y = np.random.default_rng(1).uniform(-0.5, 2.5, (2, 300_000))
    expected = index.locate(x, y)
    assert np.array_equal(index.locate(x, y, threads=3), expected)
    with ThreadPoolExecutor(4) as pool:
        assert all(np.array_equal(found, expected) for found in pool.map(lambda _: index.locate(x, y), range(8)))


def test_columns_of_a_table_are_located_without_a_copy_made_by_the_caller() -> None:
    table = np.array([[0.5, 0.5], [1.5, 0.5]])
    assert GridIndex.build(THREE).locate(table[:, 0], table[:, 1]).tolist() == [0, 1]
    assert GridIndex.build(THREE).locate(table.astype(np.float32)[:, 0], [0, 0]).tolist() == [0, 1]


def test_the_nearest_boundary_has_the_grid_across_it() -> None:
    distance, across = GridIndex.build(THREE).nearest_boundary([0.9, 0.5, 0.1, 1.5, 3.0], [0.5, 0.7, 0.5, 0.9, 0.5])
    assert distance == pytest.approx([0.1, 0.3, 0.1, 0.1, 1.0])
    assert across.tolist() == [1, 2, -1, 2, 1]


def test_the_nearest_boundary_of_a_point_on_a_line_is_at_zero_with_the_other_grid_across() -> None:
    distance, across = GridIndex.build(THREE).nearest_boundary([1.0], [0.5])
    assert (distance[0], across[0]) == (0.0, 1)


def test_a_line_inside_an_overlap_is_no_boundary_of_the_grid_that_answers() -> None:
    index = GridIndex.build([shapely.box(0, 0, 4, 4), shapely.box(1, 1, 6, 3)])
    distance, across = index.nearest_boundary([1.2, 3.5, 4.5], [2.0, 2.0, 2.0])
    assert distance == pytest.approx([1.2, 0.5, 0.5])
    assert across.tolist() == [-1, 1, 0]


def test_boundaries_of_points_that_are_not_finite_are_unknown() -> None:
    distance, across = GridIndex.build(THREE).nearest_boundary([np.nan, np.inf], [0.5, 0.5])
    assert np.isnan(distance).all()
    assert across.tolist() == [-1, -1]


def test_within_lists_containing_grids_at_zero_and_near_ones_by_distance() -> None:
    near = GridIndex.build(THREE).within([0.7, 0.7, 5.0], [0.6, 0.6, 5.0], [0.35, 0.0, 1.0])
    assert near.point.tolist() == [0, 0, 1]
    assert near.positions.tolist() == [0, 1, 0]
    assert near.distances == pytest.approx([0.0, 0.3, 0.0])


def test_within_finds_room_for_any_number_of_candidates() -> None:
    squares = shapely.box(
        *np.meshgrid(np.arange(60.0), np.arange(60.0)), *np.meshgrid(np.arange(1.0, 61), np.arange(1.0, 61))
    )
    index = GridIndex.build(squares.ravel())
    near = index.within([30.5, 30.5], [30.5, 30.5], 1e3)
    assert len(near.point) == 2 * 3600
    assert np.array_equal(np.sort(near.positions[:3600]), np.arange(3600))


def test_scale_turns_degrees_into_metres() -> None:
    index = GridIndex.build([shapely.box(116.0, 39.0, 116.1, 39.1), shapely.box(116.1, 39.0, 116.2, 39.1)])
    x, y = np.array([116.099]), np.array([39.05])
    scale = metres_per_degree(y)
    distance, across = index.nearest_boundary(x, y, scale=scale)
    assert distance[0] == pytest.approx(86.5, abs=0.5)
    assert across.tolist() == [1]
    assert index.within(x, y, 86.0, scale=scale).positions.tolist() == [0]
    assert index.within(x, y, 87.0, scale=scale).positions.tolist() == [0, 1]


def test_what_is_no_polygon_is_refused_with_every_place() -> None:
    with pytest.raises(InvalidInputError) as refusal:
        GridIndex.build([WEST, shapely.Point(0, 0), None, shapely.LineString([(0, 0), (1, 1)])])
    assert [problem.subject for problem in refusal.value.problems] == ["1", "2", "3"]


def test_coordinates_that_are_not_finite_are_refused_with_every_place() -> None:
    with np.errstate(invalid="ignore"):
        broken = shapely.Polygon([(0, 0), (1, 0), (np.nan, 1)])
    with pytest.raises(InvalidInputError) as refusal:
        GridIndex.build([broken, WEST, shapely.Polygon([(0, 0), (1e200, 0), (1, 1)])])
    assert [problem.subject for problem in refusal.value.problems] == ["0", "2"]


def test_numbers_that_do_not_fit_are_refused() -> None:
    index = GridIndex.build(THREE)
    with pytest.raises(InvalidInputError, match="2 codes for 3 polygons"):
        GridIndex.build(THREE, codes=["a", "b"])
    with pytest.raises(InvalidInputError, match="both must be"):
        index.locate([0.0, 1.0], [0.0])
    with pytest.raises(InvalidInputError, match="threads is 0"):
        index.locate([0.0], [0.0], threads=0)
    with pytest.raises(InvalidInputError, match="negative or NaN"):
        index.within([0.0], [0.0], -1.0)


def test_an_index_says_its_size() -> None:
    assert repr(GridIndex.build(THREE)) == "GridIndex(3 polygons, 0.0 MB)"


def test_the_package_offers_the_index_without_importing_it() -> None:
    assert geogrid.GridIndex is GridIndex
    with pytest.raises(AttributeError, match="no attribute 'Grid'"):
        geogrid.Grid  # noqa: B018 - the access is the test
