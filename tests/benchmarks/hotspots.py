# ruff: noqa: T201 - a program that prints its tables
"""Hotspot maps of Chicago's complaints against the month that came after; run as a program, prints a table.

python -m tests.benchmarks.hotspots

Every map is made from the twelve months before, on census tracts; then the tracts that it ranks highest, up to a share
of the land, are held against the complaints of the next month.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.hotspot import HotspotChoice, Places, contiguity_weights, find_hotspots, grids_of_points
from geogrid.hotspot.prediction import predictive_accuracy
from geogrid.types import FloatArray, IntArray

DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "chicago_311"
METRES: Final = "EPSG:32616"
HELD_OUT: Final = pd.period_range("2013-07", "2014-06", freq="M")
MONTHS: Final = 12
SHARES: Final = (0.01, 0.05, 0.10)
BANDWIDTH_M: Final = 750.0


@dataclass(frozen=True, slots=True)
class City:
    """Tracts, and each complaint's tract, month and place."""

    places: Places
    area_km2: FloatArray
    owner: IntArray
    month: pd.PeriodIndex
    xy: FloatArray

    def counts(self, months: pd.PeriodIndex) -> FloatArray:
        """Return (tracts, months) float64."""
        column = months.get_indexer(self.month)
        is_in = (column >= 0) & (self.owner >= 0)
        cells = self.owner[is_in] * len(months) + column[is_in]
        return np.bincount(cells, minlength=len(self.places) * len(months)).reshape(-1, len(months)).astype(float)


def city() -> City:
    """Return the complaints with a point from 2011 on."""
    tracts = gpd.read_file(DATA / "census_tracts_2010.geojson").sort_values("geoid10").to_crs(METRES)
    polygons = shapely.make_valid(tracts.geometry.to_numpy())
    rows = pd.read_csv(DATA / "complaints.csv.gz", usecols=["Creation_Date", "Longitude", "Latitude"]).dropna()
    points = gpd.GeoSeries.from_xy(rows["Longitude"], rows["Latitude"], crs="EPSG:4326").to_crs(METRES).to_numpy()
    months = pd.PeriodIndex(pd.to_datetime(rows["Creation_Date"]), freq="M")
    area = shapely.area(polygons) / 1e6
    places = Places(
        tracts["geoid10"].to_numpy(dtype=object), polygons, contiguity_weights(polygons), area, "square kilometres"
    )
    return City(places, area, grids_of_points(polygons, points), months, shapely.get_coordinates(points))


def maps(town: City, months: pd.PeriodIndex) -> dict[str, FloatArray]:
    """Return the score of each tract by each method, from some months."""
    counts = town.counts(months)
    bare = replace(town.places, base=None, base_name="")
    inside = town.xy[np.isin(town.month, months)]
    choice = HotspotChoice(permutations=999, bandwidth_m=BANDWIDTH_M)
    score: dict[str, FloatArray] = {
        "count": counts.sum(axis=1),
        "count of the last month": counts[:, -1],
    }
    for method in ("rate", "bayes", "local_bayes", "gi_star", "local_moran", "scan", "elliptic_scan", "density"):
        places = town.places if method in {"rate", "bayes", "local_bayes", "gi_star", "local_moran"} else bare
        found = find_hotspots(places, counts, replace(choice, method=method), points=inside)
        score[method] = found.value
        if method == "local_moran":  # low among low is alike, too
            high = np.isin(np.array(found.state), ["high"]) | (counts.sum(axis=1) > counts.sum(axis=1).mean())
            score[method] = np.where(high, found.value, -np.inf)
        if method.endswith("scan"):  # within a cluster and outside, by count
            rank = counts.sum(axis=1) / counts.sum(axis=1).max()
            score[method] = np.nan_to_num(found.value) * np.isfinite(found.value) + rank * 1e-3
    for method in ("change", "trend"):
        score[method] = find_hotspots(bare, counts, replace(choice, method=method)).value
    return score


def main() -> None:
    """Print accuracy by method, averaged over the months that were held out."""
    town = city()
    told: dict[str, list[list[float]]] = {}
    cases = 0
    for month in HELD_OUT:
        later = town.counts(pd.PeriodIndex([month]))[:, 0]
        cases += int(later.sum())
        for method, score in maps(town, pd.period_range(month - MONTHS, month - 1, freq="M")).items():
            results = [predictive_accuracy(score, town.area_km2, later, area_share=share) for share in SHARES]
            told.setdefault(method, []).append([*(each.pai for each in results), *(each.pei for each in results)])
    print(f"Chicago, {len(town.places):,} census tracts, {cases:,} complaints of {HELD_OUT[0]} to {HELD_OUT[-1]},")
    print("each month told from the twelve before; averages over the months.\n")
    shares = [f"{share:.0%}" for share in SHARES]
    print(f"| method | {' | '.join(f'PAI {s}' for s in shares)} | {' | '.join(f'PEI {s}' for s in shares)} |")
    print("|---|" + "---|" * 2 * len(SHARES))
    means = {method: np.mean(rows, axis=0) for method, rows in told.items()}
    for method, row in sorted(means.items(), key=lambda each: -each[1][1]):
        print(f"| {method} | " + " | ".join(f"{value:.2f}" for value in row) + " |")


if __name__ == "__main__":
    main()
