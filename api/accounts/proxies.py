"""The header in which a trusted proxy names who asks: believed from the proxy itself, and from nobody else."""

import logging
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Lock
from typing import Final

from cachetools import TTLCache
from starlette.types import Scope

from api.kit.identity import PEER
from api.state.proxies import ProxySettings
from boundaries.accounts.rules import LONGEST_LOGIN
from geogrid.errors import InvalidInputError

_TOLD_S: Final = 60.0
_TOLD: Final = 1_000

logger = logging.getLogger(__name__)


class TrustedProxies:
    """Reads who asks from the header of a trusted proxy.

    Parameters
    ----------
    settings : ProxySettings
        Which header, and whose.
    """

    def __init__(self, settings: ProxySettings) -> None:
        self._header = (settings.trusted_proxy_header or "").encode("ascii")
        self._networks = settings.trusted_proxies
        self._told: TTLCache[str, bool] = TTLCache(_TOLD, _TOLD_S)
        self._lock = Lock()

    def login_in(self, scope: Scope) -> str | None:
        """Return the login that a proxy names; None where it names nobody, or it is no proxy of ours that does.

        Raises
        ------
        InvalidInputError
            The proxy sends the header twice, which may hide one that its client has sent, or no name in it.
        """
        values = [value for name, value in scope["headers"] if name == self._header] if self._header else []
        if not values:
            return None
        peer = peer_of(scope)
        if not self._is_trusted(peer):
            self._tell(str(peer or "a socket without an address"))
            return None
        if len(values) > 1:
            raise self._fault("comes more than once", "The proxy must replace what its clients send, not add to it.")
        try:
            login = values[0].decode().strip()
        except UnicodeDecodeError:
            raise self._fault("is no text in UTF-8", "Let the proxy send the login as UTF-8.") from None
        if len(login) > LONGEST_LOGIN or not login.isprintable():
            raise self._fault("is no login", f"A login has 1 to {LONGEST_LOGIN} characters that can be read.")
        return login or None

    def _is_trusted(self, peer: IPv4Address | IPv6Address | None) -> bool:
        return peer is not None and any(peer in network for network in self._networks)

    def _tell(self, peer: str) -> None:
        """Tell once a minute and address, so that nobody fills the log; what the header says stays out of it."""
        with self._lock:
            is_told = peer in self._told
            self._told[peer] = True
        if not is_told:
            logger.warning("The header %s from %s is ignored: no trusted proxy.", self._header.decode(), peer)

    def _fault(self, what: str, remedy: str) -> InvalidInputError:
        name = self._header.decode()
        return InvalidInputError.of("proxy-header", f"The header {name} of the proxy {what}.", remedy, subject=name)


def peer_of(scope: Scope) -> IPv4Address | IPv6Address | None:
    """Return the machine at the other end of the connection, whatever headers say of those behind it."""
    if PEER in scope:
        host = (scope[PEER] or ("",))[0]
    else:
        # Another server than ours: what uvicorn takes from X-Forwarded-For it marks by the port 0.
        host, port = (*(scope.get("client") or ("", 0)), 0)[:2]
        host = host if port else ""
    try:
        address = ip_address(str(host).partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
