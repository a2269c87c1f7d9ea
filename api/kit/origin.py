"""Whether a request comes from a page of this server: a cookie, which browsers send by themselves, proves nothing."""

import hmac
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from geogrid.errors import ForbiddenError

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_PORTS: Final = {"http": 80, "https": 443}


def require_same_origin(request: Request) -> None:
    """Refuse a request that changes something and was not made by a page of this server.

    Browsers say where a request comes from in `Origin` and, over TLS and on the own machine, in `Sec-Fetch-Site`. One
    of them must be there, and whatever is there must name this server.

    Raises
    ------
    ForbiddenError
        It comes from elsewhere, or does not say.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_own_site = site is None or site in _OWN_SITES
    is_own_origin = origin is None or _place(origin) == _place(str(request.base_url))
    if (site is None and origin is None) or not is_own_site or not is_own_origin:
        raise ForbiddenError(
            "The request changes something with the rights of a signed-in browser, and does not come from a page of "
            "this server. Programs send a token: Authorization: Bearer ..."
        )


def is_from_elsewhere(request: Request) -> bool:
    """Return whether a script of another site has made a request: only those say `Origin` when they read."""
    origin = request.headers.get("origin")
    return origin is not None and _place(origin) != _place(str(request.base_url))


def require_form_token(expected: str, sent: str) -> None:
    """Refuse a form that was not made for this session.

    Raises
    ------
    ForbiddenError
        It carries no token or another one.
    """
    if not expected or not hmac.compare_digest(expected.encode(), sent.encode("utf-8", "replace")):
        raise ForbiddenError("This form is not of the session that you are signed in with. Open the page again.")


def _place(address: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.scheme, (parts.hostname or "").lower(), port) if parts.hostname else None
