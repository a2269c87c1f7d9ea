"""Where the store is: settings of the environment, read once at the edge and passed down."""

import os
from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr
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
    server_database_url : str, optional
        ``GEOGRID_SERVER_DATABASE_URL``. The same database for the server, which logs in as a role of its own; of the
        private cluster it is known.
    server_password_file : Path, optional
        ``GEOGRID_SERVER_PASSWORD_FILE``. File with the password of that role, for an address without one.
    home : Path
        ``GEOGRID_HOME``. Folder of the private cluster and of compiled files; without it the user's data folder,
        for root ``/var/lib/geogrid``.
    keys : str, optional
        ``GEOGRID_KEYS``. Keys that seal what is known of persons, the one that seals first, parted by commas or
        blanks. Rather give a file: the environment of a process is seen by more.
    keys_file : Path, optional
        ``GEOGRID_KEYS_FILE``. File with these keys, one a line; without it, ``keys`` in `home`, made when the first
        is needed.
    """

    model_config = SettingsConfigDict(env_prefix="GEOGRID_", env_ignore_empty=True, extra="ignore")

    database_url: str | None = None
    server_database_url: str | None = None
    server_password_file: Path | None = None
    home: Path = Field(default_factory=default_home)
    keys: SecretStr | None = None
    keys_file: Path | None = None

    @property
    def is_private(self) -> bool:
        """Whether the private cluster is used."""
        return not self.database_url and not self.server_database_url
