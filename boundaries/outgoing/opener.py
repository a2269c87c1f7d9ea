"""Requests of libraries that bring urllib along: to machines that may be called only, and without redirects."""

import http.client
import socket
from typing import Any
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
    getproxies,
)

from boundaries.outgoing.reach import Reachable, is_loopback_name


def opener_for(base: str) -> OpenerDirector:
    """Return what opens addresses of one service; answers that lead elsewhere are errors.

    Parameters
    ----------
    base : str
        Address of the service as the settings have it. Where it, or a proxy of the environment, is written as this
        machine, this machine may be called; a name never leads there.
    """
    hosts = [urlsplit(each).hostname or "" for each in (base, *getproxies().values())]
    connect = _Connect(Reachable(has_loopback=any(map(is_loopback_name, hosts))))
    return build_opener(ProxyHandler(), _Plain(connect), _Secure(connect), _NoRedirect())


class _Connect:
    """Connects to the address that was checked, and to no other."""

    def __init__(self, reach: Reachable) -> None:
        self._reach = reach

    def __call__(self, address: tuple[str, int], *more: Any) -> socket.socket:
        host, port = address
        return socket.create_connection((self._reach.address_of(host, port), port), *more)

    def connection(self, kind: type[http.client.HTTPConnection], host: str, **options: Any) -> Any:
        made = kind(host, **options)
        made._create_connection = self  # type: ignore[attr-defined]  # noqa: SLF001 - there is no other way in
        return made


class _Plain(HTTPHandler):
    def __init__(self, connect: _Connect) -> None:
        super().__init__()
        self._connect = connect

    def http_open(self, req: Request) -> Any:
        def made(host: str, **options: Any) -> Any:
            return self._connect.connection(http.client.HTTPConnection, host, **options)

        return self.do_open(made, req)


class _Secure(HTTPSHandler):
    def __init__(self, connect: _Connect) -> None:
        super().__init__()
        self._connect = connect

    def https_open(self, req: Request) -> Any:
        def made(host: str, **options: Any) -> Any:
            return self._connect.connection(http.client.HTTPSConnection, host, **options)

        return self.do_open(made, req)


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Make no further request: the answer itself is what came."""
