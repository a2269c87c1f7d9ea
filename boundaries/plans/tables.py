"""The tables of plans under work: edits, accepted problems, lineage, the feed; and of compiled editions."""

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
    SmallInteger,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

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
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
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
    block_id: Mapped[int] = mapped_column(ForeignKey("blocks.id"))
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

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    kind: Mapped[str]
    subject: Mapped[str]
    reason: Mapped[str]
    made_by: Mapped[str] = mapped_column(server_default="")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LineageLink(Base):
    """Land of a grid of one edition that is in a grid of the next."""

    __tablename__ = "lineage"
    __table_args__ = (
        PrimaryKeyConstraint("before_id", "after_id"),
        CheckConstraint("share between 0 and 1.000001", name="share"),
        Index("ix_lineage_after", "after_id"),
        {"comment": "Lineage (沿革): which grids of the next edition came from which of the last"},
    )

    before_id: Mapped[int] = mapped_column(ForeignKey("grids.id"))
    after_id: Mapped[int] = mapped_column(ForeignKey("grids.id"))
    is_same: Mapped[bool] = mapped_column(comment="The grid after continues the grid before")
    share: Mapped[float] = mapped_column(comment="Of the load of the grid before, or of its land without load")
    area_m2: Mapped[float] = mapped_column(comment="Land in common")
    fates: Mapped[list[str]] = mapped_column(
        JSONB, server_default=sql("'[]'::jsonb"), comment="What became of the grid: split, merged, recoded ..."
    )


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
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey("jurisdictions.id"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    version: Mapped[int | None] = mapped_column(comment="Of the plan, after the change")
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    made_by: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str] = mapped_column(comment="created, edit, undo, redo, accepted, state, published ...")
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))
    case_event_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("case_events.id", ondelete="CASCADE"))
    number: Mapped[int | None] = mapped_column(BigInteger, comment="Place in the feed, given at commit")
    calls: Mapped[bool] = mapped_column(server_default=sql("true"), comment="Has all numbered at commit")


class PlanLevel(Base):
    """A level of a plan whose levels are not those of its jurisdiction."""

    __tablename__ = "plan_levels"
    __table_args__ = (
        PrimaryKeyConstraint("plan_id", "position"),
        UniqueConstraint("plan_id", "name"),
        CheckConstraint("position between 1 and 6", name="position"),
        {"comment": "Levels of a plan that differ from those of its jurisdiction"},
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger, comment="1 is the top level")
    name: Mapped[str] = mapped_column(comment="Name in English, e.g. community")
    name_zh: Mapped[str] = mapped_column(server_default="", comment="Name in Chinese, e.g. 社区")


class EditionIndex(Base):
    """The compiled index of an edition, as the bytes of its file."""

    __tablename__ = "edition_indexes"
    __table_args__ = ({"comment": "Compiled indexes of editions: servers fetch them once and map them into memory"},)

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True)
    format: Mapped[int] = mapped_column(comment="Of the file")
    checksum: Mapped[str] = mapped_column(comment="SHA-256 of the content")
    size: Mapped[int] = mapped_column(BigInteger, comment="Bytes of the content")
    content: Mapped[bytes] = mapped_column(comment="File of a GridIndex over the leaves by code")
