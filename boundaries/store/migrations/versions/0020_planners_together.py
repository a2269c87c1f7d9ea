"""Planners together: versions of grids, comments, claims, who is there, drafts of the engine, withdrawal."""

from datetime import datetime
from importlib import resources

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")


def _moment(name: str, *, default: bool = True) -> sa.Column[datetime]:
    moment = sa.DateTime(timezone=True)
    return sa.Column(name, moment, server_default=_NOW if default else None, nullable=not default)


def upgrade() -> None:
    told = "Version of the plan after the last edit that touched it"
    op.add_column("grids", sa.Column("edited", sa.Integer(), server_default="0", nullable=False, comment=told))
    _create_comments()
    _create_claims()
    _create_tasks()
    sql = resources.files("boundaries.store").joinpath("sql/withdrawal.sql").read_text("utf-8")
    # Not text(): it would read the colons of casts as parameters.
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def _create_comments() -> None:
    op.create_table(
        "plan_comments",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("grid", sa.Text(), nullable=True, comment="Code of the grid that it is about"),
        sa.Column(
            "geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=True, comment="Where it is pinned"
        ),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), server_default="", nullable=False),
        _moment("made_at"),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        _moment("resolved_at", default=False),
        sa.CheckConstraint("words <> ''", name=op.f("ck_plan_comments_words")),
        sa.CheckConstraint(
            "(resolved_by is null) = (resolved_at is null)", name=op.f("ck_plan_comments_resolved_whole")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_comments_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_comments")),
        comment="What people say of plans in review: of a grid, a place or the whole",
    )
    op.create_index("ix_plan_comments_plan", "plan_comments", ["plan_id", "id"])


def _create_claims() -> None:
    op.create_table(
        "plan_claims",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("grid", sa.Text(), nullable=False, comment="Code; those below it are claimed, too"),
        sa.Column("made_by", sa.Text(), nullable=False),
        _moment("until", default=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_claims_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "grid", name=op.f("pk_plan_claims")),
        comment="Who says that he works on a part of a draft; nobody is kept out",
    )
    op.alter_column("plan_claims", "until", nullable=False)
    op.create_table(
        "plan_presence",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False, comment="One open page"),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        _moment("seen_at"),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_presence_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "visitor", name=op.f("pk_plan_presence")),
        comment="Who has a plan open",
    )


def _create_tasks() -> None:
    op.create_table(
        "plan_tasks",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("wish", postgresql.JSONB(), nullable=False, comment="What is to be drawn"),
        sa.Column("made_by", sa.Text(), server_default="", nullable=False),
        _moment("made_at"),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told", sa.Text(), server_default="", nullable=False, comment="Why it came to nothing"),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_plan_tasks_state")
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_plan_tasks_jurisdiction_id_jurisdictions")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_tasks_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_tasks")),
        comment="Drafts that the engine draws, and how far it is",
    )


def downgrade() -> None:
    op.execute("drop function forget_edition(int)")
    for table in ("plan_tasks", "plan_presence", "plan_claims", "plan_comments"):
        op.drop_table(table)
    op.drop_column("grids", "edited")
    # An edition to come that may be withdrawn is no harm to a former version: its pages offer nothing of the sort.
