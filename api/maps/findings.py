"""Hotspots by a method as a map: one period, or two side by side, with links to the other methods and periods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd

from api.maps.schemas import METHOD_ONLY, HotspotMapQuery
from geogrid.hotspot import (
    HOTSPOT_METHODS,
    HotspotMethod,
    Hotspots,
    found_among,
    leaves_of,
    method_name,
    places_of,
)
from geogrid.maps import BaseMap, FoundSide, Language, Map, MapLink, findings_map
from geogrid.maps.labels import label

_STEPS: Final = ("MS", "W-MON", "D")
_MOST_SPLITS: Final = 6
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
Asked = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the grids of a map.

    Parameters
    ----------
    base : BaseMap
        Streets, buildings and water.
    time_zone : str
        In which days begin.
    attribution : tuple of str
        Sources of the data.
    subtitle, home : str
        Under the heading, and where it leads to.
    edition : str
        Name of the edition whose grids are drawn.
    """

    base: BaseMap
    time_zone: str
    attribution: tuple[str, ...]
    subtitle: str
    edition: str
    home: str = ""


def found_map(
    cases: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    query: HotspotMapQuery,
    around: Around,
    *,
    asked: Asked | None = None,
) -> Map:
    """Return the map of what a method finds among cases.

    Parameters
    ----------
    cases, grids : GeoDataFrame
        Columns as `case_frame` and `grid_frame`; the cases of both periods.
    query : HotspotMapQuery
        Its method is not ``"counts"``.
    asked : sequence of (str, str), optional
        Parameters that the map was asked with: its links ask with these and one that differs. Without them it has no
        links.

    Raises
    ------
    InvalidInputError
        The method cannot be used on what there is.
    """
    method: HotspotMethod = "gi_star" if query.method == "counts" else query.method
    leaves = leaves_of(grids)
    places = places_of(leaves, base=query.base, neighbors=query.neighbors)
    parts = _parts(cases, query, around.time_zone)
    sides: list[FoundSide] = []
    earlier: Hotspots | None = None
    for part in parts:
        found = found_among(
            part.cases, leaves, places, query.choice_of(method), time_zone=around.time_zone, edition=around.edition
        )
        days = part.days if len(parts) > 1 else None
        sides.append(found.side(leaves, base=places.base, period=part.name, days=days, earlier=earlier))
        earlier = found
    return findings_map(
        sides,
        value_name=method_name(method, query.lang),
        rate_unit=_rate_unit(places.base_name, query.lang, is_split=len(parts) > 1),
        base=around.base,
        attribution=around.attribution,
        language=query.lang,
        subtitle=f"{around.subtitle} · {method_name(method, query.lang)}",
        home=around.home,
        choices={} if asked is None else choices_of(cases, query, around.time_zone, asked),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    cases: gpd.GeoDataFrame
    name: str
    days: float


def _parts(cases: gpd.GeoDataFrame, query: HotspotMapQuery, time_zone: str) -> list[_Part]:
    """Return the cases of the whole time, or of both periods; where no end is given, it is that of the cases."""
    times = cases["reported_at"]
    first: datetime | None = query.since or (times.min() if len(times) else query.split)
    last: datetime | None = query.until or (times.max() + _SECOND if len(times) else query.split)
    if query.split is None or first is None or last is None:
        return [_Part(cases, _span(first, last, time_zone), 1.0)]
    is_before = (times < pd.Timestamp(query.split)).to_numpy()
    ends = (min(first, query.split), query.split, max(last, query.split))
    return [
        _Part(cases[chosen], _span(start, end, time_zone), max((end - start) / _DAY, 1.0))
        for chosen, start, end in zip((is_before, ~is_before), ends, ends[1:], strict=False)
    ]


def _span(start: datetime | None, end: datetime | None, time_zone: str) -> str:
    if start is None or end is None:
        return ""
    zone = ZoneInfo(time_zone)
    last = max(end - _SECOND, start)
    return f"{start.astimezone(zone):%Y-%m-%d} – {last.astimezone(zone):%Y-%m-%d}"


def _rate_unit(base_name: str, language: Language, *, is_split: bool) -> str:
    if not base_name:
        return ""
    of = f"{label('rate_per', language)} {label(base_name, language)}"
    return f"{of}, {label('per_30_days', language)}" if is_split else of


def choices_of(
    cases: gpd.GeoDataFrame, query: HotspotMapQuery, time_zone: str, asked: Asked
) -> Mapping[str, Sequence[MapLink]]:
    """Return links to the maps of the same cases by other methods, and of other periods side by side."""
    language = query.lang

    def address(**changed: str | None) -> str:
        pairs = [(name, value) for name, value in asked if name not in changed]
        pairs += [(name, value) for name, value in changed.items() if value is not None]
        return f"?{urlencode(pairs)}"

    how: dict[str, str | None] = dict.fromkeys(METHOD_ONLY)
    methods = [MapLink(label("just_counts", language), address(method=None, **how), query.method == "counts")]
    methods += [
        MapLink(method_name(each, language), address(method=each), query.method == each) for each in HOTSPOT_METHODS
    ]
    used = "gi_star" if query.method == "counts" else query.method
    periods = [MapLink(label("one_period", language), address(split=None), query.split is None)]
    periods += [
        MapLink(f"{each:%Y-%m-%d}", address(split=each.isoformat(), method=used), query.split == each)
        for each in _splits(cases, time_zone)
    ]
    found = {label("method", language): methods}
    return found | ({label("two_periods", language): periods} if len(periods) > 1 else {})


def _splits(cases: gpd.GeoDataFrame, time_zone: str) -> list[datetime]:
    """Return beginnings of months, weeks or days within the time of the cases, the last ones."""
    times = cases["reported_at"].dropna()
    if not len(times):
        return []
    zone: Any = ZoneInfo(time_zone)
    # By the days of the calendar: there are towns and years in which a midnight is left out.
    first, last = (each.tz_convert(zone).tz_localize(None) for each in (times.min(), times.max()))
    for step in _STEPS:
        starts = pd.date_range(first.normalize() + _DAY, last, freq=step)[-_MOST_SPLITS:]
        if len(starts):
            return list(starts.tz_localize(zone, nonexistent="shift_forward", ambiguous=True).to_pydatetime())
    return []
