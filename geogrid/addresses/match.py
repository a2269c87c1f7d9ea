"""Which known address a question means, how sure that is, how far off the point may be, and why."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from geogrid.addresses.explaining import moved, named_areas, of_areas, read_share
from geogrid.addresses.gazetteer import GazetteerName, GazetteerPlace
from geogrid.addresses.interpolation import near_spots
from geogrid.addresses.interpretation import Interpretation
from geogrid.addresses.numbering import TownNumbering
from geogrid.addresses.numbers import HouseNumber
from geogrid.addresses.query import AddressQuery
from geogrid.addresses.street import AddressPoint, PlaceLevel, apart_m, exact_spots, whole_spots
from geogrid.coordinates import metres_apart

MatchedLevel = PlaceLevel

REVIEW_BELOW: Final = 0.72
"""Answers with a smaller score wait for a person."""
LEAST_SCORE: Final = 0.45
"""Below this nothing of the question is recognised."""
LEAST_LIKENESS: Final = 0.6

_WORTH: Final[Mapping[PlaceLevel, float]] = {
    "room": 1.0,
    "unit": 1.0,
    "building": 1.0,
    "house_number": 1.0,
    "between_numbers": 0.96,
    "nearest_number": 0.86,
    "name": 0.99,
    "crossing": 0.97,
    "street": 0.8,
    "village_group": 0.98,
    "community": 0.7,
    "town": 0.6,
    "district": 0.5,
}
_ROUGH_M: Final[Mapping[PlaceLevel, float]] = {"street": 300.0, "nearest_number": 200.0, "name": 600.0}
_ROUGH: Final = 0.7
"""Of answers with a larger error than those: a person has to say more."""
_NUMBER_UNKNOWN: Final = 0.8
_NEAR_M: Final = 20_000.0
_FAR: Final = 0.92
_MARGIN: Final = 0.04
_AMBIGUOUS: Final = 0.9
_SAME_PLACE_M: Final = 60.0
_MOST_ANSWERS: Final = 10
_BESIDE_M: Final = 30.0

_GUESSED: Final = frozenset({"between_numbers", "nearest_number"})
_EXACT: Final = frozenset({"room", "unit", "building", "village_group"})

Inside = Callable[[float, float], bool]
"""Whether a longitude and latitude lie where the answer is looked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A name that a reading of the question may mean, and how alike the two are."""

    reading: Interpretation
    name: GazetteerName
    likeness: float


@dataclass(frozen=True, slots=True)
class Match:
    """An answer to an address question.

    Parameters
    ----------
    lon, lat : float
        Degrees, WGS 84.
    score : float
        0 to 1.
    level : str
        What matched: the house number, a place between two numbers, the nearest number, the street, or a name.
    error_m : float
        Radius around the point within which the place is expected, metres.
    text : str
        The address that matched.
    why : tuple of str
        Which words matched what.
    address_id : int
        Of the gazetteer.
    """

    lon: float
    lat: float
    score: float
    level: PlaceLevel
    error_m: float
    text: str
    why: tuple[str, ...]
    address_id: int

    @property
    def needs_review(self) -> bool:
        """Whether a person has to look at it."""
        return self.score < REVIEW_BELOW


def is_settled(hits: Iterable[Hit], places: Mapping[int, Sequence[GazetteerPlace]]) -> bool:
    """Return whether a name is known letter by letter with the very number that was asked for."""
    return any(
        hit.likeness == 1.0
        and hit.reading.number is not None
        and exact_spots(hit.reading.number, places.get(hit.name.id, ()))
        for hit in hits
    )


def rank(  # noqa: PLR0913 - what is known of the caller and of the town
    question: AddressQuery,
    hits: Sequence[Hit],
    places: Mapping[int, Sequence[GazetteerPlace]],
    *,
    near: tuple[float, float] | None = None,
    inside: Inside | None = None,
    numbering: TownNumbering = TownNumbering(),  # noqa: B008 - frozen
) -> list[Match]:
    """Return answers, best first; equal ones in the order of their text, never in that of the input.

    Parameters
    ----------
    question : AddressQuery
        The question.
    hits : sequence of Hit
        Names that it may mean.
    places : mapping of int to sequence of GazetteerPlace
        Known addresses of each of those names around the numbers that were asked for.
    near : tuple of float, optional
        Longitude and latitude; of equal answers the nearer counts more.
    inside : callable, optional
        Where answers may lie; others are left out before likelihoods are compared.
    numbering : TownNumbering
        How the town numbers its streets.
    """
    # A street whose number is left out says no more than the same street with an unknown number.
    unnumbered = {replace(reading, number=None) for reading in question.readings if reading.number is not None}
    spots = [
        (hit, spot, worth * (_NUMBER_UNKNOWN if spot.level == "street" and hit.reading in unnumbered else 1.0))
        for hit in hits
        if hit.likeness >= LEAST_LIKENESS
        for spot, worth in _spots(question, hit, places.get(hit.name.id, ()), numbering)
        if inside is None or inside(spot.lon, spot.lat)
    ]
    named = [named_areas(question, hit.reading.name, spot.places[0].areas) for hit, spot, _ in spots]
    most = max(map(len, named), default=0)
    matches = [
        _match(
            question,
            hit,
            spot,
            areas,
            worth * of_areas(question, areas, spot.places[0].areas, most) * _nearness(spot.lon, spot.lat, near),
        )
        for (hit, spot, worth), areas in zip(spots, named, strict=True)
    ]
    names = [hit.reading.name for hit, _, _ in spots]
    ranked = sorted(zip(matches, names, strict=True), key=lambda pair: _order(pair[0]))
    distinct = _distinct([match for match in _longer_first(ranked) if match.score >= LEAST_SCORE])
    return [replace(match, score=min(match.score, _most_score(match))) for match in _doubted(distinct[:_MOST_ANSWERS])]


def likeliest(
    matches: Sequence[Match], *, near: tuple[float, float] | None = None, inside: Inside | None = None
) -> list[Match]:
    """Return matches that stand beside each other, such as the crossings of two streets, as `rank` returns its own."""
    meant = [match for match in matches if inside is None or inside(match.lon, match.lat)]
    return _doubted(
        sorted(
            (replace(match, score=match.score * _nearness(match.lon, match.lat, near)) for match in meant), key=_order
        )
    )


def _order(match: Match) -> tuple[object, ...]:
    return -match.score, match.error_m, match.text, match.lon, match.lat


def _longer_first(ranked: Sequence[tuple[Match, str]]) -> list[Match]:
    """Return matches; before the best, where there is one, another that is nearly as good and explains more words."""
    matches = [match for match, _ in ranked]
    for match, name in ranked:
        best, shorter = ranked[0]
        if match.score <= best.score - _MARGIN:
            break
        if shorter in name and shorter != name and not _is_same_place(match, best):
            return [match, *(other for other in matches if other is not match)]
    return matches


def _spots(
    question: AddressQuery, hit: Hit, places: Sequence[GazetteerPlace], numbering: TownNumbering
) -> Iterable[tuple[AddressPoint, float]]:
    number = hit.reading.number
    if number is None:
        yield from ((spot, 1.0) for spot in whole_spots(places))
        return
    numbered = [place for place in places if place.place is not None]
    spots = exact_spots(number, numbered, question.details)
    if hit.reading.is_strict:
        spots = [spot for spot in spots if all(place.number_key == number.key for place in spot.places)]
        yield from ((spot, 1.0) for spot in spots)
        return
    spots = spots or _near(hit, number, numbered, numbering)
    yield from ((spot, 1.0) for spot in spots)
    if not spots:
        yield from ((spot, _NUMBER_UNKNOWN) for spot in whole_spots(places))


def _near(
    hit: Hit, number: HouseNumber, places: Sequence[GazetteerPlace], numbering: TownNumbering
) -> list[AddressPoint]:
    """Return where an unknown number is by its neighbours, or by the town's numbering where that tells it closer."""
    by_neighbours = near_spots(number, places)
    by_rule = numbering.spot(number, hit.reading.name, hit.name.key, places)
    if by_rule is None or min((spot.error_m for spot in by_neighbours), default=math.inf) <= by_rule.error_m:
        return by_neighbours
    return [by_rule]


def _most_score(match: Match) -> float:
    return _ROUGH if match.error_m > _ROUGH_M.get(match.level, match.error_m) else 1.0


def _nearness(lon: float, lat: float, near: tuple[float, float] | None) -> float:
    if near is None:
        return 1.0
    return 1.0 - (1.0 - _FAR) * min(metres_apart(*near, lon, lat) / _NEAR_M, 1.0)


def _match(question: AddressQuery, hit: Hit, spot: AddressPoint, areas: Sequence[str], worth: float) -> Match:
    read = read_share(question, hit.reading, areas, is_numbered=hit.reading.number is not None)
    error_m = spot.error_m + (_BESIDE_M if question.relation.kind == "beside" else 0.0)
    label = " – ".join(dict.fromkeys(place.label for place in spot.places))
    if spot.level == "street":
        label = hit.name.text
    first = spot.places[0].address_id
    score = hit.likeness * _WORTH[spot.level] * worth * read
    if spot.level in _GUESSED and score * hit.likeness < REVIEW_BELOW:
        score = min(score, _ROUGH)  # a slip in the name and an unknown number at once: as likely another street
    lon, lat, error_m = moved(spot, question.relation, error_m)
    return Match(lon, lat, score, spot.level, error_m, label, _why(hit, spot, areas), first)


def _why(hit: Hit, spot: AddressPoint, areas: Sequence[str]) -> tuple[str, ...]:
    likeness = "is" if hit.likeness == 1.0 else f"is {hit.likeness:.0%} like"
    why = [f"{hit.reading.name!r} {likeness} {hit.name.text!r}"]
    number = hit.reading.number
    if number is not None:
        numbers = " and ".join(place.number_key for place in spot.places)
        said = {
            "house_number": f"is the known number {numbers}",
            "between_numbers": f"lies between the known numbers {numbers}",
            "nearest_number": f"is not known; the nearest is {numbers}",
        }
        if spot.is_by_rule:
            said = dict.fromkeys(said, f"is where the town's streets have it, counted from the known {numbers}")
        exact = (
            f"is the known {spot.level.replace('_', ' ')} {numbers}" if spot.level in _EXACT else "is not known there"
        )
        why.append(f"number {number.key} {said.get(spot.level, exact)}")
    return (*why, *(f"it lies in {area!r}, as was said" for area in areas))


def _distinct(ranked: Sequence[Match]) -> list[Match]:
    """Return matches without those that say the same place again."""
    kept: list[Match] = []
    for match in ranked:
        if not any(_is_same_place(match, better) for better in kept):
            kept.append(match)
    return kept


def _is_same_place(match: Match, better: Match) -> bool:
    if match.address_id == better.address_id:
        return True
    return apart_m(match, better) <= min(match.error_m + better.error_m, _SAME_PLACE_M)


def _doubted(ranked: list[Match]) -> list[Match]:
    """Return matches with the score of the best lowered where another place is nearly as good."""
    if len(ranked) > 1 and ranked[1].score > ranked[0].score - _MARGIN:
        best, second = ranked[0], ranked[1]
        lowered = min(best.score, REVIEW_BELOW * _AMBIGUOUS)
        why = (*best.why, f"{second.text!r} is as likely")
        ranked[0] = replace(best, score=lowered, why=why)
        ranked[1:] = [replace(match, score=min(match.score, lowered)) for match in ranked[1:]]
    return ranked
