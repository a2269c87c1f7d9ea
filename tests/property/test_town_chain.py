"""The chain from streets to grids keeps the invariants of the design, whatever the town."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.blocks import NOWHERE, Blocks, build_blocks
from geogrid.partition import GridTree, Partition, SchemeLevel, carve_dedicated, partition, partition_levels
from tests.property.random_towns import Town, towns

ROUNDING_M = 1e-6
WALL_M = 0.02
some = settings(max_examples=20)
seeds = st.integers(0, 2**16)


def blocks_of(town: Town) -> Blocks:
    return build_blocks(town.limit, town.barriers, buildings=town.buildings)


def carved(town: Town) -> Blocks:
    return carve_dedicated(blocks_of(town), town.sites)


def grids_of(town: Town, seed: int) -> Partition:
    return partition(carved(town), band=(100, 300), rng=np.random.default_rng(seed))


def tree_of(town: Town, seed: int) -> GridTree:
    scheme = [SchemeLevel("district"), SchemeLevel("community", n_grids=3), SchemeLevel("grid", band=(100, 300))]
    return partition_levels(carved(town), scheme, prefix="T", rng=np.random.default_rng(seed))


def assert_tiles(polygons: np.ndarray, limit: shapely.Geometry) -> None:
    assert shapely.coverage_is_valid(polygons)
    assert shapely.is_valid(polygons).all()
    off = shapely.union_all(polygons).symmetric_difference(limit).area
    assert off <= ROUNDING_M * limit.length
    assert abs(shapely.area(polygons).sum() - limit.area) <= ROUNDING_M * limit.length


def cut_buildings(polygons: np.ndarray, town: Town) -> int:
    """Count, building by building, those inside the limit that reach into more than one polygon."""
    whole = [house for house in town.buildings.geometry if house.within(town.limit.iloc[0])]
    deep = [house.buffer(-WALL_M, join_style="mitre") for house in whole]
    return sum(sum(polygon.intersects(house) for polygon in polygons) > 1 for house in deep if not house.is_empty)


@some
@given(towns)
def test_blocks_tile_the_limit(town: Town) -> None:
    assert_tiles(blocks_of(town).polygons, town.limit.iloc[0])


@some
@given(towns)
def test_no_block_boundary_cuts_a_building(town: Town) -> None:
    assert cut_buildings(blocks_of(town).polygons, town) == 0


@some
@given(towns)
def test_blocks_conserve_loads(town: Town) -> None:
    blocks = blocks_of(town)
    for name, total in (("households", town.buildings["households"].sum()), ("buildings", len(town.buildings))):
        assert blocks.loads[name].sum() + blocks.unassigned[name] == total


@some
@given(towns)
def test_dedicated_land_leaves_the_limit_tiled_and_the_loads_conserved(town: Town) -> None:
    before, after = blocks_of(town), carved(town)
    assert_tiles(after.polygons, town.limit.iloc[0])
    assert cut_buildings(after.polygons, town) == 0
    assert {name: load.sum() for name, load in after.loads.items()} == {
        name: load.sum() for name, load in before.loads.items()
    }


@some
@given(towns, seeds)
def test_every_point_is_in_exactly_one_grid(town: Town, seed: int) -> None:
    polygons = grids_of(town, seed).polygons()
    assert_tiles(polygons, town.limit.iloc[0])
    west, south, east, north = town.limit.total_bounds
    xy = np.random.default_rng(seed).uniform((west, south), (east, north), (50, 2))
    for point in shapely.points(xy):
        holding = sum(polygon.covers(point) for polygon in polygons)
        assert holding == town.limit.iloc[0].covers(point)


@some
@given(towns, seeds)
def test_every_grid_is_contiguous_and_of_one_site(town: Town, seed: int) -> None:
    found = grids_of(town, seed)
    assert set(shapely.get_type_id(found.polygons())) == {shapely.GeometryType.POLYGON}
    for grid in range(len(found)):
        assert set(found.blocks.site[found.grid == grid]) == {found.site[grid]}


@some
@given(towns, seeds)
def test_each_grid_out_of_the_band_has_its_reason(town: Town, seed: int) -> None:
    found = grids_of(town, seed)
    outside = {str(grid) for grid in range(len(found)) if found.site[grid] == NOWHERE}
    outside -= {str(grid) for grid in range(len(found)) if 100 <= found.load[grid] <= 300}
    assert {problem.subject for problem in found.problems} == outside
    assert all(problem.remedy and problem.lonlat for problem in found.problems)


@some
@given(towns, seeds)
def test_parents_are_the_unions_of_their_children(town: Town, seed: int) -> None:
    frame = tree_of(town, seed).to_frame()
    for level in (1, 2):
        for code, parent in zip(
            frame["code"][frame["level"] == level], frame.geometry[frame["level"] == level], strict=True
        ):
            children = frame[frame["parent"] == code]
            assert shapely.coverage_union_all(children.geometry.array).equals(parent)
            assert children["households"].sum() == frame["households"][frame["code"] == code].item()


@some
@given(towns, seeds)
def test_levels_stay_a_coverage_in_degrees(town: Town, seed: int) -> None:
    frame = tree_of(town, seed).to_frame()
    for _, level in frame.groupby("level"):
        assert shapely.coverage_is_valid(level.geometry.array)
        assert shapely.is_valid(level.geometry.array).all()


@some
@given(towns, seeds)
def test_same_seed_gives_the_same_bytes(town: Town, seed: int) -> None:
    first, second = (tree_of(town, seed).to_frame() for _ in range(2))
    assert first.to_wkb().equals(second.to_wkb())


@some
@given(towns, seeds)
def test_order_of_the_input_does_not_move_a_boundary(town: Town, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = Town(
        town.limit,
        town.barriers.iloc[rng.permutation(len(town.barriers))],
        town.buildings.iloc[rng.permutation(len(town.buildings))],
        town.sites.iloc[rng.permutation(len(town.sites))],
    )
    first, second = carved(town), carved(shuffled)
    assert (
        shapely.to_wkb(shapely.normalize(first.polygons)) == shapely.to_wkb(shapely.normalize(second.polygons))
    ).all()


@some
@given(towns, st.integers(1, 8), seeds)
def test_an_exact_number_of_grids_is_met_or_its_nearest_told(town: Town, count: int, seed: int) -> None:
    blocks = blocks_of(town)
    found = partition(blocks, n_grids=count, rng=np.random.default_rng(seed))
    assert len(found) == min(count, len(blocks))
    assert bool(found.problems) == (count > len(blocks))
