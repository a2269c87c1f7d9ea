"""Which machines may be called: what a name stands for now, and what IANA sets apart."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from geogrid.errors import UnavailableError

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_SPECIAL: Final = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "100.64.0.0/10",  # between providers and customers; Alibaba's metadata are at 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata are at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunnels
        "192.88.99.0/24",  # relays of 6to4
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # the compatible form of IPv4, no longer in use
        "::ffff:0:0:0/96",  # IPv4 translated, no longer in use
        "64:ff9b:1::/48",
        "100::/64",  # discard
        "100:0:0:1::/64",
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fd00:ec2::/32",  # Amazon's metadata are at fd00:ec2::254
        "fd20:ce::/32",  # Google's at fd20:ce::254
        "fe80::/10",
        "fec0::/10",  # site-local, no longer in use
        "ff00::/8",
    )
)
"""What IANA sets apart, private networks excepted, where machines of an organisation are; and metadata of clouds."""

_NAT64: Final = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
_LOOPBACK_NAMES: Final = frozenset({"localhost"})


class ForbiddenMachineError(UnavailableError):
    """A name stands for a machine that may not be called.

    Parameters
    ----------
    host, address : str
        The name, and what it stands for.
    """

    def __init__(self, host: str, address: str) -> None:
        self.host, self.address = host, address
        same = host == address
        super().__init__(f"{host} is {'a machine' if same else address + ','} that may not be called from here.")


@dataclass(frozen=True, slots=True)
class Reachable:
    """Which machines may be called.

    Parameters
    ----------
    networks : tuple of networks
        Only machines in one of them; where there is none, all but those that are set apart.
    has_loopback : bool
        This machine as well.
    """

    networks: tuple[Network, ...] = ()
    has_loopback: bool = False

    def address_of(self, host: str, port: int) -> str:
        """Return the address of the machine that a name stands for now.

        The connection goes to this very address, so that a name cannot change its meaning between check and use.

        Raises
        ------
        ForbiddenMachineError
            An address it stands for is not allowed.
        UnavailableError
            The name is not known.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise UnavailableError(f"The name {host} is not known.") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        for address in addresses:
            if not self.has(ip_address(address.partition("%")[0])):
                raise ForbiddenMachineError(host, address)
        return addresses[0]

    def has(self, address: Address) -> bool:
        """Return whether a machine may be called: every address that an address stands for has to be allowed."""
        first, *wrapped = getattr(address, "ipv4_mapped", None) or address, *_embedded(address)
        if self.has_loopback and first.is_loopback:
            return True
        if self.networks:
            return any(first in network for network in self.networks) and not any(map(_is_special, wrapped))
        # Nobody has a reason to wrap an address of a private network.
        return not _is_special(first) and not any(_is_special(each) or each.is_private for each in wrapped)


def is_loopback_name(host: str) -> bool:
    """Return whether a host is written as this machine: its name, or an address of the loopback."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in _LOOPBACK_NAMES


def _is_special(address: Address) -> bool:
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        return True
    return any(address.version == network.version and address in network for network in _SPECIAL)


def _embedded(address: Address) -> list[IPv4Address]:
    """Return the addresses that one of IPv6 leads to by a gateway: 6to4, Teredo, NAT64, ISATAP, the compatible form."""
    if isinstance(address, IPv4Address):
        return []
    last = IPv4Address(int(address) & 0xFFFF_FFFF)
    found = [address.sixtofour, *(address.teredo or ())]
    is_compatible = int(address) >> 32 == 0 and int(address) > 1
    is_isatap = (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP
    if is_compatible or is_isatap or any(address in network for network in _NAT64):
        found.append(last)
    return [each for each in found if each is not None]
