"""Parameters of the addresses that read: one model an address, nothing but its fields allowed."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from api.kit.values import Moment, Word
from geogrid.maps.labels import Language

PAGE_ONLY: Final = "x-page-only"
"""Marks, in the schema of a parameter, what only pages take and pass on to each other: no description names it."""

JurisdictionParameter = Annotated[
    Word, Field(description="Code of the jurisdiction; needed only where there are several.")
]
At = Annotated[Moment | None, Field(description="Answer as of this moment; now, if left out.")]
Labels = Annotated[Language, Field(description="Language of the labels: English, Simplified Chinese, or both.")]


class QueryParameters(BaseModel):
    """Base of the models: an unknown parameter is an error, since a mistyped one would otherwise be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OfJurisdiction(QueryParameters):
    """The one parameter that nearly every address has."""

    jurisdiction: JurisdictionParameter | None = None
