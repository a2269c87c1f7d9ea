"""What the blocks of a synthetic town are for, and how many households live on each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from geogrid.types import DEDICATED_CATEGORIES, BoolArray, DedicatedCategory, FloatArray, IntArray

Housing = Literal["none", "houses", "slabs", "towers"]
HOUSINGS: Final[tuple[Housing, ...]] = get_args(Housing)

_SHARES: Final[Mapping[DedicatedCategory, float]] = {
    "school": 0.38,
    "government": 0.12,
    "commercial": 0.14,
    "industrial_park": 0.1,
    "office_building": 0.1,
    "hospital": 0.08,
    "other": 0.08,
}
_EMPTY_SHARE: Final = 0.05
_SPREAD: Final = 0.35
_ESTATE_PAIRS: Final = 0.4
_SLABS_PER_HA: Final = 25.0
_TOWERS_PER_HA: Final = 140.0
_LEAST_SIDE_M: Final = 45.0
_NOBODY: Final = -1


@dataclass(frozen=True, slots=True)
class LandUse:
    """The use of each block.

    Parameters
    ----------
    site : (n,) int64
        Position in `categories` of the institution on it, -1 for none.
    categories : (s,) str
        Category of each institution.
    households : (n,) int64
        Households on each block; none on those of institutions.
    housing : (n,) int64
        Position in `HOUSINGS`.
    estate : (n,) int64
        Housing estate that the block belongs to, -1 for none.
    """

    site: IntArray
    categories: list[DedicatedCategory]
    households: IntArray
    housing: IntArray
    estate: IntArray


def use_of_land(
    sides_m: FloatArray, pair: IntArray, *, households: int, n_sites: int, rng: np.random.Generator
) -> LandUse:
    """Return what each block is for.

    Parameters
    ----------
    sides_m : (n, 2) float64
        Width and height of each block.
    pair : (n,) int64
        Twins share a number, others have -1.
    households : int
        In all; met exactly.
    n_sites : int
        Institutions in all; met exactly.
    rng : numpy.random.Generator
        Chooses.
    """
    count = len(sides_m)
    site, categories = _sites(sides_m, n_sites, rng)
    weight = rng.lognormal(0.0, _SPREAD, count)
    weight[rng.random(count) < _EMPTY_SHARE] = 0.0
    weight[site != _NOBODY] = 0.0
    if not weight.any():
        weight[site == _NOBODY] = 1.0
    living = shared_exactly(weight, households)
    per_ha = living / (sides_m.prod(axis=1) / 1e4)
    housing = np.where(living == 0, 0, 1 + (per_ha >= _SLABS_PER_HA) + (per_ha >= _TOWERS_PER_HA)).astype(np.int64)
    return LandUse(site, categories, living, housing, _estates(housing, pair, rng))


def _sites(sides_m: FloatArray, count: int, rng: np.random.Generator) -> tuple[IntArray, list[DedicatedCategory]]:
    fit = np.flatnonzero(sides_m.min(axis=1) >= _LEAST_SIDE_M)
    if len(fit) < count:
        fit = np.argsort(-sides_m.min(axis=1), kind="stable")
    chosen = np.sort(rng.permutation(fit)[:count])
    site = np.full(len(sides_m), _NOBODY)
    site[chosen] = np.arange(count)
    shares = np.array([_SHARES[name] for name in DEDICATED_CATEGORIES])
    kinds = rng.permutation(np.repeat(np.arange(len(shares)), shared_exactly(shares, count)))
    return site, [DEDICATED_CATEGORIES[kind] for kind in kinds]


def _estates(housing: IntArray, pair: IntArray, rng: np.random.Generator) -> IntArray:
    """Return the estate of each block of flats: its own, or one that it shares with its twin across the street."""
    flats: BoolArray = housing >= HOUSINGS.index("slabs")
    key = np.arange(len(housing))
    shares = flats & (pair != _NOBODY)
    if shares.any():
        together = rng.random(int(pair.max()) + 1) < _ESTATE_PAIRS
        joined = np.flatnonzero(shares & together[pair])
        first = np.unique(pair[joined], return_index=True, return_inverse=True)
        key[joined] = joined[first[1]][first[2]]
    estate = np.full(len(housing), _NOBODY)
    estate[flats] = np.unique(key[flats], return_inverse=True)[1]
    return estate


def shared_exactly(weight: FloatArray, total: int) -> IntArray:
    """Return whole numbers in proportion to the weights that sum to the total (largest remainders)."""
    exact = weight * (total / weight.sum()) if len(weight) else weight
    whole = np.floor(exact).astype(np.int64)
    missing = total - int(whole.sum())
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[:missing]] += 1
    return whole
