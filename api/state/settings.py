"""Settings that every room of the server may read, from ``GEOGRID_*`` variables."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from boundaries.features.catalogue import CASE_FIELD_NAMES, PUBLIC_CASE_FIELDS
from boundaries.store.settings import StoreSettings

_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")
_PUBLIC = re.compile(rf"https?://({_HOST.pattern})(:\d{{1,5}})?/?", re.ASCII)
_SITE = re.compile(r"\*|https?://(\*\.)?[A-Za-z0-9.-]+(:(\d{1,5}|\*))?")


class CommonSettings(StoreSettings):
    """Settings of the server, on top of those of the store; a room of its own settings has them beside these.

    Parameters
    ----------
    host, port : str, int
        ``GEOGRID_HOST``, ``GEOGRID_PORT``. Where it listens.
    cors_origins : tuple of str
        ``GEOGRID_CORS_ORIGINS``, parted by commas. Sites whose pages may call this server from the browser;
        ``*`` for all.
    max_body_mb : float
        ``GEOGRID_MAX_BODY_MB``. Larger requests are refused with 413.
    memory_mb : float
        ``GEOGRID_MEMORY_MB``. What all requests together may bring in and become; beyond it they are told to come
        back (503).
    public_url : str, optional
        ``GEOGRID_PUBLIC_URL``. Address under which people reach the server, e.g. ``https://grids.town.example``: links
        are written with it, and requests for its host are answered.
    allowed_hosts : tuple of str
        ``GEOGRID_ALLOWED_HOSTS``, parted by commas. Further names of the server; this machine's loopback and the
        address that a connection came to always are.
    refresh_seconds : float
        ``GEOGRID_REFRESH_SECONDS``. How often the server looks for a new edition or changed duties.
    kept_editions : int
        ``GEOGRID_KEPT_EDITIONS``. Former editions held in memory for lookups as of a date.
    tile_memory_mb : float
        ``GEOGRID_TILE_MEMORY_MB``. Finished vector tiles held in memory, megabytes.
    tiles_ahead : bool
        ``GEOGRID_TILES_AHEAD``. Make the tiles of a new edition ready before the first map asks for them.
    frame_ancestors : tuple of str
        ``GEOGRID_FRAME_ANCESTORS``, parted by commas. Sites whose pages may frame the embedded map, such as
        ``https://town.example`` or ``https://*.town.example``; ``*`` for all. Own pages always may.
    open : {"no", "read", "all"}
        ``GEOGRID_OPEN``. What may be done without signing in beyond what is public: nothing, reading as an analyst
        does, or everything, which is for a closed network for tests.
    open_anywhere : bool
        ``GEOGRID_OPEN_ANYWHERE``. Let an open server listen beyond this machine.
    public_duties : bool
        ``GEOGRID_PUBLIC_DUTIES``. Tell everybody who is on duty, with telephones.
    session_idle_minutes, session_hours : float
        ``GEOGRID_SESSION_IDLE_MINUTES``, ``GEOGRID_SESSION_HOURS``. When a session is over: after its last use, and at
        the latest.
    public_case_fields : tuple of str
        ``GEOGRID_PUBLIC_CASE_FIELDS``, parted by commas. Fields of cases in the collection ``cases``, which other
        applications read; empty: there is no such collection.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    max_body_mb: Annotated[float, Field(gt=0, le=4096)] = 64.0
    memory_mb: Annotated[float, Field(gt=0, le=1_000_000)] = 768.0
    public_url: str | None = None
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    refresh_seconds: Annotated[float, Field(gt=0, le=60)] = 0.5
    kept_editions: Annotated[int, Field(ge=1, le=1000)] = 8
    tile_memory_mb: Annotated[float, Field(ge=0, le=65_536)] = 64.0
    tiles_ahead: bool = True
    frame_ancestors: Annotated[tuple[str, ...], NoDecode] = ()

    open: Literal["no", "read", "all"] = "no"
    open_anywhere: bool = False
    public_duties: bool = False
    session_idle_minutes: Annotated[float, Field(gt=0, le=43_200)] = 120.0
    session_hours: Annotated[float, Field(gt=0, le=720)] = 12.0

    public_case_fields: Annotated[tuple[str, ...], NoDecode] = PUBLIC_CASE_FIELDS

    @field_validator("cors_origins", "frame_ancestors", "public_case_fields", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("public_case_fields")
    @classmethod
    def _check_fields(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in value if name not in CASE_FIELD_NAMES]
        if unknown:
            raise ValueError(f"cases have no field {', '.join(unknown)}; there are {', '.join(CASE_FIELD_NAMES)}")
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in value if not _HOST.fullmatch(name)]
        if wrong:
            raise ValueError(f"no names of a machine, without port: {', '.join(wrong)}")
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public(cls, value: str | None) -> str | None:
        if value is not None and not _PUBLIC.fullmatch(value):
            raise ValueError("no address such as https://grids.town.example, without a path")
        return None if value is None else value.rstrip("/").lower()

    @field_validator("frame_ancestors")
    @classmethod
    def _check_sites(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [site for site in value if not _SITE.fullmatch(site)]
        if wrong:
            raise ValueError(f"no sites such as https://town.example: {', '.join(wrong)}")
        return value
