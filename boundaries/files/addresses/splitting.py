"""Whole addresses in one column, taken apart into the columns of the gazetteer."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from boundaries.addresses.tagger import element_tagger
from geogrid.addresses.normalise import is_chinese

_NUMBER_FIRST: Final = re.compile(
    r"(\d+[A-Za-z]?(?:\s?[-/]\s?\d+[A-Za-z]?)?(?:\s1/2)?)\s+([^\W\d][^,;]*|\d+(?:st|nd|rd|th)\b[^,;]*)"
)
_NUMBER_LAST: Final = re.compile(r"([^\W\d][^,;]*?)\s+(\d+\s?[A-Za-z]?(?:[-/]\d+)?)(?=\s*(?:[,;]|$))")
_ELEMENTS: Final[Mapping[str, str]] = {
    "prov": "province",
    "city": "city",
    "district": "district",
    "town": "town",
    "community": "community",
    "road": "street",
    "roadno": "house_number",
    "poi": "estate",
    "houseno": "building",
    "cellno": "unit",
    "roomno": "room",
}
"""Kinds of elements, and the columns that they are."""


def split_addresses(texts: Sequence[str], known: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the columns of addresses that are written in one.

    Parameters
    ----------
    texts : sequence of str
        Whole addresses. One of which nothing can be told is a name.
    known : mapping of str to sequence of str
        What other columns of the file say of the same rows; it counts first.
    """
    rows = [_split(text) for text in texts]
    names = sorted({name for row in rows for name in row})
    found: dict[str, list[str]] = {}
    for name in names:
        said = known.get(name, [""] * len(texts))
        found[name] = [cell or row.get(name, "") for cell, row in zip(said, rows, strict=True)]
    return found


def _split(text: str) -> dict[str, str]:
    if not text:
        return {}
    return _split_chinese(text) if is_chinese(text) else _split_latin(text)


def _split_latin(text: str) -> dict[str, str]:
    if first := _NUMBER_FIRST.match(text):
        return {"house_number": first[1].strip(), "street": first[2].strip()}
    if last := _NUMBER_LAST.match(text):
        return {"street": last[1].strip(), "house_number": last[2].strip()}
    return {"name": text.partition(",")[0].strip()}


def _split_chinese(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in element_tagger().tag(text):
        column = _ELEMENTS.get(element.kind)
        if column is not None and column not in found:
            found[column] = element.text
    if "house_number" in found and "street" not in found:
        found.pop("house_number")
        found.pop("estate", None)
    if not {"street", "estate", "community"} & set(found):
        found["name"] = text
    return found
