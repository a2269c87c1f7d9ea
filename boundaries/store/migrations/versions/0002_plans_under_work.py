"""Plans under work: edits to take back, accepted problems, lineage, the feed of changes."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _add_to_plans() -> None:
    op.add_column("plans", sa.Column("based_on", sa.Integer(), nullable=True, comment="Plan that it was copied from"))
    op.add_column(
        "plans",
        sa.Column("code_profile", sa.Text(), server_default="free", nullable=False, comment="What codes look like"),
    )
    op.add_column(
        "plans",
        sa.Column(
            "version",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="Grows with every change: what If-Match compares",
        ),
    )
    op.add_column(
        "plans",
        sa.Column(
            "position",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="Edits in force; those beyond are undone",
        ),
    )
    op.create_foreign_key(op.f("fk_plans_based_on_plans"), "plans", "plans", ["based_on"], ["id"])


def _create_edits() -> None:
    op.create_table(
        "edits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="1 is the first"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("made_by", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("operation", postgresql.JSONB(), nullable=False, comment="The operation as it was asked for"),
        sa.CheckConstraint("position >= 1", name=op.f("ck_edits_position")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_edits_plan_id_plans"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edits")),
        sa.UniqueConstraint("plan_id", "position", name=op.f("uq_edits_plan_id_position")),
        comment="Operations on drafts: who, when, what and why",
    )


def _create_edit_grids() -> None:
    op.create_table(
        "edit_grids",
        sa.Column("edit_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "grid_id", sa.Integer(), nullable=False, comment="No foreign key: the grid may not exist at the moment"
        ),
        sa.Column("before", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("geom_before", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=True),
        sa.Column("geom_after", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=True),
        sa.CheckConstraint("before is not null or after is not null", name=op.f("ck_edit_grids_a_side")),
        sa.ForeignKeyConstraint(
            ["edit_id"], ["edits.id"], name=op.f("fk_edit_grids_edit_id_edits"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edit_id", "grid_id", name=op.f("pk_edit_grids")),
        comment="Grids before and after an edit; geometry only where the land changed",
    )


def _create_edit_blocks() -> None:
    op.create_table(
        "edit_blocks",
        sa.Column("edit_id", sa.BigInteger(), nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["block_id"], ["blocks.id"], name=op.f("fk_edit_blocks_block_id_blocks")),
        sa.ForeignKeyConstraint(
            ["edit_id"], ["edits.id"], name=op.f("fk_edit_blocks_edit_id_edits"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edit_id", "block_id", name=op.f("pk_edit_blocks")),
        comment="Blocks that an edit gave to another grid; null for a block that the plan did not have",
    )


def _create_acceptances() -> None:
    op.create_table(
        "acceptances",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_acceptances_reason")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_acceptances_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "kind", "subject", name=op.f("pk_acceptances")),
        comment="Accepted problems of plans, with reasons; kept with the edition",
    )


def _create_lineage() -> None:
    op.create_table(
        "lineage",
        sa.Column("before_id", sa.Integer(), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("is_same", sa.Boolean(), nullable=False, comment="The grid after continues the grid before"),
        sa.Column(
            "share", sa.Double(), nullable=False, comment="Of the load of the grid before, or of its land without load"
        ),
        sa.Column("area_m2", sa.Double(), nullable=False, comment="Land in common"),
        sa.Column(
            "fates",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="What became of the grid: split, merged, recoded ...",
        ),
        sa.CheckConstraint("share between 0 and 1.000001", name=op.f("ck_lineage_share")),
        sa.ForeignKeyConstraint(["after_id"], ["grids.id"], name=op.f("fk_lineage_after_id_grids")),
        sa.ForeignKeyConstraint(["before_id"], ["grids.id"], name=op.f("fk_lineage_before_id_grids")),
        sa.PrimaryKeyConstraint("before_id", "after_id", name=op.f("pk_lineage")),
        comment="Lineage (沿革): which grids of the next edition came from which of the last",
    )
    op.create_index("ix_lineage_after", "lineage", ["after_id"], unique=False)


def _create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="Of the plan, after the change"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("made_by", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="created, edit, undo, redo, accepted, state, published ..."
        ),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_changes_jurisdiction_id_jurisdictions")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_changes_plan_id_plans"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        comment="Feed of changes; only ever added to",
    )
    op.create_index("ix_changes_jurisdiction", "changes", ["jurisdiction_id", "id"], unique=False)
    op.create_index("ix_changes_plan", "changes", ["plan_id", "version"], unique=False)


def _defer_codes(*, deferrable: bool) -> None:
    op.drop_constraint("uq_grids_plan_id_code", "grids")
    op.create_unique_constraint(
        "uq_grids_plan_id_code",
        "grids",
        ["plan_id", "code"],
        deferrable=deferrable or None,
        initially="IMMEDIATE" if deferrable else None,
    )


def upgrade() -> None:
    _defer_codes(deferrable=True)
    _add_to_plans()
    _create_edits()
    _create_edit_grids()
    _create_edit_blocks()
    _create_acceptances()
    _create_lineage()
    _create_changes()


def downgrade() -> None:
    for table in ("changes", "lineage", "acceptances", "edit_blocks", "edit_grids", "edits"):
        op.drop_table(table)
    op.drop_constraint("fk_plans_based_on_plans", "plans")
    for column in ("position", "version", "code_profile", "based_on"):
        op.drop_column("plans", column)
    _defer_codes(deferrable=False)
