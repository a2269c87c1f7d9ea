"""Readings of Chinese address text, which has no blanks: cut at its marks and at tagged elements."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from geogrid.addresses.interpretation import Interpretation
from geogrid.addresses.normalise import is_chinese, normalise
from geogrid.addresses.numbers import HouseNumber, parse_number
from geogrid.addresses.tagger.elements import Element, ElementTagger

_AREA_KINDS: Final = frozenset({"prov", "city", "district", "town", "community", "devzone"})
_NAME_KINDS: Final = frozenset({"road", "subroad", "poi", "subpoi", "community", "town", "devzone"})
_MARK: Final = re.compile(r"[省市区县旗镇乡道村社路街巷弄里号栋座]|街道|社区|小区|大道")
# Sections and lanes belong to the name: 中正路1段12巷5号 is number 5.
_NUMBERED: Final = re.compile(
    r"(\d{1,6}弄)?(\d{1,6}+(?:-\d{1,5}+)?[a-z]?(?!\s*(?:\d|段|巷|期|楼(?![上下])|层|单元|室|米)))?(?:号|栋|座|组|队|弄|支弄)?"
)
_DIGITS: Final = re.compile(r"\d+(?:-\d+)?")
_LATIN: Final = re.compile(r"[^\u3400-\u9fff]+")
_FILLER: Final = re.compile(r"^[的在位于至到往向从把被请我们住家这里那边是有]+|[的在上里内外处旁有自从及与往向把被]+$")
_SHORTEST_NAME: Final = 2
_LONGEST_NAME: Final = 24
_LONGEST_LATIN_NAME: Final = 80
_LEAST_LATIN: Final = 4
_LONGEST_WHOLE: Final = 16
_LONGEST_SEARCHED: Final = 120
_LONGEST_KNOWN: Final = 12
_NUMBER_OF_A_LANE: Final = 0.93
_NUMBER_BEFORE: Final = re.compile(r"(\d{1,5}(?:-\d{1,4})?)号$")
_MOST_STARTS: Final = 7
_MOST_READINGS: Final = 90
_MOST_FUZZY: Final = 5


@dataclass(frozen=True, slots=True)
class ChineseReadings:
    """What Chinese text may mean, as `AddressQuery` holds it."""

    readings: tuple[Interpretation, ...]
    fuzzy: tuple[Interpretation, ...]
    areas: tuple[str, ...]


def read_chinese(parts: Sequence[str], tagger: ElementTagger | None) -> ChineseReadings:
    """Return the readings of the parts of a Chinese text, normalised."""
    readings: list[Interpretation] = []
    fuzzy: list[Interpretation] = []
    areas: list[str] = []
    for part in parts:
        elements = [] if tagger is None else tagger.tag(part)
        readings += _substrings(part, elements)
        fuzzy += _likely(part, elements)
        readings += _only_digits(part, elements)
        areas += [element.text for element in elements if element.kind in _AREA_KINDS]
    return ChineseReadings(
        tuple(dict.fromkeys(readings))[:_MOST_READINGS],
        tuple(dict.fromkeys(fuzzy))[:_MOST_FUZZY],
        tuple(dict.fromkeys(areas)),
    )


def latin_names(text: str) -> Iterator[Interpretation]:
    """Yield the stretches in Latin letters of a normalised Chinese text."""
    for stretch in _LATIN.finditer(text):
        name = stretch[0].strip()
        if len(name) >= _LEAST_LATIN and any(map(str.isalpha, name)):
            yield Interpretation(name)


def every_stretch(text: str) -> Iterator[Interpretation]:
    """Yield every stretch of a normalised Chinese text that may be a name, longest first, with the number after it."""
    run = text[:_LONGEST_SEARCHED]
    for length in range(min(_LONGEST_KNOWN, len(run)), 1, -1):
        for start in range(len(run) - length + 1):
            name = run[start : start + length]
            if name.isascii() or not is_chinese(name):
                continue
            number = number_after(run, start + length)
            if number is not None:
                yield from _numbered(name, number)
            yield Interpretation(name, None)


def number_after(text: str, place: int) -> HouseNumber | None:
    """Return the number that stands at a place of a text: 12 of "路12号", lane and number of "路1028弄5号"."""
    match = _NUMBERED.match(text, place)
    if match is None or not match[0]:
        return None
    return parse_number(match[0])


def _substrings(text: str, elements: Sequence[Element]) -> Iterator[Interpretation]:
    """Yield the names between any two cuts, longest first, with the number that follows each."""
    cuts = {0, len(text)} | {mark.end() for mark in _MARK.finditer(text)}
    for latin in _LATIN.finditer(text):
        cuts |= {latin.start(), latin.end()}
    for digits in _DIGITS.finditer(text):
        cuts |= {digits.start(), digits.end()}
    ends = sorted(cuts | {element.end for element in elements})
    starts = sorted(cuts | {element.start for element in elements} | {element.end for element in elements})
    pairs = [(a, b) for a in starts[: 4 * _MOST_STARTS] for b in ends if _SHORTEST_NAME <= b - a <= _longest(text[a:b])]
    for start, end in sorted(pairs, key=lambda pair: (pair[0] - pair[1], pair)):
        name = _FILLER.sub("", normalise(text[start:end]))
        if len(name) < _SHORTEST_NAME or name.isdigit():
            continue
        number = number_after(text, end) or _number_before(text, start)
        if number is not None:
            yield from _numbered(name, number)
        yield Interpretation(name, None)


def _only_digits(text: str, elements: Sequence[Element]) -> Iterator[Interpretation]:
    """Yield a number that is all that a text says beside areas: the name of a place that is called 1886."""
    rest = text
    for element in elements:
        if element.kind in _AREA_KINDS and not element.text.isdigit():
            rest = rest.replace(element.text, "", 1)
    name = _FILLER.sub("", normalise(rest))
    if name.isdigit():
        yield Interpretation(name)


def _number_before(text: str, place: int) -> HouseNumber | None:
    """Return the number right before a place of a text, as in "12号解放路"; it belongs to no name before it."""
    match = _NUMBER_BEFORE.fullmatch(text[:place])
    return parse_number(match[1]) if match else None


def _longest(stretch: str) -> int:
    """Return how long a name may be: letters of other scripts say less each than Chinese characters."""
    return _LONGEST_NAME if is_chinese(stretch) else _LONGEST_LATIN_NAME


def _numbered(name: str, number: HouseNumber) -> Iterator[Interpretation]:
    if number.lane:
        is_whole = number.key == number.lane
        yield Interpretation(name + number.lane, None if is_whole else parse_number(number.key))
        lane = parse_number(number.lane.removesuffix("弄"))
        yield Interpretation(name, lane, worth=1.0 if is_whole else _NUMBER_OF_A_LANE)
    else:
        yield Interpretation(name, number)


def _likely(text: str, elements: Sequence[Element]) -> Iterator[Interpretation]:
    """Yield tagged names for a search by likeness; without elements the whole text up to its number."""
    named = [element for element in elements if element.kind in _NAME_KINDS]
    latin = [stretch[0].strip() for stretch in _LATIN.finditer(text) if any(map(str.isalpha, stretch[0]))]
    yield from (Interpretation(normalise(name), None) for name in latin if len(name) >= _LEAST_LATIN)
    if named and len(text) <= _LONGEST_WHOLE and not _DIGITS.search(text):
        yield Interpretation(_FILLER.sub("", normalise(text)), None)  # the name of a place may hold names of roads
    for element in sorted(named, key=lambda element: (element.kind not in {"road", "poi"}, element.start)):
        name = _FILLER.sub("", normalise(element.text))
        if len(name) > 1:
            number = number_after(text, element.end)
            kind = "street" if "road" in element.kind else "place"
            readings = list(_numbered(name, number)) if number is not None else [Interpretation(name, None)]
            yield from (Interpretation(reading.name, reading.number, kind, reading.worth) for reading in readings)
    if not named:
        digits = _DIGITS.search(text)
        name = text[: digits.start()] if digits and digits.start() > 1 else text
        yield Interpretation(normalise(name)[-_LONGEST_NAME:], number_after(text, len(name)))
