"""Which moments of clocks are told: four fifths of a limit, and its end."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from geogrid.casework import CaseWork, WorkCalendar

_WHOLE: Final = "total_"
_SHARES: Final = (("due_soon", 0.8), ("overdue", 1.0))


def moments(work: CaseWork, calendar: WorkCalendar) -> Iterator[tuple[str, datetime]]:
    """Yield what there is to tell of the clocks that run, each with its moment.

    Parameters
    ----------
    work : CaseWork
        The case as it stands.
    calendar : WorkCalendar
        Of its town.

    Yields
    ------
    kind : str
        ``due_soon`` and ``overdue`` of the state, with ``total_`` before them those of the whole.
    at : datetime
        UTC.
    """
    for prefix, clock in (("", work.stage), (_WHOLE, work.total)):
        for kind, share in _SHARES:
            at = None if clock is None else clock.reached(share, calendar)
            if at is not None:
                yield prefix + kind, at


def is_of_whole(kind: str) -> bool:
    """Whether a moment is of the clock of the whole case, which goes on from state to state."""
    return kind.startswith(_WHOLE)


def next_moment(work: CaseWork, calendar: WorkCalendar, told: Collection[str]) -> datetime | None:
    """Return when there is next something to tell that was not told; None where there is nothing."""
    return min((at for kind, at in moments(work, calendar) if kind not in told), default=None)
