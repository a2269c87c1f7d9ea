"""Grids beside the best of all contiguous divisions, which are listed one by one, on towns of up to 12 blocks."""

import math
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.blocks import Blocks, ready_blocks
from geogrid.partition import Objective, Partition, partition
from geogrid.partition.search.divide import Wish, _search
from geogrid.partition.search.graph import Shapes, graph_of

CRS = "EPSG:32650"
SHORTEST = Objective(compactness=0.0, barriers=0.0, evenness=0.0, cut_edges=1.0)
ROUNDEST = Objective(compactness=1.0, barriers=0.0, evenness=0.0)
MOST = 12


def town(seed: int, count: int) -> Blocks:
    """Return the cells of random points as blocks with random households."""
    rng = np.random.default_rng(seed)
    points = shapely.multipoints(rng.uniform(0, 1_000, (count, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points))
    cells = shapely.intersection(cells, shapely.box(0, 0, 1_000, 1_000), grid_size=0.001)
    loads = rng.integers(10, 100, count).astype(float)
    return ready_blocks(gpd.GeoDataFrame({"households": loads}, geometry=cells, crs=CRS), load_columns=["households"])


def neighbours(blocks: Blocks) -> dict[int, set[int]]:
    """Return the blocks with a boundary in common, by intersection and not by the arrays that the search uses."""
    count = len(blocks)
    shared = shapely.length(shapely.intersection(blocks.polygons[:, None], blocks.polygons[None, :]))
    return {one: {two for two in range(count) if two != one and shared[one, two] > 1e-3} for one in range(count)}


def contiguous(first: int, left: frozenset[int], around: dict[int, set[int]]) -> set[frozenset[int]]:
    """Return every contiguous part of some blocks that holds the first."""
    found = {frozenset([first])}
    pending = list(found)
    while pending:
        part = pending.pop()
        for block in {other for each in part for other in around[each]} & left - part:
            if (larger := part | {block}) not in found:
                found.add(larger)
                pending.append(larger)
    return found


def divisions(left: frozenset[int], around: dict[int, set[int]]) -> Iterator[tuple[frozenset[int], ...]]:
    """Yield every division of some blocks into contiguous parts."""
    if not left:
        yield ()
        return
    for part in contiguous(min(left), left, around):
        for others in divisions(left - part, around):
            yield (part, *others)


class Oracle:
    """Figures of divisions, from the polygons."""

    def __init__(self, blocks: Blocks, band: tuple[float, float]) -> None:
        self.blocks, self.band, self.around = blocks, band, neighbours(blocks)
        self.known: dict[frozenset[int], tuple[int, int, float]] = {}

    def part(self, part: frozenset[int]) -> tuple[int, int, float]:
        """Return whether a part misses the band, the pairs of neighbours that it cuts, and how far it is from round."""
        if part not in self.known:
            members = sorted(part)
            load = self.blocks.loads["households"][members].sum()
            shape = shapely.union_all(self.blocks.polygons[members])
            cut = sum(len(self.around[block] - part) for block in members)
            ragged = 1.0 - 4.0 * math.pi * shape.area / shape.length**2
            self.known[part] = (int(not self.band[0] <= load <= self.band[1]), cut, ragged)
        return self.known[part]

    def figures(self, division: tuple[frozenset[int], ...]) -> tuple[int, int, float]:
        """Return the grids out of the band, the pairs cut, and the sum of the raggedness."""
        parts = [self.part(part) for part in division]
        return sum(p[0] for p in parts), sum(p[1] for p in parts) // 2, sum(p[2] for p in parts)

    def all(self, count: int | None = None) -> list[tuple[int, int, float]]:
        """Return the figures of every division, or of those into so many parts."""
        every = divisions(frozenset(self.around), self.around)
        return [self.figures(division) for division in every if count in (None, len(division))]

    def of(self, found: Partition) -> tuple[int, int, float]:
        """Return the figures of grids."""
        return self.figures(tuple(frozenset(np.flatnonzero(found.grid == g).tolist()) for g in range(len(found))))


def band_of(blocks: Blocks, grids: int, width: float) -> tuple[float, float]:
    mean = float(blocks.loads["households"].sum()) / grids
    return mean * (1 - width), mean * (1 + width)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize("count", [2, 5, 7, 8, 9, 10])
def test_no_division_misses_the_band_less_or_cuts_fewer_neighbours(count: int) -> None:
    for seed in range(3):
        blocks = town(seed, count)
        band = band_of(blocks, max(count // 3, 1), 0.15)
        oracle = Oracle(blocks, band)
        found = oracle.of(partition(blocks, band=band, objective=SHORTEST, rng=rng()))
        best = min(figures[:2] for figures in oracle.all())
        assert found[0] == best[0]
        if best[0] == 0:
            assert found[1] == best[1]


@pytest.mark.parametrize("grids", [2, 3, 4])
def test_no_division_into_as_many_grids_within_the_band_is_rounder(grids: int) -> None:
    for seed in range(3):
        blocks = town(100 + seed, 10)
        band = band_of(blocks, grids, 0.3)
        oracle = Oracle(blocks, band)
        found = oracle.of(partition(blocks, band=band, n_grids=grids, objective=ROUNDEST, rng=rng()))
        best = min((figures[0], figures[2]) for figures in oracle.all(grids))
        assert found[0] == best[0]
        if best[0] == 0:
            assert found[2] == pytest.approx(best[1], abs=1e-6)


def test_twelve_blocks_are_divided_as_well_as_can_be() -> None:
    blocks = town(7, MOST)
    band = band_of(blocks, 4, 0.2)
    oracle = Oracle(blocks, band)
    found = oracle.of(partition(blocks, band=band, objective=SHORTEST, rng=rng()))
    assert found[:2] == min(figures[:2] for figures in oracle.all())


def test_the_search_of_larger_towns_finds_the_best_of_small_ones_nearly_always() -> None:
    towns, optimal = 12, 0
    for seed in range(towns):
        blocks = town(200 + seed, 8)
        band = band_of(blocks, 3, 0.3)
        oracle = Oracle(blocks, band)
        everything = np.ones(len(blocks), dtype=np.bool_)
        graph = graph_of(blocks.adjacency, blocks.loads["households"], everything, shapes=Shapes.of(blocks.polygons))
        labels = _search(graph, Wish(band, None, SHORTEST, effort=20.0), rng())
        parts = tuple(frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels))
        optimal += oracle.figures(parts)[:2] == min(figures[:2] for figures in oracle.all())
    assert optimal >= 0.9 * towns
