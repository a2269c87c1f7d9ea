"""What logins look like, and who is meant at a provider of OpenID Connect."""

import unicodedata
from typing import Final
from urllib.parse import urlsplit

from boundaries.outgoing.reach import is_loopback_name
from geogrid.errors import InvalidInputError

LONGEST_LOGIN: Final = 64
LONGEST_ISSUER: Final = 500
LONGEST_SUBJECT: Final = 255
"""As OpenID Connect Core 1.0, section 2, bounds it."""
_BESIDE_LETTERS: Final = frozenset("._-@")
_RESERVED: Final = frozenset({"anonymous"})
"""What the audit calls who has no account."""


def normal_login(login: str) -> str:
    """Return a login as it is stored and compared: NFKC, small letters, without blanks around it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).lower()).strip()


def checked_login(login: str) -> str:
    """Return a login for a new account.

    Raises
    ------
    InvalidInputError
        It is empty, too long, or has other characters than letters, digits and ``. _ - @``.
    """
    normal = normal_login(login)
    fits = all(char.isalnum() or char in _BESIDE_LETTERS for char in normal) and normal[:1].isalnum()
    if not fits or len(normal) > LONGEST_LOGIN:
        raise InvalidInputError.of(
            "login",
            f"{login[:80]!r} cannot be a login.",
            f"It has 1 to {LONGEST_LOGIN} letters, digits and . _ - @, no blanks, and begins with a letter or digit.",
            subject="login",
        )
    if normal in _RESERVED:
        message = f"{normal!r} cannot be a login: the audit calls those so who have no account."
        raise InvalidInputError.of("login", message, "Choose another login.", subject="login")
    return normal


def checked_issuer(issuer: str) -> str:
    """Return the address of a provider as its tokens name it.

    Raises
    ------
    InvalidInputError
        It is no address of https; of http only on this machine.
    """
    fault = address_fault(issuer)
    if not fault and (len(issuer) > LONGEST_ISSUER or urlsplit(issuer).query):
        fault = f"is longer than {LONGEST_ISSUER} characters or has a query"
    if fault:
        raise InvalidInputError.of(
            "issuer",
            f"The issuer {issuer[:80]!r} {fault}.",
            "Write it as the provider's own description does, e.g. https://id.town.example/realms/staff.",
            subject="issuer",
        )
    return issuer


def checked_subject(subject: str) -> str:
    """Return who somebody is at a provider.

    Raises
    ------
    InvalidInputError
        It is empty, too long, or has characters that cannot be read.
    """
    if not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable() or subject != subject.strip():
        raise InvalidInputError.of(
            "subject",
            f"The subject {subject[:80]!r} cannot be one of a provider.",
            f"It has 1 to {LONGEST_SUBJECT} characters that can be read, without blanks around it.",
            subject="subject",
        )
    return subject


def address_fault(address: str) -> str:
    """Return what keeps an address from being one of a provider; nothing where it may be one.

    What goes to a provider and what comes from it decides who signs in, so nobody between may change it: https, or
    http that does not leave this machine.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is not an address"
    if not address.isascii() or not address.isprintable() or any(each in " \\\"'<>" for each in address):
        return "has blanks, quotes or letters beyond ASCII"
    if parts.username is not None or parts.fragment or not host:
        return "has no name of a machine, or has a user's name or a fragment"
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback_name(host)):
        return ""
    return "does not begin with https:// (http:// is for this machine alone)"
