"""A plan's own changes carried onto another plan, both made from a third; where both changed the same is listed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np

from geogrid.editions import Duty
from geogrid.errors import Problem
from geogrid.plans.operations.tools import Tools, next_code, with_unplaced
from geogrid.plans.origins import FACTS, Origins, land_and_loads
from geogrid.plans.pieces import NOWHERE
from geogrid.plans.refining import Cells, cells_of
from geogrid.plans.state import NO_LOADS, Draft, Node
from geogrid.types import GridCode, IntArray
from geogrid.wording import amount

Side = Literal["draft", "edition"]
_REMEDY: Final = "Choose which of them counts: --keep draft or --keep edition."


@dataclass(frozen=True, slots=True)
class Rebased:
    """What came of it.

    Parameters
    ----------
    draft : Draft
        The plan that was carried onto, with the changes of the other.
    conflicts : tuple of Problem
        Where both had changed the same, with its place.
    renumbered : mapping of str to str
        New code by the code that a new grid had, where somebody else has that one by now.
    """

    draft: Draft
    conflicts: tuple[Problem, ...]
    renumbered: Mapping[str, str]


def rebase(  # noqa: PLR0913 - three plans and how they hang together
    base: Draft, ours: Draft, theirs: Draft, *, own: Origins, other: Origins, tools: Tools, keep: Side = "edition"
) -> Rebased:
    """Return a plan with the changes of another that was made from the same.

    Parameters
    ----------
    base : Draft
        What both began as.
    ours : Draft
        Whose changes are carried over.
    theirs : Draft
        What they are carried onto. Land that it does not have stays out.
    own, other : Origins
        Of the grids of the one, and of the other.
    tools : Tools
        Numbers for what is new, and buildings where blocks of both are cut.
    keep : {"draft", "edition"}
        Which counts where both changed the same: ours or theirs.
    """
    return _Rebase(base, ours, theirs, own, other, tools, keep).result()


@dataclass(slots=True)
class _Rebase:
    base: Draft
    ours: Draft
    theirs: Draft
    own: Origins
    other: Origins
    tools: Tools
    keep: Side
    fresh: dict[int, int] = field(default_factory=dict)
    conflicts: list[Problem] = field(default_factory=list)
    renumbered: dict[str, str] = field(default_factory=dict)
    nodes: dict[int, Node] = field(init=False)

    def result(self) -> Rebased:
        levels = self._level_conflicts()
        if levels:
            return Rebased(self.theirs, tuple(levels), {})
        self.nodes = dict(self.theirs.nodes)
        new = [node for node in self.ours.nodes.values() if node.key not in self.own.of]
        self.fresh = {node.key: self.tools.new_grid() for node in new}
        self._merge_facts()
        self._settle_codes()
        for node in sorted(new, key=lambda each: (each.level, each.code)):
            self._make(node, self.fresh[node.key])
        cells = cells_of(self.base, self.ours, self.theirs, self.tools)
        owner = self._owners(cells)
        self._drop_empty(owner)
        draft = replace(
            self.theirs, blocks=cells.blocks, owner=owner, nodes=dict(sorted(self.nodes.items())), rules=self._rules()
        )
        return Rebased(draft, tuple(self.conflicts), self.renumbered)

    def _level_conflicts(self) -> list[Problem]:
        if self.base.rules.depth == self.ours.rules.depth == self.theirs.rules.depth:
            return []
        sides = {"draft": self.ours, "edition": self.theirs}
        changed = [name for name, side in sides.items() if side.rules.depth != self.base.rules.depth]
        message = f"The number of levels was changed in the {' and the '.join(changed)}: grids of one have no like."
        return [Problem("levels-differ", message, "Make a new draft from the edition, and change it there.")]

    def _rules(self) -> Any:
        base, ours, theirs = self.base.rules, self.ours.rules, self.theirs.rules
        rules = theirs
        for name, is_band in (("levels", False), ("load", True), ("band", True)):
            was, mine, yours = (getattr(each, name) for each in (base, ours, theirs))
            chosen = self._chosen(was, mine, yours, "band" if is_band else "levels", "The plan", "")
            rules = replace(rules, **{name: chosen})
        return rules

    def _chosen(self, was: Any, mine: Any, yours: Any, fact: str, named: str, code: str) -> Any:  # noqa: PLR0913, PLR0917 - three sides
        """Return which of two values counts; both changed, and otherwise, is a conflict."""
        if mine in (was, yours):
            return yours
        if yours == was:
            return mine
        message = f"{named}: the {fact} is {_shown(mine)} in the draft and {_shown(yours)} in the edition; "
        self.conflicts.append(Problem("both-changed", f"{message}it was {_shown(was)}.", _REMEDY, subject=code))
        return mine if self.keep == "draft" else yours

    def _settle_codes(self) -> None:
        """Give grids that we recoded another code where theirs have that one by now."""
        for key, node in sorted(self.nodes.items()):
            others = {each.code for each in self.nodes.values() if each.key != key}
            yours = self.theirs.nodes[key].code
            if node.code in others and node.code != yours:
                code = yours if yours not in others else self._free_code(node)
                self.renumbered[str(node.code)] = str(code)
                self.nodes[key] = replace(node, code=code)

    def _free_code(self, node: Node) -> GridCode:
        return GridCode(next_code(replace(self.theirs, nodes=self.nodes), node))

    def _make(self, node: Node, key: int) -> None:
        parent = None if node.parent is None else self._target(node.parent)
        if parent is None:
            above = self.ours.nodes[node.parent] if node.parent is not None else node
            message = f"Grid {node.code}, new in the draft, is below {above.code}, which the edition has not any more."
            self.conflicts.append(Problem("grid-gone", message, _REMEDY, subject=str(node.code)))
            parent = next(each.key for each in self.nodes.values() if each.level == node.level - 1)
        made = replace(node, key=key, parent=parent, unplaced=NO_LOADS)
        if made.code in {each.code for each in self.nodes.values()}:
            code = self._free_code(made)
            self.renumbered[str(node.code)] = str(code)
            made = replace(made, code=code)
        self.nodes[key] = made

    def _target(self, key: int) -> int | None:
        """Return the grid of the result that a grid of ours is, None where it is gone."""
        if key in self.fresh:
            return self.fresh[key]
        return self.other.heirs.get(self.own.of[key])

    def _merge_facts(self) -> None:
        for key, was in sorted(self.base.nodes.items(), key=lambda item: item[1].code):
            mine, yours = self.own.heirs.get(key), self.other.heirs.get(key)
            if yours is None:
                continue
            if mine is None:
                self._note_change_of_gone(was, self.theirs.nodes[yours])
                continue
            self._merge_node(was, self.ours.nodes[mine], self.theirs.nodes[yours])

    def _note_change_of_gone(self, was: Node, yours: Node) -> None:
        changed = [fact for fact in FACTS if getattr(was, fact) != getattr(yours, fact)]
        if changed:
            message = (
                f"The edition changed the {' and '.join(changed)} of {was.code}, which the draft has not any more."
            )
            self.conflicts.append(Problem("both-changed", message, _REMEDY, subject=str(was.code)))

    def _merge_node(self, was: Node, mine: Node, yours: Node) -> None:
        named = f"Grid {was.code}"
        facts = {
            fact: self._chosen(getattr(was, fact), getattr(mine, fact), getattr(yours, fact), fact, named, was.code)
            for fact in FACTS
        }
        here, there = self.own.identity(mine.parent), self.other.identity(yours.parent)
        parent = yours.parent
        chosen = self._chosen(was.parent, here, there, "parent", named, str(was.code))
        if chosen != there and mine.parent is not None:
            parent = self._target(mine.parent) or yours.parent
        merged = replace(
            yours, **facts, parent=parent, duties=_duties(was, mine, yours), locked_by=mine.locked_by or yours.locked_by
        )
        self.nodes[yours.key] = merged

    def _owners(self, cells: Cells) -> IntArray:
        """Return the leaf of each cell."""
        triples = np.column_stack([cells.base, cells.ours, cells.theirs])
        unique, first, place = np.unique(triples, axis=0, return_index=True, return_inverse=True)
        place = place.ravel()
        owners = []
        for number, (began, mine, yours) in enumerate(unique.tolist()):
            owner, conflict = self._decided(began, mine, yours)
            owners.append(owner)
            if conflict:
                self._note_land(cells, np.flatnonzero(place == number), int(first[number]), conflict)
        decided: IntArray = np.array(owners, dtype=np.int64)[place]
        return decided

    def _decided(self, began: int, mine: int, yours: int) -> tuple[int, str]:
        """Return which leaf land goes to, and what both did with it where they disagree."""
        here, there = self.own.identity(mine), self.other.identity(yours)
        if mine == NOWHERE or here == there:
            return yours, ""
        was = self.base.nodes[began].code if began != NOWHERE else "no grid"
        target = self._target(mine)
        said = f"went from {was} to {self.ours.nodes[mine].code} in the draft"
        if here == began:
            if there not in self.base.nodes or there in self.own.heirs:
                return yours, ""
            # The edition gave it to a grid that the draft has done without.
            said = f"stayed in {was} in the draft, where {self.theirs.nodes[yours].code} is no more"
            target = self._heir(there) or target
        elif there == began and target is not None:
            return target, ""
        elif there == began:
            return yours, f"{said}, and the edition has no such grid any more"
        return (
            (target if self.keep == "draft" and target is not None else yours),
            f"{said}, and to {self.theirs.nodes[yours].code} in the edition",
        )

    def _heir(self, gone: int | None) -> int | None:
        """Return the leaf of the result that has most of the land of a grid that our plan has done without."""
        taker = None if gone is None else _main_taker(self.base, self.ours, gone)
        return None if taker is None else self._target(taker)

    def _note_land(self, cells: Cells, chosen: IntArray, first: int, said: str) -> None:
        sums = cells.sums(chosen)
        if sums[0] < 1.0:
            return
        place = cells.blocks.polygons[first].representative_point()
        self.conflicts.append(
            Problem(
                "both-changed",
                f"Land {said}: {land_and_loads(sums)}.",
                _REMEDY,
                subject=str(self.theirs.nodes[int(cells.theirs[first])].code),
                lonlat=(round(place.x, 7), round(place.y, 7)),
                size=float(sums[0]),
                unit="m2",
            )
        )

    def _drop_empty(self, owner: IntArray) -> None:
        """Take out the leaves that have no land any more, then the grids without any below them."""
        used = set(np.unique(owner).tolist())
        for key, node in list(self.nodes.items()):
            if node.is_leaf and key not in used:
                del self.nodes[key]
                self._hand_on(node)
        while True:
            parents = {node.parent for node in self.nodes.values()}
            bare = [key for key, node in self.nodes.items() if not node.is_leaf and key not in parents]
            if not bare:
                return
            for key in bare:
                del self.nodes[key]

    def _hand_on(self, gone: Node) -> None:
        """Give the loads that no block of a grid has to the grid that has its land."""
        if not any(gone.unplaced) or gone.key not in self.theirs.nodes:
            return
        heir = self._heir(self.other.of.get(gone.key, NOWHERE))
        if heir in self.nodes and heir is not None:
            self.nodes[heir] = with_unplaced(self.nodes[heir], gone)


def _main_taker(base: Draft, ours: Draft, gone: int) -> int | None:
    ids = base.blocks.ids[base.owner == gone]
    takers = ours.owner[np.isin(ours.blocks.ids, ids)]
    if not len(takers):
        return None
    keys, counts = np.unique(takers, return_counts=True)
    return int(keys[counts.argmax()])


def _duties(was: Node, mine: Node, yours: Node) -> tuple[Duty, ...]:
    """Return who is on duty: theirs, without those whom we took off, and with those whom we put on."""
    ended, begun = set(was.duties) - set(mine.duties), [duty for duty in mine.duties if duty not in was.duties]
    kept = [duty for duty in yours.duties if duty not in ended]
    return tuple(kept + [duty for duty in begun if duty not in kept])


def _shown(value: Any) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], float | int):
        return " to ".join(map(amount, value))
    if isinstance(value, tuple):
        return ", ".join(getattr(title, "name", str(title)) for title in value)
    return "another one" if isinstance(value, int) else "none" if value is None else repr(str(value))
