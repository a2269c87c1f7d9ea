"""Address text brought to one spelling, so that what is asked and what is known can be compared."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from geogrid.addresses.chinese_numerals import unify_chinese
from geogrid.addresses.traditional import SIMPLIFIED_OF
from geogrid.addresses.words import ARTICLES, DIRECTIONS, ORDINALS, TENS, TYPES, unglued, unify_word

_DASHES: Final = re.compile(r"\s*[\u2010-\u2015\u2212\uff0d\u301c~\uff5e\ufe63]+\s*")
_SPACED_DASH: Final = re.compile(r"(?<=\d)\s*-\s*(?=\d)")
_NOT_WORD: Final = re.compile(r"[^\w\-/]+")
_STOPS: Final = re.compile(r"(?<=\w)\.(?=\w)|['\u2019`\u00b4]")
_NUMBER_SIGN: Final = re.compile(
    r"(?:(?<![\w'])(?:nr|no|num|number|hausnr)\b\.?|(?<!\w)n[\u00b0\u00ba]|#|\u2116)\s*(?=\d)"
)
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_BESIDE_HAN: Final = re.compile(r" (?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff]) ")
_PART_MARKS: Final = re.compile(r"[,，;；、。\n\t|]+")


def is_chinese(text: str) -> bool:
    """Return whether a text has Chinese characters."""
    return _HAN.search(text) is not None


def fold(text: str) -> str:
    """Return text in half width, small letters, without accents, in simplified characters, counted things in digits.

    Notes
    -----
    Punctuation stays. Both what is asked and what is known is folded, so a fold that merges too much costs little.
    """
    if text.isascii():
        return _SPACED_DASH.sub("-", text.lower())
    # Enclosed and superscript digits become digits as well: ⑨幢.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    plain = unicodedata.normalize("NFC", plain).translate(SIMPLIFIED_OF)
    dashed = _SPACED_DASH.sub("-", _DASHES.sub("-", plain))
    return unify_chinese(dashed) if is_chinese(dashed) else dashed


def parts_of(text: str) -> list[str]:
    """Return the normalised parts of an address that commas or line ends set apart."""
    return [words for part in _PART_MARKS.split(fold(text)) if (words := _words(part))]


def normalise(text: str) -> str:
    """Return text in one spelling: folded, single spaces, types and directions in their short forms.

    Examples
    --------
    >>> normalise("217–14 Hempstead Avenue")
    '217-14 hempstead ave'
    >>> normalise("Twenty-First Street North")
    '21 st n'
    """
    return _words(fold(text))


def _words(folded: str) -> str:
    words = _NOT_WORD.sub(" ", _STOPS.sub("", _NUMBER_SIGN.sub(" ", folded))).split()
    unified: list[str] = []
    for word in words:
        tens, _, ones = word.partition("-")
        if tens in TENS and 0 < ORDINALS.get(ones, 0) < 10:  # noqa: PLR2004 - twenty-first to ninety-ninth
            unified.append(str(TENS[tens] + ORDINALS[ones]))
        elif unified and unified[-1] in TENS and 0 < ORDINALS.get(word, 0) < 10:  # noqa: PLR2004
            unified[-1] = str(TENS[unified[-1]] + ORDINALS[word])
        else:
            stripped = word.strip("-/_")
            if stripped:
                unified += map(unify_word, unglued(stripped))
    joined = " ".join(unified)
    return _BESIDE_HAN.sub("", joined) if is_chinese(joined) else joined


def core_of(key: str) -> str:
    """Return a normalised name without direction and type: what is left of it when people are short.

    Examples
    --------
    >>> core_of("s wood st")
    'wood'
    >>> core_of("100 ave")
    '100'
    """
    words: Sequence[str] = key.split()
    if len(words) > 1 and words[-1] in DIRECTIONS and not TYPES.issuperset(words[:-1]):
        words = words[:-1]
    if len(words) > 1 and words[0] in DIRECTIONS and not TYPES.issuperset(words[1:]):
        words = words[1:]
    if len(words) > 1 and words[-1] in TYPES and not ARTICLES.issuperset(words[:-1]):
        words = words[:-1]
    elif len(words) > 1 and words[0] == "r":
        words = words[1:]
    return " ".join(words)


def search_text(parts: Iterable[str]) -> str:
    """Return the normalised words of an address under which it is found."""
    return " ".join(filter(None, (normalise(part) for part in parts)))
