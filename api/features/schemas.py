"""Parameters and answers of the addresses of collections: one model of parameters a collection, from its fields."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, create_model

from api.features.formats import ALIASES, FORMATS
from api.features.found import FoundParameters
from api.features.periods import read_period
from api.kit.answers import Answer, Link
from api.kit.queries import At, OfJurisdiction, QueryParameters
from api.kit.values import SENDABLE, Allowed, Moment, Word
from boundaries.features.catalogue import FOUND_ID
from boundaries.features.fields import Collection
from boundaries.text.numbers import parse_number
from geogrid.editions.fields import Field as Property
from geogrid.types import CoordType

PAGE: Final = 1_000
MOST: Final = 1_000_000
_BBOX_SIZES: Final = (4, 6)
_FORMAT_NAMES: Final = (*FORMATS, *ALIASES)


def _corners(value: object) -> tuple[float, float, float, float]:
    try:
        parts = value if isinstance(value, tuple) else tuple(map(parse_number, str(value).split(",")))
    except ValueError:
        raise ValueError("one of its parts is not a number") from None
    if len(parts) not in _BBOX_SIZES:
        raise ValueError(f"it has {len(parts)} numbers, not 4")
    if not all(math.isfinite(part) for part in parts):
        raise ValueError("a coordinate is not a finite number")
    middle = len(parts) // 2
    return parts[0], parts[1], parts[middle], parts[middle + 1]


def _names(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, tuple) else tuple(part.strip() for part in str(value).split(","))
    return tuple(dict.fromkeys(name for name in names if name))


Corners = Annotated[
    Any,
    BeforeValidator(_corners),
    WithJsonSchema({"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}),
    Allowed("four numbers: lower corner, upper corner, in the order of the system's axes"),
]
PeriodText = Annotated[
    Any,
    BeforeValidator(read_period),
    WithJsonSchema({"type": "string", "example": "2026-01-01T00:00:00Z/.."}),
    Allowed("a time, a day, or two of them parted by a slash, each end possibly .."),
]
FieldNames = Annotated[
    Any,
    BeforeValidator(_names),
    WithJsonSchema({"type": "array", "maxItems": 40, "items": {"type": "string", "maxLength": 60}}),
    Allowed("names of fields, parted by commas"),
]
LongWord = Annotated[
    str, Field(min_length=1, max_length=20_000, json_schema_extra=SENDABLE), Allowed("a text of 1 to 20000 characters")
]
FormatWord = Annotated[
    Literal[_FORMAT_NAMES],  # type: ignore[valid-type]
    Field(description="Format; otherwise the header Accept decides, or GeoJSON."),
]
_Datum = Annotated[
    CoordType,
    Field(description="Datum of the coordinates in the answer, of the box and of geometries in the filter."),
]
_Limit = Annotated[
    int,
    Field(ge=1, le=MOST, description=f"Features at most. Left out: {PAGE} in GeoJSON and pages, else all."),
    Allowed(f"a whole number from 1 to {MOST}"),
]
_Offset = Annotated[
    int,
    Field(ge=0, le=100_000_000, description="Features to leave out before."),
    Allowed("a whole number from 0 to 100000000"),
]
_ITEMS: Final[Mapping[str, Any]] = {
    "limit": (_Limit | None, None),
    "offset": (_Offset, 0),
    "bbox": (Annotated[Corners, Field(description="Features that touch this box.")] | None, None),
    "bbox-crs": (Annotated[Word, Field(description="System of the box; CRS84, if left out.")] | None, None),
    "crs": (Annotated[Word, Field(description="System of the answer; CRS84, if left out.")] | None, None),
    "properties": (Annotated[FieldNames, Field(description="Fields of the answer; all, if left out.")] | None, None),
    "sortby": (
        Annotated[FieldNames, Field(description="Fields to sort by; - before one turns its order.")] | None,
        None,
    ),
    "filter": (Annotated[LongWord, Field(description="Condition on the fields, as `filter-lang` says.")] | None, None),
    "filter-lang": (
        Annotated[Literal["cql2-text", "cql2-json", "cql-text"], Field(description="Language of the filter.")],
        "cql2-text",
    ),
    "filter-crs": (
        Annotated[Word, Field(description="System of geometries in the filter; CRS84, if left out.")] | None,
        None,
    ),
    "coord_type": (_Datum, "wgs84"),
    "f": (FormatWord | None, None),
    "lang": (Annotated[Literal["en", "zh"], Field(description="Language of pages.")] | None, None),
}


class DescriptionQuery(OfJurisdiction):
    """Parameters of descriptions: which jurisdiction, and as a page or as JSON."""

    f: Annotated[Literal["json", "html"], Field(description="JSON or a page.")] | None = None
    lang: Annotated[Literal["en", "zh"], Field(description="Language of pages.")] | None = None


class ItemQuery(OfJurisdiction):
    """Parameters of one feature."""

    crs: Annotated[Word, Field(description="System of the answer; CRS84, if left out.")] | None = None
    coord_type: _Datum = "wgs84"
    f: Annotated[Literal["geojson", "json", "html"], Field(description="GeoJSON or a page.")] | None = None
    lang: Annotated[Literal["en", "zh"], Field(description="Language of pages.")] | None = None


class FoundItemQuery(ItemQuery, FoundParameters):
    """Parameters of one grid as a method tells of it."""


@lru_cache(maxsize=256)
def _model(identifier: str, fields: tuple[Property, ...], timing: str) -> type[OfJurisdiction]:
    own = {each.name: (_hint(each) | None, None) for each in fields}
    times: dict[str, Any] = {}
    if timing != "none":
        words = "Features valid in" if timing == "validity" else "Reported in"
        times["datetime"] = (Annotated[PeriodText, Field(description=f"{words} this period.")] | None, None)
    if timing == "validity":
        times["at"] = (At, None)
    base = FoundParameters if identifier == FOUND_ID else OfJurisdiction
    return create_model(f"Items of {identifier}", __base__=base, **own, **times, **_ITEMS)  # type: ignore[call-overload, no-any-return]


def items_model(collection: Collection) -> type[OfJurisdiction]:
    """Return the model of the parameters of a collection's items; one parameter a field among them."""
    return _model(collection.id, collection.fields, collection.timing)


def item_model(collection: Collection) -> type[ItemQuery]:
    """Return the model of the parameters of one feature of a collection."""
    return FoundItemQuery if collection.id == FOUND_ID else ItemQuery


def values_of(query: QueryParameters) -> dict[str, Any]:
    """Return the parameters of a request by name, those left out as None."""
    return {name: getattr(query, name) for name in type(query).model_fields}


def _hint(field: Property) -> Any:
    title = Field(description=f"Only features with this value: {field.title}.")
    if field.values:
        return Annotated[Literal[field.values], title]
    if field.kind == "text":
        return Annotated[Word, title]
    if field.kind == "moment":
        return Annotated[Moment, title]
    if field.kind == "integer":
        limits = Field(ge=field.low, le=field.high, description=title.description)
        return Annotated[int, limits, Allowed(f"a whole number from {field.low} to {field.high}")]
    return Annotated[float, Field(allow_inf_nan=False, description=title.description), Allowed("a finite number")]


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
