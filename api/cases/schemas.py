"""Parameters, bodies and answers of ``/cases`` and of reviews."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.cases.reporter_schemas import MaskedReporter, ReporterBody
from api.kit.answers import Answer, Link
from api.kit.queries import OfJurisdiction
from api.kit.values import (
    SENDABLE_WORDS,
    Allowed,
    Area,
    Bbox,
    ErrorMetres,
    JsonObject,
    Lat,
    Lon,
    LongText,
    Moment,
    Personal,
    ReportMoment,
    ShortText,
    Word,
)
from api.locate.schemas import PlaceAnswer
from boundaries.cases.reading import CaseFilter
from geogrid.types import CaseStatus, CoordType


class CaseBody(BaseModel):
    """A case to store: with a point, an address, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lon: Lon | None = None
    lat: Lat | None = None
    coord_type: Annotated[CoordType, Field(description="Datum of the point.")] = "wgs84"
    error_m: ErrorMetres = 0.0
    address: Annotated[
        ShortText,
        Personal(),
        Field(description="Looked up where there is no point, or where it is outside every grid."),
    ] = ""
    within: (
        Annotated[
            Word,
            Field(description="Code of the grid of any level that the caller or the hotline belongs to; asked in it."),
        ]
        | None
    ) = None
    text: Annotated[
        LongText,
        Personal(),
        Field(description="Searched for a place where there is neither point nor address; kept with numbers masked."),
    ] = ""
    channel: Annotated[ShortText, Field(description="How it came in, e.g. hotline, app, visit.")] = ""
    category: ShortText = ""
    reported_at: Annotated[ReportMoment | None, Field(description="Now, if left out; from 1900 to a day from now.")] = (
        None
    )
    external_id: (
        Annotated[
            Word, Field(description="Number in the reporting system; sent again, it is the same case, stored once.")
        ]
        | None
    ) = None
    attributes: Annotated[
        JsonObject,
        Personal(),
        Field(max_length=100, description="Whatever else is known: at most 32 levels and 64 kB, numbers within 2^53."),
    ] = {}
    reporter: Annotated[
        ReporterBody | None,
        Personal(ReporterBody),
        Field(description="Who reports it: kept apart from the case, sealed, and shown masked."),
    ] = None

    @model_validator(mode="after")
    def _check(self) -> "CaseBody":
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a point has both lon and lat, and only one is given")
        if self.lon is None and not self.address.strip() and not self.text.strip():
            raise ValueError("a case has at least a point, an address or a text, and none is given")
        return self


class CaseProperties(Answer):
    """A case."""

    source: str
    external_id: str | None
    channel: str
    category: str
    text: str
    address: str
    status: CaseStatus
    reported_at: datetime
    closed_at: datetime | None
    located_by: Literal["point", "address"] | None
    positional_error_m: float
    grid: str | None = Field(description="Code of the leaf grid; null: it waits for somebody to place it.")
    grid_name: str | None
    edition: str | None = Field(description="Name of the edition that it was assigned by.")
    attributes: dict[str, Any]
    reporter: MaskedReporter | None = Field(description="null: nothing is known of him, or it is not for you.")


class PointGeometry(Answer):
    """A GeoJSON point."""

    type: Literal["Point"]
    coordinates: tuple[float, float]


class CaseFeature(Answer):
    """A case as a GeoJSON feature."""

    type: Literal["Feature"]
    id: int
    geometry: PointGeometry | None
    properties: CaseProperties
    links: list[Link]


class CaseEventAnswer(Answer):
    """Something that happened to a case."""

    at: datetime
    kind: str
    detail: dict[str, Any]


class CaseDetail(CaseFeature):
    """A case with its history and its place as of now."""

    events: list[CaseEventAnswer]


class StoredCase(CaseFeature):
    """A case just stored, with its place."""

    place: PlaceAnswer


class CaseCollection(Answer):
    """A page of cases."""

    type: Literal["FeatureCollection"]
    numberMatched: int  # noqa: N815 - the name of OGC API
    numberReturned: int  # noqa: N815 - the name of OGC API
    timeStamp: datetime  # noqa: N815 - the name of OGC API
    features: list[CaseFeature]
    links: list[Link]


class ChoiceBody(BaseModel):
    """Where an address is, as a person chose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lon: Lon
    lat: Lat
    by: Annotated[ShortText, Field(description="Who chose.")] = ""


Words = Annotated[list[Word], Field(max_length=50, json_schema_extra=SENDABLE_WORDS)]


class CaseQuery(OfJurisdiction):
    """Which cases are wanted; what is left out does not limit."""

    grid: Annotated[Word, Field(description="Code of a grid of any level; grids below it count.")] | None = None
    bbox: Annotated[Bbox | None, Field(description="Cases within: west,south,east,north in degrees, WGS 84.")] = None
    polygon: Annotated[Area, Field(description="Cases within: WKT or GeoJSON, longitude before latitude.")] = None
    since: Annotated[Moment | None, Field(description="Reported at this moment or later.")] = None
    until: Annotated[Moment | None, Field(description="Reported before this moment.")] = None
    channel: Annotated[Words, Field(description="Any of these channels; repeat it.")] = []  # noqa: RUF012 - pydantic copies it
    category: Annotated[Words, Field(description="Any of these categories; repeat it.")] = []  # noqa: RUF012 - pydantic copies it
    status: Annotated[list[CaseStatus], Field(max_length=3, description="Any of these; repeat it.")] = []  # noqa: RUF012 - pydantic copies it
    text: Annotated[Word, Field(description="Words that all occur in text or address.")] | None = None
    external_id: Annotated[Word, Field(description="Number in the system the case came from.")] | None = None
    has_grid: Annotated[bool, Field(description="false: only cases that wait for a grid.")] | None = None

    @model_validator(mode="after")
    def _check_period(self) -> "CaseQuery":
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("since must be before until, or the period is empty")
        return self

    def to_filter(self) -> CaseFilter:
        """Return the filter of the store."""
        return CaseFilter(
            grid=self.grid,
            bbox=self.bbox,
            polygon=self.polygon,
            since=self.since,
            until=self.until,
            channels=tuple(self.channel),
            categories=tuple(self.category),
            statuses=tuple(self.status),
            text=self.text or "",
            external_id=self.external_id,
            has_grid=self.has_grid,
        )


class CasePageQuery(CaseQuery):
    """Parameters of ``GET /cases``."""

    limit: (
        Annotated[
            int,
            Field(
                ge=1, le=10_000, description="Cases a page; 100 if left out. CSV has no pages: all cases, if left out."
            ),
            Allowed("a whole number from 1 to 10000"),
        ]
        | None
    ) = None
    cursor: Annotated[Word, Field(description="Place in the list, taken from a link.")] | None = None
    holder: Annotated[Word, Field(description="Who has it: a login, or the name of a department.")] | None = None
    overdue: Annotated[bool, Field(description="true: only cases of which a limit is up.")] | None = None
    f: (
        Annotated[
            Literal["geojson", "csv"], Field(description="Format; otherwise the header Accept decides, or GeoJSON.")
        ]
        | None
    ) = None
    bom: Annotated[
        bool, Field(description="CSV: start with a byte-order mark, without which Excel garbles Chinese.")
    ] = False

    def to_filter(self) -> CaseFilter:
        """Return the filter of the store."""
        return replace(super().to_filter(), holder=self.holder, is_overdue=self.overdue)


class ReviewAnswer(BaseModel):
    """An address that waits for a person."""

    model_config = ConfigDict(extra="forbid")

    id: int
    question: str
    case: int | None
    candidates: list[dict[str, Any]]
    created_at: datetime


class ReviewList(BaseModel):
    """The queue."""

    model_config = ConfigDict(extra="forbid")

    reviews: list[ReviewAnswer]
