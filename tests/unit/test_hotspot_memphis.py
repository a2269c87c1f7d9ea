"""Robberies of Memphis in 2019: counts, trends and near-repeats of a real town against other ways to find them."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import kendalltau, norm

from geogrid.hotspot import counts_by_period, grids_of_points
from geogrid.hotspot.change import mann_kendall
from geogrid.hotspot.near_repeat import near_repeat
from geogrid.types import FloatArray

MONTHS = 12


@dataclass(frozen=True)
class Memphis:
    precincts: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    counts: FloatArray


@pytest.fixture(scope="module")
def memphis(shared_data: Path) -> Memphis:
    folder = shared_data / "memphis_robberies"
    rows = pd.read_csv(folder / "robberies_2019.csv", parse_dates=["date"])
    points = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(rows["lon"], rows["lat"]), crs="EPSG:4326")
    precincts = gpd.read_file(folder / "precincts.geojson").to_crs("EPSG:4326")
    owner = grids_of_points(precincts.geometry.to_numpy(), points.geometry.to_numpy())
    month = points["date"].dt.month.to_numpy() - 1
    return Memphis(precincts, points, counts_by_period(owner, month, grids=len(precincts), periods=MONTHS))


def test_robberies_are_counted_by_precinct_and_month_as_geopandas_joins_them(memphis: Memphis) -> None:
    joined = gpd.sjoin(memphis.points, memphis.precincts, predicate="within")
    months = joined["date"].dt.month
    table = pd.crosstab(joined["precinct"], months).reindex(memphis.precincts["precinct"]).fillna(0)
    assert memphis.counts.tolist() == table.to_numpy().tolist()
    assert memphis.counts.sum() > 2_000


def test_trends_of_precincts_have_the_score_of_every_pair_and_scipys_direction(memphis: Memphis) -> None:
    trend = mann_kendall(memphis.counts)
    later, earlier = np.triu_indices(MONTHS, 1)[::-1]
    score = np.sign(memphis.counts[:, later] - memphis.counts[:, earlier]).sum(axis=1)
    assert trend.score.tolist() == score.tolist()
    for row, counts in enumerate(memphis.counts):
        _, ties = np.unique(counts, return_counts=True)
        variance = (MONTHS * (MONTHS - 1) * (2 * MONTHS + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18.0
        deviate = (score[row] - np.sign(score[row])) / np.sqrt(variance)
        assert trend.deviate[row] == pytest.approx(deviate)
        assert trend.p[row] == pytest.approx(2.0 * norm.sf(abs(deviate)))
        assert np.sign(kendalltau(np.arange(MONTHS), counts).statistic) == np.sign(score[row])


def test_near_repeats_are_the_pairs_that_brute_force_finds(memphis: Memphis) -> None:
    some = memphis.points.iloc[:400].to_crs("EPSG:32616")
    xy = some.geometry.get_coordinates().to_numpy()
    days = (some["date"] - some["date"].min()).dt.total_seconds().to_numpy() / 86_400.0
    found = near_repeat(
        xy, days, distances_m=(100.0, 400.0), lags_days=(7.0, 14.0), rng=np.random.default_rng(1), permutations=99
    )
    distance, lag = pdist(xy), pdist(days[:, None])
    bands = [(distance <= 100.0), (distance > 100.0) & (distance <= 400.0)]
    times = [(lag <= 7.0), (lag > 7.0) & (lag <= 14.0)]
    assert found.pairs.tolist() == [[int((near & soon).sum()) for soon in times] for near in bands]
    assert found.pairs.sum() > 0
