"""Where water is, from lines alone."""

import numpy as np
import shapely

from geogrid.blocks.shores import sea_within, within_banks


def test_closed_banks_hold_water_but_for_the_islands_in_it() -> None:
    lake, island = shapely.box(0, 0, 10, 10), shapely.box(4, 4, 6, 6)
    brook = shapely.LineString([(20, 0), (30, 0)])
    found = within_banks(np.array([lake.exterior, island.exterior, brook], dtype=object))
    assert shapely.equals(shapely.union_all(found), shapely.difference(lake, island))


def test_there_is_no_water_without_lines() -> None:
    assert len(within_banks(np.empty(0, dtype=object))) == 0
    assert len(sea_within(np.empty(0, dtype=object), shapely.box(0, 0, 1, 1))) == 0
