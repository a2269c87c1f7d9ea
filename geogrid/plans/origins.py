"""Plans that began as the same: which grid of each continues which, and what one of them would undo of the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geogrid.editions.fields import LOADS
from geogrid.plans.comparing import compare
from geogrid.plans.pieces import NOWHERE, pieces_of
from geogrid.plans.state import Draft, Node
from geogrid.types import FloatArray, GeometryArray, IntArray

SLIVER_M2: Final = 1.0
"""Less land than this has not changed hands."""

FACTS: Final = ("name", "code", "kind", "category")
"""Members of a grid that planners change and that are compared as they are."""


@dataclass(frozen=True, slots=True)
class Origins:
    """Which grids of a plan continue grids of the plan that it began as.

    Parameters
    ----------
    of : mapping of int to int
        Key of the grid before, by key of the grid after.
    heirs : mapping of int to int
        The other way round.
    """

    of: Mapping[int, int]
    heirs: Mapping[int, int]

    def identity(self, key: int | None) -> int | None:
        """Return the key that a grid had in the beginning; its own where it is new."""
        return None if key is None else self.of.get(key, key)

    def identities(self, keys: IntArray) -> IntArray:
        """Return `identity` of each key, shape (n,)."""
        unique, place = np.unique(keys, return_inverse=True)
        found: IntArray = np.array([self.of.get(key, key) for key in unique.tolist()], dtype=np.int64)[place]
        return found

    @classmethod
    def by(cls, of: Mapping[int, int]) -> "Origins":
        """Return the origins that are known one way round."""
        return cls(of, {before: after for after, before in of.items()})


def origins(base: Draft, later: Draft) -> Origins:
    """Return which grids of a plan continue those of another, by what they have in common; for want of better."""
    return Origins.by({link.after: link.before for link in compare(base, later).links if link.is_same})


def leaves_at(draft: Draft, polygons: GeometryArray) -> IntArray:
    """Return the leaf of a plan that each piece of land is in, `NOWHERE` for none; shape (n,)."""
    leaf = np.full(len(polygons), NOWHERE, dtype=np.int64)
    if len(polygons) and len(draft.blocks):
        piece, block = shapely.STRtree(draft.blocks.polygons).query(
            shapely.point_on_surface(polygons), predicate="intersects"
        )
        leaf[piece] = draft.owner[block]
    return leaf


@dataclass(frozen=True, slots=True)
class Undone:
    """What a plan would undo of an edition that it knows nothing of.

    Parameters
    ----------
    land : mapping of str to (4,) float64
        Square metres and loads that each grid of the edition would lose again, by code.
    facts : tuple of str
        Names, codes, parents and the like that would be as they were, in words.
    """

    land: Mapping[str, FloatArray]
    facts: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be undone."""
        return not self.land and not self.facts


def undone(base: Draft, ours: Draft, theirs: Draft, own: Origins, other: Origins) -> Undone:
    """Return what one plan would undo of another, both made from a third.

    Parameters
    ----------
    base : Draft
        What both began as.
    ours : Draft
        The plan that is to be published.
    theirs : Draft
        The edition that it would replace.
    own, other : Origins
        Of the grids of the one, and of the other.
    """
    return Undone(_undone_land(base, ours, theirs, own, other), _undone_facts(base, ours, theirs, own, other))


def _undone_land(base: Draft, ours: Draft, theirs: Draft, own: Origins, other: Origins) -> dict[str, FloatArray]:
    pieces = pieces_of(theirs, ours)
    here, there = own.identities(pieces.after), other.identities(pieces.before)
    differ = np.flatnonzero((here != there) & (pieces.before != NOWHERE))
    began = leaves_at(base, pieces.polygons[differ])
    back = differ[(here[differ] == began) & (there[differ] != began)]
    sums = np.column_stack([pieces.area_m2, pieces.loads])
    land: dict[str, FloatArray] = {}
    for key in np.unique(pieces.before[back]).tolist():
        total = sums[back[pieces.before[back] == key]].sum(axis=0)
        if total[0] >= SLIVER_M2:
            land[str(theirs.nodes[key].code)] = total
    return dict(sorted(land.items()))


def _undone_facts(base: Draft, ours: Draft, theirs: Draft, own: Origins, other: Origins) -> tuple[str, ...]:
    found = []
    for key, node in sorted(base.nodes.items(), key=lambda item: item[1].code):
        mine, yours = own.heirs.get(key), other.heirs.get(key)
        if mine is None or yours is None:
            continue
        found += [
            f"the {fact} of {theirs.nodes[yours].code}"
            for fact in (*FACTS, "parent")
            if _fact(base, node, fact, None) == _fact(ours, ours.nodes[mine], fact, own)
            and _fact(base, node, fact, None) != _fact(theirs, theirs.nodes[yours], fact, other)
        ]
    if base.rules.levels == ours.rules.levels != theirs.rules.levels:
        found.append("the levels")
    if _band(base) == _band(ours) != _band(theirs):
        found.append("the band")
    return tuple(found)


def _fact(draft: Draft, node: Node, fact: str, origin: Origins | None) -> object:
    if fact != "parent":
        return getattr(node, fact)
    del draft
    return node.parent if origin is None else origin.identity(node.parent)


def _band(draft: Draft) -> object:
    return draft.rules.load, draft.rules.band


def told(undone: Undone, *, most: int = 5) -> str:
    """Return in words what would be undone: grids with land and loads, then the rest, then the sums."""
    parts = [f"{code} ({land_and_loads(row)})" for code, row in list(undone.land.items())[:most]]
    facts = list(undone.facts[:most])
    more = len(undone.land) + len(undone.facts) - len(parts) - len(facts)
    listed = ", ".join([*parts, *facts]) + (f" and {more} more" if more else "")
    if len(undone.land) < 2:  # noqa: PLR2004 - a sum of one says nothing
        return listed
    return f"{listed}; in all {land_and_loads(np.sum(list(undone.land.values()), axis=0))}"


def land_and_loads(row: FloatArray) -> str:
    """Return land and its loads in words: "1,200 m2, 35 households"."""
    loads = [f"{value:,.0f} {load}" for value, load in zip(row[1:].tolist(), LOADS, strict=True) if value]
    return ", ".join([f"{row[0]:,.0f} m2", *loads])
