"""Withdrawing: an edition whose moment has not come is a plan again, and the one before it goes on."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from boundaries.cases.handover import HAND_OVER
from boundaries.changes.tables import Change
from boundaries.grids.records import PlanRecord, plan_record
from boundaries.grids.tables import Plan
from boundaries.jobs.reading import database_now
from boundaries.jobs.storing import forget_job
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.drafts import lock_plan, record
from geogrid.errors import ConflictError


def withdraw(
    session: Session, plan_id: int, *, made_by: str, reason: str = "", version: int | None = None
) -> PlanRecord:
    """Make an edition to come an approved plan again; the edition before it is in force as if nothing had been.

    Parameters
    ----------
    session : Session
        Flushed, not committed: the caller's commit withdraws.
    plan_id : int
        An edition whose moment has not come.
    made_by, reason : str
        Who, and why.
    version : int, optional
        As it was read; None to take it as it is.

    Raises
    ------
    NotFoundError, StaleError
        As `lock_plan`.
    ConflictError
        It was never published, is or was in force, or another edition comes after it.
    """
    plan = lock_plan(session, plan_id, version=version)
    town = select(Jurisdiction.id).where(Jurisdiction.id == plan.jurisdiction_id)
    session.execute(town.with_for_update(key_share=True))
    session.refresh(plan)
    start = plan.valid_from
    if start is None:
        raise ConflictError(f"Plan {plan.name!r} ({plan.id}) is {plan.state.replace('_', ' ')}: it is no edition.")
    if start <= database_now(session):
        raise ConflictError(
            f"Edition {plan.name!r} ({plan.id}) is in force since {start.isoformat()}, and lookups were answered from "
            f"it. Return to a former edition with: geogrid plan rollback"
        )
    _require_last(session, plan, start)
    former = session.scalar(
        select(Plan).where(Plan.jurisdiction_id == plan.jurisdiction_id, func.upper(Plan.validity) == start)
    )
    plan.validity, plan.state = None, "approved"
    session.flush()
    if former is not None:
        former.validity = Range(former.valid_from, _former_end(session, plan))
    session.execute(text("select forget_edition(:plan)"), {"plan": plan.id})
    forget_job(session, HAND_OVER, str(plan.id))
    detail = {"valid_from": start.isoformat(), "reason": reason}
    record(session, plan, made_by=made_by, kind="withdrawn", detail=detail)
    session.refresh(plan)
    return plan_record(plan)


def _require_last(session: Session, plan: Plan, start: datetime) -> None:
    same_town = Plan.jurisdiction_id == plan.jurisdiction_id
    later = session.scalar(select(Plan).where(same_town, func.lower(Plan.validity) > start).limit(1))
    if later is not None:
        raise ConflictError(
            f"Edition {later.name!r} ({later.id}) comes after {plan.name!r} ({plan.id}) and says what became of its "
            "grids. Withdraw that one first."
        )


def _former_end(session: Session, plan: Plan) -> datetime | None:
    """Return until when the edition before was to be in force when this one was published."""
    told = select(Change.detail).where(Change.plan_id == plan.id, Change.kind == "published")
    detail = session.scalar(told.order_by(Change.id.desc()).limit(1)) or {}
    until = detail.get("former_until")
    return None if until is None else datetime.fromisoformat(until)
