# ruff: noqa: T201 - a part of a program that prints its table
"""Questions to gazetteers with the places that are meant: asked, judged, and compared with plain trigram search."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from boundaries.addresses.answers import GeocodeAnswer
from boundaries.addresses.geocoding import geocode_many, import_addresses
from boundaries.cluster.private_cluster import PrivateCluster
from boundaries.jurisdictions.storing import save_jurisdiction
from boundaries.store.engine import connect, unit_of_work
from boundaries.store.schema import upgrade
from boundaries.store.settings import StoreSettings
from geogrid.coordinates import metres_per_degree
from geogrid.types import LevelName


@dataclass(frozen=True)
class Questions:
    """Texts with the points that are meant, longitude and latitude."""

    texts: list[str]
    lonlat: np.ndarray


@dataclass(frozen=True)
class Score:
    """Shares of right best answers, and of the answered: right, wrong; and in review."""

    right: float
    answered_right: float
    answered_wrong: float
    review: float
    rate: float


@contextmanager
def gazetteer_of(cluster: PrivateCluster, frame: gpd.GeoDataFrame, name: str) -> Iterator[tuple[Engine, int]]:
    """Yield a store whose only gazetteer is a frame, and beside it a plain table with a trigram index."""
    import psycopg
    from sqlalchemy import make_url

    address = make_url(cluster.ensure())
    plain = address.set(database="postgres", drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as server:
        server.execute(f"create database {name}".encode())
    url = address.set(database=name).render_as_string(hide_password=False)
    engine = connect(StoreSettings(database_url=url, home=cluster.home))
    upgrade(engine)
    start = time.perf_counter()
    with unit_of_work(engine) as session:
        town = save_jurisdiction(session, code="t", name="t", levels=[LevelName("grid")]).id
        count = import_addresses(session, town, frame, "benchmark")
    print(f"  {name}: {count:,} addresses imported in {time.perf_counter() - start:.1f} s")
    with engine.begin() as connection:
        words = "concat_ws(' ', nullif(house_number, ''), nullif(street, ''), nullif(name, '')) as words"
        connection.execute(text(f"create table plain as select {words}, geom from addresses"))  # noqa: S608 - constants
        connection.execute(text("create index on plain using gin (words gin_trgm_ops)"))
        connection.execute(text("analyze plain"))
    try:
        yield engine, town
    finally:
        engine.dispose()


def plain_search(session: Session, texts: Sequence[str]) -> list[GeocodeAnswer | None]:
    """Return what trigram similarity alone answers."""
    session.execute(text("set local enable_seqscan = off"))
    query = text(
        "select st_x(geom), st_y(geom), similarity(words, :q) from plain where words % :q "
        "order by similarity(words, :q) desc, words limit 1"
    )
    rows = [session.execute(query, {"q": each}).first() for each in texts]
    return [None if row is None else GeocodeAnswer(row[0], row[1], row[2], "name", 0, "") for row in rows]


def off_m(answers: Sequence[GeocodeAnswer | None], lonlat: np.ndarray) -> np.ndarray:
    found = np.array([(np.nan, np.nan) if a is None else (a.lon, a.lat) for a in answers])
    along_lon, along_lat = metres_per_degree(lonlat[:, 1])
    metres = np.hypot((found[:, 0] - lonlat[:, 0]) * along_lon, (found[:, 1] - lonlat[:, 1]) * along_lat)
    return np.where(np.isnan(metres), np.inf, metres)


def score(answers: Sequence[GeocodeAnswer | None], right: np.ndarray, seconds: float) -> Score:
    review = np.array([answer is None or answer.needs_review for answer in answers])
    return Score(
        right.mean(), (right & ~review).mean(), (~right & ~review).mean(), review.mean(), len(answers) / seconds
    )


@dataclass(frozen=True)
class Comparison:
    """All questions to the geocoder, and those among them that plain trigram search was asked as well.

    Parameters
    ----------
    ours, plain : Score
        Of all questions, and of those that both were asked.
    both : int
        Questions that both were asked.
    not_right, acted_wrong, plain_wrong : int
        Of those: best answers of ours that are not right, sure or not; answers of ours that are acted upon and wrong;
        answers of plain search that are wrong.
    """

    ours: Score
    plain: Score
    both: int
    not_right: int
    acted_wrong: int
    plain_wrong: int


def compare(
    engine: Engine,
    town: int,
    asked: Questions,
    *,
    judge: Callable[[Sequence[GeocodeAnswer | None]], np.ndarray],
    most_plain: int,
) -> Comparison:
    """Ask the geocoder everything, and plain trigram search a part, drawn from a seed; compare on that part."""
    with unit_of_work(engine) as session:
        geocode_many(session, town, asked.texts[:50])
        start = time.perf_counter()
        ours = geocode_many(session, town, asked.texts)
        seconds = time.perf_counter() - start
        some = np.random.default_rng(0).permutation(len(asked.texts))[:most_plain]
        start = time.perf_counter()
        plain: list[GeocodeAnswer | None] = [None] * len(asked.texts)
        for place, answer in zip(some, plain_search(session, [asked.texts[i] for i in some]), strict=True):
            plain[place] = answer
        plain_seconds = time.perf_counter() - start
    is_right, is_plain_right = judge(ours), judge(plain)[some]
    is_sure = np.array([answer is not None and not answer.needs_review for answer in ours])
    return Comparison(
        score(ours, is_right, seconds),
        score([plain[i] for i in some], is_plain_right, plain_seconds),
        len(some),
        int((~is_right[some]).sum()),
        int((~is_right & is_sure)[some].sum()),
        int((~is_plain_right).sum()),
    )


def ratio_of(count: int, of: int) -> str:
    """Return a ratio of two counts of faults with its interval (95 %), by their logarithms."""
    if not count or not of:
        return f"{count} / {of}"
    spread = np.exp(1.96 * np.sqrt(1 / count + 1 / of))
    return f"{count / of:.2f} ({count / of / spread:.2f}-{count / of * spread:.2f})"


def show(row: str, must: str, found: Comparison) -> None:
    ours, plain = found.ours, found.plain
    print(
        f"{row:12s} right {ours.right:7.2%} (must {must}) | answered {1 - ours.review:7.2%}: "
        f"right {ours.answered_right:7.2%}, "
        f"wrong {ours.answered_wrong:6.2%} | review {ours.review:6.2%} | {ours.rate:,.0f}/s"
    )
    print(
        f"  plain pg_trgm on {found.both:,} of these: right {plain.right:7.2%}, {plain.rate:,.0f}/s, "
        f"wrong {found.plain_wrong:,} | on the same, ours not right {found.not_right:,}: "
        f"{ratio_of(found.not_right, found.plain_wrong)} | acted upon and wrong {found.acted_wrong:,}: "
        f"{ratio_of(found.acted_wrong, found.plain_wrong)}"
    )


def knowable(asked: Questions, *, within_m: float) -> float:
    """Return the share of questions that can be right at all: the same text is asked of places apart from each other.

    Texts are compared without case and hyphens; of each, the one point counts that is right for most of its questions.
    """
    points: dict[str, list[int]] = {}
    for place, each in enumerate(asked.texts):
        points.setdefault(re.sub(r"[-\s]+", "", each).lower(), []).append(place)
    along_lon, along_lat = (float(each[0]) for each in metres_per_degree(asked.lonlat[:1, 1]))
    best = 0
    for places in points.values():
        metres = asked.lonlat[places] * (along_lon, along_lat)
        gaps = np.hypot(*(metres[:, None, :] - metres[None, :, :]).transpose(2, 0, 1))
        best += int((gaps <= within_m).sum(axis=1).max())
    return best / len(asked.texts)
