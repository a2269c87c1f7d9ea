"""What a good partition is: the terms of the objective, and how much each counts."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from geogrid.jit import inner

_OUTSIDE = 3.0
_EXCESS = 20.0
_NOTICEABLE = 1e-12
_FULL_CIRCLE = 4.0 * math.pi

ROUNDING = 1e-9
"""Loads that differ by less are equal."""


@dataclass(frozen=True, slots=True)
class Objective:
    """How much each wish counts, per grid; meeting the band always comes first.

    Parameters
    ----------
    compactness : float
        Of 1 minus the Polsby-Popper score.
    barriers : float
        Of the boundary: a grid of usual size whose boundary follows no barrier at all counts 1.
    evenness : float
        Of the squared distance of the load from the middle of the band, in half widths of the band.
    cut_edges : float
        Of each pair of neighbouring blocks in different grids: what redistricting studies minimise.
    """

    compactness: float = 1.0
    barriers: float = 0.25
    evenness: float = 0.02
    cut_edges: float = 0.0


class Weights(NamedTuple):
    """The objective as kernels take it; `boundary` multiplies the costs of edges, `stay` loads away from home."""

    low: float
    high: float
    evenness: float
    compactness: float
    boundary: float
    urgency: float
    stay: float


@inner
def miss_of(load: float, weights: Weights) -> float:
    """Return how far a load is out of the band."""
    return max(weights.low - load, load - weights.high, 0.0)


@inner
def is_missed(load: float, weights: Weights) -> bool:
    """Tell whether a load is out of the band by more than rounding."""
    return miss_of(load, weights) > ROUNDING


@inner
def band_term(load: float, weights: Weights) -> float:
    """Return how bad a load is; 0 in the middle of the band."""
    middle = (weights.low + weights.high) / 2.0
    half = max((weights.high - weights.low) / 2.0, 1e-3 * middle, _NOTICEABLE)
    off = min(abs(load - middle) / half, 10.0)
    miss = miss_of(load, weights) / max(middle, _NOTICEABLE)
    value = weights.evenness * off * off
    if miss > _NOTICEABLE:
        value += weights.urgency * (_OUTSIDE * min(miss * 10.0, 1.0) + _EXCESS * miss * miss)
    return value


@inner
def grid_term(load: float, area: float, perimeter: float, weights: Weights) -> float:
    """Return what one grid adds to the objective, but for its boundary."""
    value = band_term(load, weights)
    if weights.compactness > 0.0 and perimeter > 0.0:
        value += weights.compactness * (1.0 - _FULL_CIRCLE * area / (perimeter * perimeter))
    return value
