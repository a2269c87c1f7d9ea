"""Carrying an operation out: what it needs of the plan, and the plan after it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import shapely

from geogrid.plans.delta import Delta, difference
from geogrid.plans.operations.blocks import carve, dissolve, merge, move_blocks
from geogrid.plans.operations.cutting import move_land
from geogrid.plans.operations.keeping import lock, refuse_locked, set_band, unlock
from geogrid.plans.operations.kinds import (
    AssignDuty,
    Carve,
    ChangeParent,
    Dissolve,
    EndDuty,
    InsertLevel,
    Lock,
    Merge,
    MoveBlocks,
    MoveLand,
    Operation,
    Rebalance,
    Recode,
    RemoveLevel,
    Rename,
    RenameLevel,
    SetBand,
    SplitByLine,
    SplitInto,
    Unlock,
)
from geogrid.plans.operations.levels import LEVEL_OPERATIONS
from geogrid.plans.operations.naming import assign_duty, change_parent, end_duty, recode, rename
from geogrid.plans.operations.rebalance import rebalance
from geogrid.plans.operations.splitting import split_by_line, split_into
from geogrid.plans.operations.tools import Tools
from geogrid.plans.state import Draft

_HOW: Final[dict[type, Callable[[Draft, Any, Tools], Draft]]] = {
    MoveBlocks: move_blocks,
    MoveLand: move_land,
    SplitByLine: split_by_line,
    SplitInto: split_into,
    Merge: merge,
    Carve: carve,
    Dissolve: dissolve,
    Rebalance: rebalance,
    Rename: rename,
    Recode: recode,
    ChangeParent: change_parent,
    AssignDuty: assign_duty,
    EndDuty: end_duty,
    SetBand: set_band,
    Lock: lock,
    Unlock: unlock,
    **LEVEL_OPERATIONS,
}


@dataclass(frozen=True, slots=True)
class OperationScope:
    """The part of a plan that an operation needs.

    Parameters
    ----------
    grids : tuple of str
        Grids, with everything below them and above them.
    blocks : tuple of int
        Blocks; the leaves that they are in count.
    area : Polygon or MultiPolygon, optional
        Degrees; the leaves that it touches count, and buildings near it.
    land : bool
        Whether the blocks of the leaves are needed, or only the tree.
    whole : bool
        Everything, wherever it is.
    beside : bool
        The leaves that touch the grids, too.
    siblings : bool
        The grids with the same parents, without land, and every code in use: new grids are made.
    barriers : bool
        Streets and the like between the blocks.
    water : bool
        Water between the blocks, and what crosses it.
    """

    grids: tuple[str, ...] = ()
    blocks: tuple[int, ...] = ()
    area: shapely.Geometry | None = None
    land: bool = True
    whole: bool = False
    beside: bool = False
    siblings: bool = False
    barriers: bool = False
    water: bool = False


def scope_of(operation: Operation) -> OperationScope:  # noqa: C901, PLR0911, PLR0912 - one line a kind of operation
    """Return the part of a plan that an operation needs."""
    match operation:
        case MoveBlocks():
            return OperationScope((operation.to,), operation.blocks)
        case MoveLand():
            return OperationScope((operation.to,), area=operation.patch)
        case SplitByLine():
            return OperationScope((operation.grid,), area=operation.line if operation.cut else None, siblings=True)
        case SplitInto():
            return OperationScope((operation.grid,), siblings=True, barriers=True, water=True)
        case Merge():
            return OperationScope(operation.grids, siblings=True)
        case Carve():
            return OperationScope((), operation.blocks, area=operation.patch, siblings=True)
        case Dissolve(into=into):
            return OperationScope(
                (operation.grid,) if into is None else (operation.grid, into), beside=into is None, siblings=True
            )
        case Rebalance():
            return OperationScope(operation.grids, whole=not operation.grids, water=True)
        case Rename():
            return OperationScope(tuple(operation.names), land=False)
        case Recode():
            return OperationScope(
                tuple(operation.codes), land=not operation.codes, whole=not operation.codes, siblings=True
            )
        case ChangeParent():
            return OperationScope((*operation.grids, operation.parent), land=False, siblings=True)
        case InsertLevel() | RemoveLevel() | RenameLevel():
            return OperationScope(whole=True)
        case SetBand():
            return OperationScope(land=False)
        case Lock() | Unlock():
            return OperationScope(operation.grids, land=False)
        case AssignDuty() | EndDuty():
            return OperationScope((operation.grid,), land=False)


def perform(draft: Draft, operation: Operation, tools: Tools) -> tuple[Draft, Delta]:
    """Return the plan after an operation, and what changed.

    Parameters
    ----------
    draft : Draft
        The plan, or the part of it that `scope_of` says.
    operation : Operation
        What to do.
    tools : Tools
        What else it needs.

    Raises
    ------
    NotFoundError, InvalidInputError
        It cannot be done; nothing is changed.
    ConflictError
        It would change a grid that is locked.
    """
    after = _HOW[type(operation)](draft, operation, tools)
    delta = difference(draft, after)
    if not isinstance(operation, Lock | Unlock):
        refuse_locked(draft, after, delta)
    return after, delta
