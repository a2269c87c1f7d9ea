"""Jurisdictions as values, for those who read them: no row of the store leaves this layer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from boundaries.jurisdictions.tables import Jurisdiction


class JurisdictionValues(Protocol):
    """What is needed of a jurisdiction to read what it has: of its row and of the value that is given out."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def code(self) -> str:
        """Short name in addresses and commands."""

    @property
    def scheme_id(self) -> int:
        """Number of its level scheme."""


@dataclass(frozen=True, slots=True)
class JurisdictionRecord:
    """A jurisdiction as it was read, without its limit."""

    id: int
    code: str
    name: str
    scheme_id: int
    time_zone: str
    attribution: tuple[str, ...]


def jurisdiction_record(row: "Jurisdiction") -> JurisdictionRecord:
    """Return a jurisdiction as a value that stays as it is, whatever is written later."""
    return JurisdictionRecord(
        id=row.id,
        code=row.code,
        name=row.name,
        scheme_id=row.scheme_id,
        time_zone=row.time_zone,
        attribution=tuple(row.attribution),
    )
