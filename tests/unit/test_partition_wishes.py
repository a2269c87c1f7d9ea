"""What planners fix before grids are drawn: earlier plans, locks, estates, barriers, numbers."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Adjacency, Barriers, Blocks, ready_blocks
from geogrid.errors import InvalidInputError
from geogrid.partition import Partition, SchemeLevel, partition, partition_levels

CRS = "EPSG:32650"
RAIL = 8


def squares(columns: int, rows: int, loads: Sequence[float] | float = 100.0, *, railway: int | None = None) -> Blocks:
    """Return square blocks row by row; a railway runs north to south right of a column, if given."""
    cells = [shapely.box(x, y, x + 1, y + 1) for y, x in itertools.product(range(rows), range(columns))]
    values = [loads] * len(cells) if isinstance(loads, float) else list(loads)
    shapes = [shapely.transform(cell, lambda xy: xy * 100) for cell in cells]
    frame = gpd.GeoDataFrame({"households": values}, geometry=shapes, crs=CRS)
    if railway is None:
        return ready_blocks(frame, load_columns=["households"])
    line = shapely.LineString([(railway * 100, 0), (railway * 100, rows * 100)])
    barriers = Barriers(np.array([line], dtype=object), np.array([RAIL]))
    return ready_blocks(frame, load_columns=["households"], barriers=barriers)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def kinds(found: Partition) -> list[str]:
    return [problem.kind for problem in found.problems]


def moved(found: Partition, previous: np.ndarray) -> float:
    former = found.former[found.grid]
    return float(found.blocks.loads["households"][former != previous].sum())


def test_a_plan_within_the_band_stays_as_it_is() -> None:
    blocks = squares(8, 8)
    previous = np.repeat(np.arange(16), 4)
    found = partition(blocks, band=(300, 500), previous=previous, rng=rng())
    assert (found.former[found.grid] == previous).all()
    assert not found.problems


def test_one_household_too_many_moves_one_small_block() -> None:
    loads = [100.0] * 30
    loads[2] = 12.0
    previous = np.tile([0, 0, 0, 1, 1], 6)
    blocks = squares(5, 6, loads)
    found = partition(blocks, band=(1_000, 1_711), previous=previous, rng=rng())
    assert found.in_band.all()
    assert moved(found, previous) == 12.0


def test_households_flow_through_a_full_grid_between() -> None:
    """Three grids in a row, the first over the band, the last below it: the middle one passes a block on."""
    blocks = squares(9, 2)
    previous = np.tile([0, 0, 0, 0, 1, 1, 1, 2, 2], 2)
    found = partition(blocks, band=(500, 700), previous=previous, rng=rng())
    assert found.in_band.all()
    assert moved(found, previous) == 200.0


def test_a_grid_that_has_doubled_is_split_and_the_others_stay() -> None:
    blocks = squares(12, 4, [100.0] * 24 + [250.0] * 24)
    previous = np.repeat([0, 1, 2, 3], 12)
    found = partition(blocks, band=(700, 1_300), previous=previous, rng=rng())
    assert found.in_band.all()
    assert (found.former[found.grid][previous < 2] == previous[previous < 2]).all()
    assert (found.former == -1).sum() >= 2


def test_a_grid_without_enough_households_for_itself_is_merged() -> None:
    blocks = squares(6, 2, [20.0] * 6 + [100.0] * 6)
    previous = np.repeat([0, 1], 6)
    found = partition(blocks, band=(600, 800), previous=previous, rng=rng())
    assert len(found) == 1
    assert found.former.tolist() == [1]


def test_new_land_joins_a_grid_beside_it() -> None:
    blocks = squares(6, 1)
    found = partition(blocks, band=(200, 400), previous=np.array([5, 5, 5, -1, 9, 9]), rng=rng())
    assert found.former.tolist() == [5, 9]
    assert moved(found, np.array([5, 5, 5, found.former[found.grid[3]], 9, 9])) == 0


def test_an_earlier_plan_is_changed_to_a_number() -> None:
    blocks = squares(6, 6)
    previous = np.repeat([0, 1, 2], 12)
    for wanted in (2, 5):
        found = partition(blocks, n_grids=wanted, previous=previous, rng=rng())
        assert len(found) == wanted
        assert set(found.former) - {-1} <= {0, 1, 2}


def test_locked_grids_stay_while_their_neighbours_change() -> None:
    blocks = squares(8, 4)
    previous = np.tile(np.repeat([0, 1, 2, 3], 2), 4)
    found = partition(blocks, band=(300, 500), previous=previous, locked=[1], rng=rng())
    assert set(found.former[found.grid[previous == 1]]) == {1}
    assert set(found.grid[previous == 1]).isdisjoint(found.grid[previous != 1])
    assert kinds(found) == ["locked-out-of-band"]
    assert found.problems[0].remedy == "Unlock it; a band that includes 800 would do as well."


def test_locked_grids_count_among_the_number() -> None:
    previous = np.tile(np.repeat([0, 1, 2, 3], 2), 4)
    found = partition(squares(8, 4), n_grids=5, previous=previous, locked=[0, 3], rng=rng())
    assert len(found) == 5


def test_an_estate_ends_in_one_grid() -> None:
    blocks = squares(10, 6)
    estates = [[0, 1, 10, 11], [24, 25, 26, 34], [59, 58]]
    found = partition(blocks, band=(400, 700), keep_together=estates, rng=rng())
    assert all(len(set(found.grid[estate])) == 1 for estate in estates)
    assert found.in_band.all()


def test_an_estate_that_two_grids_shared_goes_to_the_one_with_most_of_it() -> None:
    blocks = squares(6, 1, [10.0, 10.0, 20.0, 90.0, 10.0, 10.0])
    found = partition(blocks, band=(20, 200), previous=np.array([7, 7, 7, 3, 3, 3]), keep_together=[[2, 3]], rng=rng())
    assert found.former[found.grid].tolist() == [7, 7, 3, 3, 3, 3]


def test_an_estate_over_the_band_is_told_by_its_number() -> None:
    found = partition(squares(6, 4), band=(200, 400), keep_together=[[0, 1], [8, 9, 10, 14, 15]], rng=rng())
    assert kinds(found) == ["block-over-band"]
    assert "group 1, kept together, alone has 500" in found.problems[0].message


def test_an_estate_in_two_pieces_is_told_and_each_piece_kept() -> None:
    found = partition(squares(6, 1), band=(200, 400), keep_together=[[0, 1, 4, 5]], rng=rng())
    assert kinds(found) == ["estate-divided"]
    assert found.grid[0] == found.grid[1]
    assert found.grid[4] == found.grid[5]


def test_no_grid_crosses_a_hard_barrier() -> None:
    blocks = squares(7, 6, railway=3)
    east = np.arange(42) % 7 >= 3
    found = partition(blocks, band=(300, 500), hard_barriers=[RAIL], rng=rng())
    assert all(len(set(east[found.grid == grid])) == 1 for grid in range(len(found)))
    soft = partition(squares(7, 1, railway=3), n_grids=1, rng=rng())
    hard = partition(squares(7, 1, railway=3), n_grids=1, hard_barriers=[RAIL], rng=rng())
    assert (len(soft), len(hard)) == (1, 2)
    assert kinds(hard) == ["count-missed"]


def test_number_and_band_are_both_met_where_they_can_be() -> None:
    found = partition(squares(12, 10), n_grids=24, band=(400, 600), rng=rng())
    assert len(found) == 24
    assert found.in_band.all()
    assert not found.problems


def test_a_number_against_the_band_is_met_and_the_nearest_told() -> None:
    found = partition(squares(12, 10), n_grids=40, band=(400, 600), rng=rng())
    assert len(found) == 40
    assert set(kinds(found)) == {"number-against-band"}
    assert found.problems[0].remedy == "Ask for 20 to 30 there, or for a band that includes 300."


def test_a_pair_cut_off_by_a_block_over_the_band_joins_it() -> None:
    blocks = squares(5, 1, [60.0, 60.0, 5_000.0, 400.0, 400.0])
    found = partition(blocks, band=(300, 500), rng=rng())
    assert found.load.tolist() == [5_120.0, 400.0, 400.0]
    assert kinds(found) == ["block-over-band"]
    assert "block 2 alone has 5,000" in found.problems[0].message


def test_every_wrong_bound_is_named_at_once() -> None:
    with pytest.raises(InvalidInputError) as refused:
        partition(
            squares(2, 1),
            n_grids=1,
            previous=np.array([4, 4]),
            nested_in=np.array([1]),
            locked=[7],
            keep_together=[[0, 9], [0]],
            hard_barriers=[12],
            rng=rng(),
        )
    named = [problem.kind for problem in refused.value.problems]
    assert named == ["wrong-length", "unknown-grid", "unknown-block", "block-kept-twice", "unknown-rank"]
    with pytest.raises(InvalidInputError, match="no earlier plan"):
        partition(squares(2, 1), n_grids=1, locked=[7], rng=rng())


def test_no_household_at_all_is_a_town_too() -> None:
    found = partition(squares(5, 5, 0.0), band=(300, 500), rng=rng())
    assert len(found) == 1
    assert kinds(found) == ["too-little-load"]


def test_the_number_of_processors_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = squares(30, 30, np.random.default_rng(3).integers(0, 60, 900).astype(float).tolist())
    parents = np.arange(900) % 30 // 6
    first = partition(blocks, band=(300, 500), nested_in=parents, rng=rng())
    monkeypatch.setattr("geogrid.partition.search.pool.ThreadPoolExecutor", _OneThread)
    second = partition(blocks, band=(300, 500), nested_in=parents, rng=rng())
    assert (first.grid == second.grid).all()


class _OneThread:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    map = staticmethod(map)


def test_published_counts_are_met_on_every_level() -> None:
    """Datunying: 1 town, 7 areas, 81 villages, 1,084 grids of 10 to 15 households."""
    loads = np.random.default_rng(4).integers(2, 5, 64 * 66).astype(float)
    wanted = int(loads.sum() / 12.5)
    scheme = [
        SchemeLevel("town"),
        SchemeLevel("area", n_grids=7),
        SchemeLevel("village", n_grids=81),
        SchemeLevel("grid", (10, 15), wanted),
    ]
    tree = partition_levels(squares(64, 66, loads.tolist()), scheme, prefix="D", rng=rng())
    assert tree.grids["level"].value_counts().sort_index().tolist() == [1, 7, 81, wanted]
    assert tree.grids["in_band"].all()
    assert not tree.problems


def test_given_communities_are_kept_and_the_levels_beside_them_nest() -> None:
    """Shaxian: 17 communities that are drawn already, 115 area grids in them, 988 micro grids in those."""
    column, row = np.arange(68 * 60) % 68, np.arange(68 * 60) // 68
    communities = column // 4
    scheme = [
        SchemeLevel("district"),
        SchemeLevel("street", n_grids=3),
        SchemeLevel("community", given=communities),
        SchemeLevel("area grid", n_grids=115),
        SchemeLevel("micro grid", n_grids=988),
    ]
    loads = np.random.default_rng(4).integers(5, 20, len(row)).astype(float)
    tree = partition_levels(squares(68, 60, loads.tolist()), scheme, prefix="S", rng=rng())
    assert tree.grids["level"].value_counts().sort_index().tolist() == [1, 3, 17, 115, 988]
    assert not tree.problems
    for blocks in np.array(tree.members, dtype=object)[tree.grids["level"].to_numpy() >= 3]:
        assert len(set(communities[blocks])) == 1
    parents = dict(zip(tree.grids["code"], tree.grids["parent"], strict=True))
    assert all(code.startswith(parent) for code, parent in parents.items() if parent is not None)


def test_given_levels_that_do_not_nest_are_refused() -> None:
    scheme = [
        SchemeLevel("a"),
        SchemeLevel("b", given=np.array([0, 0, 1])),
        SchemeLevel("c", given=np.array([0, 1, 1])),
        SchemeLevel("d", n_grids=3),
    ]
    with pytest.raises(InvalidInputError, match="level 'c' straddle those of 'b'"):
        partition_levels(squares(3, 1), scheme, prefix="X", rng=rng())


def test_more_than_999_children_get_longer_codes() -> None:
    tree = partition_levels(
        squares(40, 30), [SchemeLevel("town"), SchemeLevel("grid", n_grids=1_100)], prefix="T", rng=rng()
    )
    leaves = tree.grids["code"][tree.grids["level"] == 2]
    assert {len(code) for code in leaves} == {5}
    assert leaves.is_unique
    assert leaves.is_monotonic_increasing


def test_blocks_across_a_barrier_are_neighbours_where_part_of_their_boundary_is_open() -> None:
    blocks = squares(2, 1)
    lengths = np.zeros((1, 10))
    lengths[0, [0, RAIL]] = 30.0, 70.0
    half = Adjacency(2, blocks.adjacency.pairs, lengths)
    found = partition(replace(blocks, adjacency=half), n_grids=1, hard_barriers=[RAIL], rng=rng())
    assert len(found) == 1
