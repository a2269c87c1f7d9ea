"""Where a webhook may lead: the address as it is written, and the machine that its name stands for."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from api.changes.webhooks.settings import Network
from geogrid.errors import InvalidInputError, UnavailableError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver: how to reach it and what to ask for; `path` may hold a secret of the receiver."""

    is_https: bool
    host: str
    port: int
    path: str

    @property
    def shown(self) -> str:
        """The receiver without what may be secret, for messages and logs."""
        return f"{'https' if self.is_https else 'http'}://{self.host}:{self.port}"


def read_target(url: str) -> Target:
    """Return the receiver that an address names.

    Raises
    ------
    InvalidInputError
        It is no address of http or https, or it carries a user's name or a fragment.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        host.encode("idna")
    except (ValueError, UnicodeError):
        raise _refused("is not an address") from None
    if parts.scheme not in _PORTS or not host:
        raise _refused("does not begin with https:// or http:// and the name of a machine")
    if parts.username is not None or parts.password is not None:
        raise _refused("carries a user's name or password, which would end in logs")
    if parts.fragment or not url.isascii() or any(each.isspace() or not each.isprintable() for each in url):
        raise _refused("has a fragment, blanks or letters beyond ASCII; percent-encode them")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", host, port, path)


def allowed_address(target: Target, networks: Sequence[Network]) -> str:
    """Return the address of the machine that a receiver's name stands for now.

    The connection goes to this very address, so that a name cannot change its meaning between check and use.

    Raises
    ------
    UnavailableError
        The name is not known.
    InvalidInputError
        An address it stands for is not allowed.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnavailableError(f"The name {target.host} is not known.") from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        if not _is_allowed(ip_address(address.partition("%")[0]), networks):
            raise InvalidInputError.of(
                "webhook-target",
                f"{target.host} is {address}, where webhooks may not go.",
                "GEOGRID_WEBHOOK_NETWORKS names the networks where receivers may be, e.g. 127.0.0.1 for this machine.",
                subject="url",
            )
    return addresses[0]


def _is_allowed(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    if networks:
        return any(plain in network for network in networks)
    return not (
        plain.is_loopback or plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain.is_reserved
    )


def _refused(reason: str) -> InvalidInputError:
    # The address itself may hold a secret, so the message does not repeat it.
    return InvalidInputError.of(
        "webhook-url", f"The address of the receiver {reason}.", "Write it as https://host/path.", subject="url"
    )
