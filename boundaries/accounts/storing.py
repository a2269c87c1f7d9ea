"""Making and changing accounts; each change is noted for the audit."""

import hmac
from datetime import datetime
from typing import Final

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from boundaries.accounts.kept_secrets import secrets_of
from boundaries.accounts.passwords import check_password, hash_password, is_password
from boundaries.accounts.rules import checked_login, normal_login
from boundaries.accounts.tables import Account, SessionRow, SignInAddress
from boundaries.audit.recording import note
from boundaries.text.json_values import text_fault
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError

LONGEST_NAME: Final = 200
_STEP_S: Final = 30
_STEPS_OFF: Final = (0, -1, 1)


def add_account(session: Session, login: str, *, name: str = "", password: str | None = None) -> int:
    """Make an account and return its number; without a password only a one-time address opens it.

    Raises
    ------
    InvalidInputError
        The login, the name or the password cannot be used.
    ConflictError
        There is such a login.
    """
    login = checked_login(login)
    fault = text_fault(name) or ("it is longer than 200 characters" if len(name) > LONGEST_NAME else "")
    if fault:
        raise InvalidInputError.of("name", f"The name cannot be kept: {fault}.", "Give another.", subject="name")
    if session.scalar(select(Account.id).where(Account.login == login)) is not None:
        raise ConflictError(f"There is an account {login} already. Choose another login.")
    account = Account(login=login, name=name.strip())
    session.add(account)
    session.flush()
    note(object=f"account {login}", after={"login": login, "name": account.name, "state": "active"})
    if password is not None:
        set_password(session, login, password)
    return account.id


def set_password(session: Session, login: str, password: str, *, keep_session: int | None = None) -> None:
    """Give an account a password; every session but one, and every one-time address, is over.

    Raises
    ------
    InvalidInputError
        The password is too short or easy to guess.
    NotFoundError
        There is no such account.
    """
    account = locked_account(session, login)
    check_password(password, login=account.login, name=account.name)
    account.password_hash = hash_password(password)
    account.password_set_at = session.execute(select(func.now())).scalar_one()
    _end_all(session, account.id, but=keep_session)
    session.flush()
    note(object=f"account {account.login}", after={"password": "set"})


def change_password(session: Session, login: str, old: str, new: str, *, keep_session: int | None = None) -> None:
    """Replace a password by who knows the present one.

    Raises
    ------
    InvalidInputError
        The present one is another, or the new one cannot be used.
    """
    account = locked_account(session, login)
    _require_password(session, account, old)
    set_password(session, login, new, keep_session=keep_session)


def disable_account(session: Session, login: str, *, is_disabled: bool = True) -> None:
    """Disable an account, or enable it again; its sessions and one-time addresses are over, its tokens worthless.

    Raises
    ------
    NotFoundError
        There is no such account.
    """
    account = locked_account(session, login)
    before, account.state = account.state, "disabled" if is_disabled else "active"
    if is_disabled:
        _end_all(session, account.id, but=None)
    session.flush()
    note(object=f"account {account.login}", before={"state": before}, after={"state": account.state})


def begin_totp(session: Session, login: str) -> str:
    """Return a new secret for a second factor; it counts once `confirm_totp` has seen a code of it."""
    locked_account(session, login)
    return pyotp.random_base32()


def confirm_totp(session: Session, login: str, secret: str, code: str, *, at: datetime) -> None:
    """Require codes of a secret from now on, once a right one was typed.

    Raises
    ------
    InvalidInputError
        The code is not one of the secret.
    """
    account = locked_account(session, login)
    step = matching_step(secret, code, at)
    if step is None:
        message = "The code does not belong to this secret."
        raise InvalidInputError.of("code", message, "Check the clock of the device, and type the next.", subject="code")
    account.totp_secret, account.totp_step = secret, step
    session.flush()
    note(object=f"account {account.login}", after={"second factor": "set"})


def remove_totp(session: Session, login: str, password: str) -> None:
    """Require no codes any more, asked for by who knows the password.

    Raises
    ------
    InvalidInputError
        The password is another.
    """
    account = locked_account(session, login)
    _require_password(session, account, password)
    account.totp_secret = None
    session.flush()
    note(object=f"account {account.login}", after={"second factor": "removed"})


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the step of time that a code is of, now or one step away; None for no code of the secret."""
    sent = "".join(code.split())
    if not sent.isascii() or not sent.isdecimal():
        return None
    step = int(at.timestamp()) // _STEP_S
    try:
        codes = {step + off: pyotp.TOTP(secret).at((step + off) * _STEP_S) for off in _STEPS_OFF}
    except ValueError:  # no base32
        return None
    return next((each for each, right in codes.items() if hmac.compare_digest(right, sent)), None)


def locked_account(session: Session, login: str) -> Account:
    """Return an account, locked until the end of the transaction, or raise `NotFoundError`."""
    account = session.scalar(
        select(Account)
        .where(Account.login == normal_login(login))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if account is None:
        raise NotFoundError(f"There is no account {login[:80]!r}. List them with: geogrid account list")
    return account


def mark_seen(session: Session, account_id: int, at: datetime) -> None:
    """Remember when an account was last used."""
    session.execute(update(Account).where(Account.id == account_id).values(last_seen_at=at))


def _require_password(session: Session, account: Account, password: str) -> None:
    kept = secrets_of(session, account.id).password_hash
    if kept is not None and not is_password(kept, password):
        message = "The present password is another one."
        raise InvalidInputError.of("password-wrong", message, "Type it again.", subject="old")


def _end_all(session: Session, account_id: int, *, but: int | None) -> None:
    statement = delete(SessionRow).where(SessionRow.account_id == account_id)
    session.execute(statement if but is None else statement.where(SessionRow.id != but))
    session.execute(delete(SignInAddress).where(SignInAddress.account_id == account_id))
