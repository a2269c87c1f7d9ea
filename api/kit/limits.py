"""What requests may bring, by route; the table in docs/http.md says the same, and a test holds the two together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_POINTS: Final = 500_000
"""Points of ``POST /locate`` in NDJSON and Arrow."""

MOST_JSON_POINTS: Final = 100_000
"""Points of ``POST /locate`` in JSON, which has to be read whole."""

MOST_JSON_MB: Final = 10.0
MOST_ARROW_MB: Final = 128.0
"""Of an Arrow stream, decompressed."""

MOST_ERRORS: Final = 20
BODY_SECONDS: Final = 60.0
"""Until a body is there."""

HEAD_SECONDS: Final = 15.0
"""Until the head of a request is there."""

MOST_HEAD_BYTES: Final = 131_072


@dataclass(frozen=True, slots=True)
class LengthLimit:
    """How long a body may be, and what to do where it is longer.

    Parameters
    ----------
    megabytes : float
        The limit.
    remedy : str
        What to send instead.
    """

    megabytes: float
    remedy: str = "Send it in parts, or less of it."

    @property
    def message(self) -> str:
        """What is told beyond the limit."""
        return f"The body is larger than {self.megabytes:g} MB. {self.remedy}"


@dataclass(frozen=True, slots=True)
class _RouteLimit:
    pattern: re.Pattern[str]
    limit: LengthLimit
    media_type: str = ""


_LOCATE = re.compile(r"/locate")
_ROUTES: Final[Sequence[_RouteLimit]] = (
    _RouteLimit(_LOCATE, LengthLimit(MOST_JSON_MB, "Send it in parts, or as NDJSON or Arrow."), "application/json"),
    _RouteLimit(_LOCATE, LengthLimit(64.0)),
    _RouteLimit(re.compile(r"/geocode"), LengthLimit(8.0)),
    _RouteLimit(re.compile(r"/plans/[^/]+/edits"), LengthLimit(16.0)),
)
_OTHERS: Final = LengthLimit(2.0)


def body_limit(path: str, content_type: str, *, most_mb: float) -> LengthLimit:
    """Return how long a body may be: what the route takes in this form, and what the operator allows at most."""
    sent = content_type.partition(";")[0].strip().lower()
    limits = (each.limit for each in _ROUTES if each.media_type in {"", sent} and each.pattern.fullmatch(path))
    own = next(limits, _OTHERS)
    if own.megabytes < most_mb:
        return own
    return LengthLimit(most_mb, "Send it in parts; GEOGRID_MAX_BODY_MB sets the limit.")
