"""What is done to a coverage is found in it: no more, no less."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from shapely import affinity, box

from geogrid.coverage.examine import examine
from geogrid.coverage.nodes import add_missing_nodes
from geogrid.coverage.plane import Plane
from geogrid.types import GeometryArray

UTM = CRS.from_epsg(32650)
SIDE_M = 1000.0
seeds = st.integers(0, 2**32 - 1)


def plane() -> Plane:
    return Plane(UTM, np.array([1.0, 1.0]))


def voronoi(seed: int, count: int = 25) -> GeometryArray:
    """Cells that tile a square without a gap, at a place of UTM zone 50."""
    rng = np.random.default_rng(seed)
    frame = box(500_000.0, 3_500_000.0, 500_000.0 + SIDE_M, 3_500_000.0 + SIDE_M)
    points = shapely.multipoints(rng.uniform(0.0, SIDE_M, (count, 2)) + (500_000.0, 3_500_000.0))  # noqa: RUF005
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame))
    return np.array(shapely.coverage_simplify(shapely.intersection(cells, frame), 0.0), dtype=object)


def codes(count: int) -> list[str]:
    return [f"G{which:03}" for which in range(count)]


def rectilinear(seed: int, angle: float) -> GeometryArray:
    """Rows of bricks: every joint of one row ends on the edge of bricks that have no vertex there."""
    rng = np.random.default_rng(seed)
    bricks = []
    for row in range(6):
        joints = np.concatenate([[0.0], np.sort(rng.uniform(0.0, SIDE_M, 5)), [SIDE_M]])
        bricks += [box(left, row * 100.0, right, row * 100.0 + 100.0) for left, right in zip(joints, joints[1:])]  # noqa: B905, RUF007
    turned = [affinity.rotate(brick, angle, origin=(0.0, 0.0)) for brick in bricks]
    return np.array([affinity.translate(brick, 500_000.0, 3_500_000.0) for brick in turned], dtype=object)


@given(seed=seeds)
@settings(max_examples=40)
def test_a_perfect_coverage_has_no_fault(seed: int) -> None:
    cells = voronoi(seed)
    found = examine(cells, codes(len(cells)), plane())
    assert found.problems == ()
    assert shapely.equals_exact(found.polygons, cells, 1e-3).all()


@given(seed=seeds, radius=st.floats(2.0, 60.0), x=st.floats(150.0, 850.0), y=st.floats(150.0, 850.0))
@settings(max_examples=40)
def test_land_taken_out_is_found_as_gap_of_its_size(seed: int, radius: float, x: float, y: float) -> None:
    cells = voronoi(seed)
    hole = shapely.Point(500_000.0 + x, 3_500_000.0 + y).buffer(radius, quad_segs=4)
    left = shapely.difference(cells, hole)
    kept = ~shapely.is_empty(left)
    found = examine(left[kept], codes(int(kept.sum())), plane())
    gaps = [problem for problem in found.problems if problem.kind == "gap"]
    assert {problem.kind for problem in found.problems} == {"gap"}
    assert abs(sum(gap.size or 0.0 for gap in gaps) - hole.area / 0.9996**2) < 0.02 * len(gaps) + 1e-3 * hole.area
    for gap in gaps:
        assert gap.lonlat is not None
        place = Transformer.from_crs(4326, UTM, always_xy=True).transform(*gap.lonlat)
        assert shapely.distance(shapely.Point(place), hole) < 0.05


@given(seed=seeds, moves=st.lists(st.tuples(st.integers(0, 24), st.floats(1.0, 40.0)), min_size=1, max_size=5))
@settings(max_examples=40)
def test_overlaps_are_those_of_brute_force_and_are_cut_without_losing_land(
    seed: int, moves: list[tuple[int, float]]
) -> None:
    cells = voronoi(seed)
    for which, metres in moves:
        cells[which % len(cells)] = shapely.buffer(cells[which % len(cells)], metres, join_style="mitre")
    names = codes(len(cells))
    found = examine(cells, names, plane())
    expected = {
        f"{names[i]}, {names[j]}"
        for i in range(len(cells))
        for j in range(i + 1, len(cells))
        if shapely.intersection(cells[i], cells[j]).area > 0.02
    }
    listed = {problem.subject for problem in found.problems if problem.kind == "overlap"}
    sure = {problem.subject for problem in found.problems if problem.kind == "overlap" and (problem.size or 0) > 0.03}
    assert sure <= expected <= listed
    assert abs(shapely.area(found.polygons).sum() - shapely.union_all(cells).area) < 0.5
    for which, cell in enumerate(found.polygons):
        stronger = [other for other in range(which) if shapely.intersects(cells[other], cell)]
        assert shapely.intersection(cell, shapely.union_all(cells[stronger])).area < 0.01


@given(seed=seeds, angle=st.floats(0.0, 90.0))
@settings(max_examples=40)
def test_joints_on_straight_edges_stay_on_them_in_another_projection(seed: int, angle: float) -> None:
    bricks = rectilinear(seed, angle)
    noded = add_missing_nodes(bricks, 0.001)
    moved = Transformer.from_crs(UTM, 4326, always_xy=True)
    geographic = shapely.transform(noded, lambda xy: np.column_stack(moved.transform(*xy.T)))
    assert shapely.coverage_is_valid(noded)
    assert shapely.coverage_is_valid(geographic)
    assert np.abs(shapely.area(noded) - shapely.area(bricks)).max() < 1.0


@given(seed=seeds, order=st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_answer_does_not_depend_on_the_order_of_rows(seed: int, order: "np.random.Generator") -> None:
    cells = voronoi(seed)
    cells[0] = shapely.buffer(cells[0], 15.0, join_style="mitre")
    names = codes(len(cells))
    shuffled = list(range(len(cells)))
    order.shuffle(shuffled)
    straight = examine(cells, names, plane())
    turned = examine(cells[shuffled], [names[which] for which in shuffled], plane())
    assert sorted(problem.message for problem in straight.problems) == sorted(
        problem.message for problem in turned.problems
    )
    by_code = {names[which]: polygon for which, polygon in zip(shuffled, turned.polygons, strict=True)}
    assert all(
        shapely.equals_exact(by_code[name].normalize(), polygon.normalize(), 1e-6)
        for name, polygon in zip(names, straight.polygons, strict=True)
    )
