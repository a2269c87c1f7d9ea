"""Clocks as JSON in rows, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from geogrid.casework import Clock, Limit, TimeUnit


def clock_row(clock: Clock | None) -> dict[str, Any] | None:
    """Return a clock as it is stored."""
    if clock is None:
        return None
    return {
        "amount": clock.limit.amount,
        "unit": clock.limit.unit.value,
        "begun_at": clock.begun_at.isoformat(),
        "since": None if clock.since is None else clock.since.isoformat(),
        "used": clock.used,
    }


def clock_of(row: Mapping[str, Any] | None) -> Clock | None:
    """Return a clock from what is stored."""
    if row is None:
        return None
    since = None if row["since"] is None else datetime.fromisoformat(row["since"])
    limit = Limit(float(row["amount"]), TimeUnit(row["unit"]))
    return Clock(limit, datetime.fromisoformat(row["begun_at"]), since, float(row["used"]))
