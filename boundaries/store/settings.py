"""Where the store is: settings of the environment, read once at the edge and passed down."""

import os
from pathlib import Path

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT_HOME = Path("/var/lib/geogrid")


def default_home() -> Path:
    """Return the folder of the user's own GeoGrid data.

    Root's is outside root's own closed folder: the server, which never runs as root, has to reach it.
    """
    if os.geteuid() == 0:
        return ROOT_HOME
    return Path(platformdirs.user_data_dir("geogrid", appauthor=False))


class StoreSettings(BaseSettings):
    """Settings of the store, from ``GEOGRID_*`` variables.

    Parameters
    ----------
    database_url : str, optional
        ``GEOGRID_DATABASE_URL``. A PostgreSQL address with PostGIS; without it the private cluster
        under `home` is used.
    home : Path
        ``GEOGRID_HOME``. Folder of the private cluster and of compiled files; without it the user's data folder,
        for root ``/var/lib/geogrid``.
    """

    model_config = SettingsConfigDict(env_prefix="GEOGRID_", env_ignore_empty=True, extra="ignore")

    database_url: str | None = None
    home: Path = Field(default_factory=default_home)
