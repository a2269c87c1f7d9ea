"""House numbers: as written, and as places along a street."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from geogrid.addresses.normalise import fold

NumberStyle = Literal["plain", "block"]
"""What a hyphen means: 22-24 is a range and 12-1 a part of 12 (plain); 217-14 is number 14 of block 217 (block)."""

_LOTS_OF_A_BLOCK: Final = 100
_LONGEST_RANGE: Final = 40
_MOSTLY: Final = 0.3
_NUMBER: Final = re.compile(r"(\d{1,9})(?:\s?[-/]\s?(\d{1,4}))?\s?(bis|ter|[a-z])?(?![a-z\d])")
_LANE: Final = re.compile(r"(\d+)弄")


@dataclass(frozen=True, slots=True)
class HouseNumber:
    """A house number.

    Parameters
    ----------
    key : str
        Normalised: ``"33b"``, ``"217-14"``.
    first : int
        Its first number.
    second : int, optional
        The number after the hyphen.
    lane : str
        The lane (弄) that it stands in, with its mark; empty without one.
    """

    key: str
    first: int
    second: int | None = None
    lane: str = ""

    @property
    def block_place(self) -> int | None:
        """The place along a street of hyphenated numbers, None where it cannot be one."""
        if self.second is None or self.second >= _LOTS_OF_A_BLOCK:
            return None
        return self.first * _LOTS_OF_A_BLOCK + self.second

    @property
    def range_end(self) -> int | None:
        """The last number of a range such as 22-26; None where it is none."""
        if self.second is None or not 0 < self.second - self.first <= _LONGEST_RANGE:
            return None
        return self.second

    def starts(self) -> tuple[int, ...]:
        """Return the places along the street where a question with this number may begin, likelier first."""
        block = self.block_place
        return (self.first,) if block is None else (block, self.first)

    def places(self) -> tuple[int, ...]:
        """Return the places along the street that tell where this number is: `starts`, and the end of a range."""
        return self.starts() if self.range_end is None else (*self.starts(), self.range_end)


def parse_number(text: str) -> HouseNumber | None:
    """Return the house number that a text begins with: ``"33 B"``, ``"217-14"``, ``"1028弄5号"``; None without one."""
    folded = fold(text).strip(" #")
    folded = re.sub(r"^(?:no\.?|nr\.?|number)\s*", "", folded)
    lane = _LANE.match(folded)
    inner = _NUMBER.match(folded, lane.end() if lane else 0)
    if inner is None:
        return HouseNumber(lane[0], int(lane[1])) if lane else None
    first, second, letter = inner.groups()
    key = first + (f"-{second}" if second else "") + (letter or "")
    return HouseNumber(key, int(first), int(second) if second else None, lane[0] if lane else "")


def known_places(number: HouseNumber, style: NumberStyle) -> tuple[int, ...]:
    """Return the places along its street that a known number takes up: both ends of a range."""
    if style == "block" and number.block_place is not None:
        return (number.block_place,)
    return (number.first,) if number.range_end is None else (number.first, number.range_end)


def style_of(numbers: Sequence[HouseNumber]) -> NumberStyle:
    """Return what the hyphen means in a list of known numbers.

    Notes
    -----
    Ranges ascend a little and keep their side of the street. Where a good part of the two-digit second numbers does
    not, they are numbers within blocks, as in Queens.
    """
    hyphenated = [number for number in numbers if number.second is not None]
    lots = [number for number in hyphenated if re.fullmatch(r"\d+-\d\d[a-z]?", number.key)]
    odd = [number for number in lots if number.range_end is None or (number.range_end - number.first) % 2]
    return "block" if hyphenated and len(odd) >= max(_MOSTLY * len(hyphenated), 2) else "plain"
