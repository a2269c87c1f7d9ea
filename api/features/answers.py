"""Answers with features: pages, streams, one feature, each with its links."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from api.features.description import QUERYABLES_REL
from api.features.formats import FORMATS, SCHEMA, Format
from api.features.lookup import TownCollection
from api.kit.links import GEOJSON, JSON, address, link, link_header, same_page
from api.state.store import Store
from boundaries.features.encoders import flatgeobuf, geojson, geoparquet, kml, table, topojson
from boundaries.features.encoders.layer import Batches, Layer, Row, feature_texts, layer_of
from boundaries.features.reading import (
    AT_ONCE,
    FeatureReader,
    read_features,
    read_values,
    stream_features,
    stream_values,
)
from boundaries.features.selection import Selection

Links = list[dict[str, str]]


def items_reply(  # noqa: PLR0913 - what is sent, and how
    store: Store,
    selection: Selection,
    form: Format,
    *,
    matched: int,
    links: Sequence[Mapping[str, str]],
    headers: Mapping[str, str],
) -> Response:
    """Return features in a format: a page as it is, a large answer as it is read.

    Parameters
    ----------
    store : Store
        Where the features are.
    selection : Selection
        Which.
    form : Format
        Of the answer, not a page for people.
    matched : int
        How many there are, whatever the page.
    links : sequence of mapping
        Of the page.
    headers : mapping
        Of the answer.
    """
    returned = max(min(matched - selection.offset, selection.limit or matched), 0)
    sent = {**headers, "Link": link_header(links)}
    if form.suffix:
        sent["Content-Disposition"] = f'inline; filename="{selection.collection.id}.{form.suffix}"'
    head = {"numberMatched": matched, "numberReturned": returned, "timeStamp": datetime.now(UTC), "links": links}
    if selection.coord_type != "wgs84":
        head["coord_type"] = selection.coord_type
    parts = _parts(store, selection, form, layer_of(selection, returned), head)
    if returned <= AT_ONCE:
        return Response(b"".join(parts), headers=sent, media_type=form.media_type)
    return StreamingResponse(parts, headers=sent, media_type=form.media_type)


def _parts(store: Store, selection: Selection, form: Format, layer: Layer, head: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield an answer as it is read from the store."""
    if form.name in {"geojson", "geojsonseq"}:
        features = _features(store, selection, layer)
        return geojson.sequence(features) if form.name == "geojsonseq" else geojson.collection(head, features)
    rows = _rows(store, selection, layer)
    if form.name == "topojson":
        return iter([topojson.encode(rows, layer)])
    encode: Callable[[Batches, Layer], Iterator[bytes]] = _ENCODERS[form.name]
    return encode(rows, layer)


def _features(store: Store, selection: Selection, layer: Layer) -> Iterator[list[bytes]]:
    if selection.coord_type != "wgs84":
        return (feature_texts(rows, layer) for rows in _rows(store, selection, layer))
    if layer.count is not None and layer.count <= AT_ONCE:
        return iter([store.read(lambda by: read_features(by, selection))])
    return stream_features(store.engine(), selection)


def _rows(store: Store, selection: Selection, layer: Layer) -> Iterator[list[Row]]:
    if layer.count is not None and layer.count <= AT_ONCE:
        return iter([store.read(lambda by: read_values(by, selection))])
    return stream_values(store.engine(), selection)


_ENCODERS: Final[Mapping[str, Callable[[Batches, Layer], Iterator[bytes]]]] = {
    "csv": table.encode,
    "flatgeobuf": flatgeobuf.encode,
    "geoparquet": geoparquet.encode,
    "kml": kml.encode,
}


def reader_of(selection: Selection) -> FeatureReader:
    """Return what reads features as GeoJSON in the datum of a selection."""
    if selection.coord_type == "wgs84":
        return read_features
    return lambda by, one: feature_texts(read_values(by, one), layer_of(one))


def feature_reply(feature: bytes, *, links: Links, headers: Mapping[str, str]) -> Response:
    """Return one feature, as the store writes it, with its links."""
    body = feature[:-1] + b',"links":' + orjson.dumps(links) + b"}"
    return Response(body, headers={**headers, "Link": link_header(links)}, media_type=GEOJSON)


def feature_links(request: Request, source: TownCollection) -> Links:
    """Return the links of one feature."""
    return [
        link(same_page(request), "self", GEOJSON, "This feature"),
        link(same_page(request, f="html"), "alternate", FORMATS["html"].media_type, "This feature as a page"),
        link(address(request, source.path, source.own), "collection", JSON, "The collection of this feature"),
    ]


def page_links(request: Request, source: TownCollection, selection: Selection, form: Format, *, matched: int) -> Links:
    """Return the links of a page: itself, its neighbours, other formats, its collection."""
    limit, offset = selection.limit, selection.offset
    links = [link(same_page(request), "self", form.media_type, "This page")]
    if limit is not None and offset + limit < matched:
        following = same_page(request, offset=offset + limit)
        links.append(link(following, "next", form.media_type, "More features"))
    if limit is not None and offset > 0:
        before = same_page(request, offset=max(offset - limit, 0) or None)
        links.append(link(before, "prev", form.media_type, "Features before"))
    links += [
        link(same_page(request, f=name), "alternate", other.media_type, f"This as {other.title}")
        for name, other in FORMATS.items()
        if name != form.name
    ]
    links.append(link(address(request, source.path, source.own), "collection", JSON, "The collection"))
    queryables = address(request, f"{source.path}/queryables", source.own)
    links.append(link(queryables, QUERYABLES_REL, SCHEMA, "What filters may name"))
    return links
