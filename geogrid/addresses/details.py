"""Building, unit and room: what an address says beyond its number, and which of the known places say the same."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from geogrid.addresses.gazetteer import GazetteerPlace
from geogrid.addresses.normalise import fold, is_chinese

DetailLevel = Literal["building", "unit", "room"]

_CHINESE: Final[tuple[tuple[DetailLevel, re.Pattern[str]], ...]] = (
    ("building", re.compile(r"(\d{1,4}[a-z]?|[a-z]\d{0,3})(?:栋|座)|(?<=院)(\d{1,3})楼")),
    ("unit", re.compile(r"(\d{1,2}|[a-z])单元|(?<=栋)(\d{1,2})门")),
    ("room", re.compile(r"(\d{1,5}[a-z]?)(?:室|号店|号铺|号商铺|号门面)|(?:单元|栋|座)(\d{3,5}[a-z]?)(?!\d|号)")),
)
# 12号3-2-501 is building 3, unit 2, room 501; 3-501 is building 3, room 501.
_DASHED: Final = re.compile(r"(?<![\d-])(\d{1,3})-(?:(\d{1,2})-)?(\d{3,4})(?![\d-])(?!号)")
_LATIN: Final = re.compile(
    r"\b(?:apt|apartment|unit|suite|ste|rm|room|flat)\.?\s*#?\s*([a-z]?\d+[a-z]?|[a-z])\b|#\s*(\w+)"
)
_BARE: Final = re.compile(r"[a-z]?\d+[a-z]?|[a-z]$")


@dataclass(frozen=True, slots=True)
class Details:
    """Normalised building, unit and room; empty where the address does not say."""

    building: str = ""
    unit: str = ""
    room: str = ""

    def __bool__(self) -> bool:
        """Return whether anything is said."""
        return bool(self.building or self.unit or self.room)


def details_of(folded: str) -> Details:
    """Return what a folded text says beyond the number: ``"12号3栋2单元501室"`` is building 3, unit 2, room 501."""
    if not is_chinese(folded):
        match = _LATIN.search(folded)
        return Details(room=(match[1] or match[2]) if match else "")
    said = {level: _first(pattern, folded) for level, pattern in _CHINESE}
    dashed = _DASHED.search(folded)
    if dashed and not said["building"]:
        return Details(dashed[1], dashed[2] or "", dashed[3])
    return Details(said["building"], said["unit"], said["room"])


def narrowed(places: Sequence[GazetteerPlace], details: Details) -> tuple[Sequence[GazetteerPlace], DetailLevel | None]:
    """Return the places that agree with the details as far as any does, and the narrowest level that agrees."""
    level: DetailLevel | None = None
    for name in ("building", "unit", "room"):
        value = getattr(details, name)
        if not value:
            continue
        same = [place for place in places if _bare(getattr(place, name)) == value]
        if same:
            places, level = same, name
        else:
            places = [place for place in places if not getattr(place, name)] or places
    return places, level


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return next(filter(None, match.groups()), "") if match else ""


def _bare(text: str) -> str:
    """Return the number or letter of a known building, unit or room: ``"3号楼"`` and ``"3栋"`` are 3."""
    match = _BARE.search(fold(text)) if text else None
    return match[0] if match else ""
