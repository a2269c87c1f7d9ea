# ruff: noqa: T201 - a program that prints its table
"""Print how often addresses are found and how fast, beside plain trigram search in the same run.

Run: python tests/benchmarks/geocoding.py [--rows queens,chicago,chinese,shanghai,speed] [--sample 2000] [--plain 2000]
     [--addresses N]
Needs the folder shared/data beside the checkout and PostgreSQL with PostGIS. Questions are seeded.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
DATA = ROOT.parent / "shared" / "data"

from boundaries.addresses.answers import GeocodeAnswer  # noqa: E402
from boundaries.addresses.geocoding import geocode_many  # noqa: E402
from boundaries.addresses.suggestions import suggest  # noqa: E402
from boundaries.addresses.tagger import element_tagger  # noqa: E402 - after the path
from boundaries.cluster.private_cluster import PrivateCluster  # noqa: E402
from boundaries.store.engine import unit_of_work  # noqa: E402
from tests.benchmarks.geocoding_scores import (  # noqa: E402
    Comparison,
    Questions,
    compare,
    gazetteer_of,
    knowable,
    off_m,
    show,
)
from tests.benchmarks.train_address_elements import f1_scores, read_sentences  # noqa: E402

SHORT = {
    "Street": "St", "Avenue": "Ave", "Boulevard": "Blvd", "Road": "Rd", "Place": "Pl", "Drive": "Dr", "Lane": "Ln",
    "Court": "Ct", "Turnpike": "Tpke", "Parkway": "Pkwy", "Terrace": "Ter", "Crescent": "Cres",
}  # fmt: skip
TRADITIONAL = str.maketrans(
    "东国门场馆长广厦楼号农银宾乐园汉龙庆阳区云宁", "東國門場館長廣廈樓號農銀賓樂園漢龍慶陽區雲寧"
)
DIGITS_ZH = "零一二三四五六七八九"
Rng = np.random.Generator


def typo(name: str, rng: Rng) -> str:
    """Return a name with one letter lost, changed, added or swapped with the next."""
    letters = [place for place, letter in enumerate(name) if letter.isalpha()]
    place, other = letters[int(rng.integers(len(letters)))], chr(97 + int(rng.integers(26)))
    head, tail = name[:place], name[place + 1 :]
    swapped = head + tail[:1] + name[place] + tail[1:]
    return (head + tail, head + other + tail, head + other + name[place:], swapped)[int(rng.integers(4))]


def queens_spellings(number: str, street: str, rng: Rng) -> list[str]:
    short = re.sub("|".join(rf"\b{word}\b" for word in SHORT), lambda found: SHORT[found[0]], street)
    cased = f"{number} {street}"
    return [
        f"{number} {short}",
        cased.upper() if rng.random() < 0.5 else cased.lower(),
        f"{number.replace('-', '')} {street}",
        f"{number} {typo(street, rng)}",
        f"{number} {street.rsplit(' ', 1)[0]}",
    ]


def queens_addresses() -> gpd.GeoDataFrame:
    path = DATA / "queens_village" / "queens_village_ny.gpkg"
    frames = [pyogrio.read_dataframe(path, layer=layer) for layer in ("buildings", "address_nodes")]
    rows = pd.concat(frames, ignore_index=True).dropna(subset=["housenumber", "street"])
    points = gpd.GeoSeries(shapely.point_on_surface(rows.geometry.to_numpy()), crs=4326)
    columns = {"osm": "osm_id", "housenumber": "house_number"}
    words = rows.rename(columns=columns)[["osm_id", "house_number", "street", "postcode", "city", "name"]]
    return gpd.GeoDataFrame(words, geometry=points.to_numpy(), crs=4326)


def chicago_addresses() -> gpd.GeoDataFrame:
    rows = pd.read_csv(DATA / "chicago_311" / "complaints.csv.gz")
    rows = rows.dropna(subset=["Street_Address", "Latitude"]).drop_duplicates("Street_Address")
    parts = rows["Street_Address"].str.extract(r"^(\d+)\s+(.+)$")
    rows = rows.assign(house_number=parts[0], street=parts[1]).dropna(subset=["house_number", "street"])
    points = gpd.points_from_xy(rows["Longitude"], rows["Latitude"])
    words = rows[["house_number", "street", "Street_Address"]].reset_index(drop=True)
    return gpd.GeoDataFrame(words, geometry=points, crs=4326)


def shanghai_addresses() -> gpd.GeoDataFrame:
    path = DATA / "shanghai" / "shanghai.gpkg"
    frames = []
    for layer in ("addresses", "buildings", "pois"):
        rows = pyogrio.read_dataframe(path, layer=layer)
        has = (
            rows["name"].notna() if layer == "pois" else rows["addr_street"].notna() & rows["addr_housenumber"].notna()
        )
        frames.append(rows[has].assign(layer=layer))
    rows = pd.concat(frames, ignore_index=True)
    points = gpd.GeoSeries(shapely.point_on_surface(rows.geometry.to_numpy()), crs=4326)
    columns = {"addr_street": "street", "addr_housenumber": "house_number"}
    words = rows.rename(columns=columns)[["street", "house_number", "name"]].fillna("")
    return gpd.GeoDataFrame(words, geometry=points.to_numpy(), crs=4326).drop_duplicates(
        ["street", "house_number", "name"]
    )


def shanghai_spellings(row: pd.Series, rng: Rng) -> list[str]:
    if not row["street"]:
        name = row["name"]
        slipped = name
        if len(name) > 4:
            place = int(rng.integers(1, len(name) - 1))
            slipped = name[:place] + name[place + 1 :]
        return [f"上海市{name}", name.translate(TRADITIONAL), f"{name}门口垃圾没人清理", f"在{name}旁边", slipped]
    street, number = row["street"], row["house_number"]
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isdigit() else letter for letter in number)
    spoken = "".join(DIGITS_ZH[int(letter)] if letter.isdigit() else letter for letter in number)
    return [
        f"上海市黄浦区{street}{number}号",
        f"{street}{wide}號".translate(TRADITIONAL),
        f"{street}{spoken}号",
        f"{street}{number}",
        f"{street}{number}号3楼空调滴水",
    ]


def row_queens(cluster: PrivateCluster, sample: int, most_plain: int) -> Comparison:
    frame, rng = queens_addresses(), np.random.default_rng(11)
    chosen = frame.sample(min(sample, len(frame)), random_state=1)
    texts, points = [], []
    for number, street, point in zip(chosen["house_number"], chosen["street"], chosen.geometry, strict=True):
        texts += queens_spellings(number, street, rng)
        points += [(point.x, point.y)] * 5
    asked = Questions(texts, np.array(points))
    with gazetteer_of(cluster, frame, "queens") as (engine, town):
        scores = compare(
            engine, town, asked, judge=lambda answers: off_m(answers, asked.lonlat) <= 25, most_plain=most_plain
        )
    show("queens", "97 %", scores)
    print(f"  the same words are asked of several places: at most {knowable(asked, within_m=25):.2%} can be right")
    return scores


def row_chicago(cluster: PrivateCluster, sample: int, most_plain: int) -> Comparison:
    frame = chicago_addresses()
    order = np.random.default_rng(5).permutation(len(frame))
    known, others = frame.iloc[order[: len(order) // 2]], frame.iloc[order[len(order) // 2 :]].head(sample)
    asked = Questions(others["Street_Address"].tolist(), others.geometry.get_coordinates().to_numpy())
    with gazetteer_of(cluster, known, "chicago") as (engine, town):
        scores = compare(
            engine, town, asked, judge=lambda answers: off_m(answers, asked.lonlat) <= 150, most_plain=most_plain
        )
    show("chicago", "90 %", scores)
    streets = set(known["street"])
    unknown = float((~others["street"].isin(streets)).mean())
    print(f"  {unknown:.2%} are on streets of which the gazetteer has no address at all")
    return scores


def spread_points(lonlat: np.ndarray, count: int) -> np.ndarray:
    """Return points far from each other (farthest first): the centres of the grids of a partition."""
    chosen, distance = [0], np.full(len(lonlat), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, np.hypot(*(lonlat - lonlat[chosen[-1]]).T))
        chosen.append(int(distance.argmax()))
    return lonlat[chosen]


def row_shanghai(cluster: PrivateCluster, sample: int, most_plain: int) -> Comparison:
    frame, rng = shanghai_addresses(), np.random.default_rng(3)
    lonlat = frame.geometry.get_coordinates().to_numpy()
    centres = spread_points(lonlat, 200)
    chosen = frame.head(sample)
    texts = [(spelled, row) for row in range(len(chosen)) for spelled in shanghai_spellings(chosen.iloc[row], rng)]
    asked = Questions([spelled for spelled, _ in texts], lonlat[[row for _, row in texts]])

    def grid_of(points: np.ndarray) -> np.ndarray:
        return np.hypot(*(points[:, None, :] - centres[None, :, :]).transpose(2, 0, 1)).argmin(axis=1)

    def judge(answers: Sequence[GeocodeAnswer | None]) -> np.ndarray:
        found = np.array([(0.0, 0.0) if a is None else (a.lon, a.lat) for a in answers])
        return (grid_of(found) == grid_of(asked.lonlat)) & np.array([a is not None for a in answers])

    with gazetteer_of(cluster, frame, "shanghai") as (engine, town):
        scores = compare(engine, town, asked, judge=judge, most_plain=most_plain)
    show("shanghai", "97 %", scores)
    return scores


def row_chinese() -> dict[str, float]:
    scores = f1_scores(element_tagger(), read_sentences("test"))
    print(f"chinese      F1 {scores['all']:.4f} (must 0.85) | " + ", ".join(f"{k} {v:.3f}" for k, v in scores.items()))
    return scores


def million(count: int) -> gpd.GeoDataFrame:
    """Return a made town: streets of two-part names, every one with numbers on both sides."""
    rng = np.random.default_rng(8)
    letters = [a + b for a in "bdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "ar", "en", "il", "on")]
    names = {"".join(rng.choice(letters, int(rng.integers(2, 5)))).title() for _ in range(count // 25)}
    kinds = list(SHORT)[:6]
    streets = np.array(sorted(f"{name} {kinds[i % 6]}" for i, name in enumerate(sorted(names))))
    of = np.sort(rng.integers(len(streets), size=count))
    first = np.r_[True, of[1:] != of[:-1]]
    number = 2 * (np.arange(count) - np.maximum.accumulate(np.where(first, np.arange(count), 0))) + 1
    points = gpd.points_from_xy(of % 200 * 0.002 + number * 1e-4, of // 200 * 0.001 + 30.0)
    words = {"street": streets[of], "house_number": number.astype(str)}
    return gpd.GeoDataFrame(words, geometry=points, crs=4326)


def row_speed(cluster: PrivateCluster, count: int) -> float:
    frame, rng = million(count), np.random.default_rng(2)
    chosen = frame.sample(4_000, random_state=3)
    pairs = list(zip(chosen["house_number"], chosen["street"], strict=True))
    texts = [queens_spellings(number, street, rng)[i % 5] for i, (number, street) in enumerate(pairs)]
    with gazetteer_of(cluster, frame, "million") as (engine, town), unit_of_work(engine) as session:
        geocode_many(session, town, texts[:50])
        start = time.perf_counter()
        geocode_many(session, town, texts)
        rate = len(texts) / (time.perf_counter() - start)
        seconds = []
        for number, street in pairs[:500]:
            typed = f"{number} {street}"[: int(rng.integers(3, 14))]
            start = time.perf_counter()
            suggest(session, town, typed)
            seconds.append(time.perf_counter() - start)
    p95_ms = 1e3 * float(np.quantile(seconds, 0.95))
    print(
        f"speed        {rate:,.0f} geocodes/s (must 500), gazetteer of {count:,}; suggest p95 {p95_ms:.1f} ms (must 50)"
    )
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="chinese,shanghai,queens,chicago,speed")
    parser.add_argument("--sample", type=int, default=10**9, help="addresses a row; all, if left out")
    parser.add_argument("--plain", type=int, default=2_000, help="questions that plain trigram search is asked as well")
    parser.add_argument("--addresses", type=int, default=1_000_000, help="size of the gazetteer of the speed row")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="geogrid-bench-"))
    cluster = PrivateCluster(home, durable=False)
    try:
        for row in arguments.rows.split(","):
            if row == "chinese":
                row_chinese()
            elif row == "speed":
                row_speed(cluster, arguments.addresses)
            else:
                rows = {"queens": row_queens, "chicago": row_chicago, "shanghai": row_shanghai}
                rows[row](cluster, arguments.sample, arguments.plain)
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
