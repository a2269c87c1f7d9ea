"""A number of grids shared out between pieces of land."""

import heapq
import math
from collections.abc import Sequence


def share_out(
    total: int, loads: Sequence[float], sizes: Sequence[int], *, band: tuple[float, float] | None = None
) -> list[int]:
    """Return whole numbers near the shares of the loads that sum to `total`, each from 1 to its size.

    Parameters
    ----------
    total : int
        The sum.
    loads : sequence of float
        Load of each piece.
    sizes : sequence of int
        Blocks of each piece: more grids it cannot have.
    band : tuple of float, optional
        Limits of the load of a grid: pieces whose grids are over it come first, those whose would be below it last.

    Notes
    -----
    Where the bounds forbid the sum, the nearest sum results. Each further grid goes where the load per grid is
    highest (the method of D'Hondt).
    """
    counts = [1] * len(loads)

    low, high = band or (0.0, math.inf)

    def rank(place: int) -> tuple[bool, bool, float, int]:
        after = loads[place] / (counts[place] + 1)
        return after < low, loads[place] <= high * counts[place], -after, place

    pending = [rank(place) for place, size in enumerate(sizes) if size > 1]
    heapq.heapify(pending)
    for _ in range(total - len(counts)):
        if not pending:
            break
        place = heapq.heappop(pending)[-1]
        counts[place] += 1
        if counts[place] < sizes[place]:
            heapq.heappush(pending, rank(place))
    return counts
