import numpy as np
import shapely

from geogrid.codes import number_within, reading_order


def box(x: float, y: float) -> shapely.Polygon:
    return shapely.box(x, y, x + 1, y + 1)


def test_rows_are_read_from_the_north_and_each_from_the_west() -> None:
    shapes = np.array([box(1, 0), box(0, 1), box(0, 0), box(1, 1)], dtype=object)
    assert reading_order(shapes).tolist() == [1, 3, 2, 0]


def test_a_slight_slope_does_not_break_a_row() -> None:
    shapes = np.array([box(2, 10.2), box(1, 10.1), box(0, 10.0), box(1, 0)], dtype=object)
    assert reading_order(shapes).tolist() == [2, 1, 0, 3]


def test_nothing_has_no_order() -> None:
    assert len(reading_order(np.empty(0, dtype=object))) == 0


def test_numbers_start_anew_in_each_parent() -> None:
    assert number_within(np.array([5, 7, 5, 7]), np.array([2, 1, 0, 3])).tolist() == [2, 1, 1, 2]
