"""Complaints for demonstrations: written by seed at real addresses, crowded in a few hot places."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geogrid.addresses.misspell import misspell
from geogrid.cases.complaint_texts import CHANNELS, TOPICS, Topic
from geogrid.coordinates import metric_crs
from geogrid.errors import InvalidInputError
from geogrid.types import FloatArray, IntArray

HOT_PLACES: Final = 5
_HOT_SHARE: Final = 0.6
_HOT_RADIUS_M: Final = 70.0
_BURST_SHARE: Final = 0.5
_BURST_LENGTH: Final = 0.08
_WITH_ADDRESS: Final = 0.4
_IN_CHINESE: Final = 0.5
_GPS_CHANNEL: Final = "app"
_GPS_ERROR_DEG: Final = 5e-5
# Few calls at night, most in office hours, a second rise in the evening.
_HOURLY: Final = (1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 14, 12, 9, 10, 12, 12, 11, 9, 9, 10, 8, 6, 3, 2)


@dataclass(frozen=True, slots=True)
class _HotPlaces:
    """Where complaints crowd: which address each draws, and the topic and the time of its burst."""

    row: IntArray
    place: IntArray


def write_complaints(
    addresses: gpd.GeoDataFrame, n: int, *, rng: np.random.Generator, period: tuple[datetime, datetime]
) -> pd.DataFrame:
    """Write complaints as they come in: words, an address in somebody's spelling, a channel, a time.

    Parameters
    ----------
    addresses : GeoDataFrame
        ``street``, ``house_number``, ``city``, points.
    n : int
        How many.
    rng : numpy.random.Generator
        Same state, same complaints.
    period : tuple of datetime
        First and last moment, with time zone.

    Returns
    -------
    DataFrame
        ``text``, ``address``, ``channel``, ``category``, ``subcategory``, ``reported_at`` (ascending), ``lon``, ``lat``
        (only where the channel sends a position, which is then some metres off), and ``address_row``, the row of
        `addresses` that was meant.

    Raises
    ------
    InvalidInputError
        No addresses, a negative `n`, or a period that ends before it starts.
    """
    start, end = period
    if n < 0 or addresses.empty or not start < end:
        raise InvalidInputError.of(
            "complaints", f"Cannot write {n} complaints at {len(addresses)} addresses from {start} to {end}."
        )
    drawn = _draw_places(addresses, n, rng)
    topics = _draw_topics(drawn.place, rng)
    chinese = rng.random(n) < _IN_CHINESE
    chosen = addresses.iloc[drawn.row]
    spelled = _spelled(chosen, rng)
    channel = rng.choice(list(CHANNELS), p=np.array(list(CHANNELS.values())), size=n)
    lonlat = chosen.geometry.get_coordinates().to_numpy() + rng.normal(0.0, _GPS_ERROR_DEG, (n, 2))
    lonlat[channel != _GPS_CHANNEL] = np.nan
    complaints = pd.DataFrame(
        {
            "text": [
                _text(topic, address, chinese=zh, rng=rng)
                for topic, address, zh in zip(topics, spelled, chinese.tolist(), strict=True)
            ],
            "address": spelled,
            "channel": channel,
            "category": [topic.category for topic in topics],
            "subcategory": [topic.subcategory for topic in topics],
            "reported_at": _draw_times(drawn.place, period, rng),
            "lon": lonlat[:, 0],
            "lat": lonlat[:, 1],
            "address_row": drawn.row,
        }
    )
    return complaints.sort_values("reported_at", kind="stable", ignore_index=True)


def _spelled(addresses: gpd.GeoDataFrame, rng: np.random.Generator) -> list[str]:
    return [
        misspell(street, number, city if isinstance(city, str) else "", rng=rng)
        for street, number, city in zip(addresses["street"], addresses["house_number"], addresses["city"], strict=True)
    ]


def _draw_places(addresses: gpd.GeoDataFrame, n: int, rng: np.random.Generator) -> _HotPlaces:
    """Return an address for each complaint, and the hot place that drew it or -1."""
    xy = addresses.to_crs(metric_crs(addresses)).get_coordinates().to_numpy()
    centres = rng.choice(len(xy), size=min(HOT_PLACES, len(xy)), replace=False)
    pull = _pull(xy, centres)
    importance = 1.0 / np.arange(1, len(centres) + 1)
    place = rng.choice(len(centres), p=importance / importance.sum(), size=n)
    place[rng.random(n) >= _HOT_SHARE] = -1
    row = rng.integers(len(xy), size=n)
    for number in range(len(centres)):
        here = place == number
        row[here] = rng.choice(len(xy), p=pull[number] / pull[number].sum(), size=int(here.sum()))
    return _HotPlaces(row.astype(np.int64), place.astype(np.int64))


def _pull(xy: FloatArray, centres: IntArray) -> FloatArray:
    distance = np.hypot(*(xy[None, :, :] - xy[centres][:, None, :]).transpose(2, 0, 1))
    pull: FloatArray = np.exp(-0.5 * (distance / _HOT_RADIUS_M) ** 2)
    return pull


def _draw_topics(place: IntArray, rng: np.random.Generator) -> Sequence[Topic]:
    """Return a topic for each complaint; a hot place has one that most of its complaints share."""
    weights = np.array([topic.weight for topic in TOPICS])
    drawn = rng.choice(len(TOPICS), p=weights / weights.sum(), size=len(place))
    themes = rng.choice(len(TOPICS), p=weights / weights.sum(), size=HOT_PLACES)
    themed = (place >= 0) & (rng.random(len(place)) < _HOT_SHARE)
    drawn[themed] = themes[place[themed]]
    return [TOPICS[number] for number in drawn.tolist()]


def _draw_times(place: IntArray, period: tuple[datetime, datetime], rng: np.random.Generator) -> pd.DatetimeIndex:
    """Return times: each hot place has a burst of some days in the period; hours follow the day's rhythm."""
    start, end = (pd.Timestamp(moment) for moment in period)
    share = rng.random(len(place))
    begins = rng.random(HOT_PLACES) * (1.0 - _BURST_LENGTH)
    bursting = (place >= 0) & (rng.random(len(place)) < _BURST_SHARE)
    share[bursting] = begins[place[bursting]] + share[bursting] * _BURST_LENGTH
    day = (start + pd.to_timedelta(share * (end - start).total_seconds(), unit="s")).normalize()
    hourly = np.array(_HOURLY, dtype=np.float64)
    hour = rng.choice(len(hourly), p=hourly / hourly.sum(), size=len(place))
    moment = day + pd.to_timedelta(hour * 3_600 + rng.integers(3_600, size=len(place)), unit="s")
    return pd.DatetimeIndex(moment.where(moment >= start, start).where(moment <= end, end))


def _text(topic: Topic, address: str, *, chinese: bool, rng: np.random.Generator) -> str:
    texts = topic.chinese if chinese else topic.english
    text = texts[int(rng.integers(len(texts)))]
    if rng.random() >= _WITH_ADDRESS:
        return text
    return f"{address}：{text}" if chinese else f"{address}: {text}"
