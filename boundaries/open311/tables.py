"""The tables of Open311: services that are offered, keys of applications."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.base import Base


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

    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id, ondelete="CASCADE"))
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
