"""Publishing: a plan becomes an edition, the former edition ends, in the caller's one transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from boundaries.cases.handover import asks_for_hand_over, reassign_open_cases
from boundaries.changes.tables import Change
from boundaries.editions.index_files import build_index, store_index
from boundaries.editions.reading import edition_after, edition_until
from boundaries.grids.tables import Plan
from boundaries.jobs.reading import database_now
from boundaries.jobs.storing import ask_for
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.publishing.keys import carry_keys
from boundaries.publishing.lineage import store_lineage
from boundaries.tiles.first_view import prepare_first_view
from geogrid.errors import ConflictError, InvalidInputError


def publish(
    session: Session, plan: Plan, *, valid_from: datetime, valid_to: datetime | None = None, made_by: str = ""
) -> Plan:
    """Make a plan the edition of its jurisdiction from a moment on.

    Its keys, compiled index and lineage are stored: from the edition before, whether or not that one is in force until
    then, and to a later one. The feed says so, and a large edition gets the tiles that show the whole of it. One that
    is in force at once gets the open cases; a job hands over those of `valid_from`, and of the very switch.

    Parameters
    ----------
    session : Session
        Flushed, not committed: the caller's commit publishes.
    plan : Plan
        Neither published nor retired.
    valid_from, valid_to : datetime
        Half-open, with offset; no `valid_to` means until replaced. The edition in force at `valid_from` ends there.
    made_by : str
        Who publishes.

    Raises
    ------
    ConflictError
        The plan is already published, or a later edition starts within the period.
    InvalidInputError
        A time has no offset, or the period is empty.
    """
    require_offsets(valid_from, valid_to)
    # One publication at a time; cases and drafts only refer to the jurisdiction.
    own = select(Jurisdiction.id).where(Jurisdiction.id == plan.jurisdiction_id)
    session.execute(own.with_for_update(key_share=True))
    session.refresh(plan)
    if plan.state in {"published", "retired"}:
        raise ConflictError(f"Plan {plan.name!r} ({plan.id}) is already {plan.state}. Make a new plan from it.")
    _check_later_editions(session, plan, valid_from, valid_to)
    former = edition_until(session, plan.jurisdiction_id, valid_from)
    later = None if valid_to is None else edition_after(session, plan.jurisdiction_id, valid_to)
    if former is not None:
        # While it may still change: an edition's keys stand.
        carry_keys(session, former, plan, store_lineage(session, former, plan).links)
    until = _end_former_edition(session, plan, valid_from)
    plan.validity = Range(valid_from, valid_to)
    plan.state = "published"
    session.flush()
    index, leaves = build_index(session, plan)
    store_index(session, plan, index)
    moved = 0
    if later is not None:
        store_lineage(session, plan, later)
    if former is not None:
        now = database_now(session)
        if valid_from <= now and (valid_to is None or now < valid_to):
            moved = reassign_open_cases(session, plan, index, leaves)
    detail = {"valid_from": valid_from.isoformat(), "cases": moved, "former": former and former.id}
    if until is not None:
        detail["former_until"] = until.isoformat()
    _tell(session, plan, made_by, detail)
    prepare_first_view(session, plan)
    ask_for(session, [asks_for_hand_over(plan.id, valid_from)])
    return plan


def _tell(session: Session, plan: Plan, made_by: str, detail: dict[str, Any]) -> None:
    """Put the publication into the feed, with the version that was published: that of an edition stands still."""
    session.add(
        Change(
            jurisdiction_id=plan.jurisdiction_id,
            plan_id=plan.id,
            version=plan.version,
            made_by=made_by,
            kind="published",
            detail=detail,
        )
    )
    session.flush()


def require_offsets(valid_from: datetime, valid_to: datetime | None) -> None:
    """Raise `InvalidInputError` for a time without offset, and for a period that is empty."""
    if valid_from.tzinfo is None or (valid_to is not None and valid_to.tzinfo is None):
        raise InvalidInputError.of(
            "no-offset", "A time of validity has no offset.", "Write it as in 2026-01-01T00:00:00+08:00."
        )
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidInputError.of("empty-period", f"The period ends at {valid_to}, not after its start {valid_from}.")


def _check_later_editions(session: Session, plan: Plan, valid_from: datetime, valid_to: datetime | None) -> None:
    starts_within = func.lower(Plan.validity) >= valid_from
    if valid_to is not None:
        starts_within &= func.lower(Plan.validity) < valid_to
    later = session.scalar(select(Plan).where(Plan.jurisdiction_id == plan.jurisdiction_id, starts_within).limit(1))
    if later is not None and later.validity is not None:
        raise ConflictError(
            f"Edition {later.name!r} already starts at {later.validity.lower}, within the period of {plan.name!r}. "
            "Publish with an end before it, or from a later moment."
        )


def _end_former_edition(session: Session, plan: Plan, at: datetime) -> datetime | None:
    """End the edition in force at a moment there; return until when it was to be, None for until replaced."""
    in_force = select(Plan).where(Plan.jurisdiction_id == plan.jurisdiction_id, Plan.validity.contains(at))
    until = None
    for former in session.scalars(in_force):
        until = former.valid_to
        former.validity = Range(former.valid_from, at)
    session.flush()
    return until
