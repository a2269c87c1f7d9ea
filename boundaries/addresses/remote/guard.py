"""What stands between us and a service that may be slow, strict or down: rate, cache, retries, circuit breaker."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Generic, TypeVar

from cachetools import LRUCache

from geogrid.errors import UnavailableError

Reply = TypeVar("Reply")
_MOST_WAIT_SECONDS: Final = 30.0


class RemoteFaultError(UnavailableError):
    """The service failed this time; another try may work."""


class RemoteRefusalError(UnavailableError):
    """The service refuses us (key, quota, malformed request); another try would not help."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How a service may be used.

    Parameters
    ----------
    per_second : float
        Requests a second.
    timeout_seconds : float
        For one request.
    tries : int
        For one question, the first included.
    first_wait_seconds : float
        Before the second try; doubled before each further one.
    cached : int
        Answers kept; 0 keeps none.
    faults_to_open : int
        So many failed questions in a row stop all requests for `open_seconds`.
    open_seconds : float
        After that one question is tried; if it fails, the pause begins anew.
    """

    per_second: float = 1.0
    timeout_seconds: float = 5.0
    tries: int = 3
    first_wait_seconds: float = 0.5
    cached: int = 10_000
    faults_to_open: int = 5
    open_seconds: float = 60.0


@dataclass(slots=True)
class Guard(Generic[Reply]):
    """Asks a service within its limits; safe for several threads.

    Parameters
    ----------
    ask : callable
        Sends one question; raises `RemoteFaultError` or `RemoteRefusalError`.
    limits : Limits
        How.
    clock, sleep : callable
        Seconds that only go forward, and waiting.
    """

    ask: Callable[[str], Reply]
    limits: Limits
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _cache: "LRUCache[str, Reply]" = field(init=False)
    _lock: Lock = field(default_factory=Lock)
    _next_at: float = 0.0
    _faults: int = 0
    _open_until: float = 0.0

    def __post_init__(self) -> None:
        """Make the cache, as large as the limits say."""
        self._cache = LRUCache(self.limits.cached)

    def __call__(self, question: str) -> Reply:
        """Return the answer, from the cache if it was asked before.

        Raises
        ------
        UnavailableError
            The service failed at every try, refuses us, or is left in peace after failing again and again.
        """
        with self._lock:
            if question in self._cache:
                return self._cache[question]
            if self._faults >= self.limits.faults_to_open and self.clock() < self._open_until:
                raise RemoteFaultError("The geocoding service failed again and again and is not asked for a while.")
        answer = self._tried(question)
        with self._lock:
            self._faults = 0
            if self.limits.cached:
                self._cache[question] = answer
        return answer

    def _tried(self, question: str) -> Reply:
        for attempt in range(1, self.limits.tries + 1):
            self._wait_for_turn()
            try:
                return self.ask(question)
            except RemoteFaultError:
                if attempt == self.limits.tries:
                    self._count_fault()
                    raise
                self.sleep(min(self.limits.first_wait_seconds * 2 ** (attempt - 1), _MOST_WAIT_SECONDS))
            except RemoteRefusalError:
                self._count_fault()
                raise
        raise AssertionError("a try returns or raises")

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = self.clock()
            turn = max(now, self._next_at)
            self._next_at = turn + 1.0 / self.limits.per_second
        if turn > now:
            self.sleep(turn - now)

    def _count_fault(self) -> None:
        with self._lock:
            self._faults += 1
            if self._faults >= self.limits.faults_to_open:
                self._open_until = self.clock() + self.limits.open_seconds
