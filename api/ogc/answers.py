"""Answers with features: pages, streams, one feature; unchanged ones are told so."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import orjson
import shapely
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from api.links import GEOJSON, JSON, address, link, link_header, same_page
from api.ogc.description import QUERYABLES_REL
from api.ogc.formats import FORMATS, SCHEMA, Format
from api.ogc.freshness import Remembered
from api.ogc.places import Place
from api.replies import is_known
from api.store import Store
from boundaries.encoders import geojson
from boundaries.features.reading import AT_ONCE, count, read_features, stream_features
from boundaries.features.selection import Selection

Links = list[dict[str, str]]


def items_answer(  # noqa: PLR0913 - what a request comes with
    request: Request,
    place: Place,
    wanted: Selection,
    *,
    store: Store,
    form: Format,
    headers: Mapping[str, str],
    version: str,
) -> Response:
    """Return features in the format asked for: a page as it is, a large answer as it is read."""
    if form.name != "geojson":
        raise NotImplementedError
    matched, features = _read(request, wanted, store, version)
    returned = max(min(matched - wanted.offset, wanted.limit or matched), 0)
    links = page_links(request, place, wanted, matched=matched, form=form)
    head = {
        "numberMatched": matched,
        "numberReturned": returned,
        "timeStamp": datetime.now(UTC),
        "links": links,
    }
    sent = {**headers, "Link": link_header(links)}
    parts = geojson.collection(head, features)
    if isinstance(features, list):
        return Response(b"".join(parts), headers=sent, media_type=form.media_type)
    return StreamingResponse(parts, headers=sent, media_type=form.media_type)


def _read(
    request: Request, wanted: Selection, store: Store, version: str
) -> tuple[int, list[list[bytes]] | Iterator[list[bytes]]]:
    with store.unit_of_work() as session:
        matched = matched_by(request, wanted, version, lambda: count(session, wanted))
        if wanted.limit is not None and wanted.limit <= AT_ONCE:
            return matched, [read_features(session, wanted)]
    return matched, stream_features(store.engine(), wanted)


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


def feature_answer(request: Request, place: Place, feature: bytes, *, headers: Mapping[str, str]) -> Response:
    """Return one feature with its links."""
    here = same_page(request)
    links = [
        link(here, "self", GEOJSON, "This feature"),
        link(same_page(request, f="html"), "alternate", FORMATS["html"].media_type, "This feature as a page"),
        link(address(request, place.path, place.own), "collection", JSON, "The collection of this feature"),
    ]
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
