"""Parameters and bodies of ``/geocode``, ``/suggest`` and ``/reverse``."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from api.kit.queries import OfJurisdiction
from api.kit.values import Allowed, Lat, Lon, Word
from boundaries.text.numbers import parse_number
from geogrid.coordinates import to_wgs84
from geogrid.types import CoordType


def _pair(value: object) -> tuple[float, float]:
    parts = tuple(value) if isinstance(value, (tuple, list)) else tuple(map(parse_number, str(value).split(",")))
    if len(parts) != 2:  # noqa: PLR2004 - lon and lat
        raise ValueError("it is not two numbers parted by a comma")
    lon, lat = map(float, parts)
    if not (abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004 - the globe
        raise ValueError("it is beyond the globe; longitude comes first")
    return lon, lat


LonLat = Annotated[
    Any,  # a tuple would make FastAPI expect the parameter twice
    BeforeValidator(_pair),
    Allowed("lon,lat in degrees"),
    WithJsonSchema({"type": "string", "example": "24.94,60.17"}),
]
Limit = Annotated[int, Field(ge=1, le=50, description="Answers at most."), Allowed("a whole number from 1 to 50")]
AddressText = Annotated[Word, Field(description="The address, or a complaint that mentions one.")]


class CallerQuery(OfJurisdiction):
    """What is known of where the callers are."""

    near: (
        Annotated[LonLat, Field(description="Where the caller is; of equal answers the nearer comes first.")] | None
    ) = None
    within: (
        Annotated[
            Word,
            Field(description="Code of a grid of any level: the caller's community, the hotline's district. Only "
            "answers in it; what the caller leaves unsaid is taken from its name."),
        ]
        | None
    ) = None  # fmt: skip
    coord_type: Annotated[CoordType, Field(description="Datum of `near`.")] = "wgs84"

    @property
    def near_wgs84(self) -> tuple[float, float] | None:
        """Where the caller is, longitude and latitude in degrees, WGS 84."""
        if self.near is None:
            return None
        lons, lats = to_wgs84([self.near[0]], [self.near[1]], self.coord_type)
        return float(lons[0]), float(lats[0])


class ManyQuery(CallerQuery):
    """Parameters of ``POST /geocode``; a body of JSON may have them, too."""


class GeocodeQuery(CallerQuery):
    """Parameters of ``GET /geocode``."""

    q: AddressText
    limit: Limit = 5


class SuggestQuery(CallerQuery):
    """Parameters of ``GET /suggest``."""

    q: AddressText
    limit: Limit = 10


class ReverseQuery(OfJurisdiction):
    """Parameters of ``GET /reverse``."""

    lon: Lon
    lat: Lat
    coord_type: Annotated[CoordType, Field(description="Datum of the point.")] = "wgs84"
    limit: Limit = 1


class Geocoding(BaseModel):
    """What an answer says of itself, by the GeocodeJSON conventions, and what GeoGrid adds."""

    model_config = ConfigDict(extra="forbid")

    label: str
    type: str = Field(description="Matched level: house_number ... street, crossing, name.")
    accuracy: float = Field(description="Radius within which the place is expected, metres.")
    score: float | None = None
    needs_review: bool | None = None
    why: list[str] = []
    grids: list[dict[str, Any]] = Field([], description="Grids that the error circle touches, with their shares.")
    chain: list[dict[str, Any]] = Field([], description="The grid of the point and its parents, leaf first.")
    distance: float | None = None


class GeocodeProperties(BaseModel):
    """Properties of an answer."""

    model_config = ConfigDict(extra="forbid")

    geocoding: Geocoding


class GeocodeFeature(BaseModel):
    """An answer, a GeoJSON feature."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["Feature"]
    geometry: dict[str, Any]
    properties: GeocodeProperties


class GeocodeCollection(BaseModel):
    """Answers, best first, as GeocodeJSON writes them."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["FeatureCollection"]
    geocoding: dict[str, Any]
    features: list[GeocodeFeature]
