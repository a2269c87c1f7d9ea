"""Two plans side by side: what became of each grid, what changed hands, and sums that come out at zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely

from geogrid.editions.fields import LOADS
from geogrid.plans.links import DutyMove, SharedLand, duty_moves
from geogrid.plans.pieces import NOWHERE, Pieces, by_pair, pieces_of
from geogrid.plans.state import Draft, Node
from geogrid.types import BoolArray, FloatArray, GeometryArray, IntArray

Fate = Literal[
    "unchanged", "redigitised", "moved", "split", "merged", "carved", "dissolved", "renamed", "recoded", "new", "gone"
]

MEASURES: Final = ("area_m2", *LOADS)
"""Columns of every array of sums, in this order."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much land is none.

    Parameters
    ----------
    area_m2 : float
        Less has not changed hands.
    share : float
        Nor has less than this share of the smaller grid: a boundary that is drawn again is never quite the same.
    """

    area_m2: float = 1.0
    share: float = 0.001


@dataclass(frozen=True, slots=True)
class GridChange:
    """What became of a grid.

    Parameters
    ----------
    level : int
        1 is the top.
    before, after : Node, optional
        The same grid in either plan: the one after has over half of what the one before had, or, where none has,
        the same code. None where there is no such grid.
    fates : tuple of str
        All that apply; ``("unchanged",)`` alone if nothing does.
    gained, lost : (4,) float64
        Columns as `MEASURES`.
    """

    level: int
    before: Node | None
    after: Node | None
    fates: tuple[Fate, ...]
    gained: FloatArray
    lost: FloatArray


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that two plans differ in.

    Parameters
    ----------
    grids : tuple of GridChange
        Of every level, the lowest first, by code.
    links : tuple of SharedLand
        Of every level.
    pieces : Pieces
        All land by leaf.
    moved : (n,) bool
        Which pieces changed hands.
    cases : (n,) int64
        Open cases on each piece that changed hands.
    duties : tuple of DutyMove
        Duties that moved.
    """

    grids: tuple[GridChange, ...]
    links: tuple[SharedLand, ...]
    pieces: Pieces
    moved: BoolArray
    cases: IntArray
    duties: tuple[DutyMove, ...]

    def totals(self) -> dict[str, dict[str, float]]:
        """Return for each measure what leaves gained and lost, and what came from and went to nowhere.

        ``net``, gained - lost - from nowhere + to nowhere, is zero but for rounding.
        """
        leaves = [change for change in self.grids if _is_leaf(change)]
        gained, lost = (sum((getattr(leaf, name) for leaf in leaves), np.zeros(4)) for name in ("gained", "lost"))
        sums = np.column_stack([self.pieces.area_m2, self.pieces.loads])
        come = sums[self.moved & (self.pieces.before == NOWHERE)].sum(axis=0)
        gone = sums[self.moved & (self.pieces.after == NOWHERE)].sum(axis=0)
        columns = {"gained": gained, "lost": lost, "from_nowhere": come, "to_nowhere": gone}
        columns["net"] = gained - lost - come + gone
        return {
            measure: {name: float(values[place]) for name, values in columns.items()}
            for place, measure in enumerate(MEASURES)
        }


def _is_leaf(change: GridChange) -> bool:
    node = change.after or change.before
    return node is not None and node.is_leaf


def compare(
    old: Draft, new: Draft, *, cases: GeometryArray | None = None, tolerance: Tolerance | None = None
) -> Comparison:
    """Compare two whole plans.

    Parameters
    ----------
    old, new : Draft
        With as many levels, or compared from the leaves up.
    cases : (c,) Point, optional
        Open cases, degrees.
    tolerance : Tolerance, optional
        How much land is none.
    """
    tolerance = tolerance or Tolerance()
    pieces = pieces_of(old, new)
    grids: list[GridChange] = []
    links: list[SharedLand] = []
    moved = np.zeros(len(pieces), dtype=np.bool_)
    for height in range(min(old.rules.depth, new.rules.depth)):
        table = _Table(old, new, pieces, height, tolerance)
        grids += table.changes()
        links += table.links()
        if height == 0:
            moved = table.moved()
    return Comparison(
        tuple(grids), tuple(links), pieces, moved, _cases_on(pieces, moved, cases), duty_moves(old, new, links)
    )


class _Table:
    """One level of both plans: the land that each pair of grids has in common."""

    def __init__(self, old: Draft, new: Draft, pieces: Pieces, height: int, tolerance: Tolerance) -> None:
        self.old, self.new, self.pieces = old, new, pieces
        self.level = new.rules.depth - height
        self.before = _at(old, pieces.before, old.rules.depth - height)
        self.after = _at(new, pieces.after, self.level)
        self.pairs, self.sums = by_pair(pieces, self.before, self.after)
        self.whole_before, self.whole_after = _totals(self.pairs[:, 0], self.sums), _totals(self.pairs[:, 1], self.sums)
        balanced = old.rules.load_column
        # Where the land itself is balanced, its area says which grid goes on as which.
        self.column = 0 if balanced is None else 1 + balanced
        self.same = self._continued()
        self.continued = set(self.same.values())
        self.counts = self._counts(tolerance)
        self.rows = tuple(_rows_by_key(self.pairs[:, side], self.counts) for side in (0, 1))
        laid = ~pieces.is_same_block
        self.drawn = set(self.before[laid].tolist()), set(self.after[laid].tolist())

    def changes(self) -> list[GridChange]:
        """Return what became of each grid."""
        changes = [self._change(a, b) for b, a in self.same.items()]
        changes += [self._change(None, b) for b in self.whole_after if b != NOWHERE and b not in self.same]
        changes += [self._change(a, None) for a in self.whole_before if a != NOWHERE and a not in self.continued]
        return sorted(changes, key=lambda change: min(node.code for node in (change.before, change.after) if node))

    def links(self) -> list[SharedLand]:
        """Return every pair that has land in common worth counting."""
        return [
            SharedLand(self.level, a, b, self.same.get(b) == a and a != NOWHERE, self._share(a, row), float(row[0]))
            for (a, b), row, counts in zip(self.pairs.tolist(), self.sums, self.counts, strict=True)
            if counts
        ]

    def moved(self) -> BoolArray:
        """Return which pieces changed hands."""
        pairs = [tuple(pair) for pair in self.pairs[self.counts].tolist()]
        changed = {(a, b) for a, b in pairs if NOWHERE in {a, b} or self.same.get(b) != a}
        flags = [pair in changed for pair in zip(self.before.tolist(), self.after.tolist(), strict=True)]
        return np.array(flags, dtype=np.bool_)

    def _continued(self) -> dict[int, int]:
        """Return for each grid after the grid before that it continues: it has over half of what that had."""
        best: dict[int, tuple[float, float, int]] = {}
        for (a, b), row in zip(self.pairs.tolist(), self.sums, strict=True):
            if NOWHERE in {a, b} or self._share(a, row) <= 0.5:  # noqa: PLR2004 - over half
                continue
            weight = (float(row[self.column]), float(row[0]), -a)
            if b not in best or weight > best[b]:
                best[b] = weight
        return self._with_same_codes({b: -weight[2] for b, weight in best.items()})

    def _with_same_codes(self, same: dict[int, int]) -> dict[int, int]:
        """Return the grids that go on, with those that have less than half but the same code."""
        continued = set(same.values())
        for a, b in self.pairs.tolist():
            if NOWHERE in {a, b} or a in continued or b in same:
                continue
            if self.old.nodes[a].code == self.new.nodes[b].code:
                same[b] = a
        return dict(sorted(same.items()))

    def _share(self, key: int, row: FloatArray) -> float:
        """Return which share of a grid before some of its land is, by load, or by area where it has none."""
        whole = self.whole_before[key]
        column = self.column if whole[self.column] > 0 else 0
        return float(row[column] / whole[column]) if whole[column] > 0 else 0.0

    def _counts(self, tolerance: Tolerance) -> BoolArray:
        smaller = [
            min(self.whole_before[a][0] if a else np.inf, self.whole_after[b][0] if b else np.inf)
            for a, b in self.pairs.tolist()
        ]
        least = np.maximum(tolerance.area_m2, tolerance.share * np.array(smaller))
        # A grid that is itself smaller than the tolerance still is where it is.
        counts: BoolArray = self.sums[:, 0] >= np.minimum(least, np.array(smaller) / 2)
        return counts

    def _change(self, a: int | None, b: int | None) -> GridChange:
        mine, yours = self.rows[0].get(a or -1, _NO_ROWS), self.rows[1].get(b or -1, _NO_ROWS)
        mine, yours = mine[self.pairs[mine, 1] != (b or -1)], yours[self.pairs[yours, 0] != (a or -1)]
        before, after = self.old.nodes.get(a or 0), self.new.nodes.get(b or 0)
        return GridChange(
            level=self.level,
            before=before,
            after=after,
            fates=self._fates(before, after, self.pairs[mine, 1].tolist(), self.pairs[yours, 0].tolist()),
            gained=self.sums[yours].sum(axis=0),
            lost=self.sums[mine].sum(axis=0),
        )

    def _fates(
        self, before: Node | None, after: Node | None, takers: Sequence[int], givers: Sequence[int]
    ) -> tuple[Fate, ...]:
        if before is None and after is not None:
            return (self._fate_of_new(after, givers),)
        if after is None or before is None:
            real = [key for key in takers if key != NOWHERE]
            dissolved = before is not None and before.kind == "dedicated"
            return (("dissolved" if dissolved else "merged" if len(real) == 1 else "split") if real else "gone",)
        fates = self._fates_of_land(takers, givers)
        if not fates and (before.key in self.drawn[0] or after.key in self.drawn[1]):
            fates.append("redigitised")
        if before.name != after.name:
            fates.append("renamed")
        if before.code != after.code:
            fates.append("recoded")
        return tuple(fates) or ("unchanged",)

    def _fate_of_new(self, after: Node, givers: Sequence[int]) -> Fate:
        real = [key for key in givers if key != NOWHERE]
        if after.kind == "dedicated" and real:
            return "carved"
        return ("split" if len(real) == 1 else "merged") if real else "new"

    def _fates_of_land(self, takers: Sequence[int], givers: Sequence[int]) -> list[Fate]:
        """Return what became of the land of a grid that goes on."""
        fates: set[Fate] = set()
        for taker in takers:
            if taker == NOWHERE or taker in self.same:
                fates.add("moved")
            else:
                fates.add("carved" if self.new.nodes[taker].kind == "dedicated" else "split")
        for giver in givers:
            fates.add("moved" if giver == NOWHERE or giver in self.continued else "merged")
        return sorted(fates)


def _at(draft: Draft, leaves: IntArray, level: int) -> IntArray:
    """Return the grid of a level above each leaf."""
    keys, position = np.unique(leaves, return_inverse=True)
    above = [_ancestor(draft, key, level) for key in keys.tolist()]
    ancestor: IntArray = np.array(above, dtype=np.int64)[position]
    return ancestor


def _ancestor(draft: Draft, key: int, level: int) -> int:
    if key == NOWHERE:
        return NOWHERE
    return next((candidate for candidate in draft.chain(key) if draft.nodes[candidate].level <= level), NOWHERE)


_NO_ROWS: Final[IntArray] = np.empty(0, dtype=np.int64)


def _rows_by_key(keys: IntArray, counts: BoolArray) -> dict[int, IntArray]:
    """Return where each key stands among the rows that count."""
    rows = np.flatnonzero(counts)
    rows = rows[np.argsort(keys[rows], kind="stable")]
    unique, starts = np.unique(keys[rows], return_index=True)
    return dict(zip(unique.tolist(), np.split(rows, starts[1:]), strict=False))


def _totals(keys: IntArray, sums: FloatArray) -> dict[int, FloatArray]:
    unique, position = np.unique(keys, return_inverse=True)
    totals: FloatArray = np.zeros((len(unique), sums.shape[1]))
    np.add.at(totals, position, sums)
    return dict(zip(unique.tolist(), totals, strict=True))


def _cases_on(pieces: Pieces, moved: BoolArray, cases: GeometryArray | None) -> IntArray:
    """Return how many points lie on each piece that changed hands; one on an edge counts for the first."""
    counted = np.zeros(len(pieces), dtype=np.int64)
    chosen = np.flatnonzero(moved)
    if cases is not None and len(cases) and len(chosen):
        point, piece = shapely.STRtree(pieces.polygons[chosen]).query(cases, predicate="intersects")
        order = np.lexsort((piece, point))
        first = order[np.unique(point[order], return_index=True)[1]]
        np.add.at(counted, chosen[piece[first]], 1)
    return counted
