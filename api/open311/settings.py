"""Settings of Open311, from ``GEOGRID_OPEN311_*`` variables."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic_settings import BaseSettings, SettingsConfigDict


class Open311Settings(BaseSettings):
    """Settings of Open311.

    Parameters
    ----------
    open311_contact : str
        ``GEOGRID_OPEN311_CONTACT``. How to reach the operator, as the service discovery tells it.
    open311_key_service : str
        ``GEOGRID_OPEN311_KEY_SERVICE``. How an application gets a key.
    """

    model_config = SettingsConfigDict(env_prefix="GEOGRID_", env_ignore_empty=True, extra="ignore")

    open311_contact: str = "Ask the operator of this server."
    open311_key_service: str = "The operator of this server gives out keys."


async def get_open311_settings(request: Request) -> Open311Settings:
    """Return the settings that the application was made with."""
    settings: Open311Settings = request.app.state.settings
    return settings


OwnSettings = Annotated[Open311Settings, Depends(get_open311_settings)]
