"""What changes when features do: the versions behind ETag and Last-Modified, and what is remembered by them."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final, TypeVar

from fastapi import Request

from api.features.places import Place
from boundaries.features.fields import Scope

Value = TypeVar("Value")
_REMEMBERED: Final = 2_000


class Remembered:
    """Values by key, the one longest unused going first; made once for all requests of a server."""

    def __init__(self, *, kept: int = _REMEMBERED) -> None:
        self._kept = kept
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made where it is not known."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                found: Value = self._values[key]
                return found
        made = make()
        with self._lock:
            self._values[key] = made
            while len(self._values) > self._kept:
                self._values.popitem(last=False)
        return made


def version_of(place: Place, scope: Scope, cases: str = "") -> str:
    """Return a text that changes when the features of a scope change.

    Parameters
    ----------
    place, scope : Place, Scope
        Of what.
    cases : str
        Version of the cases, where they matter.
    """
    parts = [f"{each.plan_id}.{each.duties}.{each.valid_from}.{each.valid_to}" for each in place.editions(scope)]
    return f"{place.calendar.code} {scope.plain} {' '.join(parts)} {cases}"


def etag_of(request: Request, version: str, form: str) -> str:
    """Return the ETag of an answer: it changes with the features, the address, the format and the program."""
    content = f"{version} {request.url} {form} {request.app.version}"
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:20]}"'


def first_seen(request: Request, version: str) -> datetime:
    """Return when this server first saw a version: features have not changed since, whatever they were before."""
    remembered: Remembered = request.app.state.remembered
    return remembered.get(("seen", version), lambda: datetime.now(UTC).replace(microsecond=0))
