"""How well a map of hotspots tells where the next cases are."""

from dataclasses import dataclass

import numpy as np

from geogrid.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What came of sending people where a map said.

    Parameters
    ----------
    hit_rate : float
        Share of the next cases in the chosen grids.
    area_share : float
        Share of the land that these are.
    pai : float
        Predictive accuracy index: hit rate over share of land; 1 is no better than anywhere.
    pei : float
        Predictive efficiency index: hit rate over the best that any choice of as many grids could have had.
    """

    hit_rate: float
    area_share: float
    pai: float
    pei: float


def predictive_accuracy(score: FloatArray, area: FloatArray, later: FloatArray, *, area_share: float) -> Accuracy:
    """Return how many later cases fall in the grids of highest score that together are a share of the land.

    Parameters
    ----------
    score : (n,) float64
        Of each grid by the map; NaN counts as lowest. Equal scores by position.
    area, later : (n,) float64
        Land, and cases of the time after.
    area_share : float
        Land chosen at most, above 0 to 1; at least one grid is chosen.

    References
    ----------
    Chainey, Tompson and Uhlig (2008), The utility of hotspot mapping for predicting spatial patterns of crime. Hunt
    (2016), Do crime hot spots move? (the efficiency index).
    """
    chosen = _first(np.where(np.isnan(score), -np.inf, score), area, area_share)
    best = _first(later / area, area, area_share)
    total = later.sum()
    hits, possible = later[chosen].sum(), later[best].sum()
    land = float(area[chosen].sum() / area.sum())
    hit_rate = float(hits / total) if total else 0.0
    return Accuracy(hit_rate, land, hit_rate / land, float(hits / possible) if possible else 0.0)


def _first(score: FloatArray, area: FloatArray, share: float) -> IntArray:
    order = np.argsort(-score, kind="stable")
    count = np.searchsorted(np.cumsum(area[order]), share * area.sum() * (1 + 1e-12), side="right")
    return order[: max(int(count), 1)]
