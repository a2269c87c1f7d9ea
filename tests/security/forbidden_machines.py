"""Addresses where no request of ours may go, in every way to write and to wrap them."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address

OF_IPV4: Final = (
    "0.0.0.0/8", "0.0.0.0/32", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.0.0/29",
    "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/31", "192.0.2.0/24", "192.31.196.0/24",
    "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "240.0.0.0/4", "255.255.255.255/32", "224.0.0.0/4",
)  # fmt: skip
"""IANA's registry of special addresses and multicast, without the private networks, where receivers may be."""

OF_IPV6: Final = (
    "::1/128", "::/128", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001::/32",
    "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:20::/28",
    "2001:30::/28", "2001:db8::/32",
    "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fe80::/10", "fec0::/10", "ff00::/8",
)  # fmt: skip

OF_CLOUDS: Final = (
    "169.254.169.254", "169.254.170.2", "169.254.0.23", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "fd00:ec2::254", "fd20:ce::254", "fe80::a9fe:a9fe",
)  # fmt: skip
"""Where clouds keep the credentials of their machines."""

PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""May be called as they are, and by no gateway."""

SPELLED: Final = (
    "2130706433", "0x7f000001", "0x7F.0.0.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "0.0.0.0",  # noqa: S104 - to be refused
    "0x0", "0251.0376.0251.0376", "0xa9fea9fe", "2852039166", "169.254.43518", "0xA9.0xFE.0xA9.0xFE", "127.0.0.1.",
    "localhost", "LOCALHOST", "localhost.", "ip6-localhost", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1",
    "::ffff:7f00:1", "0:0:0:0:0:ffff:a9fe:a9fe", "fe80::1%lo", "::127.0.0.1", "64:ff9b::127.0.0.1", "4294967295",
)  # fmt: skip
"""Hosts as they may stand in an address; the system's own resolver reads them."""


def ends_of(networks: tuple[str, ...]) -> Iterator[Address]:
    """Yield the first, the middle and the last address of each."""
    for each in map(ip_network, networks):
        yield from dict.fromkeys((each[0], each[each.num_addresses // 2], each[-1]))


def wrapped(inner: IPv4Address) -> Iterator[IPv6Address]:
    """Yield the addresses of IPv6 that lead to one of IPv4: mapped, compatible, NAT64 twice, 6to4, Teredo, ISATAP."""
    last = int(inner)
    yield IPv6Address((0xFFFF << 32) | last)
    if last > 1:
        yield IPv6Address(last)
    yield IPv6Address(int(IPv6Address("64:ff9b::")) | last)
    yield IPv6Address(int(IPv6Address("64:ff9b:1::")) | last)
    yield IPv6Address((0x2002 << 112) | (last << 80) | 1)
    yield IPv6Address(int(IPv6Address("2001:0:4136:e378:8000:63bf::")) | (last ^ 0xFFFF_FFFF))
    yield IPv6Address(int(IPv6Address("2a00:1450::5efe:0:0")) | last)


def forbidden() -> list[Address]:
    """Return every address that is refused."""
    plain = [*ends_of(OF_IPV4), *ends_of(OF_IPV6), *map(ip_address, OF_CLOUDS)]
    around = [each for inner in plain if isinstance(inner, IPv4Address) for each in wrapped(inner)]
    # One of a private network that is mapped is that address itself; any other way to it is a detour.
    detours = [each for inner in ends_of(PRIVATE) for each in list(wrapped(inner))[1:]]  # type: ignore[arg-type]
    return list(dict.fromkeys([*plain, *around, *detours]))
