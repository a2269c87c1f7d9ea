"""Reading accounts."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer_group

from boundaries.accounts.records import AccountRecord, IdentityRecord, Recognised, StoredGrant
from boundaries.accounts.rules import normal_login
from boundaries.accounts.tables import MARKS, Account, GrantRow, IdentityRow
from boundaries.jurisdictions.tables import Jurisdiction
from geogrid.access import Action, Grant, Role
from geogrid.errors import NotFoundError


def list_accounts(session: Session) -> tuple[AccountRecord, ...]:
    """Return every account, by login."""
    rows = session.scalars(select(Account).options(undefer_group(MARKS)).order_by(Account.login)).all()
    grants = grants_of(session, [row.id for row in rows])
    identities = identities_of(session, [row.id for row in rows])
    return tuple(_record(row, grants.get(row.id, ()), identities.get(row.id, ())) for row in rows)


def get_account(session: Session, login: str) -> AccountRecord:
    """Return an account, or raise `NotFoundError`."""
    found = select(Account).options(undefer_group(MARKS)).where(Account.login == normal_login(login))
    # The session may hold it already, without them or as they were.
    row = session.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise NotFoundError(f"There is no account {login[:80]!r}. List them with: geogrid account list")
    grants, identities = grants_of(session, [row.id]), identities_of(session, [row.id])
    return _record(row, grants.get(row.id, ()), identities.get(row.id, ()))


def login_of(session: Session, account_id: int) -> str:
    """Return the login of an account that is there."""
    return session.scalars(select(Account.login).where(Account.id == account_id)).one()


def recognise_login(session: Session, login: str) -> Recognised | None:
    """Return the account that a trusted proxy names; None where there is none, or it is disabled."""
    account = session.scalar(
        select(Account).where(Account.login == normal_login(login).replace("\x00", ""), Account.state == "active")
    )
    if account is None:
        return None
    grants = grants_of(session, [account.id]).get(account.id, ())
    return Recognised(
        account.id,
        account.login,
        account.name,
        tuple(each.grant for each in grants),
        datetime.max.replace(tzinfo=UTC),
        form_key=str(account.form_key),
    )


def has_accounts(session: Session) -> bool:
    """Return whether anybody can sign in."""
    return session.scalar(select(Account.id).where(Account.state == "active").limit(1)) is not None


def grants_of(session: Session, account_ids: Iterable[int]) -> dict[int, tuple[StoredGrant, ...]]:
    """Return the grants of accounts, past ones and those to come as well."""
    statement = (
        select(GrantRow, Jurisdiction.code)
        .outerjoin(Jurisdiction, Jurisdiction.id == GrantRow.jurisdiction_id)
        .where(GrantRow.account_id.in_(list(account_ids)))
        .order_by(GrantRow.id)
    )
    found: dict[int, list[StoredGrant]] = defaultdict(list)
    for row, code in session.execute(statement):
        found[row.account_id].append(StoredGrant(row.id, _grant(row, code), row.given_by))
    return {account: tuple(grants) for account, grants in found.items()}


def identities_of(session: Session, account_ids: Iterable[int]) -> dict[int, tuple[IdentityRecord, ...]]:
    """Return who accounts are at providers of OpenID Connect."""
    statement = select(IdentityRow).where(IdentityRow.account_id.in_(list(account_ids))).order_by(IdentityRow.id)
    found: dict[int, list[IdentityRecord]] = defaultdict(list)
    for row in session.scalars(statement):
        found[row.account_id].append(IdentityRecord(row.id, row.issuer, row.subject, row.last_used_at))
    return {account: tuple(identities) for account, identities in found.items()}


def _grant(row: GrantRow, jurisdiction: str | None) -> Grant:
    known: frozenset[Any] = frozenset(Action)
    return Grant(
        role=Role(row.role),
        jurisdiction=jurisdiction,
        grid=row.grid,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        actions=frozenset(Action(each) for each in row.actions if each in known),
    )


def _record(row: Account, grants: tuple[StoredGrant, ...], identities: tuple[IdentityRecord, ...]) -> AccountRecord:
    return AccountRecord(
        id=row.id,
        login=row.login,
        name=row.name,
        state=row.state,
        has_password=row.has_password,
        has_totp=row.has_totp,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        grants=grants,
        identities=identities,
    )
