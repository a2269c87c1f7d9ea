"""What each kind of mention is worth, and what share of beliefs of each strength turned out right.

Notes
-----
The weights are those of a conditional logit over the districts of one city, rounded and pulled towards a guess that was
made before any text was seen; they say nothing of any name. The calibration is a logistic curve over beliefs of texts
that the weights were not fitted on.
"""

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

MentionKind = Literal[
    "district", "district_stem", "town", "town_stem", "community", "community_stem", "place", "short_place", "head",
    "stretch",
]  # fmt: skip
"""How a phrase is known: the name of an area in full or without its kind, of a place, or a part of names of places."""

SURE: Final = 0.72
"""Beliefs of this probability and more are acted upon."""

_BY_LENGTH: Final[dict[MentionKind, tuple[float, ...]]] = {  # of 2, 3, 4, 5 and more characters
    "district": (1.7, 1.7, 1.7, 1.7),
    "district_stem": (0.8, 0.8, 0.8, 0.8),
    "town": (1.7, 1.7, 1.7, 1.7),
    "town_stem": (0.9, 0.9, 0.9, 0.9),
    "community": (1.1, 1.1, 1.1, 1.1),
    "community_stem": (0.5, 0.7, 0.7, 0.7),
    "place": (0.05, 0.3, 0.75, 0.9),
    "short_place": (0.0, 0.35, 0.35, 0.35),
    "head": (0.25, 0.4, 0.6, 0.65),
    "stretch": (0.1, 0.2, 0.3, 0.3),
}
_WITHIN_A_WORD: Final = 0.65
_OF_A_ROAD: Final = 0.6
_LATER: Final = 0.55
_FIRST_CHARACTERS: Final = 50
_AGAIN: Final = 0.4
_MOST_REPEATS: Final = 4
_SHORT_TEXT: Final = 50
_SLOPE, _SHIFT = 1.0, 0.1
_SLOPE_OF_SHORT, _SHIFT_OF_SHORT = 1.3, 0.6
"""Who says little says what matters: a title's one name is right more often than one of many in a long text."""
_STEMS: Final = frozenset({"district_stem", "town_stem", "community_stem"})
_ROAD: Final = re.compile(r"[东西南北中]?\d?(?:路|大道|街(?!道)|巷|大桥|桥|河|江|立交|高速|线|隧道)")
_BEGINNING: Final = re.compile(
    r"(?:^|[\W_]|[在位于是住到由从至和与及的往向去来对市县区镇乡省道处问映诉询报议求关]|附近|建议)$"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """How a mention stands in its text: within another word, before the rest of a road's name, far behind, again."""

    is_within_a_word: bool = False
    is_of_a_road: bool = False
    is_later: bool = False
    times: int = 1


def setting_of(text: str, start: int, end: int, times: int) -> Setting:
    """Return how the mention from `start` to `end` of a normalised text stands in it, the `times`-th of its phrase."""
    return Setting(
        _BEGINNING.search(text[max(0, start - 3) : start]) is None,
        _ROAD.match(text, end) is not None,
        start >= _FIRST_CHARACTERS,
        times,
    )


def weight_of(kind: MentionKind, length: int, setting: Setting) -> float:
    """Return what a mention is worth of the logarithm by which its phrase is likelier where it is known."""
    if setting.times > _MOST_REPEATS:
        return 0.0
    weight = _BY_LENGTH[kind][min(length, 5) - 2]
    weight *= _WITHIN_A_WORD if setting.is_within_a_word else 1.0
    weight *= _OF_A_ROAD if setting.is_of_a_road and kind in _STEMS else 1.0
    weight *= _LATER if setting.is_later else 1.0
    return weight * (_AGAIN if setting.times > 1 else 1.0)


def calibrated(probability: float, length: int) -> float:
    """Return what share of beliefs of a probability, in texts of about a length in characters, is right."""
    bounded = min(max(probability, 1e-9), 1.0 - 1e-9)
    slope, shift = (_SLOPE_OF_SHORT, _SHIFT_OF_SHORT) if length <= _SHORT_TEXT else (_SLOPE, _SHIFT)
    return 1.0 / (1.0 + math.exp(-(slope * math.log(bounded / (1.0 - bounded)) + shift)))
