"""One room for work that is due: hand-overs of cases, deliveries to webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Of editions in force and to come: until now servers handed over, and only while they ran.
_HAND_OVERS = """
    with asked as (
        insert into jobs (kind, key, due_at)
        select 'hand-over', id::text, lower(validity) from plans
        where validity is not null and lower(validity) is not null
            and (upper(validity) is null or upper(validity) > now())
        order by id
        returning id
    )
    insert into job_turns (job_id) select id from asked
"""


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "key", sa.Text(), nullable=True, comment="What it is about; asking twice for the same is asking once"
        ),
        sa.Column("payload", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Not before; of a running one, when it is tried again",
        ),
        sa.Column(
            "asked",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="Times it was asked for again: done is only what was not since",
        ),
        sa.Column(
            "attempts", sa.SmallInteger(), server_default="0", nullable=False, comment="Tries since it last succeeded"
        ),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False, comment="One sentence, nothing personal"),
        sa.Column(
            "failed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Of the last try; it waits for somebody",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind <> ''", name=op.f("ck_jobs_kind_not_empty")),
        sa.CheckConstraint("attempts >= 0 and asked >= 0", name=op.f("ck_jobs_counts_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_jobs_kind_key")),
        comment="Work that is due; what is done is deleted",
    )
    op.create_index("ix_jobs_due_at", "jobs", ["due_at", "id"], postgresql_where=sa.text("failed_at is null"))
    op.create_table(
        "job_turns",
        sa.Column("job_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_turns_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_turns")),
        comment="One row a job, locked by whoever does it",
    )
    op.execute(_HAND_OVERS)
    op.drop_column("webhooks", "busy_until")


def downgrade() -> None:
    op.add_column(
        "webhooks",
        sa.Column(
            "busy_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Some process delivers; past this it is taken for dead",
        ),
    )
    op.drop_table("job_turns")
    op.drop_table("jobs")
