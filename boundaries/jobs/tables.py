"""The tables of work that is due."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.store.base import Base


class JobRow(Base):
    """Something to be done once its moment has come; gone when it is done."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        CheckConstraint("kind <> ''", name="kind_not_empty"),
        CheckConstraint("attempts >= 0 and asked >= 0", name="counts_not_negative"),
        Index("ix_jobs_due_at", "due_at", "id", postgresql_where=sql("failed_at is null")),
        {"comment": "Work that is due; what is done is deleted"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    key: Mapped[str | None] = mapped_column(comment="What it is about; asking twice for the same is asking once")
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))
    due_at: Mapped[datetime] = mapped_column(comment="Not before; of a running one, when it is tried again")
    asked: Mapped[int] = mapped_column(
        server_default="0", comment="Times it was asked for again: done is only what was not since"
    )
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0", comment="Tries since it last succeeded")
    last_error: Mapped[str] = mapped_column(server_default="", comment="One sentence, nothing personal")
    failed_at: Mapped[datetime | None] = mapped_column(comment="Of the last try; it waits for somebody")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class JobTurn(Base):
    """What a runner locks while it does a job: apart from the job, which others may ask for again meanwhile."""

    __tablename__ = "job_turns"
    __table_args__ = ({"comment": "One row a job, locked by whoever does it"},)

    job_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(JobRow.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
