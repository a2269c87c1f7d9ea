"""Values made once and kept; which of them goes when there is no room is the library's business."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from cachetools import LRUCache

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """Values by key for all threads; the one longest unused goes first.

    A key names everything that its value depends on, so a value is right for as long as its key is asked for.

    Parameters
    ----------
    size : float
        Values held at most; with `size_of`, the sum of their sizes.
    size_of : callable, optional
        Size of a value; larger ones than `size` are not kept.
    """

    def __init__(self, size: float, *, size_of: Callable[[Value], float] | None = None) -> None:
        self._values: LRUCache[Key, Value] = LRUCache(size, size_of)
        self._lock = Lock()
        self._making: dict[Key, Lock] = {}

    def peek(self, key: Key) -> Value | None:
        """Return a value if it is held; this waits for nothing."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Hold a value, if there is room for it."""
        with self._lock:
            if self._values.getsizeof(value) <= self._values.maxsize:
                self._values[key] = value

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return a value, made where it is not held: by one thread, for which others that need the same one wait.

        What `make` raises is raised, and nothing is held.
        """
        with self._lock:
            if key in self._values:
                return self._values[key]
            making = self._making.setdefault(key, Lock())
        with making:
            try:
                with self._lock:
                    if key in self._values:
                        return self._values[key]
                value = make()
                self.put(key, value)
                return value
            finally:
                with self._lock:
                    self._making.pop(key, None)
