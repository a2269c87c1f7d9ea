"""Settings of the server, of all its rooms together; the command line may override them."""

from api.changes.webhooks.settings import WebhookSettings
from api.open311.settings import Open311Settings
from api.state.settings import CommonSettings
from boundaries.addresses.remote.fallback import GeocoderSettings


class ServerSettings(CommonSettings, GeocoderSettings, WebhookSettings, Open311Settings):
    """Settings of the server: those that all rooms share, of the remote geocoder, of webhooks and of Open311."""
