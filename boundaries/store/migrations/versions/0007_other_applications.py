"""Other applications: webhooks with what could not be delivered, keys, and services of Open311."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _moment(name: str, *, now: bool = False, comment: str | None = None) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=not now, comment=comment)


def _create_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="Key that signs; known to both sides"),
        sa.Column(
            "types", sa.ARRAY(sa.Text()), nullable=False, comment="What it is told, e.g. case.*; empty for everything"
        ),
        sa.Column(
            "position",
            sa.BigInteger(),
            nullable=False,
            comment="Number in the feed up to which each change was delivered or waits in webhook_retries",
        ),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="Failed tries in a row"),
        _moment("paused_until", comment="No try before, after failures"),
        _moment("busy_until", comment="Some process delivers; past this it is taken for dead"),
        sa.Column("delivered", sa.BigInteger(), server_default="0", nullable=False),
        _moment("last_delivered_at"),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        _moment("created_at", now=True),
        sa.CheckConstraint("url <> ''", name=op.f("ck_webhooks_url_not_empty")),
        sa.CheckConstraint("failures >= 0 and delivered >= 0", name=op.f("ck_webhooks_counts_not_negative")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"],
            ["jurisdictions.id"],
            name=op.f("fk_webhooks_jurisdiction_id_jurisdictions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        comment="Addresses that are told of changes, and how far each has been told",
    )
    op.create_table(
        "webhook_retries",
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="Of the change in the feed"),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        _moment("next_at", comment="Next try; null for a dead letter"),
        sa.Column("last_error", sa.Text(), nullable=False),
        _moment("failed_at", now=True, comment="First failure"),
        sa.CheckConstraint("attempts > 0", name=op.f("ck_webhook_retries_attempts")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_retries_webhook_id_webhooks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("webhook_id", "number", name=op.f("pk_webhook_retries")),
        comment="Changes that could not be delivered: tried again, or given up (dead letters)",
    )
    op.create_index("ix_webhook_retries_next_at", "webhook_retries", ["webhook_id", "next_at"], unique=False)


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="Whose key"),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key, which is 256 random bits"),
        _moment("created_at", now=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_api_keys_name_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
        comment="Keys of applications; the keys themselves are not stored",
    )


def _create_services() -> None:
    op.create_table(
        "services",
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False, comment="Place in the list"),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("keywords", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("group", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "type", sa.Text(), server_default="realtime", nullable=False, comment="batch: a token is given first"
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="What is asked besides, as the definition lists it",
        ),
        _moment("changed_at", now=True),
        sa.CheckConstraint("code <> '' and name <> ''", name=op.f("ck_services_named")),
        sa.CheckConstraint("type in ('realtime', 'batch')", name=op.f("ck_services_type")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"],
            ["jurisdictions.id"],
            name=op.f("fk_services_jurisdiction_id_jurisdictions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "code", name=op.f("pk_services")),
        sa.UniqueConstraint("jurisdiction_id", "name", name=op.f("uq_services_jurisdiction_id_name")),
        comment="Services that people may ask for (Open311); the name is the category of the case",
    )


def upgrade() -> None:
    _create_webhooks()
    _create_api_keys()
    _create_services()


def downgrade() -> None:
    for table in ("services", "api_keys", "webhook_retries", "webhooks"):
        op.drop_table(table)
