"""Chinese address text as tokens, and what a linear model looks at around each of them."""

import re
from typing import Final

import numpy as np

from geogrid.jit import Array, kernel
from geogrid.types import IntArray

BUCKETS: Final = 1 << 22
"""Features are hashed to this many buckets, so that a model holds numbers and no text."""

CHARACTER: Final = 0
PAIR: Final = 6
"""Columns of `feature_buckets`: a token itself, and it with the next one."""

_TOKEN: Final = re.compile(r"\d+|[a-zA-Z]+|\S", re.ASCII)
_NUMBER: Final = 1 << 24
_LETTER: Final = 1 << 25
_WORD: Final = 1 << 26
_KEYWORDS: Final = (
    "省市区县旗州盟镇乡街道村社路巷弄里胡同线堤桥号楼幢栋座室单元层屯庄组队厦园苑城场院店厂司校馆中心墅寓府坊湾门"
)
_KEYWORD_CODES: Final = np.array(sorted({ord(letter) for letter in _KEYWORDS}), dtype=np.int64)


def tokenise(text: str) -> tuple[list[tuple[int, int]], IntArray]:
    """Return the tokens of a text: Chinese characters and signs singly, runs of digits and of letters whole.

    Returns
    -------
    spans : list of (start, end)
        Places in the text.
    codes : (n,) int64
        A character's code point; for digits and letters only their number counts, and a single letter.
    """
    spans, codes = [], []
    for match in _TOKEN.finditer(text):
        token = match[0]
        spans.append(match.span())
        if token.isascii() and token.isdigit():
            codes.append(_NUMBER + min(len(token), 7))
        elif token.isascii() and token.isalpha():
            codes.append(_LETTER + ord(token.lower()) if len(token) == 1 else _WORD + min(len(token), 5))
        else:
            codes.append(ord(token[0]))
    return spans, np.array(codes, dtype=np.int64)


def feature_buckets(codes: IntArray) -> IntArray:
    """Return the buckets of the features of each token.

    Parameters
    ----------
    codes : (n,) int64
        Of `tokenise`.

    Returns
    -------
    (n, FEATURES) int64
        0 to `BUCKETS` - 1.
    """
    buckets: IntArray = _features(codes, _KEYWORD_CODES)
    return buckets


@kernel
def _mix(template: int, first: int, second: int, third: int) -> int:
    """Return a bucket of a template's values: the finaliser of SplitMix64 over their sum in odd multiples."""
    value = np.uint64(template) * np.uint64(0x9E3779B97F4A7C15)
    value += np.uint64(first + 2) * np.uint64(0xD1B54A32D192ED03)
    value += np.uint64(second + 2) * np.uint64(0x8CB92BA72F3D8DD7)
    value += np.uint64(third + 2) * np.uint64(0xABC98388FB8FAC03)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    value ^= value >> np.uint64(31)
    return int(value & np.uint64((1 << 22) - 1))


@kernel
def _at(codes: Array, place: int) -> int:
    return codes[place] if 0 <= place < len(codes) else -1


@kernel
def _keyword_from(codes: Array, keywords: Array, start: int, step: int) -> int:
    """Return the distance from a place to the nearest keyword in one direction, 8 where there is none near."""
    for distance in range(8):
        place = start + step * distance
        if place < 0 or place >= len(codes):
            return 8
        slot = np.searchsorted(keywords, codes[place])
        if slot < len(keywords) and keywords[slot] == codes[place]:
            return distance
    return 8


@kernel
def _number_from(codes: Array, start: int, step: int) -> int:
    for distance in range(8):
        place = start + step * distance
        if place < 0 or place >= len(codes):
            return 8
        if codes[place] >= 1 << 24:
            return distance
    return 8


@kernel
def _features(codes: Array, keywords: Array) -> Array:
    n = len(codes)
    buckets = np.empty((n, 36), dtype=np.int64)
    for i in range(n):
        b2, b1, c, a1, a2 = _at(codes, i - 2), _at(codes, i - 1), codes[i], _at(codes, i + 1), _at(codes, i + 2)
        b3, a3 = _at(codes, i - 3), _at(codes, i + 3)
        ahead, back = _keyword_from(codes, keywords, i, 1), _keyword_from(codes, keywords, i - 1, -1)
        after = _keyword_from(codes, keywords, i + ahead + 1, 1)
        next_word, last_word = _at(codes, i + ahead), _at(codes, i - 1 - back)
        second_word = _at(codes, i + ahead + 1 + after)
        number, past_number = _number_from(codes, i, 1), _number_from(codes, i - 1, -1)
        row = buckets[i]
        row[0], row[1], row[2] = _mix(0, c, 0, 0), _mix(1, b1, 0, 0), _mix(2, a1, 0, 0)
        row[3], row[4], row[5] = _mix(3, b2, 0, 0), _mix(4, a2, 0, 0), _mix(5, b1, c, 0)
        row[6], row[7], row[8] = _mix(6, c, a1, 0), _mix(7, b2, b1, 0), _mix(8, a1, a2, 0)
        row[9], row[10], row[11] = _mix(9, b1, a1, 0), _mix(10, b2, b1, c), _mix(11, b1, c, a1)
        row[12], row[13], row[14] = _mix(12, c, a1, a2), _mix(13, a1, a2, a3), _mix(14, b3, b2, b1)
        row[15], row[16] = _mix(15, ahead, next_word, 0), _mix(16, back, last_word, 0)
        row[17], row[18] = _mix(17, ahead, next_word, c), _mix(18, back, last_word, c)
        row[19], row[20] = _mix(19, ahead * 16 + back, next_word, last_word), _mix(20, next_word, last_word, 0)
        row[21], row[22] = _mix(21, ahead, next_word, _at(codes, i + ahead + 1)), _mix(22, number, ahead, next_word)
        row[23], row[24] = _mix(23, past_number, back, last_word), _mix(24, number, _at(codes, i + number + 1), 0)
        row[25], row[26] = _mix(25, past_number, _at(codes, i - past_number), 0), _mix(26, min(i, 12), 0, 0)
        row[27], row[28] = _mix(27, min(n - i, 8), 0, 0), _mix(28, min(i, 12), c, 0)
        row[29], row[30] = _mix(29, min(n - i, 8), c, 0), _mix(30, ahead, next_word, ahead * 64 + after * 8)
        row[31], row[32] = _mix(31, ahead * 16 + after, next_word, second_word), _mix(32, c, b2, 0)
        row[33], row[34] = _mix(33, c, a2, 0), _mix(34, _at(codes, i + ahead - 1), next_word, ahead)
        row[35] = _mix(35, min(n, 30) // 3, back, last_word)
    return buckets
