"""How a town numbers its streets, learned from its addresses at each import."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_numbering",
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("rule", postgresql.JSONB(), nullable=False, comment="By direction: how far along each number is"),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"],
            ["jurisdictions.id"],
            name=op.f("fk_address_numbering_jurisdiction_id_jurisdictions"),
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", name=op.f("pk_address_numbering")),
        comment="How a town numbers its streets, where all that run one way count alike",
    )


def downgrade() -> None:
    op.drop_table("address_numbering")
