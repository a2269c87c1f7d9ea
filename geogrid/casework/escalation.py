"""Escalation along the drawn tree as data: when a clock has run how far, who above is told, or gets the case."""

from dataclasses import dataclass
from typing import Final, Literal

from geogrid.casework.states import CaseState

MOST_SHARE: Final = 10.0
"""A limit that is over ten times."""
MOST_LEVELS: Final = 5
"""From the sixth level of a tree to the first."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """A line of the rules of a town: what happens when a share of a limit is used.

    Parameters
    ----------
    clock : {"stage", "total"}
        Of the state, or of the whole.
    share : float
        Of the limit, above 0 and at most `MOST_SHARE`; above 1 it is so much over.
    levels : int
        How far above the grid of the case, 1 to `MOST_LEVELS`.
    effect : {"tell", "transfer"}
        Whether who is found there reads the case from then on, or has it.
    role : str
        Of the duty that counts there; empty for any.
    states : frozenset of CaseState
        In which; empty for any that is open.

    Raises
    ------
    ValueError
        A share or levels beyond those.
    """

    clock: Literal["stage", "total"]
    share: float
    levels: int
    effect: Literal["tell", "transfer"] = "tell"
    role: str = ""
    states: frozenset[CaseState] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what is no such line."""
        if not 0 < self.share <= MOST_SHARE:
            raise ValueError(f"A share of {self.share:g} is not above 0 and at most {MOST_SHARE:g}.")
        if not 1 <= self.levels <= MOST_LEVELS:
            raise ValueError(f"{self.levels} levels up are not 1 to {MOST_LEVELS}.")

    def applies_to(self, state: CaseState) -> bool:
        """Whether it is for a case in a state."""
        return not self.states or state in self.states
