"""What a piece of address text may mean: names and numbers to look for, crossings, and words such as "opposite"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from geogrid.addresses.chinese import latin_names, read_chinese
from geogrid.addresses.details import Details, details_of
from geogrid.addresses.interpretation import Interpretation
from geogrid.addresses.normalise import fold, is_chinese, normalise, parts_of
from geogrid.addresses.numbers import HouseNumber, parse_number
from geogrid.addresses.relations import Relation, take_relation
from geogrid.addresses.tagger.elements import ElementTagger
from geogrid.addresses.words import BESIDE_NUMBER, DIRECTIONS, FLOORS, TYPES, UNITS, mended_types

_UNIT: Final = re.compile(r"[a-z]?\d*[a-z]?|\d+-\d+")
_LETTER: Final = re.compile(r"[a-z]")
_REPEATED: Final = frozenset({"bis", "ter"})
_NUMBER: Final = re.compile(r"\d{1,6}(?:[-/]\d{1,4})?(?:[a-z]|bis|ter)?")
_LONGEST_TEXT: Final = 1_000
_POSTCODE_DIGITS: Final = 5
_LONGEST_NAME: Final = 6
_MOST_OF_A_HOUSE: Final = 3
_LONGEST_PLACE: Final = 10
_MOST_READINGS: Final = 80
_LEAST_LETTERS: Final = 3
_MENDED: Final = 0.95
_TURNED: Final = 0.9
"""What a letter is worth that may be a direction: 20 E Main Street is hardly number 20 E."""
_NO_NAMES: Final = TYPES | DIRECTIONS
_LEADING: Final = frozenset({"at", "near", "on", "in", "the", "no", "nr", "number"})


@dataclass(frozen=True, slots=True)
class AddressQuery:
    """A question, understood as far as its words go.

    Parameters
    ----------
    text : str
        All of it, normalised.
    readings : tuple of Interpretation
        Names that it may mention, with the number that would stand on each.
    fuzzy : tuple of Interpretation
        The few among them, or like them, that are worth a search by likeness.
    relation : Relation
        Whether the place itself is meant, or one beside it, or a crossing.
    areas : tuple of str
        District, town, community and the like, normalised.
    details : Details
        Building, unit and room.
    """

    text: str
    readings: tuple[Interpretation, ...]
    fuzzy: tuple[Interpretation, ...]
    relation: Relation = field(default_factory=Relation)
    areas: tuple[str, ...] = ()
    details: Details = field(default_factory=Details)


def parse_query(text: str, tagger: ElementTagger | None = None) -> AddressQuery:
    """Return what an address text, or a complaint that mentions a place, may mean.

    Parameters
    ----------
    text : str
        As people write it.
    tagger : ElementTagger, optional
        Of Chinese elements; without it Chinese is cut by its marks alone.

    Notes
    -----
    Of a longer text than 1,000 characters the first 1,000 are read.
    """
    folded = fold(text[:_LONGEST_TEXT])[:_LONGEST_TEXT]
    relation, rest = take_relation(folded)
    whole, details = normalise(folded), details_of(folded)
    if is_chinese(rest):
        chinese = read_chinese(parts_of(rest), tagger)
        # The name of a firm may hold commas: Co., Ltd.
        distinct = dict.fromkeys([Interpretation(whole), *latin_names(whole), *chinese.readings])
        return AddressQuery(whole, tuple(distinct), chinese.fuzzy, relation, chinese.areas, details)
    parts = [_without_unit(part.split()) for part in parts_of(rest)]
    parts = [part for part in parts if part]
    # All of it first: what a person has chosen for these words is known under them.
    readings = tuple(dict.fromkeys([Interpretation(whole), *_readings(parts)]))[:_MOST_READINGS]
    return AddressQuery(whole, readings, tuple(dict.fromkeys(_likely(parts))), relation, _areas(parts), details)


def _without_unit(words: Sequence[str]) -> list[str]:
    """Return words without flat and floor: "apt 5b" says nothing of where the house is."""
    kept: list[str] = []
    skipped = False
    for place, word in enumerate(words):
        if skipped:
            skipped = False
        elif word in FLOORS and _is_floor(kept, words[place + 1 : place + 2]):
            kept.pop()  # "2nd floor" has its number before it
        elif word in UNITS and _UNIT.fullmatch(" ".join(words[place + 1 : place + 2])):
            skipped = True
        elif word in BESIDE_NUMBER and kept and _NUMBER.fullmatch(kept[-1]):
            continue
        elif kept or word not in _LEADING:
            kept.append(word)
    return kept


def _is_floor(before: Sequence[str], after: Sequence[str]) -> bool:
    """Return whether the floor's number stands before it: "2nd floor", but "12 floor 3" is house 12."""
    if not before or not before[-1].isdigit():
        return False
    return len(before) == 1 or not (after and after[0].isdigit())


def _is_number(words: Sequence[str], place: int) -> bool:
    word = words[place]
    if not _NUMBER.fullmatch(word):
        return False
    if place and words[place + 1 : place + 2] and words[place + 1] in TYPES and not _goes_on(words[place + 2 :]):
        return False  # a numbered street: "110 W 91st St", but not "at 12 St. John's Road", "bei 5 rue de la Gare"
    return place == 0 or len(re.split(r"[-/a-z]", word)[0]) < _POSTCODE_DIGITS


def _goes_on(words: Sequence[str]) -> bool:
    """Return whether words behind a type make it part of a name: St. John's Road, Court Street."""
    return _begins_name(words) or (bool(words) and words[0] in TYPES)


def _begins_name(words: Sequence[str]) -> bool:
    """Return whether words go on with a name, after a type that may begin one: Saint, rue, avenue."""
    return bool(words) and words[0].isalpha() and words[0] not in TYPES | DIRECTIONS | UNITS


def _numbered(parts: Sequence[Sequence[str]]) -> Iterator[tuple[HouseNumber, list[str], list[str]]]:
    """Yield each number with the words before and after it that may be its street."""
    for place, words in enumerate(parts):
        for at in range(len(words)):
            number = parse_number(words[at]) if _is_number(words, at) else None
            if number is None:
                continue
            before, after = list(words[:at]), list(words[at + 1 :])
            if not after and at == 0:
                after = next((list(part) for part in parts[place + 1 :] if part), [])
            if not before and not after and place:
                before = list(parts[place - 1])
            yield number, before[-_LONGEST_NAME:], after[:_LONGEST_NAME]
            if after and at == 0 and place + 1 < len(parts) and len(after) <= _MOST_OF_A_HOUSE:
                yield number, [], list(parts[place + 1])  # "1 Station Hall, Market Street"
                yield number, [], [*after, *parts[place + 1]][:_LONGEST_NAME]
            if before and place and len(parts[place - 1]) <= _MOST_OF_A_HOUSE:
                yield number, [*parts[place - 1], *before][-_LONGEST_NAME:], []


def _with_letter(number: HouseNumber, after: Sequence[str]) -> HouseNumber:
    """Return "10" followed by "b" as 10b, where the letter is not a direction or a name's beginning."""
    if not after or number.key[-1].isalpha() or not (after[0] in _REPEATED or _LETTER.fullmatch(after[0])):
        return number
    return parse_number(number.key + after[0]) or number


def _readings(parts: Sequence[Sequence[str]]) -> Iterator[Interpretation]:
    numbers: set[str] = set()
    for number, before, after in _numbered(parts):
        numbers.add(number.key)
        yield from _before_street(number, after)
        yield from _after_street(before, number, after)
    for words in parts:
        for count in range(min(len(words), _LONGEST_NAME), 0, -1):
            for start in range(len(words) - count + 1):
                name = " ".join(words[start : start + count])
                if count > 1 or not (name in _NO_NAMES or name in numbers or len(name) < _LEAST_LETTERS):
                    yield Interpretation(name, None)


def _before_street(number: HouseNumber, after: Sequence[str]) -> Iterator[Interpretation]:
    """Yield readings of a number with the street after it: "217-14 Hempstead Ave", "20 B Mannerheimintie"."""
    lettered = _with_letter(number, after)
    if lettered != number and len(after) > 1 and not _is_lettered_street(after):
        for count in range(len(after) - 1, _least_words(after[1:]) - 1, -1):
            turned = after[0] in DIRECTIONS
            yield Interpretation(
                " ".join(after[1 : count + 1]), lettered, worth=_TURNED if turned else 1.0, is_strict=turned
            )
    for count in range(len(after), _least_words(after) - 1, -1):
        if count > 1 or after[0] not in _NO_NAMES - {"st"}:
            yield Interpretation(" ".join(after[:count]), number)
        if count == 2 and after[1] in TYPES:  # noqa: PLR2004 - "Cuort Street" is named by a type
            yield from (
                Interpretation(f"{mended} {after[1]}", number, worth=_MENDED) for mended in mended_types(after[0])
            )
        for mended in mended_types(after[count - 1]) if count > 1 else ():
            yield Interpretation(" ".join([*after[: count - 1], mended]), number, worth=_MENDED)


def _is_lettered_street(words: Sequence[str]) -> bool:
    """Return whether a letter is a street's name: "L Street NE" of "500 L Street NE"."""
    return words[1:2] != [] and words[1] in TYPES and not _begins_name(words[2:])


def _least_words(after: Sequence[str]) -> int:
    """Return how many words the street has at least: up to its type, well spelled or not, if it has one."""
    typed = (place + 1 for place, word in enumerate(after) if place and (word in TYPES or mended_types(word)))
    return next(typed, 1)


def _after_street(before: Sequence[str], number: HouseNumber, after: Sequence[str]) -> Iterator[Interpretation]:
    """Yield readings of a number with the street before it and perhaps a letter after it: "Mannerheimintie 10 B"."""
    lettered = _with_letter(number, after)
    for count in range(len(before), 0, -1):
        name = " ".join(before[-count:])
        if name in DIRECTIONS:
            continue
        yield Interpretation(name, lettered)
        if lettered != number:
            yield Interpretation(name, number)


def _likely(parts: Sequence[Sequence[str]]) -> Iterator[Interpretation]:
    """Yield what is worth a search by likeness: the words next to each number, else the first part."""
    any_number = False
    for number, before, after in _numbered(parts):
        any_number = True
        is_letter = after and _LETTER.fullmatch(after[0]) and after[0] not in DIRECTIONS
        if after and (after[0] in _REPEATED or (is_letter and not _is_lettered_street(after))):
            number, after = _with_letter(number, after), after[1:]  # noqa: PLW2901 - the letter goes to the number
        if after and _says_something(after):
            yield from (Interpretation(" ".join(name), number) for name in _up_to_type(after))
            if len(after) > _least_words(after) == 1 and len(after[0]) > _LEAST_LETTERS:
                yield Interpretation(after[0], number)
        if before and _says_something(before):
            yield Interpretation(" ".join(before[-4:]), _with_letter(number, after))
    if parts and (not any_number or len(parts[0]) > _LEAST_LETTERS):
        yield Interpretation(" ".join(parts[0][:_LONGEST_PLACE]), None)
    if parts and not any_number and len(parts[0]) >= _LEAST_LETTERS:
        yield from (Interpretation(" ".join(name), None) for name in _up_to_type(parts[0]))


def _says_something(words: Sequence[str]) -> bool:
    return any(len(word) > 1 and word not in TYPES and word not in DIRECTIONS for word in words)


def _up_to_type(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield a street's words up to its type: "hempstead ave" of "hempstead ave queens village".

    Notes
    -----
    A name may go on behind a type ("Hollis Court Boulevard", "Hillside Avenue Bellerose"), and a word that is nearly a
    type may be none ("Epsom Coure"): then all of it comes too.
    """
    for place, word in enumerate(words):
        kinds = (word,) if word in TYPES else mended_types(word)
        if place and kinds and not (place == 1 and words[0] in DIRECTIONS and words[2:]):
            following = list(takewhile(DIRECTIONS.__contains__, words[place + 1 : place + 2]))
            yield from ([*words[:place], kind, *following] for kind in kinds)
            if words[place + len(following) + 1 :]:
                yield from ([*words[:place], kind, *words[place + 1 :]] for kind in kinds)
            if word not in TYPES:
                yield words
            return
    yield words[:4]


def _areas(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the later parts, which name the town or district."""
    return tuple(" ".join(word for word in words if not word.isdigit()) for words in parts[1:])
