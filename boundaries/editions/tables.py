"""The tables of editions: what became of grids, and compiled indexes."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.grids.tables import Grid, Plan
from boundaries.store.base import Base


class LineageLink(Base):
    """Land of a grid of one edition that is in a grid of the next."""

    __tablename__ = "lineage"
    __table_args__ = (
        PrimaryKeyConstraint("before_id", "after_id"),
        CheckConstraint("share between 0 and 1.000001", name="share"),
        Index("ix_lineage_after", "after_id"),
        {"comment": "Lineage (沿革): which grids of the next edition came from which of the last"},
    )

    before_id: Mapped[int] = mapped_column(ForeignKey(Grid.id))
    after_id: Mapped[int] = mapped_column(ForeignKey(Grid.id))
    is_same: Mapped[bool] = mapped_column(comment="The grid after continues the grid before")
    share: Mapped[float] = mapped_column(comment="Of the load of the grid before, or of its land without load")
    area_m2: Mapped[float] = mapped_column(comment="Land in common")
    fates: Mapped[list[str]] = mapped_column(
        JSONB, server_default=sql("'[]'::jsonb"), comment="What became of the grid: split, merged, recoded ..."
    )


class EditionIndex(Base):
    """The compiled index of an edition, as the bytes of its file."""

    __tablename__ = "edition_indexes"
    __table_args__ = ({"comment": "Compiled indexes of editions: servers fetch them once and map them into memory"},)

    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"), primary_key=True)
    format: Mapped[int] = mapped_column(comment="Of the file")
    checksum: Mapped[str] = mapped_column(comment="SHA-256 of the content")
    size: Mapped[int] = mapped_column(BigInteger, comment="Bytes of the content")
    content: Mapped[bytes] = mapped_column(comment="File of a GridIndex over the leaves by code")
