"""The addresses of collections in the description of the interface, derived from the collections themselves.

Each collection has addresses of its own there: clients such as GDAL look for a field among the parameters of the
collection's items, and filter by it at the server where they find it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from api.features.description import schema_of
from api.features.formats import FORMATS, SCHEMA
from api.features.schemas import CollectionAnswer, CollectionsAnswer, DescriptionQuery, item_model, items_model
from api.kit.links import GEOJSON, HTML, JSON
from api.kit.parameters import describe_query
from boundaries.features.catalogue import Visibility, collections, edition_collection
from boundaries.features.fields import Collection

_TAG: Final = "collections"
_NOT_THERE: Final = "There is no such collection or feature."
_UNCHANGED: Final = {"description": "The client has this answer already."}


def paths_of(case_fields: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the paths of collections and the schemas that they refer to.

    Parameters
    ----------
    case_fields : sequence of str
        Fields of cases that are public.
    """
    every = collections(Visibility(tuple(case_fields)))
    paths: dict[str, Any] = {
        "/collections": _get("collections", "List the collections.", DescriptionQuery, _json("CollectionsAnswer"))
    }
    schemas: dict[str, Any] = {}
    for model in (CollectionAnswer, CollectionsAnswer):
        described = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**described.pop("$defs", {}), model.__name__: described}
    for collection in every.values():
        paths |= dict(_paths(f"/collections/{collection.id}", collection, ()))
        schemas |= _schemas(collection)
    edition = edition_collection(0, "")
    number = {
        "name": "edition",
        "in": "path",
        "required": True,
        "description": "Number of an edition, as /editions lists them.",
        "schema": {"type": "integer", "minimum": 1},
    }
    paths |= dict(_paths("/collections/edition-{edition}", edition, (number,), name="edition", shape="grids"))
    return paths, schemas


_FEATURE: Final = {
    "name": "feature",
    "in": "path",
    "required": True,
    "description": "Its id.",
    "schema": {"type": "string", "minLength": 1},
}


def _paths(
    path: str, collection: Collection, places: Sequence[dict[str, Any]], *, name: str = "", shape: str = ""
) -> Iterator[tuple[str, Any]]:
    name, shape = name or collection.id, shape or collection.id
    about = f"the collection {name}"
    missing = {"404": {"description": _NOT_THERE, "content": _problem()}}
    schema = {
        "200": {
            "description": "A JSON Schema.",
            "content": {SCHEMA: {"schema": {"type": "object"}}, HTML: {"schema": {"type": "string"}}},
        },
        **missing,
    }
    yield (
        path,
        _get(
            f"{name}_collection",
            f"Describe {about}.",
            DescriptionQuery,
            {**_json("CollectionAnswer"), **missing},
            places,
        ),
    )
    yield (
        f"{path}/queryables",
        _get(f"{name}_queryables", f"Return what filters on {about} may name.", DescriptionQuery, schema, places),
    )
    yield (
        f"{path}/schema",
        _get(f"{name}_schema", f"Return what features of {about} are made of.", DescriptionQuery, schema, places),
    )
    items = {**_features(f"Features_{shape}"), "304": _UNCHANGED, **missing}
    yield (
        f"{path}/items",
        _get(
            f"{name}_items",
            f"Return features of {about}. {collection.description}",
            items_model(collection),
            items,
            places,
        ),
    )
    one = {
        "200": {
            "description": "The feature.",
            "content": {GEOJSON: {"schema": _ref(f"Feature_{shape}")}, HTML: {"schema": {"type": "string"}}},
        },
        "304": _UNCHANGED,
        **missing,
    }
    yield (
        f"{path}/items/{{feature}}",
        _get(f"{name}_item", f"Return one feature of {about}.", item_model(collection), one, (*places, _FEATURE)),
    )


def _get(
    name: str, words: str, model: type[BaseModel], responses: Mapping[str, Any], places: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    # The interface's own words: without style and explode each client takes defaults of its own.
    query = [{**each, "style": "form", "explode": False} for each in describe_query(model)]
    operation = {
        "tags": [_TAG],
        "operationId": name,
        "description": words,
        "parameters": [*places, *query],
        "responses": dict(responses),
    }
    return {"get": operation}


def _json(model: str) -> dict[str, Any]:
    content = {JSON: {"schema": _ref(model)}, HTML: {"schema": {"type": "string"}}}
    return {"200": {"description": "The description.", "content": content}}


def _features(shape: str) -> dict[str, Any]:
    content: dict[str, Any] = {each.media_type: {"schema": {"type": "string"}} for each in FORMATS.values()}
    content[GEOJSON] = {"schema": _ref(shape)}
    content[FORMATS["topojson"].media_type] = {"schema": {"type": "object"}}
    for name in ("flatgeobuf", "geoparquet"):
        content[FORMATS[name].media_type] = {"schema": {"type": "string", "format": "binary"}}
    return {"200": {"description": "The features.", "content": content}}


def _schemas(collection: Collection) -> dict[str, Any]:
    properties = {each.name: {**schema_of(each), "nullable": True} for each in collection.fields}
    for each in properties.values():
        if "enum" in each:
            each["enum"] = [*each["enum"], None]
        each.pop("minimum", None)
        each.pop("maximum", None)
    links = {"type": "array", "items": _ref("Link")}
    feature = {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer" if collection.integer_id else "string"},
            "geometry": {"type": "object", "nullable": True},
            "properties": {"type": "object", "properties": properties, "additionalProperties": False},
            "links": links,
        },
    }
    page = {
        "type": "object",
        "required": ["type", "features", "links"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
            "timeStamp": {"type": "string", "format": "date-time"},
            "coord_type": {"type": "string"},
            "links": links,
            "features": {"type": "array", "items": _ref(f"Feature_{collection.id}")},
        },
    }
    return {f"Feature_{collection.id}": feature, f"Features_{collection.id}": page}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _problem() -> dict[str, Any]:
    return {"application/problem+json": {"schema": _ref("ProblemAnswer")}}
