"""The audit: lines that are added and never changed, chained by hash."""

from importlib import resources

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_FUNCTIONS = (
    "refuse_sealed_audit()",
    "refuse_change_of_audit()",
    "seal_audit()",
    "audit_moment(timestamptz)",
    "audit_hash(bytea, text[])",
)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True, comment="Place in the chain, given at commit"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("account", sa.Text(), nullable=False, comment="Login, or local: and the user of the machine"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), server_default="", nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("address", sa.Text(), server_default="", nullable=False, comment="From where"),
        sa.Column("previous", sa.LargeBinary(), nullable=True, comment="Hash of the line before"),
        sa.Column("hash", sa.LargeBinary(), nullable=True, comment="SHA-256 over the hash before and this line"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        comment="Who did what, when and from where; append only, each line sealed with the one before",
    )
    op.create_index("uq_audit_number", "audit", ["number"], unique=True)
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_account", "audit", ["account", "number"])
    sql = resources.files("boundaries.store").joinpath("sql/audit.sql").read_text("utf-8")
    # Not text(): it would read the colons of casts and times as parameters.
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    op.drop_table("audit")
    for function in _FUNCTIONS:
        op.execute(f"drop function {function}")
