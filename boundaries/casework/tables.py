"""The tables of the work on cases: rules, states, and the commands that were done."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from boundaries.cases.tables import Case
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.store.base import Base, one_of
from geogrid.casework import CaseState


class CaseRulesRow(Base):
    """The rules that the cases of a jurisdiction are worked by."""

    __tablename__ = "casework_rules"
    __table_args__ = ({"comment": "Rules of the work on cases: steps, limits, working time"},)

    jurisdiction_id: Mapped[int] = mapped_column(
        ForeignKey(Jurisdiction.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    rules: Mapped[dict[str, Any]] = mapped_column(comment="Profile, limits, calendar")
    version: Mapped[int] = mapped_column(server_default="1", comment="Grows with each change")
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CaseWorkRow(Base):
    """Where a case stands; a case without a row stands where its status says."""

    __tablename__ = "case_works"
    __table_args__ = (
        CheckConstraint(one_of("state", tuple(state.value for state in CaseState)), name="state"),
        CheckConstraint("version >= 0 and rework >= 0", name="counts"),
        Index("ix_case_works_due", "due_at", postgresql_where=sql("due_at is not null")),
        Index("ix_case_works_next", "next_at", postgresql_where=sql("next_at is not null")),
        Index("ix_case_works_seen_by", "seen_by", postgresql_using="gin"),
        {"comment": "Where cases stand: state, holder, clocks"},
    )

    case_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Case.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    state: Mapped[str]
    holder: Mapped[str] = mapped_column(server_default="", comment="Who has it: a login, or a name")
    handler: Mapped[str] = mapped_column(server_default="", comment="Who handled it last")
    stage: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="Clock of the state")
    total: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="Clock of the whole")
    due_at: Mapped[datetime | None] = mapped_column(comment="When the clock of the state is up; null while it stands")
    total_due_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None] = mapped_column(comment="When there is next something to tell of its clocks")
    rework: Mapped[int] = mapped_column(server_default="0", comment="How often a check sent it back")
    done_once: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    told: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", comment="What was told of these clocks")
    seen_by: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", comment="Who has or had it")
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(comment="Grows with each step")


class CaseCommand(Base):
    """A command that was done, by the number that its sender gave it: sent again, it is not done again."""

    __tablename__ = "case_commands"
    __table_args__ = (
        PrimaryKeyConstraint("case_id", "client_id"),
        CheckConstraint("client_id <> ''", name="client_id"),
        {"comment": "Commands that were done to cases; each once"},
    )

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Case.id, ondelete="CASCADE"))
    client_id: Mapped[str]
    digest: Mapped[str] = mapped_column(comment="Of what was asked for")
    at: Mapped[datetime] = mapped_column(server_default=func.now())
