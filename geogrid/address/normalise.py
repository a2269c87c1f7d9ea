"""Address text brought to one spelling and taken apart into street and house number."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_WORDS: Final[Mapping[str, str]] = {
    "st": "street",
    "str": "street",
    "ave": "avenue",
    "av": "avenue",
    "blvd": "boulevard",
    "bd": "boulevard",
    "rd": "road",
    "dr": "drive",
    "ln": "lane",
    "pl": "place",
    "ct": "court",
    "sq": "square",
    "hwy": "highway",
    "pkwy": "parkway",
    "r": "rue",
}
"""Short forms and what they stand for, applied to the question and to the gazetteer alike."""

_CHINESE_MARK: Final = r"(?:号|號)"
_NUMBER: Final = re.compile(
    rf"""(?<![\w])(?:no\.?\s*|nr\.?\s*)?
    (?P<number>\d+(?:\s?[-/]\s?\d+)?)        # 12, 217-14, 22/24
    (?P<letter>\s?(?:bis|ter|[a-z])(?![a-z]))?  # 33b, 33 b, 4bis
    {_CHINESE_MARK}?(?=$|[^\w]|[\u4e00-\u9fff])""",
    re.VERBOSE,
)
_CHINESE_NUMBER: Final = re.compile(
    rf"(?<=[\u4e00-\u9fff])(?P<number>\d+(?:-\d+)?)(?P<letter>[a-z])?\s?{_CHINESE_MARK}"
)
_POSTCODE_DIGITS: Final = 5
_LEADING: Final = re.compile(r"^(?:near|at|opposite|in front of|behind|next to)\s+")
_NOT_WORD: Final = re.compile(r"[^\w\-/]+")


@dataclass(frozen=True, slots=True)
class AddressQuery:
    """What a piece of address text says.

    Parameters
    ----------
    text : str
        All of it, normalised.
    street : str
        Words without the house number and what follows it.
    number : int, optional
        First number of the house number: 217 of "217-14", 22 of "22-24".
    house_number : str
        Whole house number, normalised: "33b", "217-14"; empty where there is none.
    """

    text: str
    street: str
    number: int | None
    house_number: str


def normalise(text: str) -> str:
    """Return text in one spelling: half width, small letters, no accents, single spaces, short forms written out.

    Notes
    -----
    Characters are folded by Unicode compatibility (NFKC), then accents are dropped. Chinese is kept as it is.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    dashed = re.sub(r"[\u2010-\u2015\u2212]", "-", unicodedata.normalize("NFC", plain))
    words = _NOT_WORD.sub(" ", dashed).split()
    return " ".join(_WORDS.get(word, word) for word in words)


def search_text(parts: Iterable[str]) -> str:
    """Return the normalised words of an address under which it is found."""
    return " ".join(filter(None, (normalise(part) for part in parts)))


def house_number_of(text: str) -> tuple[int | None, str]:
    """Return the first number and the whole of a house number as a gazetteer writes it: ``"33 B"`` is 33, "33b"."""
    found = re.match(r"(\d+)\s*(?:-\s*(\d+))?\s*(bis\b|ter\b|[a-z]\b)?", normalise(text))
    if found is None:
        return None, ""
    first, last, letter = found.groups()
    return int(first), first + (f"-{last}" if last else "") + (letter or "")


def parse_query(text: str) -> AddressQuery:
    """Return street and house number of an address as somebody wrote it.

    Notes
    -----
    The number stands after the street ("Mannerheimintie 10 B", "解放路12号") or before it ("217-14 Hempstead Ave"). A
    postcode - five digits or more - is no house number. What follows the number (city, flat) is not the street.
    """
    whole = _LEADING.sub("", normalise(text))
    found = _CHINESE_NUMBER.search(whole) or _house_number(whole)
    if found is None:
        return AddressQuery(whole, whole, None, "")
    number, house_number = house_number_of(found["number"] + (found["letter"] or "").strip())
    before = whole[: found.start()].strip(" -")
    after = whole[found.end() :].strip(" -")
    return AddressQuery(whole, before or after, number, house_number)


def _house_number(whole: str) -> re.Match[str] | None:
    for found in _NUMBER.finditer(whole):
        if len(re.sub(r"\D", "", found["number"].split("-")[0])) < _POSTCODE_DIGITS:
            return found
    return None
