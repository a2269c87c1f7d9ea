"""Crossings of two streets, and stretches between two others, from the streets' lines or else their addresses."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.address_lookup import names_by_key, names_like
from geogrid.address.known import KnownName, KnownPlace, name_likeness
from geogrid.address.match import Match
from geogrid.address.normalise import core_of
from geogrid.address.question import Question, understand
from geogrid.address.street import apart_m, closest_between
from geogrid.types import FloatArray

_LEAST_LIKENESS = 0.75
_CROSSING_ERROR_M = 25.0
_MEET_WITHIN_M = 40.0
_ADDRESSES_MEET_WITHIN_M = 150.0
_WORTH_OF_LINES = 0.97
_WORTH_OF_ADDRESSES = 0.85
_NAMES_A_SIDE = 3
_MOST_POINTS = 2_000

_OF_LINES = text(
    """
    select st_x(spot.point), st_y(spot.point), spot.apart_m
    from (
        select st_closestpoint(one.shape, two.shape) as point,
               st_distance(st_closestpoint(one.shape, two.shape)::geography,
                           st_closestpoint(two.shape, one.shape)::geography) as apart_m
        from (select st_collect(geom) as shape from barriers
              where jurisdiction_id = :jurisdiction_id and name = :first) as one,
             (select st_collect(geom) as shape from barriers
              where jurisdiction_id = :jurisdiction_id and name = :second) as two
    ) as spot
    where spot.point is not null
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


def crossing_matches(session: Session, jurisdiction_id: int, question: Question) -> list[Match]:
    """Return where the streets that a question names meet, or the stretch between two of them; empty if unknown."""
    sides = [_names(session, jurisdiction_id, name) for name in question.relation.names]
    if question.relation.kind == "crossing":
        meeting = _meeting(session, jurisdiction_id, sides[0], sides[1])
        return [] if meeting is None else [_match(meeting, question)]
    first = _meeting(session, jurisdiction_id, sides[0], sides[1])
    second = _meeting(session, jurisdiction_id, sides[0], sides[2])
    if first is None or second is None:
        return []
    return [_match(_stretch(first, second), question)]


def _stretch(first: _Meeting, second: _Meeting) -> _Meeting:
    ends = [KnownPlace(0, None, "", 0, "", "", end.lon, end.lat) for end in (first, second)]
    error_m = apart_m(*ends) / 2 + _CROSSING_ERROR_M
    middle = ((first.lon + second.lon) / 2, (first.lat + second.lat) / 2)
    return _Meeting(*middle, error_m, min(first.score, second.score), f"{first.text} – {second.text}")


def _match(meeting: _Meeting, question: Question) -> Match:
    why = (" / ".join(repr(name) for name in question.relation.names) + f" is {meeting.text}",)
    return Match(meeting.lon, meeting.lat, meeting.score, "crossing", meeting.error_m, meeting.text, why, 0)


def _names(session: Session, jurisdiction_id: int, side: str) -> list[tuple[KnownName, float]]:
    """Return the streets that one side may mean, likeliest first."""
    asked = understand(side)
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


def _meeting(
    session: Session,
    jurisdiction_id: int,
    ones: list[tuple[KnownName, float]],
    others: list[tuple[KnownName, float]],
) -> _Meeting | None:
    found = []
    for one, likeness in ones:
        for other, other_likeness in others:
            if one.id != other.id:
                meeting = _of_pair(session, jurisdiction_id, one, other, worth=likeness * other_likeness)
                found += [] if meeting is None else [meeting]
    return max(found, key=lambda meeting: (meeting.score, -meeting.error_m), default=None)


def _of_pair(
    session: Session, jurisdiction_id: int, one: KnownName, other: KnownName, *, worth: float
) -> _Meeting | None:
    label = f"{one.text} / {other.text}"
    names = {"jurisdiction_id": jurisdiction_id, "first": one.text, "second": other.text}
    row = session.execute(_OF_LINES, names).first()
    if row is not None and row[2] <= _MEET_WITHIN_M:
        return _Meeting(row[0], row[1], _CROSSING_ERROR_M + row[2], worth * _WORTH_OF_LINES, label)
    ours, theirs = (_points(session, name.id) for name in (one, other))
    if not len(ours) or not len(theirs):
        return None
    lon, lat, gap_m = closest_between(ours, theirs)
    if gap_m > _ADDRESSES_MEET_WITHIN_M:
        return None
    return _Meeting(lon, lat, _CROSSING_ERROR_M + gap_m, worth * _WORTH_OF_ADDRESSES, label)


def _points(session: Session, name_id: int) -> FloatArray:
    rows = session.execute(_POINTS, {"name": name_id, "most": _MOST_POINTS}).all()
    return np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 2)
