"""The table of the audit; its triggers are in ``boundaries/store/sql/audit.sql``."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.store.base import Base


class AuditLine(Base):
    """Something that somebody did or read."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("uq_audit_number", "number", unique=True),
        Index("ix_audit_at", "at"),
        Index("ix_audit_account", "account", "number"),
        {"comment": "Who did what, when and from where; append only, each line sealed with the one before"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[int | None] = mapped_column(BigInteger, comment="Place in the chain, given at commit")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    account: Mapped[str] = mapped_column(comment="Login, or local: and the user of the machine")
    action: Mapped[str]
    object: Mapped[str] = mapped_column(server_default="")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    address: Mapped[str] = mapped_column(server_default="", comment="From where")
    previous: Mapped[bytes | None] = mapped_column(LargeBinary, comment="Hash of the line before")
    hash: Mapped[bytes | None] = mapped_column(LargeBinary, comment="SHA-256 over the hash before and this line")
