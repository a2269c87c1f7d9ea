"""Accounts, their grants, sessions and tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ROLES = (
    "role in ('public', 'gridder', 'chief', 'operator', 'dispatcher', 'department', 'verifier', 'planner', 'approver', "
    "'leader', 'analyst', 'admin', 'application', 'auditor')"
)


def _moment(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def _of_account(table: str) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    return (
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f(f"fk_{table}_account_id_accounts"), ondelete="CASCADE"
        ),
    )


def _of_jurisdiction(table: str) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    return (
        sa.Column("jurisdiction_id", sa.Integer(), nullable=True, comment="None: all of them"),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f(f"fk_{table}_jurisdiction_id_jurisdictions")
        ),
    )


def upgrade() -> None:
    _create_accounts()
    _create_grants()
    _create_sessions()
    _create_tokens()
    op.create_table(
        "sign_in_addresses",
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of what the address ends in"),
        *_of_account("sign_in_addresses"),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sign_in_addresses")),
        comment="One-time addresses; used ones are deleted",
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _moment("last_at"),
        sa.PrimaryKeyConstraint("login", "address", name=op.f("pk_sign_in_attempts")),
        comment="Failures by login and address, and by address alone (an empty login)",
    )
    op.create_index("ix_sign_in_attempts_last_at", "sign_in_attempts", ["last_at"])


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False, comment="Small letters, NFKC"),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True, comment="Argon2id; none: no password opens the account"),
        _moment("password_set_at", nullable=True),
        sa.Column("totp_secret", sa.Text(), nullable=True, comment="Base32; none: no second factor"),
        sa.Column(
            "totp_step",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Last code taken: none is taken twice",
        ),
        _moment("created_at", now=True),
        _moment("last_seen_at", nullable=True),
        sa.CheckConstraint("length(login) between 1 and 64", name=op.f("ck_accounts_login_length")),
        sa.CheckConstraint("login = lower(login)", name=op.f("ck_accounts_login_small")),
        sa.CheckConstraint("state in ('active', 'disabled')", name=op.f("ck_accounts_state")),
        sa.CheckConstraint(
            "password_hash is null or password_hash like '$argon2id$%'", name=op.f("ck_accounts_password_hashed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        comment="Who can be recognised; what they may is in grants",
    )
    op.create_index("uq_accounts_login", "accounts", ["login"], unique=True)


def _create_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        *_of_account("grants"),
        sa.Column("role", sa.Text(), nullable=False),
        *_of_jurisdiction("grants"),
        sa.Column("net", sa.Text(), nullable=True, comment="None: all of them"),
        sa.Column(
            "grid", sa.Text(), nullable=True, comment="Code: it and those below it; none: the whole jurisdiction"
        ),
        sa.Column(
            "actions",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="What was set for it, of what the matrix leaves to be set",
        ),
        _moment("valid_from", now=True),
        _moment("valid_to", nullable=True),
        sa.Column("given_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(_ROLES, name=op.f("ck_grants_role")),
        sa.CheckConstraint(
            "grid is not null or not (role in ('chief', 'gridder'))", name=op.f("ck_grants_role_on_grid")
        ),
        sa.CheckConstraint("grid is null or jurisdiction_id is not null", name=op.f("ck_grants_grid_of_jurisdiction")),
        sa.CheckConstraint("valid_to is null or valid_to > valid_from", name=op.f("ck_grants_period_ordered")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        comment="Role x jurisdiction x grid and below x period",
    )
    op.create_index("ix_grants_account", "grants", ["account_id"])


def _create_sessions() -> None:
    op.create_table(
        "sign_in_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *_of_account("sign_in_sessions"),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the cookie's value"),
        _moment("created_at"),
        _moment("last_used_at"),
        _moment("ends_at"),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("agent", sa.Text(), server_default="", nullable=False, comment="What the browser calls itself"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_sessions")),
        comment="Browsers that are signed in; what is over is deleted",
    )
    op.create_index("uq_sign_in_sessions_hash", "sign_in_sessions", ["hash"], unique=True)
    op.create_index("ix_sign_in_sessions_account", "sign_in_sessions", ["account_id"])
    op.create_index("ix_sign_in_sessions_ends_at", "sign_in_sessions", ["ends_at"])


def _create_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        *_of_account("access_tokens"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("role", sa.Text(), nullable=False),
        *_of_jurisdiction("access_tokens"),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("last_used_at", nullable=True),
        sa.CheckConstraint(_ROLES, name=op.f("ck_access_tokens_role")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_access_tokens_name_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_tokens")),
        comment="Tokens of applications: never more than the grants of their account",
    )
    op.create_index("uq_access_tokens_hash", "access_tokens", ["hash"], unique=True)
    op.create_index("uq_access_tokens_account_id_name", "access_tokens", ["account_id", "name"], unique=True)


def downgrade() -> None:
    for table in ("sign_in_attempts", "sign_in_addresses", "access_tokens", "sign_in_sessions", "grants", "accounts"):
        op.drop_table(table)
