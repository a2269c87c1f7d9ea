"""Parameters of the simple lookups: ``/point``, ``/area``, ``/areas``."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BeforeValidator, Field

from api.kit.queries import At, OfJurisdiction, QueryParameters
from api.kit.values import SENDABLE, Allowed, Word, checked_text
from boundaries.text.numbers import parse_number
from geogrid.types import CoordType

MOST_CODES = 500

AreaCode = Annotated[Word, Path(description="Code of a grid of any level.")]
Srid = Annotated[
    int,
    Path(ge=1024, le=32_767, description="EPSG number of the point, e.g. 4326 (degrees) or 4547 (metres)."),
    Allowed("an EPSG number, e.g. 4326 or 4547"),
]
AreaRelation = Literal["children", "parents", "neighbours"]


def _pair(value: object) -> str:
    text = str(value)
    parts = text.split(",")
    if len(parts) != 2:  # noqa: PLR2004 - x and y
        raise ValueError(f"it has {len(parts)} {'number' if len(parts) == 1 else 'numbers'}, not 2")
    try:
        numbers = [parse_number(part) for part in parts]
    except ValueError:
        raise ValueError("one of its parts is not a number") from None
    if not all(abs(number) < 1e12 for number in numbers):  # noqa: PLR2004 - further than any place on earth
        raise ValueError("one of its parts is not a number of this earth")
    return text


PairText = Annotated[
    str,
    BeforeValidator(_pair),
    Allowed("two numbers parted by a comma, east before north, e.g. 24.9458,60.1720"),
]
PairInPath = Annotated[
    PairText,
    Path(max_length=100, description="x,y: longitude,latitude or easting,northing.", examples=["24.9458,60.172"]),
]


def listed_codes(value: object) -> str:
    """Return codes parted by commas, each once, or raise `ValueError` where there are none or too many."""
    text = str(value)
    codes = [part.strip() for part in text.split(",") if part.strip()]
    if not codes:
        raise ValueError("it names no code")
    checked_text(text)
    if len(codes) > MOST_CODES:
        raise ValueError(f"it names {len(codes)} codes")
    return ",".join(dict.fromkeys(codes))


class AreaQuery(OfJurisdiction):
    """Parameters of a lookup."""

    at: At = None
    coord_type: Annotated[CoordType, Field(description="Datum of points and polygons, in and out.")] = "wgs84"
    f: (
        Annotated[
            Literal["json", "geojson", "html"],
            Field(description="Format; otherwise the header Accept decides, or JSON."),
        ]
        | None
    ) = None
    lang: Annotated[Literal["en", "zh"], Field(description="Language of the page (f=html).")] | None = None


class ShiftQuery(QueryParameters):
    """Parameters of ``/shift``."""

    coord_type: Annotated[CoordType, Field(description="Datum of the answer.")]


class AreasQuery(AreaQuery):
    """Parameters of ``/areas``."""

    codes: Annotated[
        str,
        BeforeValidator(listed_codes),
        Field(max_length=120_000, json_schema_extra=SENDABLE, description="Codes parted by commas."),
        Allowed(f"1 to {MOST_CODES} codes parted by commas"),
    ]
