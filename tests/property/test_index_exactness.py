"""The index against rational arithmetic, against itself, and against brute force on many points."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geogrid import GridIndex
from geogrid.types import FloatArray, GeometryArray, IntArray
from tests.benchmarks.coverages import coverage
from tests.property import rational
from tests.property.random_coverages import MAKERS

seeds = st.integers(0, 1 << 30)
makers = st.sampled_from(sorted(MAKERS))
calm = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("maker", sorted(MAKERS))
@given(seed=seeds)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_the_answer_is_that_of_rational_arithmetic(maker: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    polygons = MAKERS[maker](rng)
    xy = rational.telling_points(polygons, rng)
    found = GridIndex.build(polygons).locate(*xy.T)
    assert found.tolist() == rational.locate(polygons, xy)


@given(
    maker=makers,
    seed=seeds,
    scale=st.sampled_from([1e-280, 1e-12, 1 / 3, 1e5, 1e60, 1e130]),
    shift=st.sampled_from([(0.0, 0.0), (4e7, -3e6), (-1e9, 1e15)]),
)
@settings(calm, max_examples=25)
def test_the_answer_is_exact_for_coordinates_of_any_size(
    maker: str, seed: int, scale: float, shift: tuple[float, float]
) -> None:
    rng = np.random.default_rng(seed)
    polygons = shapely.transform(MAKERS[maker](rng), lambda xy: scale * (xy + shift))
    xy = rational.telling_points(polygons, rng, most=50)
    assert GridIndex.build(polygons).locate(*xy.T).tolist() == rational.locate(polygons, xy)


@given(maker=makers, seed=seeds)
@calm
def test_points_that_are_no_numbers_do_not_disturb_the_others(maker: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    polygons = MAKERS[maker](rng)
    xy = rational.telling_points(polygons, rng, most=60)
    wild = rng.random(xy.shape) < 0.2
    found = GridIndex.build(polygons).locate(*np.where(wild, rng.choice([np.nan, np.inf, -np.inf], xy.shape), xy).T)
    expected = np.where(wild.any(axis=1), -1, rational.locate(polygons, xy))
    assert np.array_equal(found, expected)


@given(maker=makers, seed=seeds)
@calm
def test_with_codes_the_input_order_does_not_matter(maker: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    polygons = MAKERS[maker](rng)
    codes = np.array([f"G{number:04}" for number in rng.permutation(len(polygons))])
    xy = rational.telling_points(polygons, rng)
    shuffle = rng.permutation(len(polygons))
    found = GridIndex.build(polygons, codes=codes).locate(*xy.T)
    again = GridIndex.build(polygons[shuffle], codes=codes[shuffle]).locate(*xy.T)
    assert np.array_equal(found, np.where(again < 0, -1, shuffle[again]))
    assert found[:40].tolist() == rational.locate(polygons, xy[:40], codes)


@given(maker=makers, seed=seeds)
@calm
def test_ring_direction_and_start_do_not_matter(maker: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    polygons = MAKERS[maker](rng)
    xy = rational.telling_points(polygons, rng)
    found = GridIndex.build(polygons).locate(*xy.T)
    assert np.array_equal(found, GridIndex.build(shapely.reverse(polygons)).locate(*xy.T))


@given(maker=makers, seed=seeds)
@calm
def test_one_by_one_in_a_batch_and_after_reopening_are_the_same(
    maker: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    polygons = MAKERS[maker](rng)
    xy = rational.telling_points(polygons, rng)
    index = GridIndex.build(polygons)
    path: Path = tmp_path_factory.mktemp("index") / "grids.index"
    index.save(path)
    opened = GridIndex.open(path)
    found = index.locate(*xy.T)
    assert [int(index.locate(x, y)[0]) for x, y in xy] == found.tolist()
    assert np.array_equal(opened.locate(*xy.T), found)
    assert np.array_equal(opened.overlaps, index.overlaps)


@given(maker=makers, seed=seeds)
@calm
def test_within_finds_every_polygon_at_its_distance(maker: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    polygons = MAKERS[maker](rng)
    polygons = polygons[shapely.is_valid(polygons)]
    if len(polygons) == 0:
        return
    xy = rational.telling_points(polygons, rng, most=60)
    x0, y0, x1, y1 = shapely.total_bounds(polygons)
    radius = rng.random() * 0.3 * max(x1 - x0, y1 - y0)
    near = GridIndex.build(polygons).within(*xy.T, radius)
    away = shapely.distance(shapely.points(xy)[:, None], polygons[None, :])
    rounding = 1e-9 * max(abs(x1), abs(y1))
    found = np.full(away.shape, np.inf)
    found[near.point, near.positions] = near.distances
    assert (found[away < radius - rounding] < np.inf).all()
    assert (found[away > radius + rounding] == np.inf).all()
    listed = found < np.inf
    assert np.abs(found[listed] - away[listed]).max(initial=0) <= rounding
    for position in range(len(polygons)):
        contains = np.array(rational.locate(polygons[[position]], xy)) == 0
        assert np.array_equal(found[:, position] == 0.0, contains)


@given(maker=st.sampled_from(["noisy_voronoi", "rectangles_with_t_junctions", "nested_rings"]), seed=seeds)
@calm
def test_nearest_boundary_of_a_coverage_is_the_nearest_outline(maker: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    polygons = MAKERS[maker](rng)
    x0, y0, x1, y1 = shapely.total_bounds(polygons)
    xy = rng.uniform([x0, y0], [x1, y1], (80, 2))
    index = GridIndex.build(polygons)
    distance, across = index.nearest_boundary(*xy.T)
    points, own = shapely.points(xy), index.locate(*xy.T)
    outlines = shapely.distance(points[:, None], shapely.boundary(polygons)[None, :])
    rounding = 1e-9 * max(abs(x1), abs(y1))
    assert np.abs(distance - outlines.min(axis=1)).max() <= rounding
    known = across >= 0
    assert (across[known] != own[known]).all()
    assert (outlines[known, across[known]] <= distance[known] + rounding).all()
    # Where no grid is across, no other grid comes as near.
    others = np.where(np.arange(len(polygons))[None, :] == own[:, None], np.inf, outlines).min(axis=1)
    assert (others[~known] > distance[~known]).all()


@given(maker=makers, seed=seeds)
@calm
def test_overlaps_are_the_pairs_whose_insides_meet(maker: str, seed: int) -> None:
    polygons = MAKERS[maker](np.random.default_rng(seed))
    polygons = polygons[shapely.is_valid(polygons)]
    listed = {tuple(pair) for pair in GridIndex.build(polygons).overlaps.tolist()}
    for i in range(len(polygons)):
        for j in range(i + 1, len(polygons)):
            if maker == "stars_on_a_lattice":  # small integers, on which GEOS is right
                assert ((i, j) in listed) == shapely.relate_pattern(polygons[i], polygons[j], "T********")
            else:
                common = shapely.intersection(polygons[i], polygons[j]).area
                least = 1e-9 * min(polygons[i].area, polygons[j].area)
                assert common <= least or (i, j) in listed
                assert (i, j) not in listed or maker == "fan_of_slivers" or common > 0


def _brute_force(polygons: GeometryArray, x: FloatArray, y: FloatArray) -> IntArray:
    """Return the first polygon that covers each point, asking GEOS for every polygon."""
    found = np.full(len(x), -1)
    order = np.argsort(x)
    sorted_x = x[order]
    shapely.prepare(polygons)
    for position in range(len(polygons) - 1, -1, -1):
        x0, y0, x1, y1 = shapely.bounds(polygons[position])
        inside = order[np.searchsorted(sorted_x, x0, "left") : np.searchsorted(sorted_x, x1, "right")]
        inside = inside[(y[inside] >= y0) & (y[inside] <= y1)]
        found[inside[shapely.intersects_xy(polygons[position], x[inside], y[inside])]] = position
    return found


@pytest.mark.parametrize(
    ("polygons", "points"),
    [(2_000, 100_000), pytest.param(5_000, 10_000_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])],
)
def test_many_random_points_are_where_brute_force_finds_them(polygons: int, points: int) -> None:
    town = coverage(polygons, points, seed=points)
    vertices = shapely.get_coordinates(town.polygons)
    x, y = np.concatenate([town.x, vertices[:, 0]]), np.concatenate([town.y, vertices[:, 1]])
    assert np.array_equal(GridIndex.build(town.polygons).locate(x, y, threads=2), _brute_force(town.polygons, x, y))
