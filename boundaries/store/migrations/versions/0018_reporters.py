"""What is known of persons: apart from the case, sealed, and kept no longer than needed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealing_keys",
        sa.Column("id", sa.Text(), nullable=False, comment="Derived from the key, and tells nothing of it"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealing_keys")),
        comment="Names of the keys in use; the keys are outside the database",
    )
    op.create_table(
        "reporters",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False, comment="The key that opens it"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="Opens only with this case and part"),
        sa.Column(
            "masked",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What may be shown with the case",
        ),
        sa.CheckConstraint("part in ('reporter', 'words')", name=op.f("ck_reporters_part")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_reporters_case_id_cases"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["key_id"], ["sealing_keys.id"], name=op.f("fk_reporters_key_id_sealing_keys")),
        sa.PrimaryKeyConstraint("case_id", "part", name=op.f("pk_reporters")),
        comment="What is known of persons, sealed; reporter: who reported; words: texts as they were sent",
    )
    op.create_index("ix_reporters_key", "reporters", ["key_id"])
    op.create_table(
        "reporter_marks",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "part"],
            ["reporters.case_id", "reporters.part"],
            name=op.f("fk_reporter_marks_case_id_part_reporters"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("case_id", "part", "mark", name=op.f("pk_reporter_marks")),
        comment="Numbers of persons as keyed hashes (HMAC), for finding the cases of one",
    )
    op.create_index("ix_reporter_marks_mark", "reporter_marks", ["mark"])
    op.add_column(
        "jurisdictions",
        sa.Column(
            "reporters_kept_years",
            sa.SmallInteger(),
            nullable=True,
            comment="Years after a case is closed until what is known of persons goes; null: it stays",
        ),
    )
    op.create_check_constraint(
        op.f("ck_jurisdictions_reporters_kept_years"), "jurisdictions", "reporters_kept_years between 0 and 100"
    )
    # Cases that are there hold numbers in their texts: the key to seal them is not here, so a job does it.
    op.execute("""
        with asked as (
            insert into jobs (kind, key, payload, due_at)
            select 'seal-cases', 'all', '{}', now() where exists (select from cases)
            on conflict on constraint uq_jobs_kind_key do nothing
            returning id
        )
        insert into job_turns (job_id) select id from asked
    """)


def downgrade() -> None:
    op.execute("delete from jobs where kind in ('seal-cases', 'retain')")
    op.drop_column("jurisdictions", "reporters_kept_years")
    op.drop_table("reporter_marks")
    op.drop_table("reporters")
    op.drop_table("sealing_keys")
