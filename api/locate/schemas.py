"""Parameters and answers of ``/locate``."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.kit.answers import Answer
from api.kit.queries import At, JurisdictionParameter, QueryParameters
from api.kit.values import ErrorMetres, Lat, Lon
from geogrid.types import CoordType, DedicatedCategory, GridKind


class GridAnswer(Answer):
    """A grid without its geometry."""

    code: str
    name: str
    level: int = Field(description="1 is the top.")
    level_name: str
    parent: str | None
    kind: GridKind
    category: DedicatedCategory | None
    key: int = Field(description="What outlives a redraw, and a code that changes: `/grids/{key}`.")


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


class LocateQuery(QueryParameters):
    """Parameters of ``GET /locate``."""

    lon: Lon
    lat: Lat
    coord_type: Annotated[CoordType, Field(description="Datum of the point.")] = "wgs84"
    at: At = None
    jurisdiction: JurisdictionParameter | None = None
    error_m: ErrorMetres = 0.0


class LocateManyQuery(QueryParameters):
    """Parameters of ``POST /locate``."""

    coord_type: Annotated[CoordType, Field(description="Datum of the points.")] = "wgs84"
    at: At = None
    jurisdiction: JurisdictionParameter | None = None
