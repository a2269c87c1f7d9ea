"""Bodies of requests that write."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.kit.values import ErrorMetres, Lat, Lon, LongText, Moment, ShortText, Word
from geogrid.types import CoordType


class CaseBody(BaseModel):
    """A case to store: with a point, an address, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lon: Lon | None = None
    lat: Lat | None = None
    coord_type: Annotated[CoordType, Field(description="Datum of the point.")] = "wgs84"
    error_m: ErrorMetres = 0.0
    address: Annotated[
        ShortText, Field(description="Looked up where there is no point, or where it is outside every grid.")
    ] = ""
    within: (
        Annotated[
            Word,
            Field(description="Code of the grid of any level that the caller or the hotline belongs to; asked in it."),
        ]
        | None
    ) = None
    text: Annotated[LongText, Field(description="Searched for a place where there is neither point nor address.")] = ""
    channel: Annotated[ShortText, Field(description="How it came in, e.g. hotline, app, visit.")] = ""
    category: ShortText = ""
    reported_at: Annotated[Moment | None, Field(description="Now, if left out.")] = None
    external_id: (
        Annotated[
            Word, Field(description="Number in the reporting system; sent again, it is the same case, stored once.")
        ]
        | None
    ) = None
    attributes: Annotated[dict[str, Any], Field(max_length=100, description="Whatever else is known.")] = {}

    @model_validator(mode="after")
    def _check(self) -> "CaseBody":
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a point has both lon and lat, and only one is given")
        if self.lon is None and not self.address.strip() and not self.text.strip():
            raise ValueError("a case has at least a point, an address or a text, and none is given")
        return self
