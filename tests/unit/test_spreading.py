"""Totals spread over parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.blocks.spreading import spread

weights = st.lists(st.floats(0, 1e6), min_size=1, max_size=60).map(np.array)


@given(total=st.integers(0, 10**7), weights=weights)
def test_whole_totals_are_spread_in_whole_numbers_that_add_up(total: int, weights: np.ndarray) -> None:
    shares = spread(float(total), weights)
    assert sum(int(share) for share in shares) == total
    assert (shares >= 0).all()
    assert (shares == np.rint(shares)).all()
    fair = total * (weights / weights.sum() if weights.sum() > 0 else np.full(len(weights), 1 / len(weights)))
    assert np.abs(shares - fair).max() < 1.0 + 1e-6


@given(total=st.floats(0, 1e6), weights=weights)
def test_totals_with_a_fraction_add_up(total: float, weights: np.ndarray) -> None:
    assert spread(total, weights).sum() == pytest.approx(total)


def test_of_equal_remainders_the_first_gets_more() -> None:
    assert spread(4.0, np.array([1.0, 1.0, 1.0])).tolist() == [2.0, 1.0, 1.0]


def test_without_weights_all_get_alike() -> None:
    assert spread(6.0, np.zeros(3)).tolist() == [2.0, 2.0, 2.0]
