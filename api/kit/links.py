"""Media types, and links between answers, in the body and in the header."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from fastapi import Request

GEOJSON = "application/geo+json"
JSON = "application/json"
CSV = "text/csv"
HTML = "text/html"
XHTML = "application/xhtml+xml"
MVT = "application/vnd.mapbox-vector-tile"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


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
    return f"{str(request.base_url).rstrip('/')}{request.url.path}{query}"


def link_header(links: Sequence[Mapping[str, str]]) -> str:
    """Return links as the value of the header Link (RFC 8288)."""
    return ", ".join(f'<{each["href"]}>; rel="{each["rel"]}"; type="{each["type"]}"' for each in links)
