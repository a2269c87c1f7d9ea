"""Passwords: which may be chosen, how they are kept, how they are compared.

References
----------
NIST SP 800-63B-4, section 3.1.1.2: a least length, no rules of composition, at least 64 characters taken and none cut
off, Unicode normalised, common ones refused. OWASP Password Storage: Argon2id with 46 MiB and one pass.
"""

import unicodedata
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final

import argon2

from geogrid.errors import InvalidInputError, Problem

SHORTEST: Final = 8
LONGEST: Final = 1024
_FEW_DIFFERENT: Final = 3
_TELLING: Final = 4
_LEET: Final = str.maketrans("@4310$5!7", "aaeiossit")
_REMEDY: Final = "Choose another, e.g. four words that nobody puts together."


def normal_password(password: str) -> str:
    """Return a password in the form in which it is hashed (NFKC), whole."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, login: str = "", name: str = "") -> None:
    """Refuse a password that is too short or easy to guess.

    Raises
    ------
    InvalidInputError
        With everything that is wrong with it; the password is not repeated.
    """
    normal = normal_password(password)
    problems = []
    if not SHORTEST <= len(normal) <= LONGEST:
        message = f"The password has {len(normal)} characters, and it must have {SHORTEST} to {LONGEST}."
        problems.append(Problem("password-length", message, "Any characters will do.", subject="password"))
    if any(ord(char) < ord(" ") for char in normal) or not _is_encodable(normal):
        message = "The password has characters that cannot be typed again."
        problems.append(Problem("password-control", message, "Leave them out.", subject="password"))
    if is_common(normal) or _is_pattern(normal):
        message = "The password is one of those that are tried first."
        problems.append(Problem("password-common", message, _REMEDY, subject="password"))
    if any(len(word) >= _TELLING and word in normal.casefold() for word in {login.casefold(), name.casefold()}):
        message = "The password contains the login or the name of the account."
        problems.append(Problem("password-telling", message, _REMEDY, subject="password"))
    if problems:
        raise InvalidInputError(problems)


def is_common(password: str) -> bool:
    """Return whether a password is a common one, or becomes one without the digits and marks around it."""
    word = password.casefold()
    letters = word.translate(_LEET)
    ends = "0123456789!@#$%^&*?.-_+= "
    forms = {word, letters, word.strip(ends), letters.strip(ends), word.strip(ends).translate(_LEET)}
    return not forms.isdisjoint(_common())


def _is_pattern(password: str) -> bool:
    if not password or len(set(password)) < _FEW_DIFFERENT:
        return True
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    half = len(password) // 2
    return steps in ({1}, {-1}) or (len(password) % 2 == 0 and password[:half] == password[half:] and half < SHORTEST)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _common() -> frozenset[str]:
    text = resources.files("boundaries.accounts").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.split())


@cache
def _hasher() -> argon2.PasswordHasher:
    return argon2.PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("nobody's")


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return _hasher().hash(normal_password(password))


def is_password(stored: str | None, password: str) -> bool:
    """Return whether a password is the one that was hashed.

    Where there is no hash, as much is calculated as if there were one: the time tells nobody who has an account.
    """
    try:
        matches = _hasher().verify(stored or _nobodys_hash(), normal_password(password))
    except argon2.exceptions.VerificationError:
        return False
    except UnicodeEncodeError:
        return False
    return matches and stored is not None
