"""Where the store is: settings of the environment, read once at the edge and passed down."""

from pathlib import Path

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Return the folder of the user's own GeoGrid data."""
    return Path(platformdirs.user_data_dir("geogrid", appauthor=False))


class StoreSettings(BaseSettings):
    """Settings of the store, from ``GEOGRID_*`` variables.

    Parameters
    ----------
    database_url : str, optional
        ``GEOGRID_DATABASE_URL``. A PostgreSQL address with PostGIS; without it the private cluster
        under `home` is used.
    home : Path
        ``GEOGRID_HOME``. Folder of the private cluster and of compiled files.
    """

    model_config = SettingsConfigDict(env_prefix="GEOGRID_", extra="ignore")

    database_url: str | None = None
    home: Path = Field(default_factory=default_home)
