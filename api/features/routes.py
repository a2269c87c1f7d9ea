"""``/collections``: grids, blocks, cases and what is computed from them, for any client of OGC API Features."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.features import description
from api.features.answers import Asked, feature_answer, fresh_headers, items_answer, unchanged
from api.features.extents import features_version, ready, systems_of
from api.features.formats import SCHEMA, format_of, wants_html
from api.features.freshness import etag_of, first_seen
from api.features.page import described_page
from api.features.places import place_of, places
from api.features.schemas import Described, ItemQuery, items_model, values_of
from api.features.selections import selection_of, system_named
from api.kit.links import HTML, JSON, address, link
from api.kit.parameters import read_query, refuse_repeats
from api.kit.replies import json_reply
from api.state.dependencies import Editions, OpenStore
from boundaries.features.encoders.layer import feature_texts, layer_of
from boundaries.features.reading import FeatureReader, read_features, read_one, read_values
from boundaries.features.selection import Selection
from geogrid.errors import NotFoundError

router = APIRouter(prefix="/collections", include_in_schema=False)
_Described = Annotated[Described, Query()]


@router.get("", dependencies=[Depends(refuse_repeats)])
def collections(request: Request, query: _Described, editions: Editions, store: OpenStore) -> Response:
    """List the collections."""
    found = places(request, editions, query.jurisdiction)
    own = next(iter(found.values())).own
    links = [
        link(address(request, "/collections", own), "self", JSON, "Collections"),
        link(address(request, "/collections", {**own, "f": "html"}), "alternate", HTML, "Collections as a page"),
    ]
    body = {"collections": [description.describe(request, each, store) for each in found.values()], "links": links}
    if wants_html(request, query.f):
        return described_page(request, "Collections", body)
    return json_reply(body, links=links, headers={"Vary": "Accept"})


@router.get("/{collection}", dependencies=[Depends(refuse_repeats)])
def collection(request: Request, collection: str, query: _Described, editions: Editions, store: OpenStore) -> Response:
    """Describe a collection: where its features are, since when, and in which forms."""
    place = place_of(request, editions, collection, query.jurisdiction)
    body = description.describe(request, place, store)
    if wants_html(request, query.f):
        return described_page(request, body["title"], body)
    return json_reply(body, links=body["links"], headers={"Vary": "Accept"})


@router.get("/{collection}/queryables", dependencies=[Depends(refuse_repeats)])
def queryables(request: Request, collection: str, query: _Described, editions: Editions) -> Response:
    """Return what filters on a collection may name."""
    place = place_of(request, editions, collection, query.jurisdiction)
    here = address(request, f"{place.path}/queryables", place.own)
    return _schema_reply(request, query, description.queryables(place.collection, here))


@router.get("/{collection}/schema", dependencies=[Depends(refuse_repeats)])
def schema(request: Request, collection: str, query: _Described, editions: Editions) -> Response:
    """Return what the features of a collection are made of."""
    place = place_of(request, editions, collection, query.jurisdiction)
    here = address(request, f"{place.path}/schema", place.own)
    return _schema_reply(request, query, description.schema(place.collection, here))


@router.get("/{collection}/items")
def items(request: Request, collection: str, editions: Editions, store: OpenStore) -> Response:
    """Return features of a collection."""
    place = place_of(request, editions, collection, request.query_params.get("jurisdiction"))
    asked = values_of(read_query(request, items_model(place.collection)))
    form = format_of(request, asked["f"])
    wanted = selection_of(place, asked, systems_of(request, place, store), form)
    wanted = replace(wanted, collection=ready(request, place, wanted.scope, store))
    version = features_version(place, wanted.scope, store)
    headers = _headers(request, version, form.name, wanted)
    asked_for = Asked(request, place, wanted, form, version, headers, store)
    return unchanged(request, headers) or items_answer(asked_for)


@router.get("/{collection}/items/{feature:path}")
def item(request: Request, collection: str, feature: str, editions: Editions, store: OpenStore) -> Response:
    """Return one feature."""
    query = read_query(request, ItemQuery)
    place = place_of(request, editions, collection, query.jurisdiction)
    asked = values_of(query)
    form = format_of(request, asked["f"])
    system = system_named(systems_of(request, place, store), asked, "crs")
    scope = place.scope_of(feature)
    wanted = Selection(ready(request, place, scope, store), scope, system=system, coord_type=query.coord_type)
    version = features_version(place, wanted.scope, store)
    headers = _headers(request, version, form.name, wanted)
    known = unchanged(request, headers)
    if known is not None:
        return known
    found = store.read(lambda by: read_one(by, wanted, feature, _reader(wanted)), by_key=True)
    if found is None:
        raise NotFoundError(f"There is no feature {feature[:80]!r} in {place.collection.id}.")
    return feature_answer(request, place, found, headers=headers, is_page=form.name == "html")


def _reader(wanted: Selection) -> FeatureReader:
    """Return what reads features as GeoJSON in the datum asked for."""
    if wanted.coord_type == "wgs84":
        return read_features
    return lambda by, found: feature_texts(read_values(by, found), layer_of(found))


def _schema_reply(request: Request, query: Described, body: dict[str, Any]) -> Response:
    if wants_html(request, query.f):
        return described_page(request, body["title"], body["properties"])
    return json_reply(body, media_type=SCHEMA, headers={"Vary": "Accept"})


def _headers(request: Request, version: str, form: str, wanted: Selection) -> dict[str, str]:
    found = fresh_headers(etag_of(request, version, form), first_seen(request, version))
    if wanted.coord_type != "wgs84":
        found["GeoGrid-Coord-Type"] = wanted.coord_type
    elif form in {"geojson", "geojsonseq"}:
        found["Content-Crs"] = f"<{wanted.system.uri}>"
    return found
