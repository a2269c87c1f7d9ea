"""Parameters and answers of ``/grids/{key}``."""

from datetime import datetime

from pydantic import Field

from api.kit.answers import Answer, Link
from api.kit.queries import At, QueryParameters
from geogrid.types import DedicatedCategory, GridKind


class KeyQuery(QueryParameters):
    """At which moment a grid has the key."""

    at: At = None


class Bearer(Answer):
    """A grid that has a key, with its edition."""

    edition: int
    edition_name: str
    valid_from: datetime
    valid_to: datetime | None
    code: str
    name: str
    level: int = Field(description="1 is the top.")
    parent: str | None
    kind: GridKind
    category: DedicatedCategory | None
    households: float | None
    population: float | None
    buildings: float | None


class SuccessorAnswer(Answer):
    """Where land of a grid went whose key has ended."""

    key: int
    code: str
    share: float = Field(description="Of its load; of its land where it had none.")


class KeyAnswer(Answer):
    """What is known by the key of a grid."""

    key: int
    jurisdiction: str
    now: Bearer | None = Field(description="The grid that has it; null: none has at that moment.")
    history: list[Bearer] = Field(description="The grids that have had it or will, oldest first.")
    successors: list[SuccessorAnswer] = Field(description="Where its land went; empty while it goes on.")
    links: list[Link]
