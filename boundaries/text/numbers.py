"""Numbers and identifiers as texts: ASCII digits only, bounded before they are computed with."""

import math
import re
from typing import Final

LARGEST_INT32: Final = 2**31 - 1
LARGEST_INT64: Final = 2**63 - 1

_DIGITS: Final = re.compile(r"[0-9]{1,19}")
_NUMBER: Final = re.compile(r"\s*[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?\s*")
_NOT_FINITE: Final = re.compile(r"\s*[+-]?(?:nan|inf(?:inity)?)\s*", re.IGNORECASE)


def read_identifier(text: str, largest: int = LARGEST_INT64) -> int | None:
    """Return a whole number from 0 written in plain digits; None for anything else, and beyond `largest`."""
    if not _DIGITS.fullmatch(text):
        return None
    number = int(text)
    return number if number <= largest else None


def parse_number(text: str) -> float:
    """Return a number, possibly not finite.

    Raises
    ------
    ValueError
        It is none: other digits than 0 to 9 and underscores are refused as well.
    """
    if not _NUMBER.fullmatch(text) and not _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a number")
    return float(text)


def read_number(text: str) -> float:
    """Return a finite number; raises as `parse_number`, and for nan and infinity."""
    number = parse_number(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]!r} is not a finite number")
    return number
