"""Profiles of codes as data: how many digits each level adds, what their ranges mean, how new ones are numbered."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from geogrid.errors import InvalidInputError

_CUSTOM = re.compile(r"custom:([1-9]\d?(?:\+[1-9]\d?){0,5})")
_FREE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers with a meaning, both ends included."""

    first: int
    last: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Segment:
    """The digits that one level adds.

    Parameters
    ----------
    name : str
        What the level is.
    digits : int
        How many.
    ranges : tuple of Range
        Allowed numbers; empty for all from 0.
    first : int
        Number of the first new one.
    merged_first : int, optional
        Number of the first one that is made by merging; as `first` if left out.
    """

    name: str
    digits: int
    ranges: tuple[Range, ...] = ()
    first: int = 1
    merged_first: int | None = None

    def numbers(self, *, merged: bool) -> Iterator[str]:
        """Yield numbers for new grids, in the order in which they are given out."""
        start = self.merged_first if merged and self.merged_first is not None else self.first
        for number in range(start, 10**self.digits):
            yield f"{number:0{self.digits}d}"

    def fault(self, digits: str) -> str | None:
        """Return what is wrong with the digits of this segment."""
        if self.ranges and not any(span.first <= int(digits) <= span.last for span in self.ranges):
            allowed = ", ".join(
                f"{span.first:0{self.digits}d} to {span.last:0{self.digits}d} ({span.meaning})" for span in self.ranges
            )
            return f"its {self.name} number {digits} is none of {allowed}"
        return None


@dataclass(frozen=True, slots=True)
class TreePosition:
    """Where a grid stands in its tree.

    Parameters
    ----------
    level, depth : int
        Level of the grid, 1 is the top; number of levels of the plan.
    parent : str, optional
        Code of its parent.
    """

    level: int
    depth: int
    parent: str | None


@dataclass(frozen=True, slots=True)
class CodeProfile:
    """What codes look like.

    Parameters
    ----------
    name, title : str
        Short name; name for people.
    segments : tuple of Segment
        Top first; the lowest level of a plan has the last one. Levels above the first have free codes.
    object_digits : int
        Digits before the code of a leaf that say what is managed there, which no level above has.
    source : str
        Where the rules are published.
    is_checked : bool
        Compared with the text of the source, not only with what others say of it.
    """

    name: str
    title: str
    segments: tuple[Segment, ...]
    object_digits: int = 0
    source: str = ""
    is_checked: bool = False

    def fault(self, code: str, place: TreePosition) -> str | None:
        """Return what is wrong with a code, as the end of a sentence; None if nothing is."""
        position = self._position(place)
        if position is None:
            return None
        own = self.segments[position]
        lead = self._lead(place)
        above = sum(segment.digits for segment in self.segments[:position])
        length = lead + above + own.digits
        if len(code) != length or not (code.isascii() and code.isdecimal()):
            return f"{self.name} wants {length} digits here ({self._form(position, lead)})"
        if place.parent is not None and code[lead : lead + above] != place.parent:
            where = f"digits {lead + 1} to {lead + above}" if lead else f"the first {above} digits"
            return f"{where} are {code[lead : lead + above]}, not the code of its parent, {place.parent}"
        return own.fault(code[lead + above :]) if position else None

    def new_codes(
        self, place: TreePosition, taken: Collection[str], *, like: str | None = None, merged: bool = False
    ) -> Iterator[str]:
        """Yield codes for new grids.

        Parameters
        ----------
        place : TreePosition
            Where they will stand.
        taken : collection of str
            Codes that are in use.
        like : str, optional
            Code of a grid at the same place; a leaf takes its object digits from it.
        merged : bool
            The grid is made by merging others.
        """
        position = self._position(place)
        segment = Segment("number", _FREE_DIGITS) if position is None else self.segments[position]
        lead = 0 if position is None else self._lead(place)
        object_code = like[:lead] if like is not None and len(like) > lead else "0" * lead
        stem = place.parent or ""
        for number in segment.numbers(merged=merged):
            code = f"{object_code}{stem}{number}"
            if code not in taken:
                yield code

    def next_code(
        self, place: TreePosition, taken: Collection[str], *, like: str | None = None, merged: bool = False
    ) -> str:
        """Return the first of `new_codes`.

        Raises
        ------
        InvalidInputError
            All numbers are taken.
        """
        for code in self.new_codes(place, taken, like=like, merged=merged):
            return code
        raise InvalidInputError.of(
            "no-code-left",
            f"Every number below {place.parent or 'the top'} is taken in the profile {self.name}.",
            "Give the code, or choose a profile with more digits.",
        )

    def _position(self, place: TreePosition) -> int | None:
        position = len(self.segments) - 1 - (place.depth - place.level)
        return position if position >= 0 else None

    def _lead(self, place: TreePosition) -> int:
        return self.object_digits if place.level == place.depth else 0

    def _form(self, position: int, lead: int) -> str:
        parts = [f"{self.object_digits} object"] if lead else []
        parts += [f"{segment.digits} {segment.name}" for segment in self.segments[: position + 1]]
        return " + ".join(parts)


FREE: Final = CodeProfile("free", "No rule: any text, unique within the plan", ())

_TOWN = (
    Range(1, 99, "street"),
    Range(100, 199, "town"),
    Range(200, 399, "township"),
    Range(400, 599, "enterprise with the functions of a town"),
)

_PROFILES: Final = (
    FREE,
    CodeProfile(
        "admin-12",
        "12 digits of administrative divisions (统计用区划代码): 6 county + 3 town + 3 community",
        (Segment("county", 6), Segment("town", 3, _TOWN), Segment("community", 3, merged_first=601)),
        source="GB/T 2260; GB/T 10114: street 001-099, town 100-199, township 200-399, enterprise 400-599",
    ),
    CodeProfile(
        "beijing-db11",
        "15 digits of Beijing: 6 county + 3 street + 3 community + 3 grid, west to east, then north to south",
        (
            Segment("county", 6),
            Segment("street", 3),
            Segment("community", 3, merged_first=601),
            Segment("grid", 3),
        ),
        source="DB11, coding of unit grids; the form as GB/T 30428.1",
    ),
    CodeProfile(
        "cjt349",
        "20 digits of CJ/T 349-2010: 6 object + 6 county + 3 street + 3 community + 2 grid (00: not divided)",
        (
            Segment("county", 6),
            Segment("street", 3),
            Segment("community", 3, merged_first=601),
            Segment("grid", 2),
        ),
        object_digits=6,
        source="CJ/T 349-2010, 5.2 to 5.7: merged communities from 601, left to right, top to bottom",
        is_checked=True,
    ),
)


def profile_names() -> tuple[str, ...]:
    """Return the names of the profiles, with the form of custom ones."""
    return (*(profile.name for profile in _PROFILES), "custom:6+3+3+4")


def code_profile(name: str) -> CodeProfile:
    """Return a profile by name.

    Parameters
    ----------
    name : str
        One of `profile_names`, or ``custom:`` and the digits that each level adds, top first.

    Raises
    ------
    InvalidInputError
        There is none of that name.
    """
    for profile in _PROFILES:
        if profile.name == name:
            return profile
    custom = _CUSTOM.fullmatch(name)
    if custom is None:
        raise InvalidInputError.of(
            "code-profile",
            f"There is no code profile {name!r}.",
            f"Known: {', '.join(profile_names())}; the numbers of a custom one are the digits that each level adds.",
            subject="code_profile",
        )
    digits = [int(count) for count in custom[1].split("+")]
    segments = tuple(Segment(f"level {number}", count) for number, count in enumerate(digits, start=1))
    return CodeProfile(name, f"Digits by level: {custom[1]}", segments)
