"""Tokens of applications: made at random, shown once, kept as hashes; never more than the grants of their account."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from boundaries.accounts.reading import grants_of
from boundaries.accounts.records import Recognised, TokenRecord
from boundaries.accounts.sessions import hash_of, new_secret
from boundaries.accounts.storing import locked_account
from boundaries.accounts.tables import Account, TokenRow
from boundaries.audit.recording import note
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.text.json_values import text_fault
from geogrid.access import Grant, Role
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError, Problem

MARK: Final = "geogrid_"
"""Tokens begin with it, so that one in a file or a log is recognised."""
LONGEST_DAYS: Final = 366
_LONGEST_NAME: Final = 100


def add_token(  # noqa: PLR0913 - what it is for
    session: Session, login: str, *, name: str, role: Role, jurisdiction: str | None, at: datetime, days: int
) -> str:
    """Make a token for one role of an account and return it; only its hash is kept.

    Raises
    ------
    NotFoundError
        There is no such account.
    InvalidInputError
        The name cannot be kept, the account has no such role there, or the days are not 1 to 366; all at once.
    ConflictError
        The account has a token of that name.
    """
    account = locked_account(session, login)
    town = None
    if jurisdiction is not None:
        town = session.scalar(select(Jurisdiction.id).where(Jurisdiction.code == jurisdiction))
    stored = [each.grant for each in grants_of(session, [account.id]).get(account.id, ())]
    problems = []
    fault = text_fault(name) or ("" if 1 <= len(name.strip()) <= _LONGEST_NAME else "it has 1 to 100 characters")
    if fault:
        problems.append(Problem("name", f"The name of the token cannot be kept: {fault}.", subject="name"))
    if jurisdiction is not None and town is None:
        problems.append(Problem("jurisdiction", f"There is no jurisdiction {jurisdiction!r}.", subject="jurisdiction"))
    elif not narrowed(stored, role, jurisdiction):
        message = f"{account.login} has no grant of the role {role}{f' in {jurisdiction}' if jurisdiction else ''}."
        problems.append(Problem("role", message, "Give it first: geogrid account grant.", subject="role"))
    if not 1 <= days <= LONGEST_DAYS:
        message = f"A token cannot hold for {days} days."
        problems.append(Problem("days", message, f"It holds for 1 to {LONGEST_DAYS}.", subject="days"))
    if problems:
        raise InvalidInputError(problems)
    name = name.strip()
    if session.scalar(select(TokenRow.id).where(TokenRow.account_id == account.id, TokenRow.name == name)) is not None:
        raise ConflictError(f"{account.login} has a token {name!r} already. Remove it first, or choose another name.")
    token = f"{MARK}{new_secret()}"
    ends = at + timedelta(days=days)
    session.add(
        TokenRow(
            account_id=account.id,
            name=name,
            hash=hash_of(token),
            role=role.value,
            jurisdiction_id=town,
            created_at=at,
            expires_at=ends,
        )
    )
    session.flush()
    note(object=f"account {account.login}", after={"token": name, "role": role.value, "until": ends.isoformat()})
    return token


def narrowed(grants: list[Grant], role: Role, jurisdiction: str | None) -> tuple[Grant, ...]:
    """Return the part of an account's grants that a token of one role, in one jurisdiction or all, has."""
    return tuple(
        grant if jurisdiction is None else replace(grant, jurisdiction=jurisdiction)
        for grant in grants
        if grant.role is role and (jurisdiction is None or grant.jurisdiction in {None, jurisdiction})
    )


def recognise_token(session: Session, token: str, *, at: datetime) -> Recognised | None:
    """Return whose token this is; None where it is over or never was, or the account is disabled."""
    row = session.execute(
        select(TokenRow, Account, Jurisdiction.code)
        .join(Account, Account.id == TokenRow.account_id)
        .outerjoin(Jurisdiction, Jurisdiction.id == TokenRow.jurisdiction_id)
        .where(TokenRow.hash == hash_of(token), TokenRow.expires_at > at, Account.state == "active")
    ).first()
    if row is None:
        return None
    found, account, code = row
    stored = [each.grant for each in grants_of(session, [account.id]).get(account.id, ())]
    return Recognised(
        account.id, account.login, account.name, narrowed(stored, Role(found.role), code), found.expires_at
    )


def use_token(session: Session, token: str, account_id: int, at: datetime) -> None:
    """Remember that a token was used."""
    session.execute(update(TokenRow).where(TokenRow.hash == hash_of(token)).values(last_used_at=at))
    session.execute(update(Account).where(Account.id == account_id).values(last_seen_at=at))


def list_tokens(session: Session, login: str | None = None) -> tuple[TokenRecord, ...]:
    """Return the tokens of an account, or all, by account and name."""
    statement = (
        select(TokenRow, Account.login, Jurisdiction.code)
        .join(Account, Account.id == TokenRow.account_id)
        .outerjoin(Jurisdiction, Jurisdiction.id == TokenRow.jurisdiction_id)
        .order_by(Account.login, TokenRow.name)
    )
    if login is not None:
        statement = statement.where(Account.login == login)
    return tuple(
        TokenRecord(row.id, owner, row.name, row.role, code, row.created_at, row.expires_at, row.last_used_at)
        for row, owner, code in session.execute(statement)
    )


def remove_token(session: Session, login: str, name: str) -> None:
    """Make a token worthless, at once, or raise `NotFoundError`."""
    account = locked_account(session, login)
    removed: Any = session.execute(delete(TokenRow).where(TokenRow.account_id == account.id, TokenRow.name == name))
    if removed.rowcount == 0:
        raise NotFoundError(f"{account.login} has no token {name!r}. See: geogrid account token list")
    note(object=f"account {account.login}", before={"token": name})
