"""The land of plans, packed once and kept in memory: plans of the same blocks share it."""

import gzip
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

_KEPT: Final = 3
_LEVEL: Final = 1


class LandShelf:
    """Packed land by the key of its blocks; the least used goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()
        self._making: dict[str, Lock] = {}

    def land(self, key: str, make: Callable[[], bytes]) -> bytes:
        """Return the land of some blocks, gzipped; made once, also where several ask at the same time."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            packed = gzip.compress(make(), _LEVEL, mtime=0)
            with self._lock:
                self._kept[key] = packed
                self._making.pop(key, None)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return packed
