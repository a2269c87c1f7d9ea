# ruff: noqa: T201 - a program that prints its table
"""Print how often whole complaints are placed in the right district, beside the naive search for the longest name.

Run: python tests/benchmarks/geocoding_complaints.py
Needs the folder shared/data beside the checkout and PostgreSQL with PostGIS. The weights of mentions were fitted on
these 700 complaints, pulled towards a guess; what is printed is therefore kinder than other towns will be. With
--held-out DISTRICT,... only the complaints of these are counted.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from sqlalchemy.orm import Session

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
DATA = ROOT.parent / "shared" / "data" / "changsha_complaints"

from boundaries.addresses.answers import GeocodeAnswer  # noqa: E402 - after the path
from boundaries.addresses.area_codes import place_codes  # noqa: E402
from boundaries.addresses.geocoding import geocode_many, import_addresses  # noqa: E402
from boundaries.cluster.private_cluster import PrivateCluster  # noqa: E402
from boundaries.jurisdictions.storing import save_jurisdiction  # noqa: E402
from boundaries.plans.storing import save_plan  # noqa: E402
from boundaries.publishing.publish import publish  # noqa: E402
from boundaries.store.engine import connect, unit_of_work  # noqa: E402
from boundaries.store.schema import upgrade  # noqa: E402
from boundaries.store.settings import StoreSettings  # noqa: E402
from geogrid.addresses.normalise import normalise  # noqa: E402
from geogrid.types import LevelName  # noqa: E402


@contextmanager
def town_of_complaints() -> Iterator[tuple[Session, int]]:
    """Yield a store with the districts published, the places and the list of codes imported."""
    home = Path(tempfile.mkdtemp(prefix="geogrid-bench-"))
    cluster = PrivateCluster(home, durable=False)
    engine = connect(StoreSettings(database_url=cluster.ensure(), home=home))
    try:
        upgrade(engine)
        grids = pyogrio.read_dataframe(DATA / "counties.gpkg").rename(columns={"adcode": "code"})
        grids["code"] = grids["code"].astype(str)
        columns = {"parent": None, "level": 1, "kind": "comprehensive", "category": None}
        places = pd.read_csv(DATA / "poi.csv", dtype={"name": str})
        points = gpd.points_from_xy(places["lon"], places["lat"])
        frame = gpd.GeoDataFrame(places[["name", "city", "district"]], geometry=points, crs=4326)
        with unit_of_work(engine) as session:
            town = save_jurisdiction(session, code="town", name="town", levels=[LevelName("district")])
            plan = save_plan(session, town, name="First", grids=grids.assign(**columns), source="benchmark")
            publish(session, plan, valid_from=datetime(2026, 1, 1, tzinfo=UTC))
            import_addresses(session, town.id, frame, "places")
            codes = place_codes(session, town.id, pd.read_csv(DATA / "codes.csv", dtype=str))
            import_addresses(session, town.id, codes.areas, "codes")
            town_id = town.id
        with unit_of_work(engine) as session:
            yield session, town_id
    finally:
        engine.dispose()
        cluster.stop()


def longest_names() -> dict[str, str]:
    """Return what a naive search knows: every name with its district, where only one bears it."""
    districts = pyogrio.read_dataframe(DATA / "counties.gpkg", read_geometry=False)
    by_code = dict(zip(districts["adcode"].astype(str), districts["name"], strict=True))
    known: dict[str, set[str]] = {}
    for row in csv.DictReader((DATA / "poi.csv").open(encoding="utf-8")):
        known.setdefault(normalise(row["name"]), set()).add(row["district"])
    for row in csv.DictReader((DATA / "codes.csv").open(encoding="utf-8")):
        known.setdefault(normalise(row["name"]), set()).add(by_code[row["code"][:6]])
    return {name: next(iter(of)) for name, of in known.items() if len(of) == 1 and len(name) > 1}


def naive(names: dict[str, str], text: str) -> str:
    key = normalise(text)
    for length in range(min(20, len(key)), 2, -1):
        for start in range(len(key) - length + 1):
            if (district := names.get(key[start : start + length])) is not None:
                return district
    return ""


def show(name: str, answers: Sequence[GeocodeAnswer | None], right: np.ndarray, rate: float) -> None:
    sure = np.array([answer is not None and not answer.needs_review for answer in answers])
    print(
        f"{name:<12} sure {sure.mean():6.1%}, of them right {right[sure].mean():6.1%}, "
        f"sure and wrong {(sure & ~right).mean():.2%}, best right {right.mean():.1%} | {rate:,.0f}/s"
    )
    score = np.array([0.0 if answer is None else answer.score for answer in answers])
    error = 0.0
    for low in np.arange(0.0, 1.0, 0.1):
        within = (score >= low) & (score < low + 0.1)
        if within.any():
            said, were = score[within].mean(), right[within].mean()
            error += within.mean() * abs(said - were)
            print(f"    said {said:4.0%}  right {were:4.0%}  {'#' * round(20 * were):<20}  of {within.sum()}")
    print(f"    expected calibration error {error:.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", default="", help="count only complaints of these districts")
    arguments = parser.parse_args()
    chosen = set(filter(None, arguments.held_out.split(",")))
    every = csv.DictReader((DATA / "dev.csv").open(encoding="utf-8"))
    rows = [row for row in every if not chosen or row["district"] in chosen]
    truth = np.array([row["district"] for row in rows])
    names = longest_names()
    grids = pyogrio.read_dataframe(DATA / "counties.gpkg").set_index("name").geometry
    with town_of_complaints() as (session, town):
        geocode_many(session, town, [rows[0]["title"]])
        for field in ("text", "title"):
            texts = [row[field] for row in rows]
            start = time.perf_counter()
            answers = geocode_many(session, town, texts)
            rate = len(texts) / (time.perf_counter() - start)
            points = [shapely.Point(a.lon, a.lat) if a else shapely.Point() for a in answers]
            right = np.array([grids[district].covers(point) for district, point in zip(truth, points, strict=True)])
            show(field, answers, right, rate)
            plain = np.array([naive(names, text) for text in texts])
            sure = plain != ""
            print(f"    naive longest name: sure {sure.mean():.1%}, of them right {(plain == truth)[sure].mean():.1%}")


if __name__ == "__main__":
    main()
