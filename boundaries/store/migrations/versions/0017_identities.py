"""Who an account is at a provider of OpenID Connect, answers of one that were used, and keys of forms."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False, comment="Address of the provider, as its tokens name it"),
        sa.Column("subject", sa.Text(), nullable=False, comment="Who it is there; never given to somebody else"),
        sa.Column("linked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(issuer) between 1 and 500", name=op.f("ck_identities_issuer_length")),
        sa.CheckConstraint("length(subject) between 1 and 255", name=op.f("ck_identities_subject_length")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_identities_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        comment="Who an account is at a provider of OpenID Connect",
    )
    op.create_index("uq_identities_issuer_subject", "identities", ["issuer", "subject"], unique=True)
    op.create_index("ix_identities_account", "identities", ["account_id"])
    op.create_table(
        "used_nonces",
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the nonce"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_used_nonces")),
        comment="Answers of a provider that have signed somebody in: none does twice",
    )
    op.create_index("ix_used_nonces_expires_at", "used_nonces", ["expires_at"])
    op.add_column(
        "accounts",
        sa.Column(
            "form_key",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="Makes the token of forms where a proxy says who asks, and there is no session",
        ),
    )


def downgrade() -> None:
    op.drop_column("accounts", "form_key")
    op.drop_table("used_nonces")
    op.drop_table("identities")
