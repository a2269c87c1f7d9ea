"""People of the demo: one account a role, opened by one-time addresses, never by a password."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.accounts.granting import give_role
from boundaries.accounts.signing_in import make_address
from boundaries.accounts.storing import add_account
from boundaries.accounts.tables import Account
from boundaries.grids.tables import Grid, Plan
from boundaries.jurisdictions.tables import Jurisdiction
from geogrid.access import Grant, Role
from geogrid.access.matrix import NEEDS_GRID, settable

_HOLDS: Final = timedelta(hours=12)
_EVERYWHERE: Final = frozenset({Role.ADMIN, Role.AUDITOR})


def people_of_demo(session: Session, jurisdiction: str, *, at: datetime) -> dict[str, str]:
    """Make the demo's accounts where they are missing, and return the end of a one-time address for each.

    Returns
    -------
    dict of str to str
        By login, the administrator's first.
    """
    roles = sorted((role for role in Role if role is not Role.PUBLIC), key=lambda role: role is not Role.ADMIN)
    known = set(session.scalars(select(Account.login)))
    secrets = {}
    for role in roles:
        login = f"demo-{role.value}"
        if login not in known:
            add_account(session, login, name=f"Demo: {role.value}")
            give_role(session, login, _grant(session, role, jurisdiction), by="demo")
        secrets[login] = make_address(session, login, at=at, holds=_HOLDS)
    return secrets


def _grant(session: Session, role: Role, jurisdiction: str) -> Grant:
    if role in _EVERYWHERE:
        return Grant(role)
    actions = frozenset(settable(role)) if role is Role.APPLICATION else frozenset()
    return Grant(role, jurisdiction, _some_grid(session, role, jurisdiction), actions=actions)


def _some_grid(session: Session, role: Role, jurisdiction: str) -> str | None:
    """Return a grid for a role on grids: a leaf for a gridder, one above a leaf for a chief."""
    if role not in NEEDS_GRID:
        return None
    levels = (
        select(Grid.code, Grid.level)
        .join(Plan, Plan.id == Grid.plan_id)
        .join(Jurisdiction, Jurisdiction.id == Plan.jurisdiction_id)
        .where(Jurisdiction.code == jurisdiction, Plan.validity.is_not(None))
        .order_by(Grid.level.desc(), Grid.code)
    )
    rows = session.execute(levels).all()
    deepest = rows[0].level
    wanted = deepest if role is Role.GRIDDER else deepest - 1
    return next((str(row.code) for row in rows if row.level == wanted), str(rows[-1].code))
