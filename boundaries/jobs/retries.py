"""How often work that failed is tried again, and how long it rests in between."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

_JITTER: Final = 0.1


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a job is tried, and how long it rests in between.

    Parameters
    ----------
    first_s, most_s : float
        Pause after the first failure, doubled with each further one up to the second, a tenth more at most by chance.
    limit : int
        Tries; after the last the job is failed.
    """

    first_s: float = 5.0
    most_s: float = 3600.0
    limit: int = 12

    @property
    def longest_pause(self) -> timedelta:
        """Return what no pause is longer than."""
        return timedelta(seconds=self.most_s * (1 + _JITTER))

    def pause(self, attempts: int, rng: np.random.Generator) -> timedelta:
        """Return the pause after so many failures."""
        plain = min(self.first_s * 2.0 ** min(attempts - 1, 40), self.most_s)
        return timedelta(seconds=plain * (1 + rng.uniform(0, _JITTER)))
