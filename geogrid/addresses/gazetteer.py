"""What a gazetteer knows, and how alike a name that is asked for and a name that is known are."""

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from rapidfuzz.distance import OSA

from geogrid.addresses.normalise import core_of, is_chinese
from geogrid.addresses.words import DIRECTIONS, FORMS_OF, TYPES

PlaceKind = Literal["", "building", "village_group", "community", "town", "district"]
"""What a number on a name counts, and what a name without number is, where it is no street or named place."""

_NO_TYPE: Final = 0.97
_OTHER_TYPE: Final = 0.7
_COMMON_TYPES: Final = frozenset({"st", "ave", *DIRECTIONS})
_RARE_TYPE: Final = 0.995  # unsaid, the commoner types are meant more often
_NO_DIRECTION: Final = 0.97
_OTHER_DIRECTION: Final = 0.65
_WORTH_OF_REST: Final = 0.6
_SHORTEST_PART: Final = 2
_ONE_WORD_SHORT: Final = 0.93
_WORDS_SHORT: Final = 0.88
"""Of a name that goes on behind what was asked for: "Epsom" of Epsom Course."""
_COUNTING: Final = frozenset("0123456789一二三四五六七八九十")
_COMPASS: Final = frozenset("东西南北中")
_NO_COMPASS: Final = 0.95
_LONGEST_UNSURE: Final = 4
_UNSURE: Final = 0.69


@dataclass(frozen=True, slots=True)
class GazetteerName:
    """A street or a place by its name, normalised (`key`, `core`) and as it is written (`text`)."""

    id: int
    key: str
    core: str
    text: str


@dataclass(frozen=True, slots=True)
class GazetteerPlace:
    """An address under one of its names.

    Parameters
    ----------
    name_id : int
        Of the `GazetteerName`.
    place : int, optional
        Along the street, by number; None where it has no number.
    number_key : str
        House number, normalised.
    address_id : int
        Identifier in the gazetteer.
    label : str
        For people.
    areas : str
        Town, district, community, normalised, parted by blanks.
    lon, lat : float
        Degrees, WGS 84.
    kind : str
        Empty for house numbers, streets and named places.
    error_m : float
        Radius of an area around its point, metres; 0 for a building.
    building, unit, room : str
        As written.
    """

    name_id: int
    place: int | None
    number_key: str
    address_id: int
    label: str
    areas: str
    lon: float
    lat: float
    kind: PlaceKind = ""
    error_m: float = 0.0
    building: str = ""
    unit: str = ""
    room: str = ""


def name_likeness(query: str, entry: GazetteerName) -> float:
    """Return how alike a normalised name is to a known one, 0 to 1.

    Notes
    -----
    Digits must agree: 100th and 101st Street are as different as names can be. A missing type or direction costs
    little, another one more; each slip of the pen costs its share of the letters.
    """
    if query == entry.key:
        return 1.0
    if is_chinese(query) or is_chinese(entry.key):
        return _chinese_likeness(query, entry.key)
    core = core_of(query)
    by_core = _spelling(core, entry.core) * _beside_core(query, core, entry)
    if core != query:  # a name may end in a word that is a type elsewhere: Hollis Court (Boulevard)
        by_core = max(by_core, _spelling(query, entry.core) * _beside_core(query, query, entry))
    # A slip in the type makes it part of the core: "hempstead aveneu".
    ours, theirs = DIRECTIONS.intersection(query.split()), DIRECTIONS.intersection(entry.key.split())
    turned = _OTHER_DIRECTION if ours and theirs and ours != theirs else 1.0
    return max(by_core, _NO_TYPE * turned * _spelling(query, entry.key) * _slipped_type(query, entry.key))


def going_on_likeness(query: str, entry: GazetteerName) -> float:
    """Return what a known name is worth that goes on behind all that was asked for: Epsom Course for "Epsom".

    Notes
    -----
    A number or a single letter is never left out: Route 66 and Avenue J are no roads called Route or Avenue.
    """
    more = entry.key.removeprefix(f"{query} ").split()
    if not entry.key.startswith(f"{query} ") or any(len(word) == 1 or not word.isalpha() for word in more):
        return 0.0
    return _ONE_WORD_SHORT if len(more) == 1 else _WORDS_SHORT


def _slipped_type(query: str, entry: str) -> float:
    """Return 1 where the last word may be the known type with one slip, less where it is another word."""
    mine, kind = query.rpartition(" ")[2], entry.rpartition(" ")[2]
    if kind not in TYPES or mine == kind:
        return 1.0
    if mine in TYPES:
        return _OTHER_TYPE
    return 1.0 if any(OSA.distance(mine, form) <= 1 for form in FORMS_OF[kind]) else _OTHER_TYPE


def _spelling(query: str, entry: str) -> float:
    if query == entry:
        return 1.0
    if [letter for letter in query if letter.isdigit()] != [letter for letter in entry if letter.isdigit()]:
        return 0.0
    ours, theirs = query.split(), entry.split()
    if len(ours) == len(theirs) and any(a != b and len(a) == len(b) == 1 for a, b in zip(ours, theirs, strict=True)):
        return 0.0  # Avenue F is no slip for Avenue C
    slips = OSA.distance(query, entry)
    longest = max(len(query), len(entry))
    return max(0.0, 1.0 - slips * max(1.0 / longest, 0.06))


def _beside_core(query: str, core: str, entry: GazetteerName) -> float:
    """Return what the words around the core are worth: directions and types that are missing or differ."""
    ours, theirs = _outside(query, core), _outside(entry.key, entry.core)
    worth = 1.0
    for words, missing, other in ((TYPES, _NO_TYPE, _OTHER_TYPE), (DIRECTIONS, _NO_DIRECTION, _OTHER_DIRECTION)):
        mine, entry_words = ours & words, theirs & words
        if mine == entry_words and len(mine) > 1 and _order(query, mine) != _order(entry.key, mine):
            worth *= other  # 500 South on East is not 500 East on South
        if mine != entry_words:
            worth *= other if mine and entry_words else missing
            if entry_words and not mine and entry_words.isdisjoint(_COMMON_TYPES):
                worth *= _RARE_TYPE
    return worth


def _order(key: str, words: frozenset[str]) -> list[str]:
    return [word for word in key.split() if word in words]


def _outside(key: str, core: str) -> frozenset[str]:
    """Return the words of a name that are not its core: of "st marys st" the second "st"."""
    return frozenset(Counter(key.split()) - Counter(core.split()))


def _chinese_likeness(query: str, entry: str) -> float:
    counted = [letter for letter in query if letter in _COUNTING] == [letter for letter in entry if letter in _COUNTING]
    if not counted:
        return 0.0
    ours, theirs = ({letter for letter in name[1:] if letter in _COMPASS} for name in (query, entry))
    turned = 1.0 if ours == theirs else _NO_COMPASS if ours < theirs or theirs < ours else _OTHER_DIRECTION
    short, long = sorted((query, entry), key=len)
    if len(short) >= _SHORTEST_PART and short in long:
        return turned * (_WORTH_OF_REST + (1.0 - _WORTH_OF_REST) * len(short) / len(long))
    likeness = 1.0 - OSA.distance(query, entry) / len(long)
    if len(query) == len(entry) <= _LONGEST_UNSURE:
        likeness = min(likeness, _UNSURE)  # another character in a short name is as likely another name
    # The last character tells what a thing is: 路 or 街, 公园 or 广场.
    return max(0.0, turned * likeness - (0.1 if query[-1] != entry[-1] else 0.0))
