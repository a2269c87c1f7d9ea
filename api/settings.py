"""Settings of the server, of all its rooms together; the command line may override them."""

from api.changes.webhooks.settings import WebhookSettings
from api.open311.settings import Open311Settings
from api.state.proxies import ProxySettings
from api.state.settings import CommonSettings
from boundaries.accounts.openid.settings import OpenIDSettings
from boundaries.addresses.remote.fallback import GeocoderSettings


class ServerSettings(CommonSettings, GeocoderSettings, WebhookSettings, Open311Settings, OpenIDSettings, ProxySettings):
    """Settings of the server: those that all rooms share, and those of the geocoder, webhooks, Open311 and sign-in."""
