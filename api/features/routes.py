"""``/collections``: grids, blocks, cases and what is computed from them, for any client of OGC API Features."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.features import description
from api.features.answers import feature_links, feature_reply, items_reply, page_links, reader_of
from api.features.formats import SCHEMA, Format, format_of, is_page
from api.features.found import FoundParameters
from api.features.freshness import etag_of, fresh_headers, unchanged
from api.features.lookup import collection_named, collections_of
from api.features.page import described_page, feature_page, items_page
from api.features.reading import OpenReader
from api.features.schemas import DescriptionQuery, item_model, items_model, values_of
from api.features.selections import selection_of, system_named
from api.kit.links import HTML, JSON, address, link
from api.kit.parameters import read_query, refuse_repeats
from api.kit.replies import json_reply
from api.state.dependencies import Editions, OpenStore
from api.web.words import language_of
from boundaries.features.reading import read_one, read_values
from boundaries.features.selection import Selection
from geogrid.errors import NotFoundError

router = APIRouter(prefix="/collections", include_in_schema=False)
_DescriptionQuery = Annotated[DescriptionQuery, Query()]


@router.get("", dependencies=[Depends(refuse_repeats)])
def collections(request: Request, query: _DescriptionQuery, editions: Editions, reader: OpenReader) -> Response:
    """List the collections."""
    sources = collections_of(request, editions, query.jurisdiction)
    own = next(iter(sources.values())).own
    links = [
        link(address(request, "/collections", own), "self", JSON, "Collections"),
        link(address(request, "/collections", {**own, "f": "html"}), "alternate", HTML, "Collections as a page"),
    ]
    body = {
        "collections": [description.describe(request, source, reader) for source in sources.values()],
        "links": links,
    }
    if is_page(request, query.f):
        return described_page(request, "Collections", body)
    return json_reply(body, links=links, headers={"Vary": "Accept"})


@router.get("/{collection}", dependencies=[Depends(refuse_repeats)])
def collection(
    request: Request, collection: str, query: _DescriptionQuery, editions: Editions, reader: OpenReader
) -> Response:
    """Describe a collection: where its features are, since when, and in which forms."""
    source = collection_named(request, editions, collection, query.jurisdiction)
    body = description.describe(request, source, reader)
    if is_page(request, query.f):
        return described_page(request, body["title"], body)
    return json_reply(body, links=body["links"], headers={"Vary": "Accept"})


@router.get("/{collection}/queryables", dependencies=[Depends(refuse_repeats)])
def queryables(request: Request, collection: str, query: _DescriptionQuery, editions: Editions) -> Response:
    """Return what filters on a collection may name."""
    source = collection_named(request, editions, collection, query.jurisdiction)
    here = address(request, f"{source.path}/queryables", source.own)
    return _schema_reply(request, query, description.queryables(source.collection, here))


@router.get("/{collection}/schema", dependencies=[Depends(refuse_repeats)])
def schema(request: Request, collection: str, query: _DescriptionQuery, editions: Editions) -> Response:
    """Return what the features of a collection are made of."""
    source = collection_named(request, editions, collection, query.jurisdiction)
    here = address(request, f"{source.path}/schema", source.own)
    return _schema_reply(request, query, description.schema(source.collection, here))


@router.get("/{collection}/items")
def items(request: Request, collection: str, editions: Editions, store: OpenStore, reader: OpenReader) -> Response:
    """Return features of a collection."""
    source = collection_named(request, editions, collection, request.query_params.get("jurisdiction"))
    query = read_query(request, items_model(source.collection))
    parameters = values_of(query)
    form = format_of(request, parameters["f"])
    selection = selection_of(source, parameters, reader.systems(source), form)
    selection = replace(selection, collection=reader.prepared(source, selection.scope, query))
    version = reader.version(source, selection.scope)
    headers = _headers(request, version, reader.first_seen(version), form, selection)
    same = unchanged(request, headers)
    if same is not None:
        return same
    asked_of = tuple(parameters.get(name) for name in ("at", "datetime", *FoundParameters.model_fields))
    matched = reader.count(selection, version, as_of=asked_of)
    links = page_links(request, source, selection, form, matched=matched)
    if form.name == "html":
        rows = store.read(lambda by: read_values(by, selection))
        return items_page(request, source.path, selection, rows, matched=matched, links=links, headers=headers)
    return items_reply(store, selection, form, matched=matched, links=links, headers=headers)


@router.get("/{collection}/items/{feature:path}")
def item(  # noqa: PLR0913, PLR0917 - what a handler is given
    request: Request, collection: str, feature: str, editions: Editions, store: OpenStore, reader: OpenReader
) -> Response:
    """Return one feature."""
    source = collection_named(request, editions, collection, request.query_params.get("jurisdiction"))
    query = read_query(request, item_model(source.collection))
    form = format_of(request, query.f)
    system = system_named(reader.systems(source), values_of(query), "crs")
    scope = source.scope_of(feature)
    selection = Selection(reader.prepared(source, scope, query), scope, system=system, coord_type=query.coord_type)
    version = reader.version(source, scope)
    headers = _headers(request, version, reader.first_seen(version), form, selection)
    same = unchanged(request, headers)
    if same is not None:
        return same
    text = store.read(lambda by: read_one(by, selection, feature, reader_of(selection)), by_key=True)
    if text is None:
        raise NotFoundError(f"There is no feature {feature[:80]!r} in {source.collection.id}.")
    links = feature_links(request, source)
    if form.name == "html":
        return feature_page(request, text, links=links, headers=headers)
    return feature_reply(text, links=links, headers=headers)


def _schema_reply(request: Request, query: DescriptionQuery, body: dict[str, Any]) -> Response:
    if is_page(request, query.f):
        return described_page(request, body["title"], body["properties"])
    return json_reply(body, media_type=SCHEMA, headers={"Vary": "Accept"})


def _headers(request: Request, version: str, seen: datetime, form: Format, selection: Selection) -> dict[str, str]:
    lang = language_of(request) if form.name == "html" else ""
    headers = fresh_headers(etag_of(request, version, form.name, lang), seen)
    if selection.coord_type != "wgs84":
        headers["GeoGrid-Coord-Type"] = selection.coord_type
    elif form.name in {"geojson", "geojsonseq"}:
        headers["Content-Crs"] = f"<{selection.system.uri}>"
    return headers
