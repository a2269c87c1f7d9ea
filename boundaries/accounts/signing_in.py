"""Signing in: by password and code, or by an address that works once.

What slows an attacker down counts by login and the address he comes from: the owner of an account is never kept out of
it from another address by somebody who guesses.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from boundaries.accounts.kept_secrets import secrets_of
from boundaries.accounts.passwords import is_password
from boundaries.accounts.rules import LONGEST_LOGIN, normal_login
from boundaries.accounts.sessions import hash_of, new_secret
from boundaries.accounts.storing import locked_account, matching_step
from boundaries.accounts.tables import Account, SignInAddress, SignInAttempt
from boundaries.audit.recording import note

FREE_TRIES: Final = 5
"""Failures of one login from one address before the first pause."""
FREE_TRIES_OF_ADDRESS: Final = 50
"""Failures of any logins from one address before the first pause."""
LONGEST_PAUSE_S: Final = 900
_COUNTED_BYTES: Final = 3
_FORGOTTEN_AFTER: Final = timedelta(hours=1)

# The pause doubles with each failure. One statement counts and refuses, so that no number of requests at once is more
# than their number: a try counts as failed until it has succeeded.
_COUNT: Final = text("""
    insert into sign_in_attempts as known (login, address, failures, last_at) values (:login, :address, 1, :at)
    on conflict (login, address) do update
        set failures = case when known.last_at < :forgotten then 1 else known.failures + 1 end, last_at = :at
        where known.failures < :free or known.last_at < :forgotten
            or known.last_at + make_interval(secs => least(:longest, 2 ^ least(known.failures - :free, 20))) <= :at
    returning failures
""")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who wants to sign in, as typed.

    Parameters
    ----------
    login, password, code : str
        What was typed; the code is that of the second factor, empty where there is none.
    address : str
        Where it comes from.
    """

    login: str
    password: str
    code: str = ""
    address: str = ""


def may_try(session: Session, candidate: Candidate, *, at: datetime) -> bool:
    """Count a try, and return whether it may go on; commit its transaction before the password is looked at."""
    login = normal_login(candidate.login)[:LONGEST_LOGIN].replace("\x00", "")
    return may_try_from(session, candidate.address, at=at) and _counted(
        session, _counted_as(login), candidate.address, FREE_TRIES, at
    )


def may_try_from(session: Session, address: str, *, at: datetime) -> bool:
    """Count a try that names no login, and return whether it may go on; commit before it does."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.last_at < at - timedelta(days=1)))
    return _counted(session, "", address, FREE_TRIES_OF_ADDRESS, at)


def known_login(session: Session, typed: str) -> str:
    """Return a login that was typed if an account has it, else nothing: it may be a password in the wrong place."""
    login = normal_login(typed)[: LONGEST_LOGIN + 1].replace("\x00", "")
    return session.scalar(select(Account.login).where(Account.login == login)) or ""


def _counted_as(login: str) -> str:
    """Return what tries of a login are counted by: too short to tell what was typed."""
    return blake2b(login.encode("utf-8", "replace"), digest_size=_COUNTED_BYTES).hexdigest()


def _counted(session: Session, login: str, address: str, free: int, at: datetime) -> bool:
    values = {"login": login, "address": address, "free": free, "longest": LONGEST_PAUSE_S}
    moments = {"at": at, "forgotten": at - _FORGOTTEN_AFTER}
    return session.scalar(_COUNT, values | moments) is not None


def sign_in(session: Session, candidate: Candidate, *, at: datetime) -> int | None:
    """Return the account whose password, and code if it has a second factor, these are; else None.

    As much is calculated for a login that nobody has. A code is taken once.
    """
    login = normal_login(candidate.login)[: LONGEST_LOGIN + 1].replace("\x00", "")
    account = session.scalar(select(Account).where(Account.login == login).with_for_update(key_share=True))
    secrets = secrets_of(session, None if account is None else account.id)
    is_right = is_password(secrets.password_hash, candidate.password)
    if account is None or not is_right or account.state != "active":
        return None
    if secrets.totp_secret is not None:
        step = matching_step(secrets.totp_secret, candidate.code, at)
        if step is None or step <= account.totp_step:
            return None
        account.totp_step = step
    forget_failures(session, login, candidate.address)
    account.last_seen_at = at
    session.flush()
    return account.id


def forget_failures(session: Session, login: str, address: str) -> None:
    """Begin to count anew for a login that has signed in."""
    session.execute(
        delete(SignInAttempt).where(SignInAttempt.login == _counted_as(login), SignInAttempt.address == address)
    )
    forgive_address(session, address)


def forgive_address(session: Session, address: str) -> None:
    """Take back what a try has counted against its address, since it was none of a guesser."""
    session.execute(
        text(
            "update sign_in_attempts set failures = greatest(failures - 1, 0) where login = '' and address = :address"
        ),
        {"address": address},
    )


def make_address(session: Session, login: str, *, at: datetime, holds: timedelta) -> str:
    """Return the end of an address that signs a browser in as an account, once; only its hash is kept."""
    account = locked_account(session, login)
    session.execute(delete(SignInAddress).where(SignInAddress.expires_at <= at))
    secret = new_secret()
    session.add(SignInAddress(hash=hash_of(secret), account_id=account.id, expires_at=at + holds))
    session.flush()
    note(object=f"account {account.login}", after={"one-time address": "made"})
    return secret


def login_of_address(session: Session, secret: str, *, at: datetime) -> str | None:
    """Return whom a one-time address would sign in, without using it."""
    statement = select(Account.login).join(SignInAddress, SignInAddress.account_id == Account.id)
    found: str | None = session.scalar(
        statement.where(SignInAddress.hash == hash_of(secret), SignInAddress.expires_at > at, Account.state == "active")
    )
    return found


def use_address(session: Session, secret: str, *, at: datetime) -> int | None:
    """Use a one-time address up and return its account; None where it was used, is over or never was."""
    used: Any = session.execute(
        delete(SignInAddress)
        .where(SignInAddress.hash == hash_of(secret), SignInAddress.expires_at > at)
        .returning(SignInAddress.account_id)
    ).scalar_one_or_none()
    if used is None:
        return None
    account = session.get_one(Account, used)
    if account.state != "active":
        return None
    account.last_seen_at = at
    session.flush()
    return account.id
