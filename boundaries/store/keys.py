"""Keys that seal what is known of persons: outside the database, several at once while they are changed.

References
----------
NIST SP 800-38D, Recommendation for Block Cipher Modes of Operation: Galois/Counter Mode (GCM), 2007.
RFC 5869, HMAC-based Extract-and-Expand Key Derivation Function (HKDF), 2010.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy.orm import Session

from boundaries.cluster.private_folder import PrivateFolder
from boundaries.store.settings import StoreSettings
from geogrid.errors import InvalidInputError, UnavailableError

KEYS: Final = "geogrid_keys"
"""Option of an engine: where the keys of its store are."""

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ID_BYTES: Final = 8
_NAME: Final = "keys"
_FORM: Final = "Each key is 32 random bytes in base64, 44 characters."
NOT_NOW: Final = "What is known of persons cannot be sealed or opened at the moment. The server's log says more."
"""For whoever does not run the server."""


class BrokenSealError(UnavailableError):
    """What was sealed is not what it was, or stands in the place of something else."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key; what is sealed, what is marked and the name of the key come from it by different ways.

    Parameters
    ----------
    secret : bytes
        32 of them.
    """

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Name of the key, which tells nothing of it."""
        return self._derived(b"id")[:_ID_BYTES].hex()

    def seal(self, content: bytes, *, place: str) -> bytes:
        """Return contents that only this key opens, and only in the place where they belong.

        Parameters
        ----------
        content : bytes
            What is to be kept.
        place : str
            Where: opened elsewhere it is broken.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._derived(b"seal")).encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Return what was sealed.

        Raises
        ------
        BrokenSealError
            It was changed, or belongs to another place.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._derived(b"seal")).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            message = (
                f"What is sealed at {place} was changed, or brought there from elsewhere. A backup has the former."
            )
            raise BrokenSealError(message) from error

    def mark(self, content: bytes) -> bytes:
        """Return what is the same for the same content and tells nobody else which it is."""
        return hmac.digest(self._derived(b"mark"), content, "sha256")

    def _derived(self, use: bytes) -> bytes:
        # HKDF with one block of output: the secret is random already, so that the salt may be empty.
        extracted = hmac.digest(bytes(hashlib.sha256().digest_size), self.secret, "sha256")
        return hmac.digest(extracted, b"geogrid " + use + b"\x01", "sha256")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys, the one that seals first; the others only open."""

    keys: tuple[Key, ...]

    @property
    def first(self) -> Key:
        """The key that seals."""
        return self.keys[0]

    def find(self, name: str) -> Key | None:
        """Return a key by its name, None where it is not here."""
        return next((key for key in self.keys if key.id == name), None)


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the keys of a store are; read anew at each use, so that a change is seen by every process at once.

    Parameters
    ----------
    home : Path
        Folder of the store.
    file : Path, optional
        Another file than the one there.
    given : SecretStr, optional
        The keys themselves.
    """

    home: Path
    file: Path | None = None
    given: SecretStr | None = None

    @classmethod
    def of(cls, settings: StoreSettings) -> "KeySource":
        """Return where the settings of a store say that its keys are."""
        return cls(settings.home, settings.keys_file, settings.keys)

    @property
    def told(self) -> str:
        """Where the keys are, for messages."""
        return "GEOGRID_KEYS" if self.given is not None else str(self._path)

    @property
    def can_add(self) -> bool:
        """Whether keys may be added: not to those of the environment."""
        return self.given is None

    @property
    def _path(self) -> Path:
        return self.file or self.home / _NAME

    def ring(self) -> KeyRing | None:
        """Return the keys; None where there are none yet.

        Raises
        ------
        UnavailableError
            The file cannot be read, or what it holds is no key.
        """
        text = self._text()
        if text is None:
            return None
        lines = [line.partition("#")[0] for line in text.splitlines()]
        words = " ".join(lines).replace(",", " ").split()
        if not words:
            raise UnavailableError(f"{self.told} holds no key. {_FORM}", public=NOT_NOW)
        return KeyRing(tuple(self._key(place, word) for place, word in enumerate(words, start=1)))

    def add(self) -> Key:
        """Make a key, which seals from now on; those that there are stay and open.

        Raises
        ------
        UnavailableError
            The file cannot be written.
        InvalidInputError
            The keys are those of the environment, where nothing is written.
        """
        if not self.can_add:
            remedy = "Put a new one in front, e.g. what `openssl rand -base64 32` prints, and leave the others."
            raise InvalidInputError.of("keys", "GEOGRID_KEYS gives the keys.", remedy)
        key = Key(os.urandom(_KEY_BYTES))
        found = self.ring()
        self._write((key, *(found.keys if found else ())))
        return key

    def add_first(self) -> KeyRing:
        """Return the keys, having made the first where there is none; of two processes one makes it."""
        try:
            with PrivateFolder(self._path.parent).locked(f"{self._path.name}.lock"):
                found = self.ring()
                return found or KeyRing((self.add(),))
        except OSError as error:
            raise self._unwritable(error) from error

    def keep(self, names: Sequence[str]) -> None:
        """Leave only the keys of these names in the file."""
        found = self.ring()
        self._write(tuple(key for key in (found.keys if found else ()) if key.id in names))

    def _text(self) -> str | None:
        if self.given is not None:
            return self.given.get_secret_value()
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            message = f"The keys in {self._path} cannot be read: {reason}. Let the user of the server read the file."
            raise UnavailableError(message, public=NOT_NOW) from error

    def _key(self, place: int, word: str) -> Key:
        try:
            secret = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != _KEY_BYTES:
            raise UnavailableError(f"Key {place} of {self.told} is none. {_FORM}", public=NOT_NOW)
        return Key(secret)

    def _write(self, keys: Sequence[Key]) -> None:
        lines = ["# Keys of GeoGrid, the one that seals first. Without them what is sealed stays so: keep a copy."]
        lines += [base64.b64encode(key.secret).decode() for key in keys]
        try:
            PrivateFolder(self._path.parent).write(self._path.name, "\n".join(lines))
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> UnavailableError:
        return UnavailableError(
            f"The keys in {self._path} cannot be written: {error.strerror}. Give the keys by GEOGRID_KEYS_FILE.",
            public=NOT_NOW,
        )


def keys_of(session: Session) -> KeySource:
    """Return where the keys of a session's store are.

    Raises
    ------
    UnavailableError
        Whoever opened the store said nothing of keys.
    """
    source: KeySource | None = session.get_bind().get_execution_options().get(KEYS)
    if source is None:
        raise UnavailableError("The store was opened without its keys. Open it by `open_engine`.", public=NOT_NOW)
    return source
