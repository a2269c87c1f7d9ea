"""Settings of webhooks, from ``GEOGRID_WEBHOOK_*`` variables."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from boundaries.outgoing.reach import Network

_DAY_S = 86_400.0


class WebhookSettings(BaseSettings):
    """Settings of webhooks.

    Parameters
    ----------
    webhook_networks : tuple of networks
        ``GEOGRID_WEBHOOK_NETWORKS``, parted by commas, e.g. ``10.0.0.0/8,127.0.0.1``: receivers must be in one of
        them. Without it they may be anywhere but on this machine (loopback) and in what IANA sets apart: link-local
        networks and other places where clouds keep the credentials of their machines, documentation, multicast,
        gateways of IPv6 to any of these. Private networks such as 10.0.0.0/8 are allowed.
    webhook_timeout : float
        ``GEOGRID_WEBHOOK_TIMEOUT``. Seconds that a receiver may take.
    webhook_retries : tuple of float
        ``GEOGRID_WEBHOOK_RETRIES``, parted by commas. Seconds before the second try, the third ...; after the last one
        a change is a dead letter.
    webhook_poll : float
        ``GEOGRID_WEBHOOK_POLL``. Seconds between two looks for something to deliver.
    """

    model_config = SettingsConfigDict(env_prefix="GEOGRID_", env_ignore_empty=True, extra="ignore")

    webhook_networks: Annotated[tuple[Network, ...], NoDecode] = ()
    webhook_timeout: Annotated[float, Field(gt=0, le=60)] = 10.0
    webhook_retries: Annotated[tuple[float, ...], NoDecode] = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)
    webhook_poll: Annotated[float, Field(gt=0, le=60)] = 1.0

    @field_validator("webhook_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())

    @field_validator("webhook_retries", mode="before")
    @classmethod
    def _delays(cls, value: object) -> object:
        delays = [float(part) for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        if isinstance(delays, list | tuple) and not (delays and all(0 < each <= 7 * _DAY_S for each in delays)):
            raise ValueError("it takes at least one number of seconds, each above 0 and at most a week")
        return delays
