"""What an oEmbed consumer is told of an address of this server (https://oembed.com)."""

from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from fastapi import Request
from markupsafe import escape
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.embed.page import EMBEDDED, described
from api.embed.schemas import EmbedQuery, OembedQuery
from api.kit.links import address
from geogrid.errors import NotFoundError

_WIDTH: Final = 640
_HEIGHT: Final = 480
_AREA: Final = "/area/"


def oembed_of(request: Request, query: OembedQuery, session: Session) -> dict[str, Any]:
    """Return the members of an answer of the type rich.

    Raises
    ------
    NotFoundError
        The address is none of a map or of a grid of this server.
    """
    map_query = _map_of(request, query.url)
    width, height = min(_WIDTH, query.maxwidth), min(_HEIGHT, query.maxheight)
    title = described(map_query, session).title
    source = address(request, EMBEDDED, map_query.model_dump(mode="json", exclude_defaults=True))
    html = (
        f'<iframe src="{escape(source)}" width="{width}" height="{height}" title="{escape(title)}" '
        'style="border:0" loading="lazy"></iframe>'
    )
    return {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": "GeoGrid",
        "provider_url": address(request, "/"),
        "cache_age": 300,
        "width": width,
        "height": height,
        "html": html,
    }


def _map_of(request: Request, url: str) -> EmbedQuery:
    own = urlsplit(str(request.base_url))
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _unknown(url) from error
    values = dict(parse_qsl(parts.query))
    if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        if parts.path.startswith(_AREA):
            code = unquote(parts.path.removeprefix(_AREA).partition("/")[0])
            kept: dict[str, str] = {name: values[name] for name in ("jurisdiction", "at", "lang") if name in values}
            return _checked(url, {**kept, "grids": code})
        if parts.path == EMBEDDED:
            return _checked(url, values)
    raise _unknown(url)


def _checked(url: str, values: dict[str, str]) -> EmbedQuery:
    try:
        return EmbedQuery.model_validate(values)
    except ValidationError as error:
        raise _unknown(url) from error


def _unknown(url: str) -> NotFoundError:
    return NotFoundError(f"{url[:200]!r} is no map or grid of this server. Give an address under /embed/map or /area/.")
