"""Answers as they are described at ``/api``; a test holds every real answer against its model."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from geogrid.types import CaseStatus, DedicatedCategory, GridKind


class Answer(BaseModel):
    """Base of the models: nothing but what is described."""

    model_config = ConfigDict(extra="forbid")


class Link(Answer):
    """A link, as OGC API writes it."""

    href: str
    rel: str
    type: str
    title: str


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    name: str | None = None
    place: str | None = Field(None, alias="in", description="query, path, or body")
    value: str | None = None
    allowed: str | None = None
    kind: str | None = None
    detail: str


class ProblemAnswer(Answer):
    """An error, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Fault] = []
    errors_not_listed: int = 0


class GridAnswer(Answer):
    """A grid without its geometry."""

    code: str
    name: str
    level: int = Field(description="1 is the top.")
    level_name: str
    parent: str | None
    kind: GridKind
    category: DedicatedCategory | None


class DutyAnswer(Answer):
    """Who is on duty on a grid of the chain."""

    grid: str = Field(description="Code of the grid.")
    role: str
    holder: str
    phone: str


class EditionAnswer(Answer):
    """The edition that answered."""

    id: int
    name: str
    valid_from: datetime
    valid_to: datetime | None


class NeighbourAnswer(Answer):
    """A grid that the circle of the positional error touches."""

    grid: GridAnswer
    distance_m: float


class Reason(Answer):
    """Why there is no grid."""

    code: Literal["no_edition", "outside", "no_point"]
    detail: str


class PlaceAnswer(Answer):
    """What is known of a place: one grid, its parents, its duties, how sure it is; or why there is no grid."""

    edition: EditionAnswer | None
    grid: GridAnswer | None
    chain: list[GridAnswer] = Field(description="The grid and its parents, leaf first.")
    duties: list[DutyAnswer] = Field(description="In the order of the chain.")
    boundary_distance_m: float | None = Field(description="To the nearest boundary of the grid, metres.")
    neighbours: list[NeighbourAnswer] = Field(description="Other grids within the positional error, nearest first.")
    reason: Reason | None = Field(description="Only where there is no grid.")


class PointAnswer(Answer):
    """A point, WGS 84."""

    lon: float
    lat: float


class LocateAnswer(PlaceAnswer):
    """Answer of ``GET /locate``."""

    point: PointAnswer = Field(description="The point in WGS 84.")
    jurisdiction: str


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


class LocatedPoint(Answer):
    """A point of many, in the order they were given."""

    id: str | int | None = None
    grid: str | None


class LocateManyAnswer(Answer):
    """Answer of ``POST /locate`` in JSON."""

    jurisdiction: str
    edition: EditionAnswer | None
    points: int
    located: int
    results: list[LocatedPoint]


class ConformanceAnswer(Answer):
    """Standards that are followed."""

    conformsTo: list[str]  # noqa: N815 - the name of OGC API


class CollectionAnswer(Answer):
    """A collection of features, as OGC API describes one."""

    id: str
    title: str
    description: str
    itemType: Literal["feature"]  # noqa: N815 - the name of OGC API
    crs: list[str]
    storageCrs: str  # noqa: N815 - the name of OGC API
    attribution: str
    extent: dict[str, Any] | None = None
    links: list[Link]


class CollectionsAnswer(Answer):
    """The collections there are."""

    collections: list[CollectionAnswer]
    links: list[Link]
