"""Publishing: compiled indexes of editions, a feed without holes that has the events of cases, levels of a plan."""

from importlib import resources

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _create_edition_indexes() -> None:
    op.create_table(
        "edition_indexes",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False, comment="Of the file"),
        sa.Column("checksum", sa.Text(), nullable=False, comment="SHA-256 of the content"),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="Bytes of the content"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="File of a GridIndex over the leaves by code"),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_edition_indexes_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_edition_indexes")),
        comment="Compiled indexes of editions: servers fetch them once and map them into memory",
    )
    # Numbers hardly shrink, and slices of what is not compressed are read without reading the rest.
    op.execute(sa.text("alter table edition_indexes alter column content set storage external"))


def _create_plan_levels() -> None:
    op.create_table(
        "plan_levels",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False, comment="1 is the top level"),
        sa.Column("name", sa.Text(), nullable=False, comment="Name in English, e.g. community"),
        sa.Column("name_zh", sa.Text(), server_default="", nullable=False, comment="Name in Chinese, e.g. 社区"),
        sa.CheckConstraint("position between 1 and 6", name=op.f("ck_plan_levels_position")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_levels_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "position", name=op.f("pk_plan_levels")),
        sa.UniqueConstraint("plan_id", "name", name=op.f("uq_plan_levels_plan_id_name")),
        comment="Levels of a plan that differ from those of its jurisdiction",
    )
    for side in ("before", "after"):
        op.add_column(
            "edits",
            sa.Column(
                f"levels_{side}",
                postgresql.JSONB(none_as_null=True),
                nullable=True,
                comment=f"Levels of the plan {side}, where the edit changed them",
            ),
        )


def _extend_changes() -> None:
    op.alter_column("changes", "plan_id", nullable=True)
    op.alter_column("changes", "version", nullable=True)
    op.add_column("changes", sa.Column("case_event_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "changes", sa.Column("number", sa.BigInteger(), nullable=True, comment="Place in the feed, given at commit")
    )
    op.add_column(
        "changes",
        sa.Column(
            "calls", sa.Boolean(), server_default=sa.text("true"), nullable=False, comment="Has all numbered at commit"
        ),
    )
    op.create_foreign_key(
        op.f("fk_changes_case_event_id_case_events"),
        "changes",
        "case_events",
        ["case_event_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_check_constraint(
        op.f("ck_changes_plan_or_case"), "changes", "(plan_id is null) <> (case_event_id is null)"
    )
    op.create_check_constraint(op.f("ck_changes_version_of_plan"), "changes", "(plan_id is null) = (version is null)")
    op.drop_index("ix_changes_jurisdiction", "changes")
    op.create_index("ix_changes_jurisdiction", "changes", ["jurisdiction_id", "number"], unique=False)
    op.create_index("ix_changes_case_event", "changes", ["case_event_id"], unique=False)
    op.create_index(
        "ix_changes_unnumbered", "changes", ["id"], unique=False, postgresql_where=sa.text("number is null")
    )
    own = resources.files("boundaries.store").joinpath("sql")
    # The trigger of the feed calls the function, which uses the sequence only when it runs.
    for name in ("number_changes.sql", "feed.sql"):
        op.execute(sa.text(own.joinpath(name).read_text("utf-8")))
    op.execute(
        sa.text("""
            update changes set number = numbered.number
            from (select own.id, nextval('changes_number') as number from (select id from changes order by id) as own)
                as numbered
            where changes.id = numbered.id
        """)
    )
    op.create_unique_constraint(op.f("uq_changes_number"), "changes", ["number"])


def upgrade() -> None:
    _create_edition_indexes()
    _create_plan_levels()
    _extend_changes()


def downgrade() -> None:
    op.execute(sa.text("drop trigger case_events_told on case_events"))
    op.execute(sa.text("drop trigger changes_numbered_at_commit on changes"))
    for function in ("tell_case_events", "number_changes"):
        op.execute(sa.text(f"drop function {function}()"))
    op.execute(sa.text("delete from changes where plan_id is null"))
    op.drop_constraint("uq_changes_number", "changes")
    for index in ("ix_changes_unnumbered", "ix_changes_case_event", "ix_changes_jurisdiction"):
        op.drop_index(index, "changes")
    for constraint in ("ck_changes_version_of_plan", "ck_changes_plan_or_case"):
        op.drop_constraint(constraint, "changes")
    for column in ("calls", "number", "case_event_id"):
        op.drop_column("changes", column)
    op.create_index("ix_changes_jurisdiction", "changes", ["jurisdiction_id", "id"], unique=False)
    for column in ("version", "plan_id"):
        op.alter_column("changes", column, nullable=False)
    op.execute(sa.text("drop sequence changes_number"))
    for side in ("before", "after"):
        op.drop_column("edits", f"levels_{side}")
    for table in ("plan_levels", "edition_indexes"):
        op.drop_table(table)
