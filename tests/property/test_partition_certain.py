"""Lattices of up to 40 blocks: as even as any contiguous division, and within a band wherever one of them is."""

from collections.abc import Iterator
from functools import cache

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Blocks, ready_blocks
from geogrid.partition import Partition, partition

CRS = "EPSG:32650"


def lattice(columns: int, rows: int, loads: np.ndarray) -> Blocks:
    corners = np.indices((rows, columns)).reshape(2, -1) * 100.0
    cells = shapely.box(corners[1], corners[0], corners[1] + 100.0, corners[0] + 100.0)
    frame = gpd.GeoDataFrame({"households": loads}, geometry=cells, crs=CRS)
    return ready_blocks(frame, load_columns=["households"])


def random_loads(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(10, 100, count).astype(np.float64)


def neighbours(columns: int, rows: int) -> list[int]:
    """Return the squares beside each square, as bits, by counting and not by geometry."""
    around = []
    for square in range(columns * rows):
        column, row = square % columns, square // columns
        beside = [(column - 1, row), (column + 1, row), (column, row - 1), (column, row + 1)]
        around.append(sum(1 << y * columns + x for x, y in beside if 0 <= x < columns and 0 <= y < rows))
    return around


class Enumeration:
    """All contiguous divisions of a lattice: every part that holds the first square left, then the rest."""

    def __init__(self, columns: int, rows: int, loads: np.ndarray) -> None:
        self.around = neighbours(columns, rows)
        self.loads = loads.tolist()
        self.all = (1 << columns * rows) - 1
        self.parts = cache(self._parts)

    def _parts(self, left: int, most: float) -> list[tuple[int, float]]:
        first = left & -left
        found = {first: self.loads[first.bit_length() - 1]}
        pending = [first]
        while pending:
            part = pending.pop()
            for square in range(len(self.loads)):
                larger = part | 1 << square
                if larger != part and left >> square & 1 and self.around[square] & part and larger not in found:
                    load = found[part] + self.loads[square]
                    if load <= most:
                        found[larger] = load
                        pending.append(larger)
        return list(found.items())

    def divisions(self, left: int, count: int, band: tuple[float, float]) -> Iterator[list[float]]:
        """Yield the loads of each division into so many parts within a band."""
        if count == 0:
            if not left:
                yield []
            return
        for part, load in self.parts(left, band[1]) if left else ():
            if load >= band[0]:
                for others in self.divisions(left & ~part, count - 1, band):
                    yield [load, *others]

    def least_deviation(self, count: int, within: float) -> float:
        """Return the smallest deviation of the worst part, of all divisions within a share of the mean."""
        mean = sum(self.loads) / count
        band = mean * (1 - within) - 1e-9, mean * (1 + within) + 1e-9
        return min(max(abs(load / mean - 1) for load in loads) for loads in self.divisions(self.all, count, band))


def deviation(found: Partition) -> float:
    return float(np.abs(found.load / found.load.mean() - 1).max())


def is_contiguous(found: Partition, around: list[int]) -> bool:
    for grid in range(len(found)):
        members = sum(1 << int(block) for block in np.flatnonzero(found.grid == grid))
        reached, before = members & -members, 0
        while reached != before:
            before = reached
            for square, beside in enumerate(around):
                if before >> square & 1:
                    reached |= beside & members
        if reached != members:
            return False
    return True


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("columns", "rows", "count"), [(3, 3, 2), (4, 4, 3), (5, 4, 4), (5, 5, 5)])
def test_no_division_into_a_number_is_more_even(columns: int, rows: int, count: int) -> None:
    for seed in range(3):
        loads = random_loads(columns * rows, seed)
        found = partition(lattice(columns, rows, loads), n_grids=count, rng=rng(seed))
        assert len(found) == count
        assert is_contiguous(found, neighbours(columns, rows))
        best = Enumeration(columns, rows, loads).least_deviation(count, deviation(found))
        assert deviation(found) == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize(("side", "count"), [(5, 5), (6, 6), (7, 7), (6, 4)])
def test_equal_blocks_are_divided_into_equal_grids_where_that_can_be(side: int, count: int) -> None:
    found = partition(lattice(side, side, np.full(side * side, 7.0)), n_grids=count, rng=rng())
    assert found.load.tolist() == [7.0 * side * side / count] * count
    assert is_contiguous(found, neighbours(side, side))


def test_a_hundred_blocks_are_as_even_as_thirty_six_within_a_hundredth() -> None:
    for seed in range(3):
        found = partition(lattice(10, 10, random_loads(100, seed)), n_grids=8, rng=rng(seed))
        assert deviation(found) < 0.01


def rows_of(columns: int, rows: int, wanted: float, seed: int) -> np.ndarray:
    """Return loads of which each row sums to what is wanted."""
    loads = rng(seed).integers(10, 1_000, (rows, columns)).astype(np.float64)
    loads[:, 0] += wanted - loads.sum(axis=1)
    return loads.ravel()


def test_a_band_that_hardly_any_division_meets_is_met_on_up_to_forty_blocks() -> None:
    for columns, rows in ((5, 5), (6, 6), (8, 5)):
        for seed in range(3):
            loads = rows_of(columns, rows, columns * 1_000.0, seed)
            found = partition(lattice(columns, rows, loads), band=(columns * 1_000, columns * 1_000), rng=rng(seed))
            assert found.load.tolist() == [columns * 1_000.0] * rows
            assert not found.problems
