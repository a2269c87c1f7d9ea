"""Totals spread over parts, without losing any."""

import numpy as np

from geogrid.types import FloatArray


def spread(total: float, weights: FloatArray) -> FloatArray:
    """Return shares of a total in proportion to weights; they add up to it.

    Parameters
    ----------
    total : float
        0 or more.
    weights : (n,) float64
        0 or more, n at least 1; all alike where they are all 0.

    Returns
    -------
    (n,) float64
        Whole numbers where the total is one, by largest remainders (of equal ones, the first): their sum is exact.
    """
    even = np.where(weights.sum() > 0, weights, 1.0)
    exact: FloatArray = total * even / even.sum()
    if not float(total).is_integer():
        return exact
    whole: FloatArray = np.floor(exact)
    missing = round(total - whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:missing]] += 1.0
    return whole
