"""The tables of accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    column,
    func,
    select,
    table,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, column_property, mapped_column

from boundaries.accounts.rules import LONGEST_ISSUER, LONGEST_LOGIN, LONGEST_SUBJECT
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.base import Base, one_of
from geogrid.access import Role
from geogrid.access.matrix import NEEDS_GRID

_ROLES = one_of("role", tuple(role.value for role in Role))
_ON_GRIDS = one_of("role", tuple(sorted(role.value for role in NEEDS_GRID)))


MARKS = "marks"
"""Which secrets an account has: loaded where it is asked for."""
_MARKS = table("account_marks", column("id", Integer), column("has_password", Boolean), column("has_totp", Boolean))


class Account(Base):
    """Somebody, or an application, that can be recognised again."""

    __tablename__ = "accounts"
    __table_args__ = (
        Index("uq_accounts_login", "login", unique=True),
        CheckConstraint(f"length(login) between 1 and {LONGEST_LOGIN}", name="login_length"),
        CheckConstraint("login = lower(login)", name="login_small"),
        CheckConstraint(one_of("state", ("active", "disabled")), name="state"),
        CheckConstraint("password_hash is null or password_hash like '$argon2id$%'", name="password_hashed"),
        {"comment": "Who can be recognised; what they may is in grants"},
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    login: Mapped[str] = mapped_column(comment="Small letters, NFKC")
    name: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="active")
    # Secrets are read by `boundaries.accounts.kept_secrets`: the server may not name their columns.
    password_hash: Mapped[str | None] = mapped_column(
        deferred=True, deferred_raiseload=True, comment="Argon2id; none: no password opens the account"
    )
    password_set_at: Mapped[datetime | None]
    totp_secret: Mapped[str | None] = mapped_column(
        deferred=True, deferred_raiseload=True, comment="Base32; none: no second factor"
    )
    totp_step: Mapped[int] = mapped_column(
        BigInteger, server_default="0", comment="Last code taken: none is taken twice"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime | None]
    has_password: Mapped[bool] = column_property(
        select(_MARKS.c.has_password).where(_MARKS.c.id == id).correlate_except(_MARKS).scalar_subquery(),  # noqa: A003 - the column
        deferred=True,
        group=MARKS,
    )
    has_totp: Mapped[bool] = column_property(
        select(_MARKS.c.has_totp).where(_MARKS.c.id == id).correlate_except(_MARKS).scalar_subquery(),  # noqa: A003 - the column
        deferred=True,
        group=MARKS,
    )
    form_key: Mapped[UUID] = mapped_column(
        server_default=func.gen_random_uuid(),
        comment="Makes the token of forms where a proxy says who asks, and there is no session",
    )


class IdentityRow(Base):
    """Who an account is at a provider of OpenID Connect."""

    __tablename__ = "identities"
    __table_args__ = (
        Index("uq_identities_issuer_subject", "issuer", "subject", unique=True),
        Index("ix_identities_account", "account_id"),
        CheckConstraint(f"length(issuer) between 1 and {LONGEST_ISSUER}", name="issuer_length"),
        CheckConstraint(f"length(subject) between 1 and {LONGEST_SUBJECT}", name="subject_length"),
        {"comment": "Who an account is at a provider of OpenID Connect"},
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id, ondelete="CASCADE"))
    issuer: Mapped[str] = mapped_column(comment="Address of the provider, as its tokens name it")
    subject: Mapped[str] = mapped_column(comment="Who it is there; never given to somebody else")
    linked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]


class UsedNonce(Base):
    """An answer of a provider that has signed somebody in."""

    __tablename__ = "used_nonces"
    __table_args__ = (
        Index("ix_used_nonces_expires_at", "expires_at"),
        {"comment": "Answers of a provider that have signed somebody in: none does twice"},
    )

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, comment="SHA-256 of the nonce")
    expires_at: Mapped[datetime]


class GrantRow(Base):
    """A role somewhere, for a time."""

    __tablename__ = "grants"
    __table_args__ = (
        Index("ix_grants_account", "account_id"),
        CheckConstraint(_ROLES, name="role"),
        CheckConstraint(f"grid is not null or not ({_ON_GRIDS})", name="role_on_grid"),
        CheckConstraint("grid is null or jurisdiction_id is not null", name="grid_of_jurisdiction"),
        CheckConstraint("valid_to is null or valid_to > valid_from", name="period_ordered"),
        {"comment": "Role x jurisdiction x grid and below x period"},
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id, ondelete="CASCADE"))
    role: Mapped[str]
    jurisdiction_id: Mapped[int | None] = mapped_column(ForeignKey(Jurisdiction.id), comment="None: all of them")
    net: Mapped[str | None] = mapped_column(comment="None: all of them")
    grid: Mapped[str | None] = mapped_column(comment="Code: it and those below it; none: the whole jurisdiction")
    actions: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=sql("'{}'"), comment="What was set for it, of what the matrix leaves to be set"
    )
    valid_from: Mapped[datetime] = mapped_column(server_default=func.now())
    valid_to: Mapped[datetime | None]
    given_by: Mapped[str] = mapped_column(server_default="")


class SessionRow(Base):
    """A browser that is signed in."""

    __tablename__ = "sign_in_sessions"
    __table_args__ = (
        Index("uq_sign_in_sessions_hash", "hash", unique=True),
        Index("ix_sign_in_sessions_account", "account_id"),
        Index("ix_sign_in_sessions_ends_at", "ends_at"),
        {"comment": "Browsers that are signed in; what is over is deleted"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id, ondelete="CASCADE"))
    hash: Mapped[bytes] = mapped_column(LargeBinary, comment="SHA-256 of the cookie's value")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(server_default="")
    agent: Mapped[str] = mapped_column(server_default="", comment="What the browser calls itself")


class TokenRow(Base):
    """What an application shows instead of a password."""

    __tablename__ = "access_tokens"
    __table_args__ = (
        Index("uq_access_tokens_hash", "hash", unique=True),
        Index("uq_access_tokens_account_id_name", "account_id", "name", unique=True),
        CheckConstraint(_ROLES, name="role"),
        CheckConstraint("name <> ''", name="name_not_empty"),
        {"comment": "Tokens of applications: never more than the grants of their account"},
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id, ondelete="CASCADE"))
    name: Mapped[str]
    hash: Mapped[bytes] = mapped_column(LargeBinary, comment="SHA-256 of the token")
    role: Mapped[str]
    jurisdiction_id: Mapped[int | None] = mapped_column(ForeignKey(Jurisdiction.id), comment="None: all of them")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class SignInAddress(Base):
    """An address that signs a browser in, once."""

    __tablename__ = "sign_in_addresses"
    __table_args__ = ({"comment": "One-time addresses; used ones are deleted"},)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, comment="SHA-256 of what the address ends in")
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id, ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class SignInAttempt(Base):
    """How often signing in has failed from an address, for one login or for all."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        Index("ix_sign_in_attempts_last_at", "last_at"),
        {"comment": "Failures by login and address, and by address alone (an empty login)"},
    )

    login: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
