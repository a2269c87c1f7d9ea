"""The tables of cases (诉求): their history, and the addresses that a person has to look at."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    func,
    literal_column,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from boundaries.grids.tables import Grid
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.base import Base, geometry, one_of, spatial_index
from geogrid.types import CASE_STATUSES


class Case(Base):
    """A complaint or report (诉求)."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("jurisdiction_id", "source", "source_key"),
        CheckConstraint(one_of("status", CASE_STATUSES), name="status"),
        CheckConstraint("closed_at is null or status = 'closed'", name="closed_at_when_closed"),
        CheckConstraint("positional_error_m >= 0", name="positional_error_not_negative"),
        CheckConstraint("(geom is null) = (located_by is null)", name="located_by_with_point"),
        CheckConstraint("located_by is null or located_by in ('point', 'address')", name="located_by"),
        CheckConstraint("grid_id is null or geom is not null", name="grid_needs_point"),
        Index("ix_cases_reported_at", "jurisdiction_id", "reported_at", "id"),
        Index("ix_cases_grid", "grid_id"),
        Index(
            "ix_cases_words",
            literal_column("(text || ' ' || address)").label("words"),
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
        ),
        spatial_index("cases"),
        {"comment": "Cases (诉求/事件)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    source: Mapped[str] = mapped_column(comment="Where it came from: a file's data set, api")
    source_key: Mapped[str] = mapped_column(comment="Identity within the source; importing twice adds nothing")
    external_id: Mapped[str | None] = mapped_column(comment="Number in the system it came from")
    channel: Mapped[str] = mapped_column(server_default="")
    category: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="open")
    reported_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    located_by: Mapped[str | None] = mapped_column(comment="point: given; address: geocoded")
    positional_error_m: Mapped[float] = mapped_column(server_default="0", comment="Radius around the point, metres")
    grid_id: Mapped[int | None] = mapped_column(
        ForeignKey(Grid.id), comment="Leaf grid of the edition it was assigned by"
    )
    attributes: Mapped[dict[str, Any]] = mapped_column(
        server_default=sql("'{}'::jsonb"), comment="Other columns of the source"
    )
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))


class CaseEvent(Base):
    """Something that happened to a case."""

    __tablename__ = "case_events"
    __table_args__ = (
        Index("ix_case_events_case", "case_id", "at"),
        {"comment": "History of each case; only ever added to"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    kind: Mapped[str] = mapped_column(comment="received, geocoded, assigned, reassigned, closed ...")
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))


class GeocodeReview(Base):
    """An address that a person has to look at."""

    __tablename__ = "geocode_reviews"
    __table_args__ = (
        CheckConstraint("question <> ''", name="question_not_empty"),
        Index("ix_geocode_reviews_open", "jurisdiction_id", "id", postgresql_where=sql("resolved_at is null")),
        {"comment": "Addresses that a person has to look at, with what they may mean"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    jurisdiction_id: Mapped[int] = mapped_column(ForeignKey(Jurisdiction.id))
    question: Mapped[str] = mapped_column(comment="The address as it came")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sql("'[]'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str] = mapped_column(server_default="")
    choice: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class SealingKey(Base):
    """A key that has sealed something; the key itself is not here."""

    __tablename__ = "sealing_keys"
    __table_args__ = ({"comment": "Names of the keys in use; the keys are outside the database"},)

    id: Mapped[str] = mapped_column(primary_key=True, comment="Derived from the key, and tells nothing of it")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SealedPart(Base):
    """What is known of persons, apart from the case that it came with."""

    __tablename__ = "reporters"
    __table_args__ = (
        CheckConstraint(one_of("part", ("reporter", "words")), name="part"),
        Index("ix_reporters_key", "key_id"),
        {"comment": "What is known of persons, sealed; reporter: who reported; words: texts as they were sent"},
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("sealing_keys.id"), comment="The key that opens it")
    sealed: Mapped[bytes] = mapped_column(LargeBinary, comment="Opens only with this case and part")
    masked: Mapped[dict[str, Any]] = mapped_column(
        server_default=sql("'{}'::jsonb"), comment="What may be shown with the case"
    )


class PersonMark(Base):
    """By which a part is found from a number, without the number."""

    __tablename__ = "reporter_marks"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "part"], ["reporters.case_id", "reporters.part"], ondelete="CASCADE"),
        Index("ix_reporter_marks_mark", "mark"),
        {"comment": "Numbers of persons as keyed hashes (HMAC), for finding the cases of one"},
    )

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
