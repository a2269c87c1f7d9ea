"""Words of addresses and their short forms: street types, directions, ordinals."""

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

_ORDINAL: Final = re.compile(r"(\d+)([a-z]{2,3})")
_ENDINGS: Final = ("st", "nd", "rd", "th")
_LEAST_LETTERS: Final = 3
_LEAST_COMPOUND: Final = 5


def unify_word(word: str) -> str:
    """Return a Latin word in its short form; an ordinal, well spelled or not, as its number: ``"21st"`` is 21."""
    ordinal = _ORDINAL.fullmatch(word)
    if ordinal and any(OSA.distance(ordinal[2], ending) <= 1 for ending in _ENDINGS):
        return ordinal[1].lstrip("0") or "0"  # lists that sort by text have 03rd Street
    if word in ORDINALS:
        return str(ORDINALS[word])
    if word.endswith("str") and len(word) > _LEAST_COMPOUND:
        return f"{word}asse"  # a German compound: Schillerstr.
    return SHORT_OF.get(word, word)


_NUMBER_FIRST: Final = re.compile(r"(\d{1,6}(?:-\d{1,4})?)([a-z]{3,})")
_ORDINAL_FIRST: Final = re.compile(r"(\d{1,3}(?:st|nd|rd|th))([a-z]{2,})")
_NUMBER_OF_ITS_OWN: Final = 4
_GLUED: Final = re.compile(r"([a-z]{2,}?)(no|nr)?(\d[\d\-/]*)?")
_GLUABLE: Final = frozenset({*SHORT_OF, "st", "rd", "ave", "dr", "ln", "blvd"}) - frozenset(_DIRECTIONS.values())


def unglued(word: str) -> tuple[str, ...]:
    """Return a word as what was written without a blank: ``"road53"``, ``"streetno5"``, ``"1035sanchez"``."""
    first = _NUMBER_FIRST.fullmatch(word)
    ordinal = _ORDINAL_FIRST.fullmatch(word)
    if ordinal is not None and ordinal[2] in _GLUABLE and (first is None or first[2] not in _GLUABLE):
        return (ordinal[1], ordinal[2])
    if first is not None and (first[2] in _GLUABLE or len(first[2]) >= _NUMBER_OF_ITS_OWN):
        return (first[1], first[2])
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
