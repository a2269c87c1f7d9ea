"""Operations on what a plan is judged by and on what is left alone: the band, and locks."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

import numpy as np
import shapely

from geogrid.errors import ConflictError, InvalidInputError, Problem
from geogrid.geometry.overlays import DEGREE, differences
from geogrid.plans.delta import NOT_IN_PLAN, Delta
from geogrid.plans.operations.kinds import Lock, SetBand, Unlock
from geogrid.plans.operations.tools import Tools
from geogrid.plans.state import Draft, Node
from geogrid.wording import amount

_SAME_LAND: Final = 1e-9
_NAMED: Final = 10


def set_band(draft: Draft, operation: SetBand, _tools: Tools) -> Draft:
    """Give the plan another band, another load, or both. Raises `InvalidInputError` where nothing would change."""
    if operation.band is None and operation.load is None:
        raise InvalidInputError.of("no-band", "Neither a band nor a load is given.", 'E.g. "band": [300, 500].')
    rules = replace(draft.rules, band=operation.band or draft.rules.band, load=operation.load or draft.rules.load)
    if rules == draft.rules:
        raise InvalidInputError.of("nothing-to-change", f"That is the band already: {band_text(draft)}.")
    return replace(draft, rules=rules)


def band_text(draft: Draft) -> str:
    """Return the band of a plan in words."""
    band = draft.rules.band
    if band is None:
        return f"{draft.rules.load} without limits"
    return f"{amount(band[0])} to {amount(band[1])} {draft.rules.load}"


def lock(draft: Draft, operation: Lock, tools: Tools) -> Draft:
    """Lock grids. Raises `NotFoundError` for unknown ones, `InvalidInputError` for none or one that is locked."""
    nodes = _some(draft, operation.grids)
    _refuse(
        Problem("locked-already", f"Grid {node.code} is locked by {node.locked_by} already.", subject=node.code)
        for node in nodes
        if node.locked_by is not None
    )
    return draft.with_nodes(*(replace(node, locked_by=tools.author or "somebody") for node in nodes))


def unlock(draft: Draft, operation: Unlock, _tools: Tools) -> Draft:
    """Unlock grids. Raises `NotFoundError` for unknown ones, `InvalidInputError` for none and for those not locked."""
    nodes = _some(draft, operation.grids)
    problems = []
    for node in nodes:
        above = draft.lock_of(node.key)
        if above is None:
            problems.append(Problem("not-locked", f"Grid {node.code} is not locked.", subject=node.code))
        elif above.key != node.key:
            message = f"Grid {node.code} is locked by way of {above.code} above it, which {above.locked_by} locked."
            problems.append(Problem("not-locked", message, f"Unlock {above.code}.", subject=node.code))
    _refuse(problems)
    return draft.with_nodes(*(replace(node, locked_by=None) for node in nodes))


def _some(draft: Draft, codes: Collection[str]) -> list[Node]:
    if not codes:
        raise InvalidInputError.of("no-grid", "No grid is named.", "Name grids by their codes.", subject="grids")
    return draft.grids(codes)


def _refuse(problems: Iterable[Problem]) -> None:
    listed = list(problems)
    if listed:
        raise InvalidInputError(listed)


def refuse_locked(before: Draft, after: Draft, delta: Delta) -> None:
    """Refuse what would change a locked grid, or one below a locked grid.

    A vertex more on a boundary is no change: blocks beside a cut get one.

    Raises
    ------
    ConflictError
        With every such grid, who locked it, and how it is unlocked.
    """
    touched = {change.key for change in delta.nodes} | set(delta.before.tolist()) | set(delta.after.tolist())
    # A grid that comes into being below a locked one changes that one, too.
    touched |= {change.after.parent for change in delta.nodes if change.after and change.after.parent}
    locks: dict[int, Node] = {}
    for key in sorted(touched & before.nodes.keys()):
        locked = before.lock_of(key)
        if locked is not None and not _stays(before, after, delta, key):
            locks[locked.key] = locked
    if locks:
        raise ConflictError(" ".join(_sentence(node) for node in list(locks.values())[:_NAMED]))


def _sentence(node: Node) -> str:
    return (
        f"Grid {node.code} ({node.name}) is locked by {node.locked_by}, and this would change it. "
        f'Unlock it first: {{"kind": "unlock", "grids": ["{node.code}"]}}.'
    )


def _stays(before: Draft, after: Draft, delta: Delta, key: int) -> bool:
    """Return whether a grid is as it was, whatever became of the vertices of its blocks."""
    if any(key == change.key or (change.after and key == change.after.parent) for change in delta.nodes):
        return False
    gone, come = delta.before == key, delta.after == key
    if not (gone | come).any():
        return True
    others = {*delta.after[gone].tolist(), *delta.before[come].tolist()} - {NOT_IN_PLAN}
    sides = np.array([before.shape(key), after.shape(key)], dtype=object)
    changed = shapely.area(differences(sides, sides[::-1], metre=DEGREE)).sum()
    return not others and bool(changed <= _SAME_LAND * shapely.area(sides[0]))
