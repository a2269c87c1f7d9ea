"""Streets and buildings of another year: the blocks that they make, for drafts from then on."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bases",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False, comment="Where they are from"),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_bases_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bases")),
        comment="Streets and buildings of another year, from which blocks were cut anew",
    )
    op.create_index("ix_bases_jurisdiction", "bases", ["jurisdiction_id"])
    op.create_table(
        "base_blocks",
        sa.Column("base_id", sa.Integer(), nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["base_id"], ["bases.id"], name=op.f("fk_base_blocks_base_id_bases"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["block_id"], ["blocks.id"], name=op.f("fk_base_blocks_block_id_blocks")),
        sa.PrimaryKeyConstraint("base_id", "block_id", name=op.f("pk_base_blocks")),
        comment="Blocks that were cut from a base",
    )


def downgrade() -> None:
    op.drop_table("base_blocks")
    op.drop_table("bases")
