"""Crossings of two streets, and stretches between two others, from the streets' lines or else their addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from boundaries.addresses.reading import names_by_key, names_like
from geogrid.addresses.gazetteer import GazetteerName, GazetteerPlace, name_likeness
from geogrid.addresses.match import Match
from geogrid.addresses.meeting import meeting_of
from geogrid.addresses.normalise import core_of
from geogrid.addresses.query import AddressQuery, parse_query
from geogrid.addresses.street import apart_m, distance_m
from geogrid.types import FloatArray

_LEAST_LIKENESS = 0.75
_CROSSING_ERROR_M = 25.0
_MEET_WITHIN_M = 40.0
_WORTH_OF_LINES = 0.97
_WORTH_OF_ADDRESSES = 0.85
_WORTH_OF_NEARNESS = 0.6
_NAMES_A_SIDE = 3
_MOST_POINTS = 2_000
_ONE_CROSSING_M = 100.0
"""Carriageways of one crossing lie so near to each other, by steps."""
_MOST_MEETINGS = 10
# At 75 degrees of latitude; exact distances are compared afterwards.
_MOST_DEGREES_PER_METRE = 1 / 28_000

# Where pieces of the two streets cross; only where none do, where they come nearest to each other.
_OF_LINES = text(
    """
    with pieces as (
        select one.geom as one, two.geom as two
        from barriers one
        join barriers two on st_dwithin(one.geom, two.geom, :near_degrees)
        where one.jurisdiction_id = :jurisdiction_id and two.jurisdiction_id = :jurisdiction_id
          and one.name = :first and two.name = :second
    ), crossed as (
        select st_centroid((st_dump(st_intersection(one, two))).geom) as point, 0.0 as apart_m
        from pieces where st_intersects(one, two)
    ), near as (
        select st_closestpoint(one, two) as point,
               st_distance(st_closestpoint(one, two)::geography, st_closestpoint(two, one)::geography) as apart_m
        from pieces where not exists (select from crossed)
    )
    select st_x(point), st_y(point), apart_m from crossed
    union
    select st_x(point), st_y(point), apart_m from near where apart_m <= :near_m
    order by 3, 1, 2
    """
)
_BOTH_HAVE_LINES = text(
    """
    select count(distinct name) = 2 from barriers
    where jurisdiction_id = :jurisdiction_id and name in (:first, :second)
    """
)
_POINTS = text(
    """
    select st_x(a.geom), st_y(a.geom) from address_places p join addresses a on a.id = p.address_id
    where p.name_id = :name order by a.id limit :most
    """
)


@dataclass(frozen=True, slots=True)
class _Meeting:
    lon: float
    lat: float
    error_m: float
    score: float
    text: str


def crossing_matches(session: Session, jurisdiction_id: int, question: AddressQuery) -> list[Match]:
    """Return where the streets that a question names meet, or the stretch between two of them; empty if unknown.

    Notes
    -----
    Streets may meet more than once: all places are returned, likeliest first, equal ones from west to east.
    """
    sides = [_names(session, jurisdiction_id, name) for name in question.relation.names]
    firsts = _meetings(session, jurisdiction_id, sides[0], sides[1])
    if question.relation.kind == "crossing":
        return [_match(meeting, question) for meeting in firsts[:_MOST_MEETINGS]]
    seconds = _meetings(session, jurisdiction_id, sides[0], sides[2])
    stretches = [_stretch(first, second) for first in firsts for second in seconds]
    return [_match(min(stretches, key=lambda stretch: stretch.error_m), question)] if stretches else []


def _stretch(first: _Meeting, second: _Meeting) -> _Meeting:
    ends = [GazetteerPlace(0, None, "", 0, "", "", end.lon, end.lat) for end in (first, second)]
    error_m = apart_m(*ends) / 2 + _CROSSING_ERROR_M
    middle = ((first.lon + second.lon) / 2, (first.lat + second.lat) / 2)
    return _Meeting(*middle, error_m, min(first.score, second.score), f"{first.text} – {second.text}")


def _match(meeting: _Meeting, question: AddressQuery) -> Match:
    why = (" / ".join(repr(name) for name in question.relation.names) + f" is {meeting.text}",)
    return Match(meeting.lon, meeting.lat, meeting.score, "crossing", meeting.error_m, meeting.text, why, 0)


def _names(session: Session, jurisdiction_id: int, side: str) -> list[tuple[GazetteerName, float]]:
    """Return the streets that one side may mean, likeliest first."""
    asked = parse_query(side)
    keys = [reading.name for reading in asked.readings if reading.number is None]
    known = {name.key: name for name in names_by_key(session, jurisdiction_id, keys, [])}
    exact = [(known[key], 1.0) for key in sorted(set(keys), key=lambda key: (-len(key), key)) if key in known]
    if exact:
        return exact[:_NAMES_A_SIDE]
    cores = [core_of(reading.name) for reading in asked.fuzzy]
    alike = names_like(session, jurisdiction_id, cores)
    found = {
        name: name_likeness(reading.name, name)
        for reading in asked.fuzzy
        for name in alike.get(core_of(reading.name), ())
    }
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0].key))
    return [pair for pair in ordered if pair[1] >= _LEAST_LIKENESS][:_NAMES_A_SIDE]


def _meetings(
    session: Session,
    jurisdiction_id: int,
    ones: list[tuple[GazetteerName, float]],
    others: list[tuple[GazetteerName, float]],
) -> list[_Meeting]:
    """Return where the likeliest pair of names that meets at all does so."""
    found = [
        _of_pair(session, jurisdiction_id, one, other, worth=likeness * other_likeness)
        for one, likeness in ones
        for other, other_likeness in others
        if one.id != other.id
    ]
    return max(
        filter(None, found), key=lambda meetings: (meetings[0].score, -meetings[0].error_m, -len(meetings)), default=[]
    )


def _of_pair(
    session: Session, jurisdiction_id: int, one: GazetteerName, other: GazetteerName, *, worth: float
) -> list[_Meeting]:
    label = f"{one.text} / {other.text}"
    asked = {
        "jurisdiction_id": jurisdiction_id,
        "first": one.text,
        "second": other.text,
        "near_m": _MEET_WITHIN_M,
        "near_degrees": _MEET_WITHIN_M * _MOST_DEGREES_PER_METRE,
    }
    rows = session.execute(_OF_LINES, asked).all()
    if rows:
        return [_of_group(group, worth * _WORTH_OF_LINES, label) for group in _together(rows)]
    if session.execute(_BOTH_HAVE_LINES, asked).scalar_one():
        return []  # the lines tell that they do not meet
    ours, theirs = (_points(session, name.id) for name in (one, other))
    met = meeting_of(ours, theirs) if len(ours) and len(theirs) else None
    if met is None:
        return []
    score = worth * (_WORTH_OF_ADDRESSES if met.is_sure else _WORTH_OF_NEARNESS)
    return [_Meeting(met.lon, met.lat, _CROSSING_ERROR_M + met.error_m, score, label)]


def _together(rows: Sequence[Row[Any]]) -> list[FloatArray]:
    """Return points (lon, lat, metres that the streets stay apart) in groups that are one crossing each."""
    points = np.array([tuple(row) for row in rows], dtype=np.float64)
    is_near = distance_m(points[:, :2]) <= _ONE_CROSSING_M
    count, of = connected_components(is_near, directed=False)
    groups = [points[of == group] for group in range(count)]
    return sorted(groups, key=lambda group: (group[0, 2], group[:, 0].min()))


def _of_group(group: FloatArray, score: float, label: str) -> _Meeting:
    lon, lat = group[:, :2].mean(axis=0).tolist()
    spread_m = float(distance_m(group[:, :2]).max()) / 2
    return _Meeting(lon, lat, _CROSSING_ERROR_M + spread_m + float(group[0, 2]), score, label)


def _points(session: Session, name_id: int) -> FloatArray:
    rows = session.execute(_POINTS, {"name": name_id, "most": _MOST_POINTS}).all()
    return np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 2)
