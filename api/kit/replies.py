"""Replies ready to be sent: JSON by orjson, with links in the header, and 304 where the client has it already."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import Request, Response

from api.kit.links import JSON, link_header


def json_reply(
    body: Any,
    *,
    status: int = 200,
    media_type: str = JSON,
    links: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a JSON reply; `links` go to the header Link."""
    sent = dict(headers or {})
    if links:
        sent["Link"] = link_header(links)
    return Response(orjson.dumps(body), status, sent, media_type=media_type)


def is_known(request: Request, etag: str) -> bool:
    """Return whether the client says that it has this version (If-None-Match, weak comparison)."""
    sent = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    return "*" in sent or etag.removeprefix("W/") in sent


def not_modified(etag: str) -> Response:
    """Return 304."""
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": "no-cache"})
