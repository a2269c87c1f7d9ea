"""Loads change without a redraw: blocks are followed by ones of the same land, and edits before that are sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "block_successions",
        sa.Column("old_id", sa.BigInteger(), nullable=False),
        sa.Column("new_id", sa.BigInteger(), nullable=False, comment="The same land with the loads of now"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("old_id <> new_id", name=op.f("ck_block_successions_another")),
        sa.ForeignKeyConstraint(["old_id"], ["blocks.id"], name=op.f("fk_block_successions_old_id_blocks")),
        sa.ForeignKeyConstraint(["new_id"], ["blocks.id"], name=op.f("fk_block_successions_new_id_blocks")),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_block_successions")),
        comment="Blocks whose loads were counted again: editions keep the old one, drafts have the new one",
    )
    op.create_index("ix_block_successions_new", "block_successions", ["new_id"])
    op.add_column(
        "edits",
        sa.Column(
            "sealed",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Made on blocks of before: kept as a record, no longer taken back",
        ),
    )


def downgrade() -> None:
    op.drop_column("edits", "sealed")
    op.drop_table("block_successions")
