"""Media types, and links between answers, in the body and in the header."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, unquote_plus, urlencode

from fastapi import Request

from geogrid.access import mask_text

GEOJSON = "application/geo+json"
JSON = "application/json"
CSV = "text/csv"
HTML = "text/html"
XHTML = "application/xhtml+xml"
MVT = "application/vnd.mapbox-vector-tile"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

_IN_PATH: Final = "/:@!$&'()*+,;=~"
_SHORT: Final = 500
_LONGEST: Final = 4_000
"""Of an address in a header; the pages beside this one are told up to the second length, all else to the first."""


def path_of(request: Request) -> str:
    """Return the path of a request, percent-encoded once, which never reads as the name of another machine."""
    path = quote(request.url.path, safe=_IN_PATH)
    return f"/{path.lstrip('/')}" if path.startswith("//") else path


def address(request: Request, path: str, parameters: Mapping[str, object] | None = None) -> str:
    """Return the full address of a path of this server."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{str(request.base_url).rstrip('/')}{path}{query}"


def link(href: str, rel: str, media_type: str, title: str) -> dict[str, str]:
    """Return a link as it stands in a body."""
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def same_page(request: Request, **changed: object) -> str:
    """Return the request's own address with some parameters changed, or left out where they are None."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changed]
    kept += [(name, str(value)) for name, value in changed.items() if value is not None]
    query = f"?{urlencode(kept)}" if kept else ""
    return f"{str(request.base_url).rstrip('/')}{path_of(request)}{query}"


def link_header(links: Sequence[Mapping[str, str]]) -> str:
    """Return links as the value of the header Link (RFC 8288); long addresses stand in the body only."""
    told = [each for each in links if len(each["href"]) <= (_LONGEST if each["rel"] in {"next", "prev"} else _SHORT)]
    return ", ".join(f'<{each["href"]}>; rel="{each["rel"]}"; type="{each["type"]}"' for each in told)


def masked_address(path: str, query: str) -> str:
    """Return a path and a query with the numbers of persons masked; one without them as it was sent."""
    sent = f"{path}?{query}" if query else path
    read = unquote_plus(sent)
    masked = mask_text(read)
    return sent if masked == read else masked
