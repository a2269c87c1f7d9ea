"""Legacy polygons: whatever is drawn is represented exactly, and a repair accounts for every square metre."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.coordinates import WGS84
from geogrid.coverage.plane import Plane
from geogrid.plans.cut_by import cut_by
from geogrid.plans.legacy import Drawn, faults_of, repair
from geogrid.plans.operations.tools import Buildings
from tests.property.town_drafts import CELL, ORIGIN, lattice, random_tools, random_town

METRES = 94_000 * 110_900


def drawing(seed: int, count: int = 5) -> np.ndarray:
    """Return polygons that tile a rectangle over the middle of a town, along their own lines."""
    rng = np.random.default_rng(seed)
    low, high = ORIGIN + CELL * rng.uniform(-0.5, 1.5, 2), ORIGIN + CELL * rng.uniform(3.5, 6.5, 2)
    sites = shapely.MultiPoint(rng.uniform(low, high, (count, 2)))
    frame = shapely.box(*low, *high)
    cells = shapely.get_parts(shapely.voronoi_polygons(sites, extend_to=frame))
    parts = shapely.intersection(cells, frame)
    return np.asarray(shapely.coverage_clean(parts), dtype=object)


@settings(max_examples=20)
@given(town=st.integers(0, 1000), seed=st.integers(0, 1000))
def test_cut_blocks_are_the_drawing_to_a_square_metre_and_a_coverage(town: int, seed: int) -> None:
    start = random_town(town)
    drawn = drawing(seed)
    cut = cut_by(start.blocks, drawn, random_tools(start, town).buildings)
    kept = start.blocks.polygons[np.isin(start.blocks.ids, cut.kept_ids)]
    polygons, grids = np.concatenate([kept, cut.polygons]), np.concatenate([cut.kept_grids, cut.grids])
    assert shapely.coverage_is_valid(polygons)
    for number, polygon in enumerate(drawn):
        made = shapely.union_all(polygons[grids == number])
        # Slivers below a square metre stay with the rest of their block.
        assert made.symmetric_difference(polygon).area * METRES < 1.0 * len(start.blocks)
        assert (
            shapely.union_all(shapely.get_parts(made.symmetric_difference(polygon)).tolist() or []).area * METRES < 40
        )


@settings(max_examples=20)
@given(town=st.integers(0, 1000), seed=st.integers(0, 1000))
def test_cutting_conserves_the_loads_of_what_the_drawing_covers(town: int, seed: int) -> None:
    start = random_town(town)
    west, south, east, north = shapely.total_bounds(start.blocks.polygons)
    frame = shapely.box(west - CELL, south - CELL, east + CELL, north + CELL)
    rng = np.random.default_rng(seed)
    sites = shapely.MultiPoint(rng.uniform((west, south), (east, north), (4, 2)))
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(sites, extend_to=frame)), frame)
    cut = cut_by(start.blocks, np.asarray(cells, dtype=object), random_tools(start, town).buildings)
    kept = start.blocks.loads[np.isin(start.blocks.ids, cut.kept_ids)]
    sums = np.nansum(np.concatenate([kept, cut.loads]), axis=0)
    assert np.allclose(sums, np.nansum(start.blocks.loads, axis=0))
    assert len(cut.left_out) == 0


def test_blocks_that_the_drawing_follows_stay_as_they_are() -> None:
    start = random_town(3)
    leaves = np.array([start.shape(key) for key in np.unique(start.owner).tolist()], dtype=object)
    cut = cut_by(start.blocks, leaves, Buildings())
    assert cut.kept_ids.tolist() == start.blocks.ids.tolist()
    assert (np.unique(start.owner)[cut.kept_grids] == start.owner).all()
    assert len(cut.polygons) == 0


def spoiled(seed: int) -> np.ndarray:
    """Return a lattice whose cells are drawn one by one: each corner a few metres off, differently for each cell."""
    rng = np.random.default_rng(seed)
    cells = lattice(rng, 4, 3)
    return np.asarray(
        [shapely.transform(cell, lambda xy: np.vstack([moved := xy[:-1] + rng.normal(0, 2e-5, (4, 2)), moved[:1]]))
         for cell in cells], dtype=object
    )  # fmt: skip


@settings(max_examples=15)
@given(seed=st.integers(0, 1000))
def test_repair_tiles_and_its_log_accounts_for_every_change(seed: int) -> None:
    polygons = spoiled(seed)
    drawn = Drawn(polygons, tuple(f"G{n:02d}" for n in range(len(polygons))), Plane.around(polygons, WGS84))
    limit = shapely.box(*ORIGIN, *(ORIGIN + CELL * np.array([4, 3])))
    done = repair(drawn, settled=polygons, limit=limit, gap_width_m=20.0)
    assert shapely.coverage_is_valid(done.polygons)
    assert shapely.union_all(done.polygons).symmetric_difference(limit).area * METRES < 1.0
    faults = faults_of(Drawn(done.polygons, drawn.codes, drawn.plane), limit=limit, buildings=Buildings())
    assert faults == ()
    area = drawn.plane.area_m2
    for code, before, after in zip(drawn.codes, drawn.flat(), drawn.plane.flatten(done.polygons), strict=True):
        change = float(np.diff(area(np.array([before, after])))[0])
        logged = sum(entry.area_m2 for entry in done.log if entry.code == code)
        assert abs(change - logged) < 0.5 + done.rounding_m2


def test_faults_are_listed_with_their_geometry() -> None:
    lonlat = ORIGIN + CELL * np.array([[0, 0], [1, 0], [0, 1], [1, 1]])

    def box(corner: np.ndarray, west: float = 0.0, east: float = 0.0) -> shapely.Polygon:
        return shapely.box(corner[0] + west, corner[1], corner[0] + CELL + east, corner[1] + CELL)

    meter = 1 / 94_000
    polygons = np.array(
        [box(lonlat[0], east=5 * meter), box(lonlat[1]), box(lonlat[2], east=-0.5 * meter), box(lonlat[3])],
        dtype=object,
    )
    drawn = Drawn(polygons, ("a", "b", "c", "d"), Plane.around(polygons, WGS84))
    limit = shapely.box(*ORIGIN, *(ORIGIN + CELL * np.array([1.5, 3])))
    house = shapely.Point(lonlat[1]).buffer(20 * meter)
    buildings = Buildings(np.array([7]), ("House",), np.array([house], dtype=object), np.array([1.0]))
    found = {(fault.kind, fault.subject) for fault in faults_of(drawn, limit=limit, buildings=buildings)}
    assert found == {
        ("overlap", "a, b"),
        ("sliver", "a, b, c, d"),
        ("uncovered", "a, b, c, d"),
        ("spill", "b, d"),
        ("building-cut", "7"),
    }
    for fault in faults_of(drawn, limit=limit, buildings=buildings):
        assert fault.area_m2 > 0
        assert fault.polygon.is_valid
