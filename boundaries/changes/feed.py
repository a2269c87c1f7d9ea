"""The feed of changes: what happened to plans and cases, in the order in which it became true.

Numbers only grow, and an entry becomes visible with its number: who asks for what came after the last number that he
has seen misses nothing (``boundaries/store/sql/feed.sql``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from boundaries.text.json_values import as_object
from geogrid.errors import ConflictError

_ENTRIES: Final = """
    select changes.number, coalesce(happened.at, changes.at) as at, changes.kind, changes.plan_id, changes.version,
        changes.made_by, changes.detail, happened.case_id, happened.kind as event, happened.detail as event_detail
    from changes left join case_events happened on happened.id = changes.case_event_id
"""
_NUMBERED: Final = text(f"{_ENTRIES} where changes.number = any(:numbers) order by changes.number")
_AFTER: Final = text(f"""{_ENTRIES}
    where changes.jurisdiction_id = :jurisdiction and changes.number > :after
        and (cast(:kinds as text[]) is null or changes.kind = any(:kinds))
    order by changes.number limit :limit
""")
_LAST: Final = text("select coalesce(max(number), 0) from changes where jurisdiction_id = :jurisdiction")
_GIVEN: Final = text("select case when is_called then last_value else 0 end from changes_number")


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """Something that happened.

    Parameters
    ----------
    number : int
        Place in the feed; the next request asks for what came after it.
    at : datetime
        When.
    kind : str
        ``case`` for the event of a case; for plans ``created``, ``edit``, ``undo``, ``redo``, ``accepted``, ``state``,
        ``publishing``, ``withdrawn`` and, for a new edition, ``published``.
    plan_id, version : int, optional
        The plan, and its version after the change.
    case_id : int, optional
        The case.
    made_by : str
        Who changed the plan.
    detail : mapping
        What is particular: of ``published`` ``valid_from``, ``former`` (the edition before) and ``cases`` (how many
        went to another grid); of ``case`` ``event`` (received, reassigned ...) and what the case's history says.
    """

    number: int
    at: datetime
    kind: str
    plan_id: int | None
    version: int | None
    case_id: int | None
    made_by: str
    detail: Mapping[str, Any]

    @property
    def type(self) -> str:
        """What happened, in one word for subscribers: ``case.received``, ``edition.published``, ``plan.edit``."""
        if self.kind == "case":
            return f"case.{self.detail['event']}"
        return "edition.published" if self.kind == "published" else f"plan.{self.kind}"


def changes_after(
    session: Session, jurisdiction_id: int, number: int, *, kinds: tuple[str, ...] | None = None, limit: int = 1000
) -> tuple[FeedEntry, ...]:
    """Return what happened in a jurisdiction after an entry of the feed, oldest first.

    Parameters
    ----------
    session : Session
        Only read from.
    jurisdiction_id : int
        Whose.
    number : int
        The last one seen; 0 from the beginning.
    kinds : tuple of str, optional
        Only these.
    limit : int
        At most so many.
    """
    wanted = {"jurisdiction": jurisdiction_id, "after": number, "limit": limit}
    rows = session.execute(_AFTER, {**wanted, "kinds": None if kinds is None else list(kinds)})
    return tuple(_entry(row) for row in rows)


def changes_numbered(session: Session, numbers: Sequence[int]) -> tuple[FeedEntry, ...]:
    """Return the entries of these numbers that are still there, in order; those of a deleted draft are not."""
    return tuple(_entry(row) for row in session.execute(_NUMBERED, {"numbers": list(numbers)}))


def last_number(session: Session, jurisdiction_id: int) -> int:
    """Return the number of the newest entry: where somebody starts who wants only what comes; 0 for none."""
    return int(session.execute(_LAST, {"jurisdiction": jurisdiction_id}).scalar_one())


def require_given(session: Session, number: int) -> None:
    """Refuse a number that no entry has had yet: who waits for what comes after it would miss what comes before.

    Raises
    ------
    ConflictError
        The number was read from another store, or this one was restored from a backup since.
    """
    given = int(session.execute(_GIVEN).scalar_one())
    if number > given:
        raise ConflictError(
            f"The feed has not reached {number} yet; its last number is {given}. The number is of another store, or "
            f"this one was restored from a backup. Begin again with 0, or with {given} for what is still to come."
        )


def _entry(row: Row[Any]) -> FeedEntry:
    return FeedEntry(
        number=row.number,
        at=row.at,
        kind=row.kind,
        plan_id=row.plan_id,
        version=row.version,
        case_id=row.case_id,
        made_by=row.made_by,
        detail=as_object(row.detail) if row.case_id is None else {"event": row.event, **as_object(row.event_detail)},
    )
