"""Words that say how a place lies to the one that is named: crossings, between, opposite, next to."""

import re
from dataclasses import dataclass
from typing import Final, Literal

RelationKind = Literal["at", "beside", "crossing", "between"]

_CROSSING_MARKS: Final = (
    r"(?:交叉口|交叉路口|交汇处|交会处|交界处|交接处|十字路口|丁字路口|三岔路口|路口|交口|转角|拐角|相交|口)"
)
_CORNER: Final = r"(?:的)?(?:东南|东北|西南|西北|东|南|西|北)?(?:角|侧|面|边|方向)?"
_AND: Final = r"(?:与|和|跟|及|、|/|&|近|靠近|,|，)"
_ROAD: Final = r"(?:路|街|道|巷|弄|线|胡同|大道|公路|国道|桥)"
_CHINESE_CROSSING: Final = re.compile(
    rf"(?P<first>[^,，;；、]{{2,}}?{_ROAD}){_AND}?(?P<second>[^,，;；、]{{1,12}}?{_ROAD}){_CROSSING_MARKS}{_CORNER}"
)
_CHINESE_BETWEEN: Final = re.compile(
    rf"(?P<street>[^,，;；、]{{2,}}?{_ROAD})[（(]?(?P<first>[^,，;；、]{{1,12}}?{_ROAD})"
    rf"(?:与|和|到|至|-|—)(?P<second>[^,，;；、]{{1,12}}?{_ROAD})(?:之间|中间|段|路段)"
)
_CHINESE_BESIDE: Final = re.compile(
    r"(?:正?对面|斜对面|对过|隔壁|旁边|旁|附近|周边|后面|前面|门口|门前|楼下|(?:以|往|向)[东南西北]+(?:约?\d+米)?(?:处|左右)?)"
)
_ENGLISH_BETWEEN: Final = re.compile(
    r"(?P<street>.+?)[\s,(]+(?:between|betw|btw|btwn|bet)\.?\s+(?P<first>.+?)\s*(?:\band\b|&)\s*(?P<second>[^,;)]+)"
)
_ENGLISH_CROSSING: Final = re.compile(
    r"(?:.*\b(?:corner|intersection|junction|crossing)\s+of\s+)?(?P<first>[^,;]+?)"
    r"\s*(?:&|@|\s/\s|\+|\band\b|\bat\b|\bcorner(?:\s+of)?\b|\bnear\b|\s[x/]\s)\s*(?P<second>[^,;]+)"
)
_ENGLISH_BESIDE: Final = re.compile(
    r"\b(?:opposite(?:\s+(?:of|to))?|across(?:\s+the\s+(?:street|road))?(?:\s+from)?|in\s+front\s+of|in\s+back\s+of|behind|"
    r"next\s+(?:to|door\s+to)|beside|close\s+to|near(?:by)?|around|adjacent\s+to|outside(?:\s+of)?)\b"
)
_STARTS_WITH_NUMBER: Final = re.compile(r"\s*\d+(?:-\d+)?[a-z]?\s+\S")


@dataclass(frozen=True, slots=True)
class Relation:
    """How the place that is meant lies to what is named.

    Parameters
    ----------
    kind : {"at", "beside", "crossing", "between"}
        Beside: opposite, next to, behind.
    names : tuple of str
        Of a crossing its two streets, of "between" the street and the two that bound the stretch; not normalised.
    """

    kind: RelationKind = "at"
    names: tuple[str, ...] = ()


def take_relation(folded: str) -> tuple[Relation, str]:
    """Return the relation that a folded text states, and the text without the words that state it."""
    for pattern in (_CHINESE_BETWEEN, _ENGLISH_BETWEEN):
        found = pattern.search(folded)
        if found:
            return Relation("between", (found["street"], found["first"], found["second"])), found["street"]
    found = _CHINESE_CROSSING.search(folded)
    if found:
        return Relation("crossing", (found["first"], found["second"])), folded
    rest = _ENGLISH_BESIDE.sub(" ", _CHINESE_BESIDE.sub("\uff0c", folded))
    if not _STARTS_WITH_NUMBER.match(rest) or re.search(r"[&@]|\bcorner\b", folded):
        found = _ENGLISH_CROSSING.fullmatch(folded.strip())
        if found and "between" not in folded:
            return Relation("crossing", (found["first"], found["second"])), rest
    return Relation("beside" if rest != folded else "at"), rest
