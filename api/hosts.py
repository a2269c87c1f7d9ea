"""Under which names the server answers: links, frames and tile addresses are written with what a request calls it."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import problem

_HOST: Final = re.compile(rb"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
_LARGEST_PORT: Final = 65_535


class KnownHosts:
    """Refuse requests that call the server by a name that is not its own.

    Always known are the loopback and the address that the connection came to; a name in the header Host would otherwise
    end in links, in the frames of oEmbed and in what caches keep.

    Parameters
    ----------
    app : ASGIApp
        What replies.
    public_url : str, optional
        Address under which people reach the server; requests for its host are answered with links to it.
    names : iterable of str
        Further names.
    """

    def __init__(self, app: ASGIApp, *, public_url: str | None, names: Iterable[str]) -> None:
        self.app = app
        public = urlsplit(public_url or "")
        self._public_name = (public.hostname or "").lower()
        self._scheme, self._authority = public.scheme, public.netloc.encode()
        self._names = {name.strip("[]").lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, if it is meant for this server."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = _name_of(scope)
        if name is not None and name == self._public_name:
            headers = [(key, self._authority if key == b"host" else value) for key, value in scope["headers"]]
            scope = {**scope, "scheme": self._scheme, "headers": headers}
        elif name is None or not self._is_own(name, scope):
            # Told under a name that is ours, so that no link of the page leads away.
            safe = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"host"]}
            refusal = problem(Request(safe), HTTPStatus.BAD_REQUEST, _refusal(name))
            await refusal(safe, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_own(self, name: str, scope: Scope) -> bool:
        reached = (scope.get("server") or ("", None))[0]
        if name in self._names or name in {"localhost", str(reached).lower()}:
            return True
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return False


def _name_of(scope: Scope) -> str | None:
    """Return the name that a request calls the server by; None where there is none, several, or no such name."""
    sent = [value for key, value in scope["headers"] if key == b"host"]
    match = _HOST.fullmatch(sent[0].strip()) if len(sent) == 1 else None
    if match is None or int(match[2] or 0) > _LARGEST_PORT:
        return None
    return match[1].decode().strip("[]").lower()


def _refusal(name: str | None) -> str:
    if name is None:
        return "The header Host is missing, given twice, or no name of a machine."
    return (
        f"This server does not answer as {name!r}. GEOGRID_PUBLIC_URL says under which address people reach it, "
        "GEOGRID_ALLOWED_HOSTS which other names it has."
    )
