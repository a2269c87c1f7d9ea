"""The level scheme (层级): what is wanted of each level of grids."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from geogrid.errors import InvalidInputError, Problem
from geogrid.types import IntArray
from geogrid.wording import counted

_MOST_LEVELS: Final = 6


@dataclass(frozen=True, slots=True)
class SchemeLevel:
    """One level of the scheme.

    Parameters
    ----------
    name : str
        E.g. ``community``.
    band : tuple of float, optional
        Limits of the load of each grid; of comprehensive grids on the lowest level.
    n_grids : int, optional
        Exact number of grids; with a band too, both are wanted, and the number comes first. The top level may leave
        both out: it is one grid.
    given : (n,) int64, optional
        Grid of each block where this level is drawn already, e.g. communities; levels below nest in it.
    """

    name: str
    band: tuple[float, float] | None = None
    n_grids: int | None = None
    given: IntArray | None = field(default=None, compare=False)


def check_scheme(scheme: Sequence[SchemeLevel], blocks: int) -> None:
    """Raise `InvalidInputError` where levels are too few, too many, want nothing, or do not nest.

    `blocks` is the number of blocks.
    """
    problems = []
    if len(scheme) < 2:  # noqa: PLR2004 - a top and the leaves
        problems.append(Problem("too-few-levels", f"Given: {counted(len(scheme), 'level')}; a tree needs at least 2."))
    if len(scheme) > _MOST_LEVELS:
        names = ", ".join(level.name for level in scheme)
        message = f"{len(scheme)} levels were given ({names}); a tree has at most {_MOST_LEVELS}."
        problems.append(Problem("too-many-levels", message, f"Leave {len(scheme) - _MOST_LEVELS} of them out."))
    problems.extend(
        Problem("band-or-count", f"Level '{level.name}' needs a band, a number of grids, or both.")
        for level in scheme[1:]
        if level.band is None and level.n_grids is None and level.given is None
    )
    drawn = [level for level in scheme[1:] if level.given is not None]
    problems.extend(
        Problem(
            "wrong-length",
            f"Level '{level.name}' is given for {counted(len(level.given), 'block')}; there are {blocks}.",
        )
        for level in drawn
        if level.given is not None and len(level.given) != blocks
    )
    if not problems:
        problems.extend(
            Problem("not-nested", f"Grids given for level '{below.name}' straddle those of '{above.name}'.")
            for above, below in pairwise(drawn)
            if above.given is not None and below.given is not None and not _nests(below.given, above.given)
        )
    if problems:
        raise InvalidInputError(problems)


def _nests(below: IntArray, above: IntArray) -> bool:
    first, label = np.unique(below, return_index=True, return_inverse=True)[1:]
    return bool((above[first][label] == above).all())
