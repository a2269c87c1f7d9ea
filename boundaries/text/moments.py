"""Moments that can be used: what is taken in lies within these bounds, so that every zone and calendar can carry it."""

from datetime import UTC, datetime, timedelta
from typing import Final

FIRST_STORED: Final = datetime(1900, 1, 1, tzinfo=UTC)
LAST_STORED: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""What is stored begins at or after the first, and lies before the last."""

FIRST_IN_QUERY: Final = datetime(1000, 1, 1, tzinfo=UTC)
LAST_IN_QUERY: Final = datetime(3000, 1, 1, tzinfo=UTC)

FIRST_SHOWN: Final = datetime(2, 1, 1, tzinfo=UTC)
LAST_SHOWN: Final = datetime(9998, 12, 31, tzinfo=UTC)
"""Stored times beyond are shown as these: a day further, some zone has no date for them."""

CLOCKS_DIFFER: Final = timedelta(days=1)
"""Clocks differ, and times without offset may be of a zone east of the one that is assumed."""


def report_fault(moment: datetime, now: datetime) -> str:
    """Return why nothing can have been reported at a moment, empty where it can."""
    if moment < FIRST_STORED:
        return "it lies before 1900"
    return "it lies in the future" if moment > now + CLOCKS_DIFFER else ""


def stored_fault(moment: datetime) -> str:
    """Return why a moment cannot be stored, empty where it can."""
    return "" if FIRST_STORED <= moment < LAST_STORED else "it lies beyond the years 1900 to 2199"


def query_fault(moment: datetime) -> str:
    """Return why a moment cannot be asked for, empty where it can."""
    return "" if FIRST_IN_QUERY <= moment < LAST_IN_QUERY else "it lies beyond the years 1000 to 2999"
