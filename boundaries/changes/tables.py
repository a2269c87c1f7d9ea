"""The tables of the feed of changes, and of the webhooks that are told of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.cases.tables import CaseEvent
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.base import Base


class Change(Base):
    """An entry of the feed: something that happened to a plan, or to a case (written by a trigger)."""

    __tablename__ = "changes"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("(plan_id is null) <> (case_event_id is null)", name="plan_or_case"),
        CheckConstraint("(plan_id is null) = (version is null)", name="version_of_plan"),
        Index("ix_changes_plan", "plan_id", "version"),
        Index("ix_changes_jurisdiction", "jurisdiction_id", "number"),
        Index("ix_changes_case_event", "case_event_id"),
        Index("ix_changes_unnumbered", "id", postgresql_where=sql("number is null")),
        {"comment": "Feed of changes; only ever added to"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    version: Mapped[int | None] = mapped_column(comment="Of the plan, after the change")
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    made_by: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str] = mapped_column(comment="created, edit, undo, redo, accepted, state, published ...")
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))
    case_event_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey(CaseEvent.id, ondelete="CASCADE"))
    number: Mapped[int | None] = mapped_column(BigInteger, comment="Place in the feed, given at commit")
    calls: Mapped[bool] = mapped_column(server_default=sql("true"), comment="Has all numbered at commit")


class WebhookRow(Base):
    """An address that is told of changes, and how far it has been told."""

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint("url <> ''", name="url_not_empty"),
        CheckConstraint("failures >= 0 and delivered >= 0", name="counts_not_negative"),
        {"comment": "Addresses that are told of changes, and how far each has been told"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id, ondelete="CASCADE"))
    url: Mapped[str]
    secret: Mapped[bytes] = mapped_column(LargeBinary, comment="Key that signs; known to both sides")
    types: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="What it is told, e.g. case.*; empty for everything")
    position: Mapped[int] = mapped_column(
        BigInteger, comment="Number in the feed up to which each change was delivered or waits in webhook_retries"
    )
    is_active: Mapped[bool] = mapped_column(server_default="true")
    failures: Mapped[int] = mapped_column(server_default="0", comment="Failed tries in a row")
    paused_until: Mapped[datetime | None] = mapped_column(comment="No try before, after failures")
    delivered: Mapped[int] = mapped_column(BigInteger, server_default="0")
    last_delivered_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WebhookRetry(Base):
    """A change that could not be delivered: it is tried again, or is a dead letter."""

    __tablename__ = "webhook_retries"
    __table_args__ = (
        PrimaryKeyConstraint("webhook_id", "number"),
        CheckConstraint("attempts > 0", name="attempts"),
        Index("ix_webhook_retries_next_at", "webhook_id", "next_at"),
        {"comment": "Changes that could not be delivered: tried again, or given up (dead letters)"},
    )

    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(BigInteger, comment="Of the change in the feed")
    attempts: Mapped[int] = mapped_column(SmallInteger)
    next_at: Mapped[datetime | None] = mapped_column(comment="Next try; null for a dead letter")
    last_error: Mapped[str]
    failed_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="First failure")
