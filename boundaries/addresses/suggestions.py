"""Suggestions while somebody types an address."""

import re
from dataclasses import dataclass

from sqlalchemy.orm import Session

from boundaries.addresses.answers import ANYWHERE, Context
from boundaries.addresses.reading import names_like, names_starting, some_of_each
from geogrid.addresses.gazetteer import GazetteerPlace
from geogrid.addresses.normalise import core_of, normalise
from geogrid.coordinates import metres_apart

_NUMBER_FIRST = re.compile(r"(\d+(?:-\d+)?[a-z]?)\s+(?=\D)(.+)")
_NUMBER_LAST = re.compile(r"(.+?)\s*(\d+(?:-\d+)?[a-z]?)(?:号|栋|座)?")
_LEAST_FUZZY = 4
_MOST = 50
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A known address that begins like what was typed."""

    text: str
    lon: float
    lat: float
    address_id: int


def suggest(
    session: Session, jurisdiction_id: int, typed: str, *, limit: int = 10, context: Context = ANYWHERE
) -> list[Suggestion]:
    """Return addresses and places that begin like what was typed; with a number, those numbers of the street.

    Parameters
    ----------
    session : Session
        Read only.
    jurisdiction_id : int
        Whose gazetteer.
    typed : str
        The beginning of an address in any order of street and number.
    limit : int
        How many at most, up to 50.
    context : Context
        Of the caller: only what lies inside, the nearest first. Of all that begin like this 50 are looked at.
    """
    is_anywhere = context == ANYWHERE
    most = min(limit, _MOST) if is_anywhere else _MOST
    for name, number in _splits(normalise(typed[:_LONGEST])[:_LONGEST]):
        known = names_starting(session, jurisdiction_id, name, most=most)
        core = core_of(name)
        if not known and (len(core) >= _LEAST_FUZZY or not core.isascii()):
            known = list(names_like(session, jurisdiction_id, [core]).get(core, ()))
        several = most if number or not is_anywhere else 1
        places = some_of_each(session, [each.id for each in known], number=number, most=several)
        found = _of_caller(places, context)
        if not number:
            found = _first_of_each(found)
        if found:
            return _shaped(found, min(limit, _MOST))
    return []


def _of_caller(places: list[GazetteerPlace], context: Context) -> list[GazetteerPlace]:
    """Return the places that are for a caller, the nearest first where it is known where he is."""
    inside, near = context.inside, context.near
    if inside is not None:
        places = [place for place in places if inside(place.lon, place.lat)]
    if near is None:
        return places
    return sorted(places, key=lambda place: metres_apart(*near, place.lon, place.lat))


def _first_of_each(places: list[GazetteerPlace]) -> list[GazetteerPlace]:
    """Return the first place of each name, in their order."""
    first: dict[int, GazetteerPlace] = {}
    for place in places:
        first.setdefault(place.name_id, place)
    return list(first.values())


def _splits(typed: str) -> list[tuple[str, str]]:
    """Return what was typed as name and number, in each order that it may be meant."""
    found = []
    first, last = _NUMBER_FIRST.fullmatch(typed), _NUMBER_LAST.fullmatch(typed)
    if first:
        found.append((first[2], first[1]))
    if last:
        found.append((last[1], last[2]))
    return [*found, (typed, "")] if typed else []


def _shaped(places: list[GazetteerPlace], most: int) -> list[Suggestion]:
    distinct = {place.address_id: place for place in places}
    return [Suggestion(place.label, place.lon, place.lat, place.address_id) for place in distinct.values()][:most]
