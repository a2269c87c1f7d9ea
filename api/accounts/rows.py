"""What follows from who asks for what the database lets his request see of cases: the wall under the filters."""

from collections.abc import Mapping

from api.kit.identity import Identity
from boundaries.store.sight import EVERYTHING, RowSight
from geogrid.access import Action, Sight


def row_sight(identity: Identity, action: Action, towns: Mapping[str, int]) -> RowSight:
    """Return which rows of cases an action of somebody may see.

    Masking is of texts, not of rows: who sees a case masked sees its row.

    Parameters
    ----------
    identity : Identity
        Who asks.
    action : Action
        About cases, or about the feed of changes: then the events of cases alone are seen.
    towns : mapping of str to int
        Numbers of the jurisdictions by code.
    """
    if identity.is_unlimited:
        return EVERYTHING
    reaches = {number: identity.reach(action, code) for code, number in towns.items()}
    whole = frozenset(number for number, reach in reaches.items() if reach.whole is not Sight.NOTHING)
    if action is Action.CHANGES_READ:
        return RowSight(feeds=whole)
    grids = {
        (number, code)
        for number, reach in reaches.items()
        if number not in whole
        for code in reach.grids | reach.masked_grids
    }
    assigned = frozenset(number for number, reach in reaches.items() if reach.assigned) - whole
    held = (identity.login, assigned) if identity.login and assigned else None
    return RowSight(towns=whole, grids=frozenset(grids), held=held)
