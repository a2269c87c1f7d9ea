import numpy as np
import shapely

from geogrid.blocks import rook_adjacency
from geogrid.blocks.barriers import PRIMARY, RESIDENTIAL


def squares(columns: int, rows: int, side_m: float = 100.0) -> np.ndarray:
    """Return squares numbered row by row from the south-west."""
    return np.array(
        [
            shapely.box(x * side_m, y * side_m, (x + 1) * side_m, (y + 1) * side_m)
            for y in range(rows)
            for x in range(columns)
        ],
        dtype=object,
    )


def test_corners_make_no_neighbours() -> None:
    found = rook_adjacency(squares(2, 2))
    assert found.pairs.tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert found.shared_m.tolist() == [100.0] * 4


def test_a_hole_borders_on_what_fills_it() -> None:
    inner = shapely.box(40, 40, 60, 60)
    outer = shapely.box(0, 0, 100, 100).difference(inner)
    assert rook_adjacency(np.array([outer, inner], dtype=object)).shared_m.tolist() == [80.0]


def test_length_counts_for_the_highest_barrier_under_it() -> None:
    lines = np.array([shapely.LineString([(100, -10), (100, 60)]), shapely.LineString([(100, 40), (100, 110)])])
    west = shapely.Polygon([(0, 0), (100, 0), (100, 40), (100, 60), (100, 100), (0, 100)])
    east = shapely.Polygon([(100, 0), (200, 0), (200, 100), (100, 100), (100, 60), (100, 40)])
    found = rook_adjacency(np.array([west, east], dtype=object), lines, [RESIDENTIAL, PRIMARY])
    assert found.length_by_rank_m[0, RESIDENTIAL] == 40.0
    assert found.length_by_rank_m[0, PRIMARY] == 60.0


def test_components_of_a_label_split_where_only_corners_touch() -> None:
    checkered = np.array([0, 1, 1, 0])
    assert len(set(rook_adjacency(squares(2, 2)).components(checkered).tolist())) == 4


def test_contraction_sums_the_boundaries_between_groups() -> None:
    found = rook_adjacency(squares(3, 2)).contracted(np.array([0, 0, 1, 0, 0, 1]))
    assert found.pairs.tolist() == [[0, 1]]
    assert found.shared_m.tolist() == [200.0]


def test_subset_keeps_the_boundaries_inside() -> None:
    found = rook_adjacency(squares(3, 1)).subset(np.array([False, True, True]))
    assert (found.count, found.pairs.tolist()) == (2, [[0, 1]])
