"""Giving roles, and taking them back."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.accounts.reading import grants_of
from boundaries.accounts.records import StoredGrant
from boundaries.accounts.storing import locked_account
from boundaries.accounts.tables import Account, GrantRow
from boundaries.audit.recording import note
from boundaries.grids.tables import Grid, Plan
from boundaries.jurisdictions.tables import Jurisdiction
from geogrid.access import Grant
from geogrid.access.matrix import NEEDS_GRID, settable
from geogrid.errors import InvalidInputError, NotFoundError, Problem


def give_role(session: Session, login: str, grant: Grant, *, by: str = "") -> int:
    """Give an account a role, and return the number of the grant.

    Parameters
    ----------
    session : Session
        Of the store.
    login : str
        Whose.
    grant : Grant
        What; a `valid_from` that is left out is now.
    by : str
        Who gives it.

    Raises
    ------
    NotFoundError
        There is no such account.
    InvalidInputError
        There is no such jurisdiction or grid, the role needs a grid, or an action cannot be set for it; all at once.
    """
    account = locked_account(session, login)
    town = None
    if grant.jurisdiction is not None:
        town = session.scalar(select(Jurisdiction.id).where(Jurisdiction.code == grant.jurisdiction))
    problems = _problems(session, grant, town)
    if problems:
        raise InvalidInputError(problems)
    row = GrantRow(
        account_id=account.id,
        role=grant.role.value,
        jurisdiction_id=town,
        grid=grant.grid,
        actions=sorted(action.value for action in grant.actions),
        valid_to=grant.valid_to,
        given_by=by,
    )
    if grant.valid_from is not None:
        row.valid_from = grant.valid_from
    session.add(row)
    session.flush()
    note(object=f"account {account.login}", after={"granted": words_of(grant), "number": row.id})
    return row.id


def take_role(session: Session, grant_id: int, *, login: str | None = None) -> StoredGrant:
    """Take a grant back, at once.

    Parameters
    ----------
    session : Session
        Of the store.
    grant_id : int
        Which.
    login : str, optional
        Whose it must be.

    Raises
    ------
    NotFoundError
        There is no such grant, or it is another account's.
    """
    row = session.get(GrantRow, grant_id, with_for_update=True)
    owner = None if row is None else session.get_one(Account, row.account_id)
    if row is None or owner is None or (login is not None and owner.login != login):
        raise NotFoundError(f"There is no grant {grant_id}{f' of {login}' if login else ''}. See: geogrid account list")
    grant = next(each for each in grants_of(session, [owner.id])[owner.id] if each.id == grant_id)
    session.delete(row)
    session.flush()
    note(object=f"account {owner.login}", before={"granted": words_of(grant.grant), "number": grant_id})
    return grant


def words_of(grant: Grant) -> str:
    """Return a grant in words, for lists and the audit."""
    words = [grant.role.value, "everywhere" if grant.jurisdiction is None else f"in {grant.jurisdiction}"]
    if grant.grid is not None:
        words.append(f"grid {grant.grid}")
    words += [f"from {grant.valid_from:%Y-%m-%d %H:%M}"] if grant.valid_from is not None else []
    words += [f"until {grant.valid_to:%Y-%m-%d %H:%M}"] if grant.valid_to is not None else []
    words += [f"with {', '.join(sorted(grant.actions))}"] if grant.actions else []
    return " ".join(words)


def _problems(session: Session, grant: Grant, town: int | None) -> list[Problem]:
    problems = []
    if grant.jurisdiction is not None and town is None:
        codes = ", ".join(session.scalars(select(Jurisdiction.code).order_by(Jurisdiction.code))) or "none yet"
        message = f"There is no jurisdiction {grant.jurisdiction!r}."
        problems.append(Problem("jurisdiction", message, f"There are: {codes}.", subject="jurisdiction"))
    if grant.grid is None and grant.role in NEEDS_GRID:
        message = f"The role {grant.role} is one on a grid, and no grid is named."
        problems.append(Problem("grid", message, "Name the grid, of any level.", subject="grid"))
    if grant.grid is not None and grant.jurisdiction is None:
        message = "A grid is named and no jurisdiction."
        problems.append(Problem("jurisdiction", message, "Name the grid's jurisdiction.", subject="jurisdiction"))
    if grant.grid is not None and town is not None and not _has_grid(session, town, grant.grid):
        message = f"No plan of {grant.jurisdiction} has a grid {grant.grid!r}."
        problems.append(Problem("grid", message, "Name one of its codes.", subject="grid"))
    problems += _wrong_actions(grant)
    if grant.valid_to is not None and grant.valid_from is not None and grant.valid_to <= grant.valid_from:
        message = "The grant would end before it begins."
        problems.append(Problem("period", message, "Give a later end.", subject="until"))
    return problems


def _wrong_actions(grant: Grant) -> list[Problem]:
    allowed = settable(grant.role)
    names = ", ".join(allowed) or "none"
    return [
        Problem("action", f"{action} cannot be set for the role {grant.role}.", f"Can be: {names}.", subject="action")
        for action in sorted(grant.actions.difference(allowed))
    ]


def _has_grid(session: Session, town: int, code: str) -> bool:
    statement = select(Grid.id).join(Plan, Plan.id == Grid.plan_id).where(Plan.jurisdiction_id == town)
    return session.scalar(statement.where(Grid.code == code).limit(1)) is not None
