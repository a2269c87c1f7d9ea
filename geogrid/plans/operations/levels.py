"""Operations on the levels of a plan: one put in, one taken out, one with another name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from geogrid.errors import InvalidInputError, Problem
from geogrid.plans.operations.kinds import InsertLevel, RemoveLevel, RenameLevel
from geogrid.plans.operations.tools import Tools, next_code
from geogrid.plans.state import NO_LOADS, Draft, Node
from geogrid.types import GridCode, LevelName

MOST_LEVELS: Final = 6


def insert_level(draft: Draft, operation: InsertLevel, tools: Tools) -> Draft:
    """Put a level into a plan: every grid of the level above gets one grid of it, which has all that it had.

    Below the lowest level the new grids are the leaves, and take blocks and category; duties stay where they are.

    Raises
    ------
    InvalidInputError
        There is no such position, a level has that name, or six levels are there already.
    """
    depth = draft.rules.depth
    problems = _name_problems(draft, operation.name)
    if not 2 <= operation.position <= depth + 1:  # noqa: PLR2004 - below the top
        problems.append(
            Problem("no-such-level", f"A level can be put at 2 to {depth + 1}, and {operation.position} is asked for.")
        )
    if depth >= MOST_LEVELS:
        problems.append(Problem("too-many-levels", f"The plan has {depth} levels, and at most {MOST_LEVELS} are kept."))
    if problems:
        raise InvalidInputError(problems)
    titles = list(draft.rules.levels)
    titles.insert(operation.position - 1, LevelName(operation.name, operation.name_zh))
    above = [node for node in draft.nodes.values() if node.level == operation.position - 1]
    result = _with_levels(draft, titles)
    result = _moved(result, operation.position, 1)
    for node in sorted(above, key=lambda child: child.code):
        result = _with_one_between(result, result.nodes[node.key], tools)
    return result


def _with_one_between(draft: Draft, above: Node, tools: Tools) -> Draft:
    """Return the draft with a grid between another and all that is below it."""
    key = tools.new_grid()
    made = Node(key, GridCode(""), above.name, above.level + 1, above.key, "parent")
    coded = replace(made, code=GridCode(next_code(draft, replace(made, code=above.code))))
    if above.is_leaf:
        leaf = replace(coded, kind=above.kind, category=above.category, unplaced=above.unplaced)
        former = replace(above, kind="parent", category=None, unplaced=NO_LOADS)
        return draft.with_nodes(former, leaf).with_owner(draft.members(above.key), key)
    children = [replace(node, parent=key) for node in draft.nodes.values() if node.parent == above.key]
    return draft.with_nodes(coded, *children)


def remove_level(draft: Draft, operation: RemoveLevel, _tools: Tools) -> Draft:
    """Take a level out of a plan: what is below its grids goes to the grids above them; their duties end.

    Raises
    ------
    InvalidInputError
        It is the top or the lowest level, or there is none.
    """
    depth = draft.rules.depth
    if not 2 <= operation.position < depth:  # noqa: PLR2004 - below the top
        raise InvalidInputError.of(
            "no-such-level",
            f"Of {depth} levels those between the top and the lowest can be taken out, "
            f"and {operation.position} is asked for.",
            "Merge grids to do without the lowest.",
        )
    gone = {node.key: node for node in draft.nodes.values() if node.level == operation.position}
    children = [replace(node, parent=gone[node.parent].parent) for node in draft.nodes.values() if node.parent in gone]
    titles = [title for place, title in enumerate(draft.rules.levels, start=1) if place != operation.position]
    return _moved(_with_levels(draft.without(*gone).with_nodes(*children), titles), operation.position + 1, -1)


def rename_level(draft: Draft, operation: RenameLevel, _tools: Tools) -> Draft:
    """Give a level another name. Raises `InvalidInputError` for a level that is not there, or a name that is taken."""
    depth = draft.rules.depth
    problems = _name_problems(draft, operation.name, but=operation.position)
    if not 1 <= operation.position <= depth:
        problems.append(Problem("no-such-level", f"The plan has {depth} levels and no level {operation.position}."))
    if problems:
        raise InvalidInputError(problems)
    titles = list(draft.rules.levels)
    titles[operation.position - 1] = LevelName(operation.name, operation.name_zh)
    return _with_levels(draft, titles)


def _name_problems(draft: Draft, name: str, *, but: int = 0) -> list[Problem]:
    if not name.strip():
        return [Problem("no-name", "A level has a name, and none is given.")]
    taken = any(title.name == name for place, title in enumerate(draft.rules.levels, start=1) if place != but)
    return [Problem("name-taken", f"A level is called {name!r} already.", "Choose another name.")] if taken else []


def _with_levels(draft: Draft, titles: list[LevelName]) -> Draft:
    return replace(draft, rules=replace(draft.rules, depth=len(titles), levels=tuple(titles)))


def _moved(draft: Draft, first: int, steps: int) -> Draft:
    """Return the draft with the grids of a level, and those below, some levels lower."""
    moved = [replace(node, level=node.level + steps) for node in draft.nodes.values() if node.level >= first]
    return draft.with_nodes(*moved)


LEVEL_OPERATIONS: Final[dict[type, Callable[..., Draft]]] = {
    InsertLevel: insert_level,
    RemoveLevel: remove_level,
    RenameLevel: rename_level,
}
