"""Memory that is not needed any more, given back to the system at once."""

import contextlib
import ctypes
from typing import Final

_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
_LARGE_BYTES: Final = 1_000_000
_ARENAS: Final = 2


def give_memory_back() -> None:
    """Make this process give long bodies and answers back as soon as they are done with.

    By default glibc keeps what was freed, in an arena for each thread, and raises the size from which it does not as
    larger pieces come by: a server that was asked for much once would hold it for good. Other systems have no such
    settings, and nothing is done there.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        library.mallopt(_ARENA_MAX, _ARENAS)
