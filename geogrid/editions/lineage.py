"""What became of a grid, and where it came from, over any number of editions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Step = Mapping[str, Sequence[tuple[str, float]]]
"""From each code to the codes that its load went to, with the shares; one such step from edition to edition."""


@dataclass(frozen=True, slots=True)
class Heir:
    """A grid that has some of the load of another.

    Parameters
    ----------
    code : str
        Its code in the edition at the end of the way.
    share : float
        Of the load of the grid at the start, 0 to 1.
    """

    code: str
    share: float


def follow(code: str, steps: Iterable[Step]) -> tuple[Heir, ...]:
    """Return what became of a code after some editions, the largest share first.

    Parameters
    ----------
    code : str
        In the first edition.
    steps : iterable of Step
        From each edition to the next; codes that a step does not name are not in the edition before it.
    """
    shares = {code: 1.0}
    for step in steps:
        passed: dict[str, float] = {}
        for name, share in shares.items():
            for heir, part in step.get(name, ()):
                passed[heir] = passed.get(heir, 0.0) + share * part
        shares = passed
    heirs = [Heir(name, share) for name, share in shares.items()]
    return tuple(sorted(heirs, key=lambda heir: (-heir.share, heir.code)))
