"""The keys of a store: which of them seals, and whether those that are given are those of the database."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.store.keys import NOT_NOW, Key, KeyRing, KeySource, keys_of
from geogrid.errors import UnavailableError

_KNOWN: Final = text("select id from sealing_keys order by created_at")
_REGISTER: Final = text("insert into sealing_keys (id) values (:id) on conflict do nothing")
_LOCK: Final = text("select pg_advisory_xact_lock(7340211003)")


def sealing_key(session: Session) -> Key:
    """Return the key that seals, made where there is none and nothing was ever sealed.

    Raises
    ------
    UnavailableError
        The database was sealed with other keys than those that are given, or the keys cannot be read.
    """
    source = keys_of(session)
    ring, known = source.ring(), _known(session)
    if ring is not None and ring.first.id in known:
        return ring.first
    # Rare: the first key of all, or a new one. Two at once would each take its own for the first.
    session.execute(_LOCK)
    known = _known(session)
    if ring is None and not known:
        ring = source.add_first()
    if ring is None or (known and not any(ring.find(name) for name in known)):
        raise lost(source, known)
    session.execute(_REGISTER, {"id": ring.first.id})
    return ring.first


def opening_keys(session: Session) -> KeyRing:
    """Return the keys that open.

    Raises
    ------
    UnavailableError
        There are none, or they cannot be read.
    """
    source = keys_of(session)
    ring = source.ring()
    if ring is None:
        raise lost(source, _known(session))
    return ring


def key_named(session: Session, ring: KeyRing, name: str) -> Key:
    """Return a key that something was sealed with.

    Raises
    ------
    UnavailableError
        It is not among those that are given.
    """
    key = ring.find(name)
    if key is None:
        raise lost(keys_of(session), (name,))
    return key


def lost(source: KeySource, known: tuple[str, ...]) -> UnavailableError:
    """Return the error of keys that are not where they should be."""
    names = ", ".join(known) or "none yet"
    message = (
        f"What is known of persons was sealed with the keys {names}, and {source.told} has none of them. "
        "Bring the file of keys back there, or name it by GEOGRID_KEYS_FILE. All else works without."
    )
    return UnavailableError(message, public=NOT_NOW)


def _known(session: Session) -> tuple[str, ...]:
    return tuple(session.scalars(_KNOWN))
