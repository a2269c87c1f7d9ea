"""Checked values of parameters and bodies: numbers, times, places and words, refused at the door.

Each type carries an `Allowed` note, which the errors quote: what was given, and what may be.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import shapely
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema
from shapely import MultiPolygon, Polygon

from boundaries.text.json_values import ALLOWED, MOST_BYTES, json_faults, text_fault
from boundaries.text.moments import query_fault, report_fault, stored_fault
from boundaries.text.numbers import parse_number

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(?P<offset>[Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_MOMENT_WITH_LOST_PLUS = re.compile(r"(?P<local>.*[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (?P<offset>\d\d:\d\d)", re.ASCII)
_MAX_VERTICES = 10_000
_BBOX_NUMBERS = 4


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a value may be, in words that follow "it must be"."""

    words: str


@dataclass(frozen=True, slots=True)
class Personal:
    """A value that may tell of a person: no error repeats it.

    Parameters
    ----------
    members : type, optional
        The model of its members, where it has some.
    """

    members: type[BaseModel] | None = None


def checked_text(value: str) -> str:
    """Return a text that can be kept, or raise `ValueError` with the reason."""
    fault = text_fault(value)
    if fault:
        raise ValueError(fault)
    return value


def _checked_json(most_bytes: int) -> AfterValidator:
    def check(value: Any) -> Any:
        # Members may be named after persons.
        faults = json_faults(value, most_bytes=most_bytes, only_plain_names=True)
        if faults:
            raise ValueError("; ".join(faults))
        return value

    return AfterValidator(check)


def _within(fault_of: Callable[[datetime], str]) -> AfterValidator:
    def check(moment: datetime) -> datetime:
        fault = fault_of(moment)
        if fault:
            raise ValueError(fault)
        return moment

    return AfterValidator(check)


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("it is not a text")  # noqa: TRY004 - pydantic turns ValueError into a listed problem
    lost = _MOMENT_WITH_LOST_PLUS.fullmatch(value.strip())
    text = f"{lost['local']}+{lost['offset']}" if lost else value.strip()
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError("it is not a date with time")
    if match["offset"] is None:
        raise ValueError("it has no offset, so it could be any of 24 hours")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such day or time") from None


def _bbox(value: object) -> tuple[float, float, float, float]:
    try:
        parts = value if isinstance(value, tuple) else tuple(map(parse_number, str(value).split(",")))
    except ValueError:
        raise ValueError("one of its parts is not a number") from None
    if len(parts) != _BBOX_NUMBERS:
        raise ValueError(f"it has {len(parts)} {'number' if len(parts) == 1 else 'numbers'}, not 4")
    west, south, east, north = parts
    _check_lonlats([(west, south), (east, north)])
    if west > east:
        raise ValueError("its west lies east of its east; a box across the 180th meridian is asked for in two")
    if south > north:
        raise ValueError("its south lies north of its north")
    return west, south, east, north


def _check_lonlats(pairs: list[tuple[float, float]]) -> None:
    if not all(math.isfinite(lon) and math.isfinite(lat) for lon, lat in pairs):
        raise ValueError("a coordinate is not a finite number")
    if all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in pairs):  # noqa: PLR2004 - the globe
        return
    if all(abs(lat) <= 180 and abs(lon) <= 90 for lon, lat in pairs):  # noqa: PLR2004 - the globe
        raise ValueError("a latitude is beyond 90: are longitude and latitude exchanged?")
    raise ValueError("a coordinate is beyond the globe")


def _polygon(value: object) -> Polygon | MultiPolygon:
    if not isinstance(value, str):
        raise ValueError("it is not a text")  # noqa: TRY004 - pydantic turns ValueError into a listed problem
    text = value.strip()
    try:
        shape = shapely.from_geojson(text) if text.startswith("{") else shapely.from_wkt(text)
    except shapely.GEOSException as error:
        raise ValueError(f"it cannot be read ({error})") from None
    if not isinstance(shape, Polygon | MultiPolygon):
        raise ValueError(f"it is a {shape.geom_type}")  # noqa: TRY004 - pydantic turns ValueError into a listed problem
    if shape.is_empty:
        raise ValueError("it is empty")
    coordinates = shapely.get_coordinates(shape)
    if len(coordinates) > _MAX_VERTICES:
        raise ValueError(f"it has {len(coordinates):,} vertices")
    _check_lonlats([(float(lon), float(lat)) for lon, lat in coordinates])
    if not shape.is_valid:
        raise ValueError(f"it is not valid: {shapely.is_valid_reason(shape)}")
    return shapely.force_2d(shape)


def _schema(**members: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **members})


Lon = Annotated[
    float,
    Field(ge=-180, le=180, allow_inf_nan=False, description="Longitude in degrees, east is positive."),
    Allowed("a number from -180 to 180"),
]
Lat = Annotated[
    float,
    Field(ge=-90, le=90, allow_inf_nan=False, description="Latitude in degrees, north is positive."),
    Allowed("a number from -90 to 90"),
]
ErrorMetres = Annotated[
    float,
    Field(
        ge=0,
        le=10_000,
        allow_inf_nan=False,
        description="Positional error of the point in metres; grids within it are the neighbours.",
    ),
    Allowed("a number of metres from 0 to 10000"),
]
_MOMENT_WORDS: Final = "a time with its offset, as in 2026-03-01T08:00:00+08:00 or 2026-03-01T00:00:00Z"
_MOMENT_SCHEMA: Final = _schema(format="date-time", example="2026-03-01T08:00:00+08:00")
Moment = Annotated[datetime, BeforeValidator(_moment), _within(query_fault), _MOMENT_SCHEMA, Allowed(_MOMENT_WORDS)]
"""A moment that is asked about."""

StoredMoment = Annotated[
    datetime,
    BeforeValidator(_moment),
    _within(stored_fault),
    _MOMENT_SCHEMA,
    Allowed(f"{_MOMENT_WORDS}, from 1900 to 2199"),
]
"""A moment from which, or up to which, something is in force."""

ReportMoment = Annotated[
    datetime,
    BeforeValidator(_moment),
    _within(lambda moment: report_fault(moment, datetime.now(UTC))),
    _MOMENT_SCHEMA,
    Allowed(f"{_MOMENT_WORDS}, from 1900 to a day from now"),
]
"""A moment at which something was reported."""

JsonObject = Annotated[dict[str, Any], _checked_json(MOST_BYTES), Allowed(ALLOWED)]
"""Whatever else is known, as it is kept."""

LongJsonObject = Annotated[dict[str, Any], _checked_json(16 * MOST_BYTES)]
"""The same with room for geometry."""

Bbox = Annotated[
    Any,  # a tuple of four would make FastAPI expect the parameter four times
    BeforeValidator(_bbox),
    _schema(example="24.93,60.16,24.96,60.18"),
    Allowed("west,south,east,north in degrees: longitudes from -180 to 180, latitudes from -90 to 90"),
]
Area = Annotated[
    Any,
    BeforeValidator(_polygon),
    _schema(example="POLYGON((24.93 60.16,24.96 60.16,24.96 60.18,24.93 60.16))"),
    Allowed(
        "a valid Polygon or MultiPolygon as WKT or GeoJSON, longitude before latitude in degrees, "
        f"of at most {_MAX_VERTICES} vertices"
    ),
]
SENDABLE: Final[dict[str, Any]] = {"maxLength": 4_000}
"""What is told of a long parameter: characters that fit into an address of 64 kB even where each takes twelve bytes."""

SENDABLE_WORDS: Final[dict[str, Any]] = {"maxItems": 20}
"""The same of a parameter that is repeated, with words of 200 characters."""

Word = Annotated[
    str,
    Field(min_length=1, max_length=200),
    AfterValidator(checked_text),
    Allowed("a text of 1 to 200 characters"),
]
ShortText = Annotated[
    str,
    Field(max_length=200),
    AfterValidator(checked_text),
    Allowed("a text of at most 200 characters"),
]
LongText = Annotated[
    str,
    Field(max_length=10_000),
    AfterValidator(checked_text),
    Allowed("a text of at most 10000 characters"),
]
