"""Words that say how a place lies to the one that is named: crossings, between, opposite, next to."""

import re
from dataclasses import dataclass, replace
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
    r"(?P<street>.+?)[\s,(](?:between|betw|btw|btwn|bet)\.?\s+(?P<first>.+?)\s*(?:\band\b|&)\s*(?P<second>[^,;)]+)"
)
_ENGLISH_CROSSING: Final = re.compile(
    r"(?:.*\b(?:corner|intersection|junction|crossing)\s+of\s+)?(?P<first>[^,;]+?)"
    r"\s*(?:&|@|\s/\s|\+|\band\b|\bat\b|\bcorner(?:\s+of)?\b|\bnear\b|\s[x/]\s)\s*(?P<second>[^,;]+)"
)
_ENGLISH_BESIDE: Final = re.compile(
    r"\b(?:opposite(?:\s+(?:of|to))?|across(?:\s+the\s+(?:street|road))?(?:\s+from)?|in\s+front\s+of|in\s+back\s+of|behind|"
    r"next\s+(?:to|door\s+to)|beside|close\s+to|near(?:by)?|around|adjacent\s+to|outside(?:\s+of)?)\b"
)
_CHINESE_WAY: Final = re.compile(
    r"(?:再?(?:以|往|向|朝))(?P<direction>[东西][南北]?|[南北])(?:方向|侧|面|边)?(?:走|行|行驶)?(?:大?约)?"
    r"(?P<length>\d{1,4}(?:\.\d)?)(?P<unit>公里|千米|米|m)(?:处|左右|远|的地方)*"
)
_ENGLISH_WAY: Final = re.compile(
    r"(?:about\s+)?(?P<length>\d{1,4}(?:\.\d)?)\s*(?P<unit>km|m|metres|meters)\s+(?:to\s+the\s+)?"
    r"(?P<direction>(?:north|south)[- ]?(?:east|west)|north|south|east|west)\s+(?:of|from)\b"
)
_FARTHEST_M: Final = 2_000.0
_SAYS_BETWEEN: Final = re.compile(r"\b(?:between|betw|btwn?|bet)\b")
_SAYS_STRETCH: Final = re.compile(r"之间|中间|段")
_SAYS_CROSSING: Final = re.compile(r"[&@+/]|\b(?:and|at|corner|near|x)\b")
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
    way_m : tuple of float
        Metres to the east and to the north from what is named: "往东50米" is (50, 0).
    """

    kind: RelationKind = "at"
    names: tuple[str, ...] = ()
    way_m: tuple[float, float] = (0.0, 0.0)


def take_relation(folded: str) -> tuple[Relation, str]:
    """Return the relation that a folded text states, and the text without the words that state it."""
    way = _CHINESE_WAY.search(folded) or _ENGLISH_WAY.search(folded)
    if way is None:
        return _take_relation(folded)
    relation, rest = _take_relation(f"{folded[: way.start()]}\uff0c{folded[way.end() :]}")
    return replace(relation, way_m=_way_m(way)), rest


def _way_m(way: re.Match[str]) -> tuple[float, float]:
    """Return metres to the east and north of "往东北100米" or "100 m north-east of"."""
    direction = way["direction"].replace("-", "").replace(" ", "")
    length = float(way["length"]) * (1000.0 if way["unit"] in {"km", "公里", "千米"} else 1.0)
    east = ("东" in direction or "east" in direction) - ("西" in direction or "west" in direction)
    north = ("北" in direction or "north" in direction) - ("南" in direction or "south" in direction)
    part = length if not (east and north) else length * 0.5**0.5
    return (east * part, north * part) if length <= _FARTHEST_M else (0.0, 0.0)


def _take_relation(folded: str) -> tuple[Relation, str]:
    for pattern, words in ((_CHINESE_BETWEEN, _SAYS_STRETCH), (_ENGLISH_BETWEEN, _SAYS_BETWEEN)):
        match = pattern.search(folded) if words.search(folded) else None  # most texts say neither: asked first, cheaply
        if match:
            return Relation("between", (match["street"], match["first"], match["second"])), match["street"]
    match = _CHINESE_CROSSING.search(folded)
    if match:
        return Relation("crossing", (match["first"], match["second"])), folded
    rest = _ENGLISH_BESIDE.sub(" ", _CHINESE_BESIDE.sub("\uff0c", folded))
    if not _STARTS_WITH_NUMBER.match(rest) or re.search(r"[&@]|\bcorner\b", folded):
        match = _ENGLISH_CROSSING.fullmatch(folded.strip()) if _SAYS_CROSSING.search(folded) else None
        if match and "between" not in folded:
            return Relation("crossing", (match["first"], match["second"])), rest
    return Relation("beside" if rest != folded else "at"), rest
