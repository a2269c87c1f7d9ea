"""Systems of grids as published: every count met, every grid within the published size."""

import numpy as np
import pytest
import shapely

from geogrid import synthetic_town
from geogrid.blocks import NOWHERE
from geogrid.partition import GridTree, partition, partition_levels
from geogrid.towns import PUBLISHED_TOWNS, PublishedTown, SyntheticTown
from tests.benchmarks.published_towns import blocks_of, is_contiguous, is_in_county, qiqihar_like

SMALL = ("litan", "zhaomiao")
LARGER = ("datunying", "shaxian")
TOWNS = {town.key: town for town in PUBLISHED_TOWNS}


def drawn(key: str) -> tuple[PublishedTown, SyntheticTown, GridTree]:
    published = TOWNS[key]
    town = published.draw(np.random.default_rng(2))
    blocks = blocks_of(published, town)
    return published, town, partition_levels(blocks, published.scheme, prefix="T", rng=np.random.default_rng(2))


def assert_as_published(published: PublishedTown, town: SyntheticTown, tree: GridTree) -> None:
    counts = tree.grids.groupby("level_name").size().to_dict()
    assert counts == {level.name: level.n_grids or 1 for level in published.scheme}
    assert is_contiguous(tree.leaves)
    assert shapely.coverage_is_valid(tree.leaves.polygons())
    assert tree.leaves.load.sum() == town.buildings["households"].sum() == published.households
    if published.grid_households:
        low, high = published.grid_households
        assert ((tree.leaves.load >= low) & (tree.leaves.load <= high)).all()


@pytest.mark.parametrize("key", SMALL)
def test_the_counts_and_sizes_of_a_published_town_are_met(key: str) -> None:
    assert_as_published(*drawn(key))


@pytest.mark.long
@pytest.mark.parametrize("key", LARGER)
def test_the_counts_and_sizes_of_a_larger_published_town_are_met(key: str) -> None:
    assert_as_published(*drawn(key))


def test_a_hundredth_of_qiqihar_has_its_share_of_both_kinds_of_grids() -> None:
    blocks, count = qiqihar_like(10_000)
    found = partition(blocks, n_grids=count, rng=np.random.default_rng(2))
    assert int((found.site == NOWHERE).sum()) == count == 172
    assert int((found.site != NOWHERE).sum()) == 32
    assert is_contiguous(found)


@pytest.mark.shared_data
@pytest.mark.parametrize("key", sorted(TOWNS))
def test_each_town_is_drawn_within_the_outline_of_its_county(key: str) -> None:
    town = TOWNS[key]
    assert is_in_county(town, synthetic_town(4, rng=np.random.default_rng(1), centre=town.centre))
