"""Versions in the header If-Match: what was read, as an ETag of ours says it."""

from typing import Final

from fastapi import HTTPException

_DIGITS: Final = 9


def tagged_version(sent: str, of: str, remedy: str = "") -> int | None:
    """Return the version that a header If-Match names; None for any.

    Parameters
    ----------
    sent : str
        The header.
    of : str
        What its ETags are of, for the message.
    remedy : str
        What to send instead.

    Raises
    ------
    HTTPException
        400 for what is no ETag of ours.
    """
    value = sent.strip().removeprefix("W/").strip('"')
    if value == "*":
        return None
    if not value.isascii() or not value.isdecimal() or len(value) > _DIGITS:
        raise HTTPException(400, f"If-Match is {sent[:80]!r}, which is no ETag of {of}. {remedy}".rstrip())
    return int(value)
