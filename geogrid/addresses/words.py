"""Words of addresses and their short forms: street types, directions, ordinals, Chinese numerals and marks."""

import re
from collections.abc import Mapping
from typing import Final

from rapidfuzz.distance import OSA

_TYPES: Final[dict[str, str]] = {
    "st": "street str saint sankt strt",
    "ave": "avenue av aven avenu avn avnue",
    "blvd": "boulevard bd boul boulv bvd blv",
    "rd": "road rod",
    "dr": "drive drv driv",
    "ln": "lane",
    "pl": "place plc",
    "ct": "court crt",
    "sq": "square sqr squ",
    "hwy": "highway hiway hway",
    "pkwy": "parkway pky pkway parkwy pwy",
    "ter": "terrace terr",
    "tpke": "turnpike tpk trnpk turnpk",
    "expy": "expressway exp expwy",
    "fwy": "freeway frwy",
    "cir": "circle circ crcl",
    "cres": "crescent crsnt",
    "plz": "plaza plza",
    "aly": "alley ally",
    "brg": "bridge",
    "ctr": "center centre cntr",
    "hts": "heights",
    "mt": "mount",
    "ft": "fort",
    "ext": "extension extn",
    "trl": "trail",
    "xing": "crossing",
    "svc": "service",
    "r": "rue",
    "cl": "close",
    "gdns": "gardens gardn gdn",
    "gr": "grove gro grv",
    "grn": "green",
    "rdg": "ridge",
    "vw": "view",
    "vly": "valley",
    "cv": "cove",
    "bnd": "bend",
    "lndg": "landing",
    "mdws": "meadows",
    "pde": "parade",
    "prom": "promenade",
    "esp": "esplanade",
    "all": "allee",
    "imp": "impasse",
    "ch": "chemin",
    "c": "calle",
}
_WHOLE: Final = "way walk row loop path pike mews run hill rise croft vale wharf yard quay quai bank garth glen via"
_TYPES.update(dict.fromkeys(_WHOLE.split(), ""))
_DIRECTIONS: Final = {
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
    "ne": "northeast",
    "nw": "northwest",
    "se": "southeast",
    "sw": "southwest",
}

SHORT_OF: Final[Mapping[str, str]] = {
    long: short for table in (_TYPES, _DIRECTIONS) for short, longs in table.items() for long in longs.split()
}
"""Every spelling of a type or direction, and the one short form under which both sides are compared."""

TYPES: Final = frozenset(_TYPES) - {"mt", "ft", "ext"}
FORMS_OF: Final[Mapping[str, tuple[str, ...]]] = {short: (short, *longs.split()) for short, longs in _TYPES.items()}
"""Every spelling of each type."""
ARTICLES: Final = frozenset({"the", "la", "le", "les", "el", "los", "las", "il", "de", "der", "die", "das"})
DIRECTIONS: Final = frozenset(_DIRECTIONS)
_TYPE_WORDS: Final = {
    long: short
    for short, longs in _TYPES.items()
    if short in TYPES
    for long in (longs or short).split()[:1]
    if len(long) > 3  # noqa: PLR2004 - of shorter words every other word is one slip away
}
UNITS: Final = frozenset({"apt", "apartment", "unit", "suite", "ste", "fl", "floor", "rm", "room", "flat", "#"})
BESIDE_NUMBER: Final = frozenset({"rear", "front", "frnt", "half", "1/2", "1/4", "3/4"})
"""Words after a house number that say where on its ground: "214-39 REAR Jamaica Avenue"."""
FLOORS: Final = frozenset({"fl", "floor", "flr", "krs", "etage", "og", "piso", "storey", "story"})

_ONES: Final = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
)
_TENS: Final = ("twentieth", "thirtieth", "fortieth", "fiftieth", "sixtieth", "seventieth", "eightieth", "ninetieth")
_TENS_BEFORE: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS: Final[Mapping[str, int]] = {word: number for number, word in enumerate(_ONES, start=1)} | {
    word: 10 * number for number, word in enumerate(_TENS, start=2)
}
TENS: Final[Mapping[str, int]] = {word: 10 * number for number, word in enumerate(_TENS_BEFORE, start=2)}

# The second is the ideographic zero.
_DIGITS: Final = {letter: number for number, letter in enumerate("\u3007一二三四五六七八九")} | {
    "零": 0,
    "两": 2,
    "○": 0,
}
_PLACES: Final = {"十": 10, "百": 100, "千": 1000}
_NUMERAL: Final = "\u3007○零一二三四五六七八九十百千两"
_COUNTED: Final = re.compile(
    rf"(?<![{_NUMERAL}第])([{_NUMERAL}]+)(?=号|弄|幢|栋|单元|室|楼|层|村民小组|组(?!织)|队(?!伍)|门栋|座|巷|段|期|房|[甲乙丙丁戊]号|-[{_NUMERAL}]+[号弄室])"
)
# At the end of a street, numerals are its number although no mark says so: 解放路三十二门口.
_BARE: Final = re.compile(
    rf"(?<=[路街巷道段弄])([{_NUMERAL}]+)(?=$|[,\uff0c。.;；、\s]|门口|门前|旁|对面|附近|楼[上下]|隔壁|附\d)"
)
_GROUP: Final = re.compile(rf"第([{_NUMERAL}]+|\d+)(?=(?:村民|村|居民)?小组|组(?!织)|栋|幢|单元)")
# A name, not a count: 建设1路 is 建设一路.
_NAMED_BY_NUMBER: Final = re.compile(r"(?<=[\u4e00-\u9fff])([1-9])(?=[路街](?!口))")
_NUMERALS: Final = "零一二三四五六七八九"
_MISREAD: Final = (
    (re.compile(r"(?<=\d)o(?=[\d号弄栋幢室单组座])|(?<=\d)o(?![a-z])"), "0"),
    (re.compile(r"(?<![a-z])[il|](?=\d)|(?<=\d)[il|](?=[\d号弄室])"), "1"),
)
_STEMS: Final = str.maketrans("甲乙丙丁戊", "abcde")
_STEM: Final = re.compile(r"(?:([甲乙丙丁戊])\s*(\d+)号|(\d+)号?([甲乙丙丁戊])(?=号|$|\W|\d))")
_MARKS: Final = (
    (re.compile(r"(?<=\d)号?之(?=\d)"), "-"),
    (re.compile(r"(?<=\d)\s+(?=[a-z]\s*[号栋座])"), ""),
    (re.compile(r"(?<=\d)\s*号?\s*(?:至|到|-)\s*(?=\d+号)"), "-"),
    (re.compile(r"(?<![a-z])no\.?\s*(?=\d)"), ""),
    (re.compile(r"號"), "号"),
    (re.compile(r"(?<=\d)\s*号\s*楼"), "栋"),
    (re.compile(r"(?<=[\da-z])\s*(?:幢|橦|撞|棟|栋楼|栋|懂)"), "栋"),
    (re.compile(r"单无|单園|单园|单员"), "单元"),
    (re.compile(r"(?<=\d)\s*(?:房间|房号|房)(?!屋)"), "室"),
    (re.compile(r"(?<=\d)\s*(?:村民小组|居民小组|村小组|小组)"), "组"),
    (re.compile(r"(?<=\d)\s*(?:門|门)牌"), "号"),
    (re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff\d])|(?<=\d)\s+(?=[\u4e00-\u9fff])"), ""),
)


def chinese_number(numeral: str) -> int:
    """Return the number that Chinese numerals say: 十二 is 12, 一百零五 is 105, 二〇三 is 203."""
    if not any(letter in _PLACES for letter in numeral):
        return int("".join(str(_DIGITS[letter]) for letter in numeral))
    total, digit = 0, 0
    for letter in numeral:
        if letter in _PLACES:
            total, digit = total + max(digit, 1) * _PLACES[letter], 0
        else:
            digit = _DIGITS[letter]
    return total + digit


def unify_chinese(text: str) -> str:
    """Return Chinese text with counted things in digits (十二栋 as 12栋) and one character for each mark.

    Notes
    -----
    Numerals in names stay: only those before a mark such as 号 or 单元 are counted things. Letters that a scanner
    takes for digits become digits between them: l2号 is 12号.
    """
    text = _NAMED_BY_NUMBER.sub(lambda match: _NUMERALS[int(match[1])], text)
    counted = _BARE.sub(lambda match: str(chinese_number(match[1])), text)
    counted = _GROUP.sub(lambda match: match[1], counted)
    counted = _COUNTED.sub(lambda match: str(chinese_number(match[1])), counted)
    for pattern, digit in _MISREAD:
        counted = pattern.sub(digit, counted)
    counted = _STEM.sub(_with_stem, counted)
    for pattern, mark in _MARKS:
        counted = pattern.sub(mark, counted)
    return counted


def _with_stem(match: re.Match[str]) -> str:
    """Return "甲12号" and "12号甲" as 12a号."""
    number, stem = (match[2], match[1]) if match[1] else (match[3], match[4])
    return f"{number}{stem.translate(_STEMS)}号"


_ORDINAL: Final = re.compile(r"(\d+)([a-z]{2,3})")
_ENDINGS: Final = ("st", "nd", "rd", "th")
_LEAST_LETTERS: Final = 3
_LEAST_COMPOUND: Final = 5


def unify_word(word: str) -> str:
    """Return a Latin word in its short form; an ordinal, well spelled or not, as its number: ``"21st"`` is 21."""
    ordinal = _ORDINAL.fullmatch(word)
    if ordinal and any(OSA.distance(ordinal[2], ending) <= 1 for ending in _ENDINGS):
        return ordinal[1]
    if word in ORDINALS:
        return str(ORDINALS[word])
    if word.endswith("str") and len(word) > _LEAST_COMPOUND:
        return f"{word}asse"  # a German compound: Schillerstr.
    return SHORT_OF.get(word, word)


_GLUED: Final = re.compile(r"([a-z]{2,}?)(no|nr)?(\d[\d\-/]*)?")
_GLUABLE: Final = frozenset({*SHORT_OF, "st", "rd", "ave", "dr", "ln", "blvd"}) - frozenset(_DIRECTIONS.values())


def unglued(word: str) -> tuple[str, ...]:
    """Return a word as the type and the number that were written without a blank: ``"road53"``, ``"streetno5"``."""
    if not (word[-1].isdigit() or word.endswith(("no", "nr"))) or not word[0].isalpha():
        return (word,)
    glued = _GLUED.fullmatch(word)
    if glued is None or glued[1] not in _GLUABLE:
        return (word,)
    return (glued[1], glued[3]) if glued[3] else (glued[1],)


def mended_types(word: str) -> tuple[str, ...]:
    """Return the types that a word may have been meant to be, one slip away: ``"lace"`` is a lane or a place."""
    if len(word) < _LEAST_LETTERS or word in SHORT_OF or word.isdigit():
        return ()
    return tuple(_TYPE_WORDS[long] for long in _TYPE_WORDS if OSA.distance(word, long, score_cutoff=1) <= 1)
