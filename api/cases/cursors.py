"""Cursors of pages of cases: a place in the list, as links carry it."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from boundaries.cases.reading import CaseKey
from boundaries.text.numbers import read_identifier
from geogrid.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list of cases: the page of older or of newer ones beside a case."""

    direction: Literal["older", "newer"]
    key: CaseKey

    def __str__(self) -> str:
        """Return the cursor as it stands in links."""
        text = f"{self.direction}|{self.key.reported_at.isoformat()}|{self.key.id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Return the cursor of a link, or raise `InvalidInputError` for a text that is none."""
    try:
        padded = text + "=" * (-len(text) % 4)
        direction, reported_at, case_id = base64.urlsafe_b64decode(padded.encode("ascii")).decode().split("|")
        number = read_identifier(case_id)
        if number is None:
            raise _no_cursor(text)
        key = CaseKey(datetime.fromisoformat(reported_at).astimezone(UTC), number)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise _no_cursor(text) from error
    if direction == "older":
        return Cursor("older", key)
    if direction == "newer":
        return Cursor("newer", key)
    raise _no_cursor(text)


def _no_cursor(text: str) -> InvalidInputError:
    return InvalidInputError.of(
        "cursor", f"cursor is {text[:80]!r}, which is no place in the list.", "Take it from a link.", subject="cursor"
    )
