"""Which known address a question means, how sure that is, and how far off the point may be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from geogrid.address.normalise import AddressQuery, house_number_of, normalise
from geogrid.crs import metres_per_degree
from geogrid.types import FloatArray

MatchedLevel = Literal["house_number", "between_numbers", "nearest_number", "street", "name"]

LEAST_SCORE: Final = 0.72
"""Below this the names are too far apart to be the same street."""

_BUILDING_ERROR_M: Final = 15.0
_LEAST_STREET_ERROR_M: Final = 30.0
_METRES_PER_NUMBER: Final = 10.0
_ACROSS: Final = 3
_OTHER_LETTER: Final = 0.97
_BETWEEN: Final = 0.92
_NEAREST: Final = 0.85
_STREET_ONLY: Final = 0.75
_UNNUMBERED_NAME: Final = 0.98


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known address; its normalised forms are made once, for many questions."""

    street: str
    house_number: str
    name: str
    city: str
    lon: float
    lat: float
    street_key: str = field(init=False)
    name_key: str = field(init=False)
    number: int | None = field(init=False)
    number_key: str = field(init=False)

    def __post_init__(self) -> None:
        """Normalise."""
        number, number_key = house_number_of(self.house_number)
        object.__setattr__(self, "street_key", normalise(self.street))
        object.__setattr__(self, "name_key", normalise(self.name))
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "number_key", number_key)


@dataclass(frozen=True, slots=True)
class Match:
    """The answer to an address question.

    Parameters
    ----------
    lon, lat : float
        Degrees, WGS 84.
    score : float
        0 to 1: likeness of the names times what the matched level is worth.
    level : str
        What matched: the house number, a place between two numbers, the nearest number, the street, or a name.
    error_m : float
        Radius around the point within which the place is expected, metres.
    text : str
        The address that matched.
    """

    lon: float
    lat: float
    score: float
    level: MatchedLevel
    error_m: float
    text: str


def best_match(query: AddressQuery, candidates: Sequence[Candidate]) -> Match | None:
    """Return the best answer from candidates, or None where no street or name is close enough.

    Parameters
    ----------
    query : AddressQuery
        The question.
    candidates : sequence of Candidate
        All known addresses of the streets that may be meant.

    Notes
    -----
    The street is chosen by likeness first; among its numbers the exact one counts, then the same number with
    another letter, then a place between two numbers of the same side, then the nearest number, then the street as a
    whole. Equal answers are told apart by text, never by the order of the candidates.
    """
    streets: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        streets.setdefault(candidate.street_key, []).append(candidate)
    found = [_by_name(query, candidate) for candidate in candidates if candidate.name_key]
    for street in sorted(streets):
        likeness = street_likeness(query.street, street)
        if street and likeness >= LEAST_SCORE:
            found.append(_on_street(query, streets[street], likeness))
    answers = [match for match in found if match is not None and match.score >= LEAST_SCORE * _STREET_ONLY]
    return min(answers, key=lambda match: (-match.score, match.text, match.lon, match.lat), default=None)


def street_likeness(asked: str, known: str) -> float:
    """Return how alike two normalised street names are, 0 to 1; words around the asked name count little."""
    if asked == known:
        return 1.0
    whole = float(DamerauLevenshtein.normalized_similarity(asked, known))
    words = float(fuzz.token_sort_ratio(asked, known)) / 100.0
    inside = float(fuzz.partial_ratio(asked, known)) / 100.0 if len(asked) > len(known) else 0.0
    return max(whole, words, 0.95 * inside)


def _by_name(query: AddressQuery, candidate: Candidate) -> Match | None:
    """Return the answer of a named place, where the question is that name."""
    likeness = float(fuzz.ratio(query.text, candidate.name_key)) / 100.0
    if likeness < LEAST_SCORE:
        return None
    return _match(candidate, likeness * _UNNUMBERED_NAME, "name", _BUILDING_ERROR_M)


def _on_street(query: AddressQuery, known: list[Candidate], likeness: float) -> Match | None:
    numbered = [candidate for candidate in known if candidate.number is not None]
    if query.number is None or not numbered:
        return _whole_street(known, likeness)
    exact = [candidate for candidate in numbered if candidate.number_key == query.house_number]
    if exact:
        return _spread(exact, likeness, "house_number")
    same = [candidate for candidate in numbered if candidate.number == query.number]
    same = same or [candidate for candidate in numbered if _covers(candidate, query.number)]
    if same:
        return _spread(same, likeness * _OTHER_LETTER, "house_number")
    return _near_number(query.number, numbered, likeness)


def _covers(candidate: Candidate, asked: int) -> bool:
    """Tell whether a range such as 22-26 has the number on its side; 217-14 is no range."""
    first, last = _ends(candidate)
    return first < asked <= last and (asked - first) % 2 == 0


def _ends(candidate: Candidate) -> tuple[int, int]:
    """Return the first and the last number of a range, twice the same for a single number."""
    first = candidate.number or 0
    last = re.search(r"-(\d+)", candidate.number_key)
    return first, int(last[1]) if last is not None and int(last[1]) > first else first


def _near_number(asked: int, numbered: list[Candidate], likeness: float) -> Match:
    """Return the place between the neighbouring numbers of the same side, else the nearest number."""
    by_number: dict[int, list[Candidate]] = {}
    for candidate in numbered:
        for number in set(_ends(candidate)):
            by_number.setdefault(number, []).append(candidate)
    side = [number for number in by_number if (number - asked) % 2 == 0]
    below = max((number for number in side if number < asked), default=None)
    above = min((number for number in side if number > asked), default=None)
    if below is not None and above is not None:
        ends = [_spread(by_number[number], 1.0, "house_number") for number in (below, above)]
        return _between(*ends, part=(asked - below) / (above - below), score=likeness * _BETWEEN)
    nearest = min(by_number, key=lambda number: (abs(number - asked) + (number - asked) % 2 * _ACROSS, number))
    error_m = max(abs(nearest - asked) * _METRES_PER_NUMBER, _LEAST_STREET_ERROR_M)
    street = _whole_street(numbered, likeness)
    if error_m > street.error_m:
        return street
    return replace(_spread(by_number[nearest], likeness * _NEAREST, "nearest_number"), error_m=error_m)


def _between(low: Match, high: Match, *, part: float, score: float) -> Match:
    apart_m = float(_distance_m(np.array([[low.lon, low.lat], [high.lon, high.lat]])).max())
    return Match(
        lon=low.lon + part * (high.lon - low.lon),
        lat=low.lat + part * (high.lat - low.lat),
        score=score,
        level="between_numbers",
        error_m=max(apart_m / 2, _BUILDING_ERROR_M),
        text=f"{low.text} – {high.text}",
    )


def _whole_street(known: list[Candidate], likeness: float) -> Match:
    """Return the middle of a street, as far off as its farthest known address."""
    place = _spread(known, likeness * _STREET_ONLY, "street")
    return replace(place, error_m=max(place.error_m, _LEAST_STREET_ERROR_M), text=known[0].street)


def _spread(same: list[Candidate], score: float, level: MatchedLevel) -> Match:
    """Return the one of several places that is most in their middle, with an error that takes them in."""
    ordered = sorted(same, key=lambda candidate: (candidate.lon, candidate.lat, candidate.house_number))
    lonlat = np.array([(candidate.lon, candidate.lat) for candidate in ordered])
    distance = _distance_m(lonlat)
    middle = int(distance.sum(axis=0).argmin())
    return _match(ordered[middle], score, level, max(float(distance[middle].max()), _BUILDING_ERROR_M))


def _distance_m(lonlat: FloatArray) -> FloatArray:
    """Return the distances between all pairs of points a town apart at most, metres."""
    along_lon, along_lat = metres_per_degree(lonlat[:1, 1])
    offset = (lonlat[:, None, :] - lonlat[None, :, :]) * np.array([along_lon[0], along_lat[0]])
    distance: FloatArray = np.hypot(offset[..., 0], offset[..., 1])
    return distance


def _match(candidate: Candidate, score: float, level: MatchedLevel, error_m: float) -> Match:
    numbered = " ".join(filter(None, (candidate.street, candidate.house_number)))
    where = ", ".join(filter(None, (candidate.name if level == "name" else "", numbered, candidate.city)))
    return Match(candidate.lon, candidate.lat, score, level, error_m, where)
