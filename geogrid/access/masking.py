"""Texts with what is personal masked: telephones, identity numbers, mail addresses.

References
----------
GB 11643-1999, Citizen identification number: 6 digits of the place, 8 of the day of birth, 3 in order, and a check
character by ISO 7064 MOD 11-2. Numbers given out before have 15 digits, with a year of two digits and no check.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

_FULL_WIDTH: Final = {0xFF01 + place: 0x21 + place for place in range(94)}
"""Characters of full width, which are typed among Chinese, and the ones of ASCII."""
_GAP: Final = r"[ \-]?"
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
_IDENTITY: Final = re.compile(rf"(?<![0-9A-Za-z])\d{{6}}{_GAP}\d{{8}}{_GAP}\d{{3}}[0-9Xx](?![0-9A-Za-z])", re.ASCII)
_OLD_IDENTITY: Final = re.compile(rf"(?<![0-9A-Za-z])\d{{6}}{_GAP}\d{{6}}{_GAP}\d{{3}}(?![0-9A-Za-z])", re.ASCII)
_MOBILE: Final = re.compile(
    rf"(?<![0-9A-Za-z])(?:(?:\+|00)?86{_GAP})?(1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}})(?!\d)", re.ASCII
)
_ABROAD: Final = re.compile(r"(?<![0-9A-Za-z])\+\d(?:[ \-]?\d){7,14}(?!\d)", re.ASCII)
_LANDLINE: Final = re.compile(r"(?<![0-9A-Za-z])\(?0\d{2,3}\)?[ \-]?(\d{7,8}|\d{3,4}[ \-]\d{4})(?!\d)", re.ASCII)
_LOCAL: Final = re.compile(
    r"(?:电话|座机|手机|联系方式|致电|拨打|tel|phone|call)[^0-9\n]{0,6}(?<!\d)(\d{7,8}|\d{3,4}[ \-]\d{4})(?!\d)",
    re.ASCII | re.IGNORECASE,
)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_PROVINCES: Final = frozenset({*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55)}) | {
    *range(61, 66),
    71,
    81,
    82,
    83,
}
_OLDEST_YEAR: Final = 1850
_OLDEST_BORN: Final = 1920
"""Whoever was born before has none of the numbers of 15 digits any more, and codes of grids often look like one."""
_COUNTRY: Final = "86"


class NumberKind(StrEnum):
    """What a number is of somebody's."""

    TELEPHONE = "telephone"
    EMAIL = "email"
    IDENTITY_NUMBER = "identity_number"


@dataclass(frozen=True, slots=True, order=True)
class PersonalNumber:
    """A number that leads to a person, written in the one way in which numbers are compared."""

    kind: NumberKind
    value: str


def plain_number(kind: NumberKind, text: str) -> PersonalNumber:
    """Return a number as numbers are compared: half width, no gaps, no country code, letters of one case."""
    read = text.translate(_FULL_WIDTH).strip()
    if kind is NumberKind.EMAIL:
        return PersonalNumber(kind, read.casefold())
    if kind is NumberKind.IDENTITY_NUMBER:
        return PersonalNumber(kind, re.sub(r"[^0-9A-Za-z]", "", read).upper())
    digits = re.sub(r"[^0-9]", "", read)
    abroad = re.match(rf"\(?(?:\+|00){_COUNTRY}|{_COUNTRY}(?=1[3-9]\d{{9}}$)", read)
    if abroad:
        digits = digits[digits.index(_COUNTRY) + len(_COUNTRY) :]
        is_whole = re.fullmatch(r"1[3-9]\d{9}|0\d+", digits)
        digits = digits if is_whole else f"0{digits}"
    return PersonalNumber(kind, digits)


def numbers_in(value: Any) -> Iterator[PersonalNumber]:
    """Yield the numbers that `mask_value` would mask in a value of JSON."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from numbers_in(str(name))
            yield from numbers_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from numbers_in(each)
    elif isinstance(value, str) or _is_whole(value):
        text = value if isinstance(value, str) else str(int(value))
        for kind, number, _ in _matches(text):
            yield plain_number(kind, number)


def mask_text(text: str) -> str:
    """Return a text of the same length with the middle of every telephone, identity number and mail address masked.

    A mobile number keeps three digits and the last four (138****1234), an identity number three and the last two, a
    number of the fixed network its area and the last four, an address of mail its first letter and its domain. Digits
    of full width count as digits. Masking again changes nothing.
    """
    hidden = {position for _, _, places in _matches(text) for position in places}
    return "".join("*" if position in hidden else each for position, each in enumerate(text)) if hidden else text


def _may_hold(text: str) -> bool:
    """Return whether a text may hold a number: most texts do not, and are not looked through."""
    if len(text) < _SHORTEST:
        return False
    return _PERHAPS.search(text if text.isascii() else text.translate(_FULL_WIDTH)) is not None


def _matches(text: str) -> Iterator[tuple[NumberKind, str, list[int]]]:
    """Yield each number of a text with the places of its characters that are to be hidden."""
    if not _may_hold(text):
        return
    read = text.translate(_FULL_WIDTH)
    for kind, pattern, group, hides in _RULES:
        taken: list[int] = []
        for match in pattern.finditer(read):
            hidden = hides(match)
            if hidden:
                taken += hidden
                yield kind, match[group], hidden
        if taken:
            # What is masked already is no digit for the patterns that follow.
            left = list(read)
            for position in taken:
                left[position] = "*"
            read = "".join(left)


def mask_value(value: Any) -> Any:
    """Return a value of JSON with its texts masked, and with the numbers that would be masked as texts."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {mask_text(str(name)): mask_value(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [mask_value(each) for each in value]
    if _is_whole(value):
        masked = mask_text(str(int(value)))
        return value if masked == str(int(value)) else masked
    return value


def _is_whole(value: Any) -> bool:
    """Return whether a value is a whole number, be it written with a point."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value == int(value)
    )


def is_identity_number(digits: str) -> bool:
    """Return whether 18 characters are an identity number: place, day of birth and check character fit."""
    if len(digits) != 18 or not _is_place(digits) or not _is_day(digits[6:14]):  # noqa: PLR2004 - by the standard
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    return _CHECKS[total % 11] == digits[17].upper()


def _is_old_number(digits: str) -> bool:
    return _is_place(digits) and _is_day(f"19{digits[6:12]}", since=_OLDEST_BORN)


def _is_place(digits: str) -> bool:
    return int(digits[:2]) in _PROVINCES


def _is_day(digits: str, *, since: int = _OLDEST_YEAR) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year >= since
    except ValueError:
        return False


def _inner(match: re.Match[str], group: int, first: int, last: int) -> list[int]:
    """Return the places of the digits of a group but for some at its beginning and end."""
    places = [match.start(group) + i for i, char in enumerate(match[group]) if char.isalnum()]
    return places[first : len(places) - last]


def _of_identity(is_one: Callable[[str], bool]) -> Callable[[re.Match[str]], list[int]]:
    def hidden(match: re.Match[str]) -> list[int]:
        digits = re.sub(r"[ \-]", "", match[0])
        return _inner(match, 0, 3, 2) if is_one(digits) else []

    return hidden


def _of_mail(match: re.Match[str]) -> list[int]:
    return list(range(match.start() + 1, match.start() + match[0].index("@"))) or [match.start()]


_Rule = tuple[NumberKind, re.Pattern[str], int, Callable[[re.Match[str]], list[int]]]
_RULES: Final[tuple[_Rule, ...]] = (
    (NumberKind.EMAIL, _MAIL, 0, _of_mail),
    (NumberKind.IDENTITY_NUMBER, _IDENTITY, 0, _of_identity(is_identity_number)),
    (NumberKind.IDENTITY_NUMBER, _OLD_IDENTITY, 0, _of_identity(_is_old_number)),
    (NumberKind.TELEPHONE, _MOBILE, 1, lambda match: _inner(match, 1, 3, 4)),
    (NumberKind.TELEPHONE, _LANDLINE, 0, lambda match: _inner(match, 1, 0, 4)),
    (NumberKind.TELEPHONE, _ABROAD, 0, lambda match: _inner(match, 0, 3, 2)),
    (NumberKind.TELEPHONE, _LOCAL, 1, lambda match: _inner(match, 1, 0, 4)),
)
"""Kind, pattern, the group that is the number, and what to hide of it."""
_SHORTEST: Final = len("a@b.c")
_PERHAPS: Final = re.compile(r"@|\d(?:[ \-)]{0,2}\d){6}", re.ASCII)
