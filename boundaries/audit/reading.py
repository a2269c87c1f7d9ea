"""Reading the audit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.orm import Session

from boundaries.audit.records import SealedLine
from boundaries.audit.tables import AuditLine

_BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines are wanted; what is left out does not limit.

    Parameters
    ----------
    account, action : str, optional
        Exactly this one.
    words : str
        Occur in the object.
    since, until : datetime, optional
        At or after the first, before the second.
    """

    account: str | None = None
    action: str | None = None
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None


def newest_lines(
    session: Session, wanted: LineFilter, *, limit: int, before: int | None = None
) -> tuple[SealedLine, ...]:
    """Return lines, the newest first, from below the number `before` on."""
    statement = _limited(_sealed(), wanted).order_by(AuditLine.number.desc()).limit(limit)
    if before is not None:
        statement = statement.where(AuditLine.number < before)
    return tuple(_line(row) for row in session.execute(statement))


def all_lines(session: Session, wanted: LineFilter | None = None) -> Iterator[SealedLine]:
    """Yield lines in the order of the chain."""
    statement = _limited(_sealed(), wanted or LineFilter()).order_by(AuditLine.number)
    for row in session.execute(statement, execution_options={"yield_per": _BATCH}):
        yield _line(row)


def _sealed() -> Select[Any]:
    return select(
        AuditLine.number,
        func.audit_moment(AuditLine.at).label("moment"),
        AuditLine.account,
        AuditLine.action,
        AuditLine.object,
        cast(AuditLine.before, Text).label("before_text"),
        cast(AuditLine.after, Text).label("after_text"),
        AuditLine.address,
        AuditLine.previous,
        AuditLine.hash,
    ).where(AuditLine.number.is_not(None))


def _limited(statement: Select[Any], wanted: LineFilter) -> Select[Any]:
    if wanted.account is not None:
        statement = statement.where(AuditLine.account == wanted.account)
    if wanted.action is not None:
        statement = statement.where(AuditLine.action == wanted.action)
    if wanted.words:
        statement = statement.where(func.strpos(func.lower(AuditLine.object), wanted.words.lower()) > 0)
    if wanted.since is not None:
        statement = statement.where(AuditLine.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditLine.at < wanted.until)
    return statement


def _line(row: Any) -> SealedLine:
    return SealedLine(
        number=row.number,
        at=row.moment,
        account=row.account,
        action=row.action,
        object=row.object,
        before=row.before_text,
        after=row.after_text,
        address=row.address,
        previous=bytes(row.previous),
        hash=bytes(row.hash),
    )
