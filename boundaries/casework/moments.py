"""Which moments of clocks count: four fifths of a limit, its end, and those at which a case goes up."""

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
        for kind, share in _SHARES:
            at = clock.reached(share, rules.calendar)
            if at is not None:
                yield Moment(prefix + kind, at)
        for line in rules.escalations:
            at = clock.reached(line.share, rules.calendar)
            if at is not None and line.clock == name and line.applies_to(work.state):
                yield Moment(prefix + _key(line), at, line)


def _key(line: Escalation) -> str:
    # Of all that the line says: one that was changed is another line, and counts again.
    states = "+".join(sorted(line.states))
    return ":".join((line.effect, str(line.levels), f"{line.share:g}", line.role, states))


def is_of_whole(key: str) -> bool:
    """Whether a moment is of the clock of the whole case, which goes on from state to state."""
    return key.startswith(_WHOLE)


def next_moment(work: CaseWork, rules: CaseRules, told: Collection[str]) -> datetime | None:
    """Return when there is next a moment that has not counted yet; None where there is none."""
    return min((moment.at for moment in moments(work, rules) if moment.key not in told), default=None)
