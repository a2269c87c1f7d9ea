"""Grids found by what people know of them: a code, a name, or who is on duty."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

from geogrid.editions import Edition, GridInfo

_LEAST: Final = 2
"""Shorter latin words are in half of all names; a single Chinese character says something."""


@dataclass(frozen=True, slots=True)
class FoundGrid:
    """A grid that fits; `holder` is the person by whose name, empty where its own code or name fits.

    `rank` is 0 where the whole of it was typed, 1 where it begins so, 2 where that is in it.
    """

    grid: GridInfo
    holder: str
    rank: int


def find_grids(edition: Edition, typed: str, *, most: int = 8) -> list[FoundGrid]:
    """Return the grids that fit what was typed: those that fit best first, upper levels before lower ones, by code."""
    words = typed.strip().casefold()
    if not words or (len(words) < _LEAST and words.isascii() and not words.isdigit()):
        return []
    found = _fitting(edition, words)
    return nsmallest(most, found, key=lambda each: (each.rank, bool(each.holder), each.grid.level, each.grid.code))


def _fitting(edition: Edition, words: str) -> Iterator[FoundGrid]:
    for code, grid in edition.grids.items():
        rank = min(_rank(code, words), _rank(grid.name, words), _rank(f"{code} {grid.name}", words))
        if rank <= 2:  # noqa: PLR2004 - it fits somehow
            yield FoundGrid(grid, "", rank)
            continue
        for duty in edition.duties.get(code, ()):
            rank = _rank(duty.holder, words)
            if rank <= 2:  # noqa: PLR2004
                yield FoundGrid(grid, duty.holder, rank)
                break


def _rank(text: str, words: str) -> int:
    folded = text.casefold()
    return 0 if folded == words else 1 if folded.startswith(words) else 2 if words in folded else 3
