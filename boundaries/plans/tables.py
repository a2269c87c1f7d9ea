"""The tables of plans under work: edits, and problems that were accepted."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    PrimaryKeyConstraint,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.grids.tables import Block, Plan
from boundaries.store.base import Base, geometry


class Edit(Base):
    """An operation on a draft; one beyond the position of the plan is undone and may be done again."""

    __tablename__ = "edits"
    __table_args__ = (
        UniqueConstraint("plan_id", "position"),
        CheckConstraint("position >= 1", name="position"),
        {"comment": "Operations on drafts: who, when, what and why"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(comment="1 is the first")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    made_by: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    operation: Mapped[dict[str, Any]] = mapped_column(comment="The operation as it was asked for")
    levels_before: Mapped[list[dict[str, str]] | None] = mapped_column(
        JSONB(none_as_null=True), comment="Levels of the plan before, where the edit changed them"
    )
    levels_after: Mapped[list[dict[str, str]] | None] = mapped_column(
        JSONB(none_as_null=True), comment="Levels of the plan after, where the edit changed them"
    )


class EditGrid(Base):
    """A grid before and after an edit."""

    __tablename__ = "edit_grids"
    __table_args__ = (
        PrimaryKeyConstraint("edit_id", "grid_id"),
        CheckConstraint("before is not null or after is not null", name="a_side"),
        {"comment": "Grids before and after an edit; geometry only where the land changed"},
    )

    edit_id: Mapped[int] = mapped_column(ForeignKey("edits.id", ondelete="CASCADE"))
    grid_id: Mapped[int] = mapped_column(comment="No foreign key: the grid may not exist at the moment")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    geom_before: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    geom_after: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))


class EditBlock(Base):
    """A block that an edit gave to another grid."""

    __tablename__ = "edit_blocks"
    __table_args__ = (
        PrimaryKeyConstraint("edit_id", "block_id"),
        {"comment": "Blocks that an edit gave to another grid; null for a block that the plan did not have"},
    )

    edit_id: Mapped[int] = mapped_column(ForeignKey("edits.id", ondelete="CASCADE"))
    block_id: Mapped[int] = mapped_column(ForeignKey(Block.id))
    before: Mapped[int | None]
    after: Mapped[int | None]


class Acceptance(Base):
    """A problem of a plan that someone accepts, with the reason."""

    __tablename__ = "acceptances"
    __table_args__ = (
        PrimaryKeyConstraint("plan_id", "kind", "subject"),
        CheckConstraint("reason <> ''", name="reason"),
        {"comment": "Accepted problems of plans, with reasons; kept with the edition"},
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    kind: Mapped[str]
    subject: Mapped[str]
    reason: Mapped[str]
    made_by: Mapped[str] = mapped_column(server_default="")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
