"""The tables of plans under work: edits, accepted problems, comments, who works where, drafts that are being drawn."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.grids.tables import Block, Plan
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.base import Base, geometry, one_of

TASK_STATES = ("waiting", "running", "done", "failed", "cancelled")


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
    sealed: Mapped[bool] = mapped_column(
        server_default=sql("false"), comment="Made on blocks of before: kept as a record, no longer taken back"
    )
    band_before: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="Load and band of the plan before, where the edit changed them"
    )
    band_after: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="Load and band of the plan after, where the edit changed them"
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


class Comment(Base):
    """What somebody says of a plan, a grid of it or a place in it."""

    __tablename__ = "plan_comments"
    __table_args__ = (
        CheckConstraint("words <> ''", name="words"),
        CheckConstraint("(resolved_by is null) = (resolved_at is null)", name="resolved_whole"),
        Index("ix_plan_comments_plan", "plan_id", "id"),
        {"comment": "What people say of plans in review: of a grid, a place or the whole"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    grid: Mapped[str | None] = mapped_column(comment="Code of the grid that it is about")
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"), comment="Where it is pinned")
    words: Mapped[str]
    made_by: Mapped[str] = mapped_column(server_default="")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]


class Claim(Base):
    """Somebody says that he works on a grid and those below it; advice to others, no lock."""

    __tablename__ = "plan_claims"
    __table_args__ = (
        PrimaryKeyConstraint("plan_id", "grid"),
        {"comment": "Who says that he works on a part of a draft; nobody is kept out"},
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    grid: Mapped[str] = mapped_column(comment="Code; those below it are claimed, too")
    made_by: Mapped[str]
    until: Mapped[datetime]


class Presence(Base):
    """An open page of a plan."""

    __tablename__ = "plan_presence"
    __table_args__ = (PrimaryKeyConstraint("plan_id", "visitor"), {"comment": "Who has a plan open"})

    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    visitor: Mapped[str] = mapped_column(comment="One open page")
    name: Mapped[str] = mapped_column(server_default="")
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DrawingTask(Base):
    """A draft that the engine draws beside the requests, and how far it is."""

    __tablename__ = "plan_tasks"
    __table_args__ = (
        CheckConstraint(one_of("state", TASK_STATES), name="state"),
        {"comment": "Drafts that the engine draws, and how far it is"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    wish: Mapped[dict[str, Any]] = mapped_column(comment="What is to be drawn")
    made_by: Mapped[str] = mapped_column(server_default="")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[str] = mapped_column(server_default="waiting")
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    told: Mapped[str] = mapped_column(server_default="", comment="Why it came to nothing")
    plan_id: Mapped[int | None] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
