"""Accounts as values."""

from dataclasses import dataclass
from datetime import datetime

from geogrid.access import Grant


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A grant and its number."""

    id: int
    grant: Grant
    given_by: str


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """Who an account is at a provider of OpenID Connect."""

    id: int
    issuer: str
    subject: str
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account as those see it who look after accounts; without anything secret."""

    id: int
    login: str
    name: str
    state: str
    has_password: bool
    has_totp: bool
    created_at: datetime
    last_seen_at: datetime | None
    grants: tuple[StoredGrant, ...]
    identities: tuple[IdentityRecord, ...] = ()

    @property
    def is_active(self) -> bool:
        """Whether it can be used."""
        return self.state == "active"

    @property
    def may_set_password(self) -> bool:
        """Whether its owner may give it a password.

        Who signs in elsewhere and has none gets one from an administrator only: who leaves the organisation, and is
        locked out there, must not have made a way in that nobody knows of.
        """
        return self.has_password or not self.identities


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A browser that is signed in."""

    id: int
    created_at: datetime
    last_used_at: datetime
    ends_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token of an application; the token itself is nowhere."""

    id: int
    account: str
    name: str
    role: str
    jurisdiction: str | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who a session or a token belongs to, with what it may.

    Parameters
    ----------
    account_id : int
        The account.
    login, name : str
        How it is called.
    grants : tuple of Grant
        All of the account; of a token those that it is for.
    ends_at : datetime
        When the session or the token is over at the latest.
    session_id : int, optional
        Of a session.
    form_key : str
        What tokens of forms are made from where there is no session.
    """

    account_id: int
    login: str
    name: str
    grants: tuple[Grant, ...]
    ends_at: datetime
    session_id: int | None = None
    form_key: str = ""
