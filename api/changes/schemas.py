"""Parameters and answer of ``/changes``."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.kit.answers import Answer, Link
from api.kit.queries import OfJurisdiction
from api.kit.values import Allowed

ChangeKind = Literal["case", "created", "edit", "undo", "redo", "accepted", "state", "publishing", "published"]
_LARGEST = 2**63 - 1


class ChangesQuery(OfJurisdiction):
    """Parameters of ``GET /changes``."""

    since: Annotated[
        int,
        Field(ge=0, le=_LARGEST, description="Number of the last change seen; 0 begins at the beginning."),
        Allowed("a whole number from 0"),
    ] = 0
    limit: Annotated[
        int, Field(ge=1, le=1_000, description="Changes a page."), Allowed("a whole number from 1 to 1000")
    ] = 100
    kind: Annotated[
        list[ChangeKind], Field(default_factory=list, max_length=20, description="Any of these kinds; repeat it.")
    ]


class ChangeAnswer(Answer):
    """Something that happened."""

    number: int = Field(description="Place in the feed; only ever grows.")
    type: str = Field(description="What happened, e.g. case.received, edition.published, plan.edit.")
    at: datetime
    kind: str
    plan: int | None
    version: int | None
    case: int | None
    by: str
    detail: dict[str, Any]


class ChangesAnswer(Answer):
    """A page of the feed."""

    changes: list[ChangeAnswer] = Field(description="Oldest first.")
    next_since: int = Field(description="What to ask for with `since` the next time.")
    links: list[Link]
