"""Overlays answer always, and what they answer adds up."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid.geometry import overlays
from geogrid.geometry.rings import only_polygons

METRE = st.integers(0, 40).map(float)
# Edges that nearly coincide are what overlays stumble on.
JITTER = st.sampled_from([0.0, 0.0, 1e-12, 1e-9, 1e-7, 3e-5])


@st.composite
def areas(draw: st.DrawFn) -> shapely.Geometry:
    places = draw(st.lists(st.tuples(METRE, METRE), min_size=3, max_size=9))
    moved = [(x + draw(JITTER) + 500_000.0, y + draw(JITTER) + 4_000_000.0) for x, y in places]
    return only_polygons(shapely.make_valid(shapely.Polygon(moved), method="structure", keep_collapsed=False))


def as_array(*shapes: shapely.Geometry) -> np.ndarray:
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return array


@given(areas(), areas())
def test_what_two_share_and_what_each_has_alone_add_up(left: shapely.Geometry, right: shapely.Geometry) -> None:
    one, other = as_array(left), as_array(right)
    shared = overlays.intersections(one, other)[0].area
    slack = 0.02 * (left.length + right.length) * 0.01 + 1e-6
    assert shared + overlays.differences(one, other)[0].area == pytest.approx(left.area, abs=slack)
    assert shared + overlays.differences(other, one)[0].area == pytest.approx(right.area, abs=slack)
    missing, beyond = overlays.difference_m2(left, right)
    assert overlays.union(as_array(left, right)).area == pytest.approx(shared + missing + beyond, abs=slack)


@given(st.lists(areas(), min_size=1, max_size=8))
def test_union_holds_a_point_of_each(shapes: list[shapely.Geometry]) -> None:
    covered = overlays.union(as_array(*shapes))
    assert shapely.is_valid(covered)
    for shape in shapes:
        if not shape.is_empty:
            assert shapely.distance(covered, shape.representative_point()) < 0.01


def test_exception_of_the_floating_overlay_is_answered_on_a_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def stumbling(left: np.ndarray, right: np.ndarray, grid_size: float | None = None) -> np.ndarray:
        sizes.append(grid_size)
        if grid_size is None or grid_size < 1e-5:
            raise shapely.GEOSException("TopologyException: unable to assign free hole to a shell")
        return real(left, right, grid_size=grid_size)

    real = shapely.intersection
    monkeypatch.setattr(shapely, "intersection", stumbling)
    shared = overlays.intersections(as_array(shapely.box(0, 0, 2, 2)), as_array(shapely.box(1, 1, 3, 3)))
    assert shared[0].equals(shapely.box(1, 1, 2, 2))
    assert sizes == [None, None, 1e-6, 1e-5]


def test_impossible_result_of_the_floating_overlay_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    def swollen(left: np.ndarray, right: np.ndarray, grid_size: float | None = None) -> np.ndarray:
        return as_array(shapely.box(0, 0, 9, 9)) if grid_size is None else real(left, right, grid_size=grid_size)

    real = shapely.difference
    monkeypatch.setattr(shapely, "difference", swollen)
    rest = overlays.differences(as_array(shapely.box(0, 0, 2, 2)), as_array(shapely.box(1, 0, 3, 2)))
    assert rest[0].equals(shapely.box(0, 0, 1, 2))


def test_coverage_whose_edges_do_not_match_is_united_by_its_land() -> None:
    overlapping = as_array(shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1))
    assert overlays.union_of_coverage(overlapping).area == pytest.approx(3.0)
    assert overlays.union_of_coverage(as_array(shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1))).area == 2.0


def test_groups_of_a_coverage_are_united_each_by_itself() -> None:
    squares = as_array(*(shapely.box(x, 0, x + 1, 1) for x in range(4)), shapely.box(3.5, 0, 5, 1))
    groups = [np.array(group, dtype=np.int64) for group in ([0, 1], [2], [3, 4], [])]
    united = overlays.unions_of_coverages(squares, groups)
    assert [shape.area for shape in united] == pytest.approx([2.0, 1.0, 2.0, 0.0])
    assert united[1] is squares[2]
    for which in (0, 2):
        assert united[which].equals(overlays.union_of_coverage(squares[groups[which]]))
