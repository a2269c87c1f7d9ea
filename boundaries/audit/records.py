"""Lines of the audit as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SealedLine:
    """A line as it was sealed; every part is the text that was hashed.

    Parameters
    ----------
    number : int
        Place in the chain, from 1 without gaps.
    at : str
        RFC 3339, UTC, microseconds.
    account, action, object, address : str
        Who, what, on what, from where.
    before, after : str, optional
        JSON.
    previous, hash : bytes
        Of the line before, and of this one.
    """

    number: int
    at: str
    account: str
    action: str
    object: str
    before: str | None
    after: str | None
    address: str
    previous: bytes
    hash: bytes

    @property
    def moment(self) -> datetime:
        """When."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What checking the chain found.

    Parameters
    ----------
    lines : int
        How many were checked.
    head : str
        Hash of the last one, hexadecimal; empty where there is none.
    faults : tuple of str
        What is wrong, as sentences, the first ones.
    """

    lines: int
    head: str
    faults: tuple[str, ...]


Detail = Mapping[str, Any]
