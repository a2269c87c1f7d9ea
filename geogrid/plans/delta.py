"""What an operation changed: enough to do it again and to take it back, to the same bytes."""

from dataclasses import dataclass, replace

import numpy as np

from geogrid.errors import ConflictError
from geogrid.plans.state import BlockTable, Draft, Node, Rules
from geogrid.types import IntArray

NOT_IN_PLAN = 0
"""Owner of a block that the plan does not have (any more)."""


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A grid before and after; None where there was or is none."""

    before: Node | None
    after: Node | None

    @property
    def key(self) -> int:
        """Key of the grid."""
        node = self.before or self.after
        assert node is not None, "a change has at least one side"  # noqa: S101 - narrows a type
        return node.key


@dataclass(frozen=True, slots=True)
class Delta:
    """The difference between two states of a plan.

    Parameters
    ----------
    nodes : tuple of NodeChange
        By key.
    block_ids : (n,) int64
        Blocks that changed hands, ascending.
    before, after : (n,) int64
        Their leaves; `NOT_IN_PLAN` for blocks that came or went.
    blocks : BlockTable
        The blocks that came or went.
    rules : tuple of Rules, optional
        What the plan is judged by, before and after, where its levels changed.
    """

    nodes: tuple[NodeChange, ...]
    block_ids: IntArray
    before: IntArray
    after: IntArray
    blocks: BlockTable
    rules: tuple[Rules, Rules] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not self.nodes and not len(self.block_ids) and self.rules is None

    def inverse(self) -> "Delta":
        """Return the difference in the other direction."""
        turned = tuple(NodeChange(change.after, change.before) for change in self.nodes)
        rules = None if self.rules is None else (self.rules[1], self.rules[0])
        return replace(self, nodes=turned, before=self.after, after=self.before, rules=rules)

    def touched_leaves(self) -> IntArray:
        """Return the keys of the leaves whose land or own facts changed, before or after, ascending."""
        own = [change.key for change in self.nodes if (change.after or change.before or _NOBODY).is_leaf]
        keys = np.unique(np.concatenate([np.array(own, dtype=np.int64), self.before, self.after]))
        touched: IntArray = keys[keys != NOT_IN_PLAN]
        return touched


_NOBODY = Node(NOT_IN_PLAN, "", "", 1, None, "parent")  # type: ignore[arg-type]


def difference(old: Draft, new: Draft) -> Delta:
    """Return what leads from one state of a plan, or of the same part of it, to another."""
    keys = sorted(key for key in {*old.nodes, *new.nodes} if old.nodes.get(key) != new.nodes.get(key))
    ids = np.union1d(old.blocks.ids, new.blocks.ids)
    before, after = _owners(old, ids), _owners(new, ids)
    changed = before != after
    gone = old.blocks.rows(np.isin(old.blocks.ids, ids[after == NOT_IN_PLAN]))
    come = new.blocks.rows(np.isin(new.blocks.ids, ids[before == NOT_IN_PLAN]))
    return Delta(
        nodes=tuple(NodeChange(old.nodes.get(key), new.nodes.get(key)) for key in keys),
        block_ids=ids[changed],
        before=before[changed],
        after=after[changed],
        blocks=gone.joined(come),
        rules=None if old.rules == new.rules else (old.rules, new.rules),
    )


def apply(draft: Draft, delta: Delta) -> Draft:
    """Return the state that a difference leads to.

    Raises
    ------
    ConflictError
        The draft is not in the state that the difference starts from.
    """
    for change in delta.nodes:
        if draft.nodes.get(change.key) != change.before:
            raise ConflictError(f"Grid {change.key} is not as the change expects it.")
    if not np.array_equal(_owners(draft, delta.block_ids), delta.before):
        raise ConflictError("A block is not where the change expects it.")
    nodes = {key: node for key, node in draft.nodes.items() if key not in {change.key for change in delta.nodes}}
    nodes |= {change.key: change.after for change in delta.nodes if change.after is not None}
    come = delta.blocks.rows(np.isin(delta.blocks.ids, delta.block_ids[delta.before == NOT_IN_PLAN]))
    stay = ~np.isin(draft.blocks.ids, delta.block_ids[delta.after == NOT_IN_PLAN])
    blocks = draft.blocks.rows(stay).joined(come)
    owner_of = dict(zip(delta.block_ids.tolist(), delta.after.tolist(), strict=True))
    kept = dict(zip(draft.blocks.ids.tolist(), draft.owner.tolist(), strict=True))
    owner = np.array([owner_of.get(block, kept.get(block)) for block in blocks.ids.tolist()], dtype=np.int64)
    rules = draft.rules if delta.rules is None else delta.rules[1]
    return replace(draft, blocks=blocks, owner=owner, nodes=dict(sorted(nodes.items())), rules=rules)


def _owners(draft: Draft, ids: IntArray) -> IntArray:
    owners = np.full(len(ids), NOT_IN_PLAN, dtype=np.int64)
    if len(draft.blocks):
        place = np.minimum(np.searchsorted(draft.blocks.ids, ids), len(draft.blocks) - 1)
        here = draft.blocks.ids[place] == ids
        owners[here] = draft.owner[place[here]]
    return owners
