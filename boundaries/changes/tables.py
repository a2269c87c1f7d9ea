"""The tables of other applications: where they are told of changes, their keys, the services they may ask for."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.store.base import Base


class WebhookRow(Base):
    """An address that is told of changes, and how far it has been told."""

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint("url <> ''", name="url_not_empty"),
        CheckConstraint("failures >= 0 and delivered >= 0", name="counts_not_negative"),
        {"comment": "Addresses that are told of changes, and how far each has been told"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey("jurisdictions.id", ondelete="CASCADE"))
    url: Mapped[str]
    secret: Mapped[bytes] = mapped_column(LargeBinary, comment="Key that signs; known to both sides")
    types: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="What it is told, e.g. case.*; empty for everything")
    position: Mapped[int] = mapped_column(
        BigInteger, comment="Number in the feed up to which each change was delivered or waits in webhook_retries"
    )
    is_active: Mapped[bool] = mapped_column(server_default="true")
    failures: Mapped[int] = mapped_column(server_default="0", comment="Failed tries in a row")
    paused_until: Mapped[datetime | None] = mapped_column(comment="No try before, after failures")
    busy_until: Mapped[datetime | None] = mapped_column(comment="Some process delivers; past this it is taken for dead")
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


class ApiKey(Base):
    """A key that lets an application store requests; only its hash is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("name"),
        UniqueConstraint("hash"),
        CheckConstraint("name <> ''", name="name_not_empty"),
        {"comment": "Keys of applications; the keys themselves are not stored"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(comment="Whose key")
    hash: Mapped[bytes] = mapped_column(LargeBinary, comment="SHA-256 of the key, which is 256 random bits")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ServiceRow(Base):
    """A service that people may ask for over Open311; its name is the category of the case."""

    __tablename__ = "services"
    __table_args__ = (
        PrimaryKeyConstraint("jurisdiction_id", "code"),
        UniqueConstraint("jurisdiction_id", "name"),
        CheckConstraint("code <> '' and name <> ''", name="named"),
        CheckConstraint("type in ('realtime', 'batch')", name="type"),
        {"comment": "Services that people may ask for (Open311); the name is the category of the case"},
    )

    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey("jurisdictions.id", ondelete="CASCADE"))
    code: Mapped[str]
    name: Mapped[str]
    position: Mapped[int] = mapped_column(SmallInteger, comment="Place in the list")
    description: Mapped[str] = mapped_column(server_default="")
    keywords: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=sql("'{}'::text[]"))
    group: Mapped[str] = mapped_column(server_default="")
    type: Mapped[str] = mapped_column(server_default="realtime", comment="batch: a token is given first")
    attributes: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, server_default=sql("'[]'::jsonb"), comment="What is asked besides, as the definition lists it"
    )
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
