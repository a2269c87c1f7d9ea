"""Independent pieces of work, done at once; what comes out does not depend on how many processors there are."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")


def at_once(
    work: Callable[[Item, np.random.Generator], Result], items: Sequence[Item], rng: np.random.Generator
) -> list[Result]:
    """Return the result for each item; each has a source of chance of its own, drawn in their order."""
    seeds = rng.integers(2**63, size=len(items))
    with ThreadPoolExecutor() as pool:
        return list(pool.map(work, items, map(np.random.default_rng, seeds)))
