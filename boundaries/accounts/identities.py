"""Who an account is at a provider of OpenID Connect: linked by an administrator, or made at the first sign-in."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from boundaries.accounts.rules import checked_issuer, checked_login, checked_subject
from boundaries.accounts.sessions import end_sessions, hash_of
from boundaries.accounts.storing import LONGEST_NAME, add_account, locked_account
from boundaries.accounts.tables import Account, IdentityRow, UsedNonce
from boundaries.audit.recording import note
from boundaries.text.json_values import text_fault
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError, Problem

NONCE_HELD: Final = timedelta(hours=1)
"""Longer than any ID token is young enough to be taken."""
_ONE_AT_A_TIME: Final = text("select pg_advisory_xact_lock(hashtextextended(:name, 17))")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a provider vouches for.

    Parameters
    ----------
    issuer, subject : str
        Who it is; nothing else of what the provider says is proof of anything.
    login, name : str
        How it would be called; may be empty.
    """

    issuer: str
    subject: str
    login: str = ""
    name: str = ""


def link_identity(session: Session, login: str, *, issuer: str, subject: str) -> None:
    """Let whoever a provider calls `subject` sign in as an account.

    Raises
    ------
    InvalidInputError
        Issuer or subject cannot be one; both are told.
    NotFoundError
        There is no such account.
    ConflictError
        The identity is linked to an account already.
    """
    _check(issuer, subject)
    account = locked_account(session, login)
    _lock(session, issuer, subject)
    owner = _owner(session, issuer, subject)
    if owner is not None:
        remedy = f"Unlink it first: geogrid account unlink {owner.login} --issuer ISSUER --subject SUBJECT"
        raise ConflictError(f"{subject!r} of {issuer} is linked to {owner.login} already. {remedy}")
    session.add(IdentityRow(account_id=account.id, issuer=issuer, subject=subject))
    session.flush()
    note(object=f"account {account.login}", after={"linked": {"issuer": issuer, "subject": subject}})


def unlink_identity(session: Session, login: str, *, issuer: str, subject: str) -> None:
    """Let an identity sign in as an account no more; the sessions of the account are over.

    Raises
    ------
    NotFoundError
        There is no such account, or the identity is not linked to it.
    """
    account = locked_account(session, login)
    gone: Any = session.execute(
        delete(IdentityRow).where(
            IdentityRow.account_id == account.id, IdentityRow.issuer == issuer, IdentityRow.subject == subject
        )
    )
    if gone.rowcount == 0:
        raise NotFoundError(
            f"{subject[:80]!r} of {issuer[:80]} is not linked to {account.login}. See: geogrid account list"
        )
    end_sessions(session, account.id)
    note(object=f"account {account.login}", before={"linked": {"issuer": issuer, "subject": subject}})


def account_of(session: Session, person: Person, *, at: datetime, makes_accounts: bool = False) -> int | None:
    """Return the account of somebody whom a provider vouches for.

    Parameters
    ----------
    session : Session
        Of the store.
    person : Person
        Who.
    at : datetime
        Now.
    makes_accounts : bool
        Whether one who is not linked gets an account, without any role.

    Returns
    -------
    int, optional
        None where nothing is linked, or the account is disabled.
    """
    _check(person.issuer, person.subject)
    _lock(session, person.issuer, person.subject)
    account = _owner(session, person.issuer, person.subject)
    if account is None and makes_accounts:
        made = add_account(session, _free_login(session, person), name=_kept_name(person.name))
        account = session.get_one(Account, made)
        session.add(IdentityRow(account_id=account.id, issuer=person.issuer, subject=person.subject))
        session.flush()
    if account is None or account.state != "active":
        return None
    account.last_seen_at = at
    row = session.scalars(
        select(IdentityRow).where(IdentityRow.issuer == person.issuer, IdentityRow.subject == person.subject)
    ).one()
    row.last_used_at = at
    session.flush()
    return account.id


def is_first_use(session: Session, nonce: str, *, at: datetime) -> bool:
    """Return whether an answer with this nonce has signed nobody in before; it has from now on."""
    session.execute(delete(UsedNonce).where(UsedNonce.expires_at <= at))
    statement = insert(UsedNonce).values(hash=hash_of(nonce), expires_at=at + NONCE_HELD)
    return session.scalar(statement.on_conflict_do_nothing().returning(UsedNonce.hash)) is not None


def _check(issuer: str, subject: str) -> None:
    problems: list[Problem] = []
    for check, value in ((checked_issuer, issuer), (checked_subject, subject)):
        try:
            check(value)
        except InvalidInputError as error:
            problems += error.problems
    if problems:
        raise InvalidInputError(problems)


def _lock(session: Session, issuer: str, subject: str) -> None:
    """Let two first sign-ins of one person, or links of one identity, come one after the other."""
    session.execute(_ONE_AT_A_TIME, {"name": f"{issuer} {subject}"})


def _owner(session: Session, issuer: str, subject: str) -> Account | None:
    statement = select(Account).join(IdentityRow, IdentityRow.account_id == Account.id)
    return session.scalar(statement.where(IdentityRow.issuer == issuer, IdentityRow.subject == subject))


def _free_login(session: Session, person: Person) -> str:
    """Return a login for a new account: the provider's, or where that is taken or cannot be one, a made one.

    An account that is there already is never taken over by who is called alike elsewhere.
    """
    digest = hashlib.sha256(f"{person.issuer} {person.subject}".encode()).hexdigest()[:16]
    try:
        login = checked_login(person.login)
    except InvalidInputError:
        return f"oidc-{digest}"
    is_taken = session.scalar(select(Account.id).where(Account.login == login)) is not None
    return f"oidc-{digest}" if is_taken else login


def _kept_name(name: str) -> str:
    return "" if text_fault(name) else name[:LONGEST_NAME]
