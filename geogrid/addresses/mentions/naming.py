"""The names that an area or a place goes by in what people write, from the one name that a list has."""

import re
from collections.abc import Iterator
from typing import Final

from geogrid.addresses.normalise import normalise

_OFFICE: Final = re.compile(r"(?:社区)?(?:居民委员会|居委会|村民委员会|村委会)$|办事处$")
_KIND: Final = re.compile(r"(?:社区|街道|地区|镇|乡|村)$")
_KIND_OF_DISTRICT: Final = re.compile(r"(?:新区|自治县|自治旗|区|县|市|旗)$")
_BRACKETED: Final = re.compile("[（(【\\[]([^）)】\\]]*)[）)】\\]]?")
_KIND_OF_PLACE: Final = re.compile(r"(?:住宅小区|小区|公寓|大厦|社区|广场|花园)$")
_SHORTEST: Final = 2
_SHORTEST_PLACE: Final = 3


def area_names(name: str, level: str) -> tuple[str, str]:
    """Return the full name of an area, without that of its office, and what is left without its kind.

    Examples
    --------
    >>> area_names("金鼎村村民委员会", "community")
    ('金鼎村', '金鼎')
    >>> area_names("望桥社区居民委员会", "community")
    ('望桥社区', '望桥')
    """
    key = normalise(name)
    full = _OFFICE.sub("", key)
    if full != key and not _KIND.search(full):
        full += "社区" if "居" in key else "村" if "村" in key else "街道"
    kind = _KIND_OF_DISTRICT if level == "district" else _KIND
    stem = kind.sub("", full)
    return full, stem if len(stem) >= _SHORTEST else full


def place_names(name: str) -> Iterator[str]:
    """Yield a place's name as it is listed, and without what stands in brackets behind it, normalised."""
    whole, bare = normalise(name), normalise(_BRACKETED.sub("", name))
    yield from dict.fromkeys(each for each in (whole, bare) if len(each) >= _SHORTEST)


def short_place_name(key: str) -> str:
    """Return a place's name without its kind where enough is left of it, else nothing: 云水麓园 of 云水麓园小区."""
    short = _KIND_OF_PLACE.sub("", key)
    return short if short != key and len(short) >= _SHORTEST_PLACE else ""


def heads(name: str) -> Iterator[str]:
    """Yield the stretches that a place's name, and what stands in its brackets, begin with: 梅溪湖 of 梅溪湖医院."""
    for part in (normalise(_BRACKETED.sub("", name)), *map(normalise, _BRACKETED.findall(name))):
        yield from (part[:length] for length in range(_SHORTEST, min(9, len(part)) + 1))


def stretches(name: str) -> Iterator[str]:
    """Yield the stretches of 2 to 5 characters within a place's name, without its beginnings."""
    key = normalise(_BRACKETED.sub("", name))
    for length in range(_SHORTEST, 6):
        yield from (key[start : start + length] for start in range(1, len(key) - length + 1))
