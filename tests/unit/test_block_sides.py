"""Edges between blocks against shapely's own overlay."""

import numpy as np
import pytest
import shapely

from geogrid.plans.sides import NOBODY, UNIT_DEGREES, BlockSides, block_sides

UNIT = 1000 * UNIT_DEGREES


def boxes(*corners: tuple[float, float, float, float]) -> np.ndarray:
    return np.array([shapely.box(*(side * UNIT for side in each)) for each in corners], dtype=object)


def edge_lengths(sides: BlockSides) -> dict[tuple[int, int], float]:
    """Length by pair of blocks, in units of the boxes."""
    lengths: dict[tuple[int, int], float] = {}
    for edge, pair in enumerate(zip(sides.edge_one.tolist(), sides.edge_other.tolist(), strict=True)):
        line = sides.corners[sides.edge_points[sides.edge_starts[edge] : sides.edge_starts[edge + 1]]]
        length = float(np.hypot(*np.diff(line.astype(float), axis=0).T).sum()) / 1000
        lengths[pair] = lengths.get(pair, 0.0) + length
    return lengths


def test_two_boxes_share_one_edge_and_have_the_rest_alone() -> None:
    found = edge_lengths(block_sides(boxes((0, 0, 1, 1), (1, 0, 2, 1))))
    assert found == {(0, 1): 1.0, (0, NOBODY): 3.0, (1, NOBODY): 3.0}


def test_a_long_side_meets_the_two_short_ones_beside_it() -> None:
    found = edge_lengths(block_sides(boxes((0, 0, 2, 2), (2, 0, 3, 1), (2, 1, 3, 2))))
    assert found[0, 1] == found[0, 2] == found[1, 2] == 1.0
    assert found[0, NOBODY] == 6.0


def test_block_with_a_hole_keeps_both_rings_and_the_edge_around_the_block_in_it() -> None:
    outer = shapely.difference(shapely.box(0, 0, 3 * UNIT, 3 * UNIT), shapely.box(UNIT, UNIT, 2 * UNIT, 2 * UNIT))
    sides = block_sides(np.array([outer, shapely.box(UNIT, UNIT, 2 * UNIT, 2 * UNIT)], dtype=object))
    assert sides.block_rings.tolist() == [0, 2, 3]
    assert edge_lengths(sides) == {(0, 1): 4.0, (0, NOBODY): 12.0}


@pytest.mark.parametrize("seed", [0, 1])
def test_edges_of_an_irregular_lattice_are_as_long_as_shapely_finds_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(np.arange(7), np.arange(6)), axis=-1) + rng.uniform(-0.3, 0.3, (6, 7, 2))
    corners = np.rint(corners * 1000) * UNIT_DEGREES
    rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=2).reshape(-1, 4, 2)
    polygons = np.asarray(shapely.polygons(rings), dtype=object)
    found = edge_lengths(block_sides(polygons))
    for one in range(len(polygons)):
        for other in range(one + 1, len(polygons)):
            shared = shapely.length(shapely.intersection(polygons[one].boundary, polygons[other].boundary)) / UNIT
            assert found.get((one, other), 0.0) == pytest.approx(shared, abs=0.01)
    alone = sum(length for (_, other), length in found.items() if other == NOBODY)
    assert alone == pytest.approx(shapely.length(shapely.union_all(polygons, grid_size=UNIT_DEGREES)) / UNIT, abs=0.02)


def test_no_blocks_are_empty_columns() -> None:
    sides = block_sides(np.array([], dtype=object))
    assert [len(sides.ring_points), len(sides.edge_one)] == [0, 0]
    assert sides.block_rings.tolist() == [0]
