"""Sessions of browsers: made at sign-in, recognised by their cookie, over by idleness, age, or being ended."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from boundaries.accounts.reading import grants_of
from boundaries.accounts.records import Recognised, SessionRecord
from boundaries.accounts.tables import Account, SessionRow
from geogrid.errors import NotFoundError

_BYTES: Final = 32
_LONGEST_AGENT: Final = 200


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """When sessions are over.

    Parameters
    ----------
    idle : timedelta
        After the last use.
    whole : timedelta
        After signing in, however much it is used.
    """

    idle: timedelta
    whole: timedelta


def new_secret() -> str:
    """Return 256 random bits for a cookie, a token or an address."""
    return secrets.token_urlsafe(_BYTES)


def hash_of(secret: str) -> bytes:
    """Return what is stored of a secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def begin_session(  # noqa: PLR0913 - what is remembered of it
    session: Session, account_id: int, *, at: datetime, limits: SessionLimits, address: str = "", agent: str = ""
) -> str:
    """Begin a session and return the value of its cookie; what is over of any account is deleted."""
    session.execute(delete(SessionRow).where(SessionRow.ends_at <= at))
    secret = new_secret()
    row = SessionRow(
        account_id=account_id,
        hash=hash_of(secret),
        created_at=at,
        last_used_at=at,
        ends_at=at + limits.whole,
        address=address,
        agent="".join(char for char in agent if char.isprintable())[:_LONGEST_AGENT],
    )
    session.add(row)
    session.flush()
    return secret


def recognise_session(session: Session, secret: str, *, at: datetime, limits: SessionLimits) -> Recognised | None:
    """Return whose cookie this is; None where the session is over or never was, or the account is disabled."""
    row = session.execute(
        select(SessionRow, Account)
        .join(Account, Account.id == SessionRow.account_id)
        .where(SessionRow.hash == hash_of(secret), Account.state == "active")
        .where(SessionRow.ends_at > at, SessionRow.last_used_at > at - limits.idle)
    ).first()
    if row is None:
        return None
    found, account = row
    grants = grants_of(session, [account.id]).get(account.id, ())
    return Recognised(
        account.id,
        account.login,
        account.name,
        tuple(each.grant for each in grants),
        min(found.ends_at, found.last_used_at + limits.idle),
        found.id,
    )


def use_session(session: Session, session_id: int, account_id: int, at: datetime) -> None:
    """Remember that a session was used."""
    session.execute(update(SessionRow).where(SessionRow.id == session_id).values(last_used_at=at))
    session.execute(update(Account).where(Account.id == account_id).values(last_seen_at=at))


def sessions_of(session: Session, account_id: int, *, at: datetime, limits: SessionLimits) -> tuple[SessionRecord, ...]:
    """Return the sessions of an account that are not over, the last used first."""
    rows = session.scalars(
        select(SessionRow)
        .where(SessionRow.account_id == account_id, SessionRow.ends_at > at, SessionRow.last_used_at > at - limits.idle)
        .order_by(SessionRow.last_used_at.desc(), SessionRow.id.desc())
    )
    return tuple(
        SessionRecord(row.id, row.created_at, row.last_used_at, row.ends_at, row.address, row.agent) for row in rows
    )


def end_session(session: Session, account_id: int, session_id: int) -> None:
    """End a session of an account, or raise `NotFoundError`: one of another account is none of it."""
    ended: Any = session.execute(
        delete(SessionRow).where(SessionRow.id == session_id, SessionRow.account_id == account_id)
    )
    if ended.rowcount == 0:
        raise NotFoundError(f"There is no session {session_id} of this account; it may be over already.")


def end_session_if_there(session: Session, session_id: int) -> None:
    """End a session whose browser signs in anew."""
    session.execute(delete(SessionRow).where(SessionRow.id == session_id))


def end_sessions(session: Session, account_id: int, *, but: int | None = None) -> int:
    """End every session of an account but one, and return how many."""
    statement = delete(SessionRow).where(SessionRow.account_id == account_id)
    ended: Any = session.execute(statement if but is None else statement.where(SessionRow.id != but))
    return int(ended.rowcount)
