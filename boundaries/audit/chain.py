"""The chain of hashes, calculated apart from the database that wrote it."""

import hashlib
from collections.abc import Iterable
from typing import Final

from boundaries.audit.records import ChainReport, SealedLine

_MOST_FAULTS: Final = 20


def hash_of(line: SealedLine) -> bytes:
    """Return what the hash of a line must be, given the hash of the line before."""
    parts = (str(line.number), line.at, line.account, line.action, line.object, line.before, line.after, line.address)
    read = b"".join(b"-" if part is None else _with_length(part) for part in parts)
    return hashlib.sha256(line.previous + read).digest()


def _with_length(part: str) -> bytes:
    content = part.encode()
    return f"{len(content)}:".encode() + content


def check_chain(lines: Iterable[SealedLine], *, head: str | None = None) -> ChainReport:
    """Check lines in order.

    Parameters
    ----------
    lines : iterable of SealedLine
        All of them, by number.
    head : str, optional
        A hash that was noted before: the chain must still hold it.

    Returns
    -------
    ChainReport
        A line that was changed, put in, taken out or moved is a fault; lines cut off from the end are one if `head`
        was noted after them.
    """
    faults: list[str] = []
    number, previous, has_head = 0, b"", head is None
    for line in lines:
        if line.number != number + 1:
            faults.append(f"Line {number + 1} is missing: {line.number} follows {number}.")
        if line.previous != previous:
            faults.append(f"Line {line.number} is not sealed with the line before it.")
        if hash_of(line) != line.hash:
            faults.append(f"Line {line.number} was changed after it was sealed.")
        number, previous = line.number, line.hash
        has_head = has_head or line.hash.hex() == head
    if not has_head:
        faults.append(f"No line has the hash {head}: lines were cut off or the chain was written anew.")
    shown = faults[:_MOST_FAULTS]
    if len(faults) > _MOST_FAULTS:
        shown.append(f"And {len(faults) - _MOST_FAULTS} more.")
    return ChainReport(number, previous.hex(), tuple(shown))
