"""Settings of a proxy before the server that says who asks, from ``GEOGRID_TRUSTED_PROX*`` variables."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Final

from pydantic import field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,63}")
_TAKEN: Final = re.compile(
    r"accept(-\w+)?|authorization|connection|content-\w+|cookie|date|dnt|expect|forwarded|host|if-.*|origin|range|referer|"
    r"te|transfer-encoding|upgrade|user-agent|via|x-forwarded-(for|host|proto)|x-real-ip|sec-.*|access-control-.*"
)
"""Headers that browsers fill, or the way of a request."""


class ProxySettings(BaseSettings):
    """Settings of trusted proxies; without a header there are none.

    Parameters
    ----------
    trusted_proxy_header : str, optional
        ``GEOGRID_TRUSTED_PROXY_HEADER``. Header in which a proxy names the login of who asks, such as
        ``X-Remote-User``. From everybody else it is ignored.
    trusted_proxies : tuple of networks
        ``GEOGRID_TRUSTED_PROXIES``, parted by commas. Addresses or networks of the proxies: of the machine that the
        connection comes from, whatever ``X-Forwarded-For`` says.
    """

    model_config = SettingsConfigDict(env_prefix="GEOGRID_", env_ignore_empty=True, extra="ignore")

    trusted_proxy_header: str | None = None
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()

    @field_validator("trusted_proxy_header")
    @classmethod
    def _check_proxy_header(cls, value: str | None) -> str | None:
        if value is None:
            return None
        name = value.lower()
        if not _NAME.fullmatch(value) or _TAKEN.fullmatch(name):
            raise ValueError(
                f"{value[:64]!r} is no name of a header for this: letters, digits and hyphens, such as X-Remote-User, "
                "and none that browsers or the way of a request fill"
            )
        return name

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _read_proxies(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        networks, wrong = [], []
        for part in filter(None, (each.strip() for each in value.split(","))):
            try:
                networks.append(ip_network(part))
            except ValueError:
                wrong.append(part[:64])
        if wrong:
            raise ValueError(f"no addresses or networks such as 10.1.2.3 or 10.1.2.0/24: {', '.join(wrong)}")
        return tuple(networks)

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxy_networks(cls, value: tuple[Network, ...]) -> tuple[Network, ...]:
        wide = [str(network) for network in value if network.prefixlen == 0]
        if wide:
            raise ValueError(f"{', '.join(wide)} is everybody: name the addresses of the proxies")
        return value

    @model_validator(mode="after")
    def _check_proxies(self) -> "ProxySettings":
        if (self.trusted_proxy_header is None) != (not self.trusted_proxies):
            raise ValueError(
                "GEOGRID_TRUSTED_PROXY_HEADER and GEOGRID_TRUSTED_PROXIES belong together: which header, from whom"
            )
        return self
