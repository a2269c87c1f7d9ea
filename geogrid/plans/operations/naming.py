"""Operations that leave the land alone: names, codes, parents, duties."""

from collections import Counter
from dataclasses import replace

import numpy as np
import shapely

from geogrid.codes import number_within, reading_order
from geogrid.editions import Duty
from geogrid.errors import InvalidInputError, Problem
from geogrid.plans.operations.kinds import AssignDuty, ChangeParent, EndDuty, Recode, Rename
from geogrid.plans.operations.tools import Tools, place_of
from geogrid.plans.state import Draft
from geogrid.types import GeometryArray, GridCode, IntArray


def rename(draft: Draft, operation: Rename, _tools: Tools) -> Draft:
    """Give grids other names. Raises `NotFoundError` for an unknown grid, `InvalidInputError` for an empty name."""
    empty = [code for code, name in operation.names.items() if not name.strip()]
    if empty or not operation.names:
        raise InvalidInputError(
            Problem("no-name", f"The new name of grid {code} is empty.", subject=code) for code in empty or ["?"]
        )
    nodes = draft.grids(operation.names)
    return draft.with_nodes(*(replace(node, name=operation.names[str(node.code)]) for node in nodes))


def recode(draft: Draft, operation: Recode, _tools: Tools) -> Draft:
    """Give grids other codes, all at once, so that two may exchange theirs.

    Raises
    ------
    NotFoundError
        There is no such grid.
    InvalidInputError
        A code is empty, or two grids would have the same; all of them are listed.
    """
    if not operation.codes:
        return _number_all(draft)
    renamed = {node.key: GridCode(operation.codes[str(node.code)].strip()) for node in draft.grids(operation.codes)}
    result = draft.with_nodes(*(replace(draft.nodes[key], code=code) for key, code in renamed.items()))
    elsewhere = draft.taken - {node.code for node in draft.nodes.values()}
    counts = Counter([node.code for node in result.nodes.values()]) + Counter(elsewhere)
    problems = [
        Problem("code-taken", f"{counts[code]} grids would have the code {code}.", "Codes are unique.", subject=code)
        for code in sorted(set(renamed.values()))
        if counts[code] > 1
    ]
    problems += [
        Problem("no-code", f"The new code of grid {old} is empty.", subject=old)
        for old, new in operation.codes.items()
        if not new.strip()
    ]
    if problems:
        raise InvalidInputError(problems)
    return result


def _number_all(draft: Draft) -> Draft:
    """Return the draft with every grid below the top numbered by the profile, in reading order within its parent."""
    for level in range(2, draft.rules.depth + 1):
        keys, first, group = np.unique(draft.owner_at(level), return_index=True, return_inverse=True)
        if not len(first):
            continue
        nodes = [draft.nodes[key] for key in keys.tolist()]
        parents = np.array([node.parent for node in nodes], dtype=np.int64)
        number = number_within(parents, reading_order(_envelopes(draft.blocks.polygons, group)))
        fresh: dict[int, str] = {}
        for parent in np.unique(parents).tolist():
            children = sorted(np.flatnonzero(parents == parent).tolist(), key=lambda which: int(number[which]))
            like = nodes[children[0]]
            codes = draft.rules.profile.new_codes(place_of(draft, like), (), like=like.code)
            fresh |= {nodes[which].key: code for which, code in zip(children, codes, strict=False)}
        if len(fresh) < len(nodes):
            raise InvalidInputError.of(
                "no-code-left",
                f"Level {level} has more grids below one parent than {draft.rules.profile.name} has numbers.",
                "Choose a profile with more digits.",
            )
        draft = draft.with_nodes(*(replace(draft.nodes[key], code=GridCode(code)) for key, code in fresh.items()))
    return draft


def _envelopes(polygons: GeometryArray, group: IntArray) -> GeometryArray:
    """Return the envelope of each group of polygons: enough for the order in which a map is read."""
    bounds = shapely.bounds(polygons)
    count = int(group.max()) + 1
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, group, bounds[:, :2])
    np.maximum.at(high, group, bounds[:, 2:])
    boxes: GeometryArray = np.asarray(shapely.box(*low.T, *high.T), dtype=object)
    return boxes


def change_parent(draft: Draft, operation: ChangeParent, _tools: Tools) -> Draft:
    """Put grids below another parent.

    Raises
    ------
    NotFoundError
        There is no such grid.
    InvalidInputError
        The parent is not of the level above, or a former parent would have no grid left; all of it is listed.
    """
    parent = draft.node(operation.parent)
    nodes = draft.grids(operation.grids)
    problems = [
        Problem(
            "wrong-level",
            f"Grid {node.code} is of level {node.level}; its parent is of level {node.level - 1}, "
            f"and {parent.code} is of level {parent.level}.",
            subject=node.code,
        )
        for node in nodes
        if node.level != parent.level + 1
    ]
    moved = {node.key for node in nodes}
    for former in sorted({node.parent for node in nodes if node.parent is not None} - {parent.key}):
        if not any(node.parent == former and key not in moved for key, node in draft.nodes.items()):
            code = draft.nodes[former].code
            problems.append(
                Problem(
                    "no-child-left",
                    f"Grid {code} would have no grid below it.",
                    f"Merge it with {parent.code} instead.",
                    subject=code,
                )
            )
    if problems:
        raise InvalidInputError(problems)
    return draft.with_nodes(*(replace(node, parent=parent.key) for node in nodes))


def assign_duty(draft: Draft, operation: AssignDuty, _tools: Tools) -> Draft:
    """Put a person or team on duty. Raises `InvalidInputError` if they are already, or are not named."""
    node = draft.node(operation.grid)
    if not operation.role.strip() or not operation.holder.strip():
        raise InvalidInputError.of("no-name", "A duty has a role and a holder.", "Give both.", subject=node.code)
    if any((duty.role, duty.holder) == (operation.role, operation.holder) for duty in node.duties):
        raise InvalidInputError.of(
            "on-duty-already", f"{operation.holder} is {operation.role} of grid {node.code} already.", subject=node.code
        )
    duty = Duty(operation.role, operation.holder, operation.phone)
    return draft.with_nodes(replace(node, duties=(*node.duties, duty)))


def end_duty(draft: Draft, operation: EndDuty, _tools: Tools) -> Draft:
    """Take a person or team off duty. Raises `InvalidInputError` if they are not on it."""
    node = draft.node(operation.grid)
    left = tuple(duty for duty in node.duties if (duty.role, duty.holder) != (operation.role, operation.holder))
    if len(left) == len(node.duties):
        on_duty = ", ".join(f"{duty.role} {duty.holder}" for duty in node.duties) or "nobody"
        raise InvalidInputError.of(
            "not-on-duty",
            f"{operation.holder} is not {operation.role} of grid {node.code}.",
            f"On duty there: {on_duty}.",
            subject=node.code,
        )
    return draft.with_nodes(replace(node, duties=left))
