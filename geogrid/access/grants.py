"""Grants of roles, and what follows from them by the matrix."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Final

from geogrid.access.matrix import MATRIX, Action, Role, Scope


@dataclass(frozen=True, slots=True)
class Grant:
    """A role somewhere, for a time.

    Parameters
    ----------
    role : Role
        Which.
    jurisdiction : str, optional
        Code of the jurisdiction; None for all.
    grid : str, optional
        Code of a grid: it and those below it; None for the whole jurisdiction.
    valid_from, valid_to : datetime, optional
        From the first until before the second; None for without that end.
    actions : frozenset of Action
        What was set for it, of the actions that the matrix leaves to whoever gives the grant.
    """

    role: Role
    jurisdiction: str | None = None
    grid: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    actions: frozenset[Action] = frozenset()

    def is_valid(self, at: datetime) -> bool:
        """Return whether it is in force at a moment."""
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_to is None or at < self.valid_to)

    def scope(self, action: Action) -> Scope:
        """Return how far it reaches with an action, leaving place and time aside."""
        scope = MATRIX[action][self.role]
        if scope is Scope.SET:
            return Scope.EVERYTHING if action in self.actions else Scope.NOTHING
        return scope


EVERYBODY: Final = Grant(Role.PUBLIC)
"""What everybody has, signed in or not."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an action is about.

    Parameters
    ----------
    jurisdiction : str, optional
        Code of its jurisdiction; None for what belongs to none, such as the server.
    chain : tuple of str
        Codes of its grid and of those above it; empty for what is in no grid.
    is_assigned : bool
        Whether it is assigned to who asks.
    is_proven : bool
        Whether who asks gave a number of it that nobody guesses.
    """

    jurisdiction: str | None = None
    chain: tuple[str, ...] = ()
    is_assigned: bool = False
    is_proven: bool = False


class Sight(IntEnum):
    """What somebody sees of a target: the larger, the more."""

    NOTHING = 0
    MASKED = 1
    PLAIN = 2


@dataclass(frozen=True, slots=True)
class Reach:
    """How far somebody reaches with an action in one jurisdiction.

    Parameters
    ----------
    whole : Sight
        Of everything there.
    grids, masked_grids : frozenset of str
        Of these grids and those below them, in plain words or masked.
    assigned, proven : bool
        Whether also what is assigned to, or proven by, who asks.
    """

    whole: Sight = Sight.NOTHING
    grids: frozenset[str] = frozenset()
    masked_grids: frozenset[str] = frozenset()
    assigned: bool = field(default=False)
    proven: bool = field(default=False)

    def __bool__(self) -> bool:
        """Return whether it reaches anything that the asker need not prove."""
        return bool(self.whole or self.grids or self.masked_grids or self.assigned)

    def sight(self, target: Target) -> Sight:
        """Return what is seen of something in this jurisdiction."""
        is_plain = (
            (self.assigned and target.is_assigned)
            or (self.proven and target.is_proven)
            or not self.grids.isdisjoint(target.chain)
        )
        if is_plain:
            return Sight.PLAIN
        return max(self.whole, Sight.NOTHING if self.masked_grids.isdisjoint(target.chain) else Sight.MASKED)


def reach_of(grants: Iterable[Grant], action: Action, jurisdiction: str | None, at: datetime) -> Reach:
    """Return how far grants reach with an action.

    Parameters
    ----------
    grants : iterable of Grant
        Of one account; what is not in force at `at` counts for nothing.
    action : Action
        What is to be done.
    jurisdiction : str, optional
        Where; None for what belongs to no jurisdiction: only grants for all of them reach it.
    at : datetime
        When.
    """
    whole, grids, masked_grids, flags = Sight.NOTHING, set(), set(), set()
    for grant in grants:
        if not grant.is_valid(at) or grant.jurisdiction not in {None, jurisdiction}:
            continue
        scope = grant.scope(action)
        if scope is Scope.TOWN or (scope is Scope.EVERYTHING and grant.grid is None):
            whole = Sight.PLAIN
        elif scope is Scope.MASKED and grant.grid is None:
            whole = max(whole, Sight.MASKED)
        elif scope in {Scope.EVERYTHING, Scope.OWN} and grant.grid is not None:
            grids.add(grant.grid)
        elif scope is Scope.MASKED and grant.grid is not None:
            masked_grids.add(grant.grid)
        else:
            flags.add(scope)
    return Reach(whole, frozenset(grids), frozenset(masked_grids), Scope.ASSIGNED in flags, Scope.NUMBER in flags)


def may(grants: Iterable[Grant], action: Action, target: Target, at: datetime) -> bool:
    """Return whether grants allow an action on a target at a moment, be it on masked texts only."""
    return reach_of(grants, action, target.jurisdiction, at).sight(target) is not Sight.NOTHING
