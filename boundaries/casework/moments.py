"""When clocks are up, and which of their moments count: four fifths, the end, and when a case goes up."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from geogrid.casework import CaseRules, CaseWork, Escalation

_WHOLE: Final = "total_"
_SHARES: Final = (("due_soon", 0.8), ("overdue", 1.0))


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a clock.

    Parameters
    ----------
    key : str
        What it is remembered by, so that it counts once: ``due_soon`` and ``overdue`` of the state, others for lines of
        the rules; those of the whole begin with ``total_``.
    at : datetime
        UTC.
    escalation : Escalation, optional
        The line whose moment it is; None where it is told alone.
    """

    key: str
    at: datetime
    escalation: Escalation | None = None


def moments(work: CaseWork, rules: CaseRules) -> Iterator[Moment]:
    """Yield the moments of the clocks that run.

    Parameters
    ----------
    work : CaseWork
        The case as it stands.
    rules : CaseRules
        Of its town and category.
    """
    for name, prefix, clock in (("stage", "", work.stage), ("total", _WHOLE, work.total)):
        if clock is None:
            continue
        lines = [line for line in rules.escalations if line.clock == name and line.applies_to(work.state)]
        marks = [*((kind, share, None) for kind, share in _SHARES), *((_key(line), line.share, line) for line in lines)]
        for key, share, line in marks:
            at = clock.reached(share, rules.calendar)
            if at is not None:
                yield Moment(prefix + key, at, line)


def _key(line: Escalation) -> str:
    # Of all that the line says: one that was changed is another line, and counts again.
    states = "+".join(sorted(line.states))
    return ":".join((line.effect, str(line.levels), f"{line.share:g}", line.role, states))


def is_of_whole(key: str) -> bool:
    """Whether a moment is of the clock of the whole case, which goes on from state to state."""
    return key.startswith(_WHOLE)


def dues(work: CaseWork, rules: CaseRules) -> tuple[datetime | None, datetime | None]:
    """Return when the clock of the state and that of the whole are up; None where there is none, or it pauses."""
    return (
        None if work.stage is None else work.stage.due(rules.calendar),
        None if work.total is None else work.total.due(rules.calendar),
    )


def next_moment(work: CaseWork, rules: CaseRules, told: Collection[str]) -> datetime | None:
    """Return when there is next a moment that has not counted yet; None where there is none."""
    return min((moment.at for moment in moments(work, rules) if moment.key not in told), default=None)
