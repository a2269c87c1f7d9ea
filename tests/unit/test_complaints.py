from datetime import datetime
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geogrid.cases.complaint_texts import CHANNELS, TOPICS
from geogrid.cases.complaints import write_complaints
from geogrid.errors import InvalidInputError

ZONE = ZoneInfo("Europe/Helsinki")
PERIOD = (datetime(2026, 1, 1, tzinfo=ZONE), datetime(2026, 7, 1, tzinfo=ZONE))


def addresses(count: int = 400) -> gpd.GeoDataFrame:
    xy = np.random.default_rng(1).uniform((24.93, 60.16), (24.96, 60.18), (count, 2))
    words = {"street": "Mannerheimintie", "house_number": [str(n) for n in range(count)], "city": "Helsinki"}
    return gpd.GeoDataFrame(words, geometry=gpd.points_from_xy(*xy.T), crs="EPSG:4326")


def complaints(n: int = 2_000, seed: int = 1) -> pd.DataFrame:
    return write_complaints(addresses(), n, rng=np.random.default_rng(seed), period=PERIOD)


def test_same_seed_writes_the_same_complaints() -> None:
    assert complaints().equals(complaints())
    assert not complaints().equals(complaints(seed=2))


def test_complaints_stay_in_their_period_in_order() -> None:
    times = complaints()["reported_at"]
    assert times.is_monotonic_increasing
    assert PERIOD[0] <= times.iloc[0]
    assert times.iloc[-1] <= PERIOD[1]


def test_complaints_crowd_in_a_few_places() -> None:
    """A tenth of the addresses has far more than a tenth of the complaints."""
    counts = complaints()["address_row"].value_counts()
    assert counts.head(40).sum() > 0.35 * 2_000


def test_few_people_call_at_night() -> None:
    hours = complaints()["reported_at"].dt.hour
    assert (hours < 6).mean() < 0.08


def test_every_channel_category_and_language_occurs() -> None:
    written = complaints()
    assert set(written["channel"]) == set(CHANNELS)
    assert set(written["category"]) == {topic.category for topic in TOPICS}
    chinese = written["text"].str.contains(r"[\u4e00-\u9fff]")
    assert 0.4 < chinese.mean() < 0.6


def test_only_the_app_sends_a_position_some_metres_off() -> None:
    written = complaints()
    assert (written["lon"].notna() == (written["channel"] == "app")).all()
    sent = written[written["channel"] == "app"]
    meant = addresses().geometry.iloc[sent["address_row"]]
    off_m = np.hypot((sent["lon"].to_numpy() - meant.x) * 55_000, (sent["lat"].to_numpy() - meant.y) * 111_000)
    assert 0 < off_m.median() < 20


def test_no_complaints_are_a_table_without_rows() -> None:
    assert complaints(0).empty


@pytest.mark.parametrize("n", [-1, 5])
def test_impossible_wishes_are_refused(n: int) -> None:
    period = PERIOD if n < 0 else PERIOD[::-1]
    with pytest.raises(InvalidInputError, match="Cannot write"):
        write_complaints(addresses(), n, rng=np.random.default_rng(1), period=period)
