"""How much of a question an answer explains: areas that are named, words that stay unread, the way from the place."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from geogrid.addresses.interpretation import Interpretation
from geogrid.addresses.normalise import is_chinese
from geogrid.addresses.query import AddressQuery
from geogrid.addresses.relations import Relation
from geogrid.addresses.street import AddressPoint
from geogrid.addresses.words import TYPES
from geogrid.coordinates import metres_per_degree

_UNREAD_BESIDE_NUMBER: Final = 0.12
_UNREAD_BESIDE_NAME: Final = 0.25
_UNREAD_ADDRESS: Final = 0.45
"""Beside a name without number, where what is unread looks like an address of its own."""
_AREA_DIFFERS: Final = 0.93
_LEAST_OF_AN_AREA: Final = 2
_KIND_OF_AREA: Final = re.compile(
    r"(?:街道办事处|街道办|街道|办事处|居民委员会|村民委员会|居委会|村委会|社区|开发区|新区|地区|镇|乡|村|区|县|市|旗)$"
)
_LOOKS_LIKE_AN_ADDRESS: Final = re.compile(r"\d|[\u4e00-\u9fff](?:路|街|巷|弄|胡同|村|镇|栋|小区|大道)")


def named_areas(question: AddressQuery, name: str, areas: str) -> tuple[str, ...]:
    """Return those areas of a known place that the question names outside the name that matched.

    Parameters
    ----------
    question : AddressQuery
        As asked.
    name : str
        The reading that matched, normalised.
    areas : str
        Normalised areas of the place, parted by blanks.
    """
    if not areas:
        return ()
    if not is_chinese(areas):
        return tuple(area for area in question.areas if area and (area in areas or areas in area))
    rest = question.text.replace(name, " ", 1)
    return tuple(area for area in areas.split() if _is_named(area, rest))


def _is_named(area: str, text: str) -> bool:
    stem = _KIND_OF_AREA.sub("", area)
    return area in text or (len(stem) >= _LEAST_OF_AN_AREA and stem in text)


def of_areas(question: AddressQuery, named: Sequence[str], areas: str, most: int) -> float:
    """Return what a place is worth by its areas: less where another one fits more of those that are named.

    Parameters
    ----------
    question : AddressQuery
        As asked.
    named : sequence of str
        Of `named_areas`.
    areas : str
        Normalised areas of the place.
    most : int
        Areas that the best of all places has in common with the question.
    """
    if not areas:
        return 1.0
    if _contradicts(question.areas, areas):
        return float(_AREA_DIFFERS ** max(most - len(named), 1))
    return float(_AREA_DIFFERS ** (most - len(named)))


def _contradicts(named: Sequence[str], areas: str) -> bool:
    """Return whether an area of the same kind (区 or 镇 ...) is named differently."""
    area_by_kind = {word[-1]: word for word in areas.split()}
    return any(area and area[-1] in "区县镇乡村" and area_by_kind.get(area[-1], area) != area for area in named)


def read_share(question: AddressQuery, reading: Interpretation, areas: Sequence[str], *, is_numbered: bool) -> float:
    """Return 1 less what it costs that parts of the question were not recognised."""
    text = question.text
    whole = len(text.replace(" ", ""))
    rest = text.replace(reading.name, " ", 1)
    if rest == text:  # a name that was mended or joined is not in the text letter by letter
        rest = text[len(reading.name) :]
    for area in (*areas, *question.areas):
        rest = rest.replace(area, " ") if area in rest else rest.replace(_KIND_OF_AREA.sub("", area) or area, " ")
    if reading.number is not None:
        rest = rest.replace(reading.number.lane or reading.number.key, " ", 1).replace(reading.number.key, " ", 1)
        rest = re.sub(r"^\W*[号栋座组]|(?<= )[号栋座组]", " ", rest)
    unread = len(rest.replace(" ", "")) / max(whole, 1)
    if is_numbered:
        return 1.0 - unread * _UNREAD_BESIDE_NUMBER
    return 1.0 - unread * (_UNREAD_ADDRESS if _is_address_like(rest) else _UNREAD_BESIDE_NAME)


def _is_address_like(rest: str) -> bool:
    return _LOOKS_LIKE_AN_ADDRESS.search(rest) is not None or not TYPES.isdisjoint(rest.split())


def moved(spot: AddressPoint, relation: Relation, error_m: float) -> tuple[float, float, float]:
    """Return longitude, latitude and error of a spot after the way that the question states, "200 m north of"."""
    if relation.way_m == (0.0, 0.0):
        return spot.lon, spot.lat, error_m
    east, north = relation.way_m
    along_lon, along_lat = (float(length[0]) for length in metres_per_degree(np.array([spot.lat])))
    way = max(abs(east), abs(north))
    return spot.lon + east / along_lon, spot.lat + north / along_lat, error_m + way / 2
