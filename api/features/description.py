"""Collections as OGC API describes them: the collection itself, its queryables and its schema."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request

from api.features.formats import FORMATS, SCHEMA
from api.features.lookup import TownCollection
from api.features.reading import CollectionReader
from api.kit.links import HTML, JSON, address, link
from boundaries.features.fields import Collection
from boundaries.features.systems import CRS84
from geogrid.editions.fields import Field

QUERYABLES_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SCHEMA_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/schema"
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_JSON_TYPES: Final[Mapping[str, str]] = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "moment": "string",
}


def describe(request: Request, source: TownCollection, reader: CollectionReader) -> dict[str, Any]:
    """Return a collection as ``/collections`` shows it."""
    collection = source.collection
    body: dict[str, Any] = {
        "id": collection.id,
        "title": f"{collection.title}, {source.calendar.name}",
        "description": collection.description,
        "itemType": "feature",
        "crs": list(reader.systems(source)),
        "storageCrs": CRS84.uri,
        "attribution": "; ".join(source.calendar.attribution),
        "links": _links(request, source),
    }
    box, since, until = reader.extent(source)
    if box is not None:
        body["extent"] = {"spatial": {"bbox": [list(box)], "crs": CRS84.uri}}
        if since is not None or until is not None:
            body["extent"]["temporal"] = {"interval": [[since, until]]}
    return body


def _links(request: Request, source: TownCollection) -> list[dict[str, str]]:
    def to(suffix: str, rel: str, media_type: str, title: str, **more: str) -> dict[str, str]:
        return link(address(request, f"{source.path}{suffix}", {**source.own, **more}), rel, media_type, title)

    return [
        to("", "self", JSON, "This collection"),
        to("", "alternate", HTML, "This collection as a page", f="html"),
        *(
            to(
                "/items",
                "items",
                each.media_type,
                f"The features as {each.title}",
                **({} if name == "geojson" else {"f": name}),
            )
            for name, each in FORMATS.items()
        ),
        to("/queryables", QUERYABLES_REL, SCHEMA, "What filters may name"),
        to("/schema", SCHEMA_REL, SCHEMA, "What features are made of"),
    ]


def queryables(collection: Collection, identifier: str) -> dict[str, Any]:
    """Return what filters may name, as a JSON Schema."""
    geometry = {"title": "Geometry", "format": f"geometry-{collection.geometry.lower()}"}
    return {
        "$schema": DRAFT,
        "$id": identifier,
        "type": "object",
        "title": collection.title,
        "description": f"What filters on {collection.id} may name.",
        "properties": {"geometry": geometry, **{each.name: schema_of(each) for each in collection.fields}},
        "additionalProperties": False,
    }


def schema(collection: Collection, identifier: str) -> dict[str, Any]:
    """Return what features are made of, as a JSON Schema (OGC API Features Part 5)."""
    geometry = {
        "title": "Geometry",
        "x-ogc-role": "primary-geometry",
        "format": f"geometry-{collection.geometry.lower()}",
    }
    properties: dict[str, Any] = {}
    for position, each in enumerate(collection.fields, start=2):
        properties[each.name] = {**schema_of(each), "x-ogc-propertySeq": position}
    return {
        "$schema": DRAFT,
        "$id": identifier,
        "type": "object",
        "title": collection.title,
        "description": collection.description,
        "properties": {
            "id": {
                "title": "Identifier",
                "type": "integer" if collection.integer_id else "string",
                "x-ogc-role": "id",
                "x-ogc-propertySeq": 0,
            },
            "geometry": {**geometry, "x-ogc-propertySeq": 1},
            **properties,
        },
    }


def schema_of(field: Field) -> dict[str, Any]:
    """Return a field as JSON Schema."""
    schema: dict[str, Any] = {"title": field.title, "type": _JSON_TYPES[field.kind]}
    if field.kind == "moment":
        schema["format"] = "date-time"
    if field.values:
        schema["enum"] = list(field.values)
    if field.low is not None:
        schema |= {"minimum": field.low, "maximum": field.high}
    return schema
