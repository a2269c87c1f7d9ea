"""The work on cases: rules of towns, where cases stand, commands that were done."""

from datetime import datetime
from importlib import resources

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_STATES = (
    "received",
    "verifying",
    "filed",
    "dispatched",
    "handling",
    "paused",
    "checking",
    "to_close",
    "closed",
    "refused",
    "duplicate",
    "invalid",
)


def _moment(name: str, comment: str | None = None) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True, comment=comment)


def _words(name: str, comment: str | None = None) -> sa.Column[list[str]]:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False, comment=comment)


def upgrade() -> None:
    now = sa.text("now()")
    op.create_table(
        "casework_rules",
        sa.Column("jurisdiction_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False, comment="Profile, limits, calendar"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="Grows with each change"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"],
            ["jurisdictions.id"],
            name=op.f("fk_casework_rules_jurisdiction_id_jurisdictions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", name=op.f("pk_casework_rules")),
        comment="Rules of the work on cases: steps, limits, working time",
    )
    _create_works()
    op.create_table(
        "case_commands",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="Of what was asked for"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.CheckConstraint("client_id <> ''", name=op.f("ck_case_commands_client_id")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_commands_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "client_id", name=op.f("pk_case_commands")),
        comment="Commands that were done to cases; each once",
    )
    sql = resources.files("boundaries.store").joinpath("sql/casework.sql").read_text("utf-8")
    # Not text(): it would read the colons of casts as parameters.
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def _create_works() -> None:
    states = ", ".join(repr(state) for state in _STATES)
    op.create_table(
        "case_works",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False, comment="Who has it: a login, or a name"),
        sa.Column("handler", sa.Text(), server_default="", nullable=False, comment="Who handled it last"),
        sa.Column("stage", postgresql.JSONB(), nullable=True, comment="Clock of the state"),
        sa.Column("total", postgresql.JSONB(), nullable=True, comment="Clock of the whole"),
        _moment("due_at", "When the clock of the state is up; null while it stands"),
        _moment("total_due_at"),
        _moment("next_at", "When there is next something to tell of its clocks"),
        sa.Column("rework", sa.Integer(), server_default="0", nullable=False, comment="How often a check sent it back"),
        _words("done_once"),
        _words("told", "What was told of these clocks"),
        _words("seen_by", "Who has or had it"),
        _moment("ended_at"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Grows with each step"),
        sa.CheckConstraint(f"state in ({states})", name=op.f("ck_case_works_state")),
        sa.CheckConstraint("version >= 0 and rework >= 0", name=op.f("ck_case_works_counts")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_works_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_works")),
        comment="Where cases stand: state, holder, clocks",
    )
    for name, column in (("due", "due_at"), ("next", "next_at")):
        told = sa.text(f"{column} is not null")
        op.create_index(f"ix_case_works_{name}", "case_works", [column], postgresql_where=told)
    op.create_index("ix_case_works_seen_by", "case_works", ["seen_by"], postgresql_using="gin")


_FORMER_SIGHT = """
    alter policy cases_in_sight on cases using (
        (select sees_all_cases())
        or jurisdiction_id = (select sees_cases_of_town())
        or jurisdiction_id = any ((select sees_cases_of_towns())::int[])
        or source_key = (select case_sight('key') ->> 'key')
            and source = (select case_sight('key') ->> 'source')
            and jurisdiction_id = (select (case_sight('key') ->> 'town')::int)
        or grid_id in (select sees_cases_in_grids())
    )
"""


def downgrade() -> None:
    op.get_bind().exec_driver_sql(_FORMER_SIGHT)
    op.execute("drop function sees_cases_held()")
    for table in ("case_commands", "case_works", "casework_rules"):
        op.drop_table(table)
