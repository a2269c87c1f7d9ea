"""One budget of memory for everything that requests bring in and become."""

from threading import Lock
from typing import Final

from fastapi import Request

from geogrid.errors import UnavailableError


class MemoryBudget:
    """Bytes that all requests together may hold.

    Parameters
    ----------
    total_bytes : int
        The budget.
    """

    def __init__(self, total_bytes: int) -> None:
        self._total = total_bytes
        self._held = 0
        self._lock = Lock()

    def lease(self) -> "Lease":
        """Return an empty lease, for one request."""
        return Lease(self)

    def take(self, count: int) -> None:
        """Take bytes, or raise `UnavailableError` where there are not so many left."""
        with self._lock:
            if self._held + count > self._total:
                raise UnavailableError(
                    f"The server has no room for this request at the moment: all of them together may hold "
                    f"{self._total // 1_000_000:,} MB. Try again in a few seconds, or send less at once."
                )
            self._held += count

    def give_back(self, count: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._held -= count


class Lease:
    """What one request holds; given back whole by `release`."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._count = 0

    def grow(self, count: int) -> None:
        """Hold more; raises as `MemoryBudget.take`."""
        self._budget.take(count)
        self._count += count

    def release(self) -> None:
        """Give everything back."""
        count, self._count = self._count, 0
        self._budget.give_back(count)


LEASE: Final = "geogrid.lease"
"""Member of the scope that has the lease of a request."""


def lease_of(request: Request) -> Lease:
    """Return what a request holds; the server gives it back when the answer is sent."""
    lease: Lease = request.scope[LEASE]
    return lease
