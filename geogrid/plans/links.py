"""Links between the grids of two plans, and the duties that follow them or not."""

from collections.abc import Sequence
from dataclasses import dataclass

from geogrid.plans.state import Draft


@dataclass(frozen=True, slots=True)
class SharedLand:
    """Land of a grid before that is in a grid after: the stuff of lineage.

    Parameters
    ----------
    level : int
        1 is the top.
    before, after : int
        Keys; `NOWHERE` for land that one plan lacks.
    is_same : bool
        The grid after continues the one before.
    share : float
        Of the load of the grid before; of its land where there is no load.
    area_m2 : float
        Land in common.
    """

    level: int
    before: int
    after: int
    is_same: bool
    share: float
    area_m2: float


@dataclass(frozen=True, slots=True)
class DutyMove:
    """A person or team who had a role on one grid and has it on another."""

    role: str
    holder: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def duty_moves(old: Draft, new: Draft, links: Sequence[SharedLand]) -> tuple[DutyMove, ...]:
    """Return the duties whose grids after are not those that continue the grids before."""
    same = {link.before: link.after for link in links if link.is_same}
    had, has = _duties(old), _duties(new)
    moves = []
    for role, holder in sorted(had.keys() | has.keys()):
        before, after = had.get((role, holder), set()), has.get((role, holder), set())
        if {same.get(key) for key in before} != set(after):
            moves.append(DutyMove(role, holder, _codes(old, before), _codes(new, after)))
    return tuple(moves)


def _codes(draft: Draft, keys: set[int]) -> tuple[str, ...]:
    """Return the codes of some grids, sorted."""
    return tuple(sorted(draft.nodes[key].code for key in keys))


def _duties(draft: Draft) -> dict[tuple[str, str], set[int]]:
    duties: dict[tuple[str, str], set[int]] = {}
    for key, node in draft.nodes.items():
        for duty in node.duties:
            duties.setdefault((duty.role, duty.holder), set()).add(key)
    return duties
