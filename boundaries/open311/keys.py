"""Keys of applications: made at random, given out once, kept as hashes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from boundaries.open311.tables import ApiKey
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError

_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose key, and since when."""

    name: str
    created_at: datetime


def add_key(session: Session, name: str) -> str:
    """Make a key for an application and return it; the store keeps only its hash.

    Raises
    ------
    InvalidInputError
        The application has no name.
    ConflictError
        It has a key already.
    """
    if not name.strip():
        raise InvalidInputError.of("no-name", "The application has no name.", "Give one.", subject="name")
    if session.scalar(select(ApiKey.id).where(ApiKey.name == name)) is not None:
        raise ConflictError(f"{name!r} has a key already. Remove it first, or choose another name.")
    key = secrets.token_urlsafe(_BYTES)
    session.add(ApiKey(name=name, hash=_hash(key)))
    session.flush()
    return key


def list_keys(session: Session) -> tuple[KeyHolder, ...]:
    """Return who has a key, by name."""
    return tuple(
        KeyHolder(**row)
        for row in session.execute(select(ApiKey.name, ApiKey.created_at).order_by(ApiKey.name)).mappings()
    )


def remove_key(session: Session, name: str) -> None:
    """Make an application's key worthless, or raise `NotFoundError`."""
    removed: Any = session.execute(delete(ApiKey).where(ApiKey.name == name))
    if removed.rowcount == 0:
        raise NotFoundError(f"No application {name!r} has a key. See: geogrid open311 key list")


def holder_of(session: Session, key: str) -> str | None:
    """Return the application whose key this is, None for a key that is nobody's."""
    return session.scalar(select(ApiKey.name).where(ApiKey.hash == _hash(key)))


def _hash(key: str) -> bytes:
    # A key has 256 random bits: nobody guesses it, so a slow hash would protect nothing.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
