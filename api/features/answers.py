"""Answers with features: pages, streams, one feature; unchanged ones are told so."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final

import orjson
import shapely
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from api.features.description import QUERYABLES_REL
from api.features.formats import FORMATS, SCHEMA, Format
from api.features.freshness import Remembered
from api.features.page import described_page, items_page
from api.features.places import Place
from api.kit.links import GEOJSON, JSON, address, link, link_header, same_page
from api.kit.replies import is_known
from api.state.store import Store
from boundaries.features.encoders import flatgeobuf, geojson, geoparquet, kml, table, topojson
from boundaries.features.encoders.layer import Batches, Layer, Row, feature_texts, layer_of
from boundaries.features.reading import AT_ONCE, count, read_features, read_values, stream_features, stream_values
from boundaries.features.selection import Selection

Links = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for features, understood.

    Parameters
    ----------
    request : Request
        As it came.
    place : Place
        The collection.
    wanted : Selection
        Its features.
    form : Format
        Of the answer.
    version : str
        Changes when the features do.
    headers : mapping
        Of the answer.
    store : Store
        Where the features are.
    """

    request: Request
    place: Place
    wanted: Selection
    form: Format
    version: str
    headers: Mapping[str, str]
    store: Store


def items_answer(asked: Asked) -> Response:
    """Return features in the format asked for: a page as it is, a large answer as it is read."""
    wanted = asked.wanted
    matched = matched_by(asked.request, wanted, asked.version, lambda: asked.store.read(lambda by: count(by, wanted)))
    returned = max(min(matched - wanted.offset, wanted.limit or matched), 0)
    links = page_links(asked.request, asked.place, wanted, matched=matched, form=asked.form)
    if asked.form.name == "html":
        return items_page(asked, links=links, matched=matched)
    sent = {**asked.headers, "Link": link_header(links)}
    if asked.form.suffix:
        sent["Content-Disposition"] = f'inline; filename="{wanted.collection.id}.{asked.form.suffix}"'
    head = {"numberMatched": matched, "numberReturned": returned, "timeStamp": datetime.now(UTC), "links": links}
    if wanted.coord_type != "wgs84":
        head["coord_type"] = wanted.coord_type
    parts = _parts(asked, head, layer_of(wanted, returned))
    if returned <= AT_ONCE:
        return Response(b"".join(parts), headers=sent, media_type=asked.form.media_type)
    return StreamingResponse(parts, headers=sent, media_type=asked.form.media_type)


def _parts(asked: Asked, head: Mapping[str, Any], layer: Layer) -> Iterator[bytes]:
    """Yield an answer as it is read from the store."""
    name = asked.form.name
    if name in {"geojson", "geojsonseq"}:
        features = _features(asked, layer)
        return geojson.sequence(features) if name == "geojsonseq" else geojson.collection(head, features)
    rows = _rows(asked, layer)
    if name == "topojson":
        return iter([topojson.encode(rows, layer)])
    encode: Callable[[Batches, Layer], Iterator[bytes]] = _ENCODERS[name]
    return encode(rows, layer)


def _features(asked: Asked, layer: Layer) -> Iterator[list[bytes]]:
    if asked.wanted.coord_type != "wgs84":
        return (feature_texts(rows, layer) for rows in _rows(asked, layer))
    if layer.count is not None and layer.count <= AT_ONCE:
        return iter([asked.store.read(lambda by: read_features(by, asked.wanted))])
    return stream_features(asked.store.engine(), asked.wanted)


def _rows(asked: Asked, layer: Layer) -> Iterator[list[Row]]:
    if layer.count is not None and layer.count <= AT_ONCE:
        return iter([asked.store.read(lambda by: read_values(by, asked.wanted))])
    return stream_values(asked.store.engine(), asked.wanted)


_ENCODERS: Final[Mapping[str, Callable[[Batches, Layer], Iterator[bytes]]]] = {
    "csv": table.encode,
    "flatgeobuf": flatgeobuf.encode,
    "geoparquet": geoparquet.encode,
    "kml": kml.encode,
}


def matched_by(request: Request, wanted: Selection, version: str, look: Callable[[], int]) -> int:
    """Return how many features match, counted once a version."""
    remembered: Remembered = request.app.state.remembered
    asked = (
        wanted.collection.id,
        wanted.scope.plans,
        wanted.scope.since,
        wanted.scope.until,
        None if wanted.area is None else shapely.to_wkb(wanted.area),
        tuple(wanted.equal.items()),
        None if wanted.condition is None else (wanted.condition.sql, repr(sorted(wanted.condition.values.items()))),
    )
    return remembered.get(("count", version, asked), look)


def feature_answer(
    request: Request, place: Place, feature: bytes, *, headers: Mapping[str, str], is_page: bool
) -> Response:
    """Return one feature with its links."""
    here = same_page(request)
    links = [
        link(here, "self", GEOJSON, "This feature"),
        link(same_page(request, f="html"), "alternate", FORMATS["html"].media_type, "This feature as a page"),
        link(address(request, place.path, place.own), "collection", JSON, "The collection of this feature"),
    ]
    if is_page:
        read = orjson.loads(feature)
        members = {"id": read["id"], **read["properties"], "geometry": read["geometry"], "links": links}
        return described_page(request, str(read["id"]), members, headers=headers)
    body = feature[:-1] + b',"links":' + orjson.dumps(links) + b"}"
    return Response(body, headers={**headers, "Link": link_header(links)}, media_type=GEOJSON)


def page_links(request: Request, place: Place, wanted: Selection, *, matched: int, form: Format) -> Links:
    """Return the links of a page: itself, its neighbours, other formats, its collection."""
    links = [link(same_page(request), "self", form.media_type, "This page")]
    if wanted.limit is not None and wanted.offset + wanted.limit < matched:
        following = same_page(request, offset=wanted.offset + wanted.limit)
        links.append(link(following, "next", form.media_type, "More features"))
    if wanted.limit is not None and wanted.offset > 0:
        before = same_page(request, offset=max(wanted.offset - wanted.limit, 0) or None)
        links.append(link(before, "prev", form.media_type, "Features before"))
    links += [
        link(same_page(request, f=name), "alternate", each.media_type, f"This as {each.title}")
        for name, each in FORMATS.items()
        if name != form.name
    ]
    links.append(link(address(request, place.path, place.own), "collection", JSON, "The collection"))
    queryables = address(request, f"{place.path}/queryables", place.own)
    links.append(link(queryables, QUERYABLES_REL, SCHEMA, "What filters may name"))
    return links


def fresh_headers(etag: str, seen: datetime) -> dict[str, str]:
    """Return the headers by which a client can ask whether an answer is still good."""
    return {
        "ETag": etag,
        "Last-Modified": format_datetime(seen, usegmt=True),
        "Cache-Control": "no-cache",
        "Vary": "Accept",
    }


def unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """Return 304 where the client has the answer already, by its ETag or, without one, by its date."""
    if "if-none-match" in request.headers:
        known = is_known(request, headers["ETag"])
    else:
        known = _is_since(request.headers.get("if-modified-since", ""), parsedate_to_datetime(headers["Last-Modified"]))
    return Response(status_code=304, headers=dict(headers)) if known else None


def _is_since(text: str, seen: datetime) -> bool:
    try:
        return bool(text) and parsedate_to_datetime(text) >= seen
    except (TypeError, ValueError):
        return False
