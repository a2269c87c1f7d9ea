"""Parameters of the addresses that read: one model an address, nothing but its fields allowed."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.kit.values import SENDABLE_WORDS, Allowed, Area, Bbox, ErrorMetres, Lat, Lon, Moment, Word
from boundaries.cases.reading import CaseFilter
from geogrid.maps.labels import Language
from geogrid.types import CaseStatus, CoordType

Words = Annotated[list[Word], Field(max_length=50, json_schema_extra=SENDABLE_WORDS)]
JurisdictionCode = Annotated[Word, Field(description="Code of the jurisdiction; needed only where there are several.")]
At = Annotated[Moment | None, Field(description="Answer as of this moment; now, if left out.")]
Labels = Annotated[Language, Field(description="Language of the labels: English, Simplified Chinese, or both.")]


class Query(BaseModel):
    """Base of the models: an unknown parameter is an error, since a mistyped one would otherwise be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LocateQuery(Query):
    """Parameters of ``GET /locate``."""

    lon: Lon
    lat: Lat
    coord_type: Annotated[CoordType, Field(description="Datum of the point.")] = "wgs84"
    at: At = None
    jurisdiction: JurisdictionCode | None = None
    error_m: ErrorMetres = 0.0


class LocateManyQuery(Query):
    """Parameters of ``POST /locate``."""

    coord_type: Annotated[CoordType, Field(description="Datum of the points.")] = "wgs84"
    at: At = None
    jurisdiction: JurisdictionCode | None = None


class OfJurisdiction(Query):
    """The one parameter that nearly every address has."""

    jurisdiction: JurisdictionCode | None = None


class CaseQuery(OfJurisdiction):
    """Which cases are wanted; what is left out does not limit."""

    grid: Annotated[Word, Field(description="Code of a grid of any level; grids below it count.")] | None = None
    bbox: Annotated[Bbox | None, Field(description="Cases within: west,south,east,north in degrees, WGS 84.")] = None
    polygon: Annotated[Area, Field(description="Cases within: WKT or GeoJSON, longitude before latitude.")] = None
    since: Annotated[Moment | None, Field(description="Reported at this moment or later.")] = None
    until: Annotated[Moment | None, Field(description="Reported before this moment.")] = None
    channel: Annotated[Words, Field(description="Any of these channels; repeat it.")] = []
    category: Annotated[Words, Field(description="Any of these categories; repeat it.")] = []
    status: Annotated[list[CaseStatus], Field(max_length=3, description="Any of these; repeat it.")] = []
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
    f: (
        Annotated[
            Literal["geojson", "csv"], Field(description="Format; otherwise the header Accept decides, or GeoJSON.")
        ]
        | None
    ) = None
    bom: Annotated[
        bool, Field(description="CSV: start with a byte-order mark, without which Excel garbles Chinese.")
    ] = False


class GridsQuery(OfJurisdiction):
    """Parameters of ``GET /collections/grids/items``."""

    limit: Annotated[
        int, Field(ge=1, le=10_000, description="Grids a page."), Allowed("a whole number from 1 to 10000")
    ] = 1000
    offset: Annotated[
        int,
        Field(ge=0, le=10_000_000, description="Grids to skip, in the order of codes."),
        Allowed("a whole number from 0 to 10000000"),
    ] = 0
    bbox: Annotated[Bbox | None, Field(description="Grids that touch: west,south,east,north, WGS 84.")] = None
    level: (
        Annotated[
            int, Field(ge=1, le=6, description="Only this level, 1 is the top."), Allowed("a whole number from 1 to 6")
        ]
        | None
    ) = None
    at: At = None


class CoverageMapQuery(OfJurisdiction):
    """Parameters of ``GET /maps/coverage``."""

    lang: Labels = "both"
    at: At = None


class HotspotMapQuery(CaseQuery):
    """Parameters of ``GET /maps/hotspots``: those of ``/cases``, without pages."""

    lang: Labels = "both"
