"""Parameters of GeoReport: an empty one is as good as none, and one that is not known is passed over."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.kit.values import SENDABLE, Allowed, Moment, Word

_MOST = 1_000


def _blank(value: object) -> object:
    return None if value == "" else value


NotBlank = BeforeValidator(_blank)
Listed = Annotated[str, Field(max_length=20_000, json_schema_extra=SENDABLE)]
PageNumber = Annotated[int, Field(ge=1, le=10_000), Allowed("a whole number from 1 to 10000")]
PageSize = Annotated[int, Field(ge=1, le=_MOST), Allowed(f"a whole number from 1 to {_MOST}")]


class OfEndpoint(BaseModel):
    """The parameter that every address has."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    jurisdiction_id: Annotated[
        Word | None, NotBlank, Field(description="Code of the jurisdiction; needed only where there are several.")
    ] = None


class OneRequestQuery(OfEndpoint):
    """Parameters of ``GET /requests/{id}``."""

    extensions: Annotated[
        bool | None, NotBlank, Field(description="true: with grid, chain and duties as extended_attributes.")
    ] = None


class RequestsQuery(OneRequestQuery):
    """Parameters of ``GET /requests``."""

    service_request_id: Annotated[
        Listed | None, NotBlank, Field(description="Only these, parted by commas; overrides the others.")
    ] = None
    service_code: Annotated[Listed | None, NotBlank, Field(description="Only these services, parted by commas.")] = None
    start_date: Annotated[Moment | None, NotBlank, Field(description="Made at this moment or later.")] = None
    end_date: Annotated[Moment | None, NotBlank, Field(description="Made at this moment or before.")] = None
    status: Annotated[Listed | None, NotBlank, Field(description="open, closed, or both parted by a comma.")] = None
    page: Annotated[PageNumber | None, NotBlank, Field(description="Page, from 1.")] = None
    page_size: Annotated[PageSize | None, NotBlank, Field(description="Requests a page; 1000 if left out.")] = None

    @property
    def size(self) -> int:
        """Requests a page."""
        return self.page_size or _MOST
