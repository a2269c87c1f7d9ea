"""Parameters of the embedded map and of oEmbed."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from api.areas.schemas import MOST_CODES, PairText, listed_codes
from api.kit.queries import At, OfJurisdiction, QueryParameters
from api.kit.values import SENDABLE, Allowed
from geogrid.types import CoordType


class EmbedQuery(OfJurisdiction):
    """Parameters of ``/embed/map``; the attributes of ``<geogrid-map>`` have the same names."""

    grids: (
        Annotated[
            str,
            BeforeValidator(listed_codes),
            Field(
                max_length=120_000,
                json_schema_extra=SENDABLE,
                description="Codes of grids that are outlined, parted by commas.",
            ),
            Allowed(f"1 to {MOST_CODES} codes parted by commas"),
        ]
        | None
    ) = None
    level: (
        Annotated[
            int,
            Field(ge=1, le=6, description="Level that is coloured and answers clicks; the leaves, if left out."),
            Allowed("a whole number from 1 to 6"),
        ]
        | None
    ) = None
    cases: (
        Annotated[
            Literal["all", "open", "in_progress", "closed"],
            Field(description="Cases shown as dots, by their status; none, if left out."),
        ]
        | None
    ) = None
    point: Annotated[PairText, Field(description="longitude,latitude of a marker.")] | None = None
    coord_type: Annotated[CoordType, Field(description="Datum of `point` and of what clicks report.")] = "wgs84"
    at: At = None
    lang: Annotated[Literal["en", "zh"], Field(description="Language; the browser's, if left out.")] | None = None
    base: Annotated[bool, Field(description="Streets and buildings below the grids.")] = True


class OembedQuery(QueryParameters):
    """Parameters of ``/oembed`` (https://oembed.com)."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=8_000,
            json_schema_extra=SENDABLE,
            description="Address of a map or of a grid here.",
        ),
    ]
    format: Annotated[Literal["json", "xml"], Field(description="Format of the answer.")] = "json"
    maxwidth: Annotated[int, Field(ge=1, le=10_000, description="Pixels at most.")] = 640
    maxheight: Annotated[int, Field(ge=1, le=10_000, description="Pixels at most.")] = 480
