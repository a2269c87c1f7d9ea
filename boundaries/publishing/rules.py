"""Publishing as planners do it: only what is approved, and sound or knowingly accepted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.grids.tables import Plan
from boundaries.plans.drafts import lock_plan, record
from boundaries.plans.rules import verdict_on
from boundaries.plans.tables import Acceptance
from boundaries.publishing.periods import BY_NAME, Validity, period_problems, require_reason
from boundaries.publishing.publish import publish, require_offsets
from geogrid.errors import ConflictError, InvalidInputError, Problem
from geogrid.plans.checking import Verdict


@dataclass(frozen=True, slots=True)
class Publication:
    """How a plan is published.

    Parameters
    ----------
    valid_from : datetime
        With offset.
    made_by : str
        Who publishes.
    valid_to : datetime, optional
        Until replaced, if left out.
    accept_warnings : str
        Why the warnings that are not accepted one by one do not matter; empty refuses them.
    reason : str
        Why it is published; kept with the change.
    accept : tuple of str
        Warnings of the period that are accepted by name, `backdated` and `hole`, for that reason.
    """

    valid_from: datetime
    made_by: str
    valid_to: datetime | None = None
    accept_warnings: str = ""
    reason: str = ""
    accept: tuple[str, ...] = ()


def publish_plan(session: Session, plan_id: int, how: Publication, *, version: int | None) -> PlanRecord:
    """Publish a plan in one transaction.

    Parameters
    ----------
    session : Session
        Flushed, not committed: the caller's commit publishes.
    plan_id : int
        An approved plan.
    how : Publication
        From when, by whom.
    version : int, optional
        As it was read; None to take it as it is.

    Raises
    ------
    NotFoundError, StaleError
        As `lock_plan`.
    ConflictError
        It is not approved, or published already, or a later edition starts within the period.
    InvalidInputError
        It has errors that are not accepted, or warnings and none are, or a period with warnings that are not accepted
        by name; all of them are listed.
    """
    plan = lock_plan(session, plan_id, version=version)
    if plan.state in {"published", "retired"}:
        raise ConflictError(f"Plan {plan.name!r} ({plan.id}) is already {plan.state}. Make a new plan from it.")
    if plan.state != "approved":
        raise ConflictError(
            f"Plan {plan.name!r} ({plan.id}) is {plan.state.replace('_', ' ')}, and only approved plans are published. "
            f"Send it to review and approve it: geogrid plan review {plan.id} in_review, then approved."
        )
    require_offsets(how.valid_from, how.valid_to)
    require_reason(how.accept, how.reason)
    period = period_problems(session, plan, Validity(how.valid_from, how.valid_to))
    accept_by_name(session, plan, [each for each in period if each.kind in how.accept], how)
    verdict = verdict_on(session, plan, at=how.valid_from, more=period)
    _require_sound(verdict, how)
    reasons = (how.reason, how.accept_warnings if verdict.warnings else "")
    detail: dict[str, Any] = {
        "accepted": len(verdict.accepted),
        "warnings": len(verdict.warnings),
        "reason": "; ".join(filter(None, reasons)),
    }
    record(session, plan, made_by=how.made_by, kind="publishing", detail=detail)
    return plan_record(publish(session, plan, valid_from=how.valid_from, valid_to=how.valid_to, made_by=how.made_by))


def publish_import(session: Session, plan: Plan, *, valid_from: datetime, backdated: str = "") -> Plan:
    """Publish a plan that was just imported; nobody reviews it, but what was answered before changes only knowingly.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan : Plan
        Neither published nor retired.
    valid_from : datetime
        With offset.
    backdated : str
        Why it may begin in a time that was answered from another edition; empty refuses that.

    Raises
    ------
    InvalidInputError
        It begins in such a time, and no reason is given.
    ConflictError
        As `publish`.
    """
    require_offsets(valid_from, None)
    past = period_problems(session, plan, Validity(valid_from))
    if past and not backdated.strip():
        remedy = "Give --valid-from a moment to come, or say with --accept-backdated why it is meant."
        raise InvalidInputError([replace(each, severity="error", remedy=remedy) for each in past])
    accept_by_name(session, plan, past, Publication(valid_from, made_by="", reason=backdated.strip()))
    return publish(session, plan, valid_from=valid_from)


def accept_by_name(session: Session, plan: PlanValues, problems: Sequence[Problem], how: Publication) -> None:
    """Keep with a plan that warnings of its period are accepted, and why."""
    for problem in problems:
        values = {"reason": how.reason, "made_by": how.made_by}
        session.execute(
            insert(Acceptance)
            .values(plan_id=plan.id, kind=problem.kind, subject=problem.subject, **values)
            .on_conflict_do_update(constraint="pk_acceptances", set_=values)
        )


def _require_sound(verdict: Verdict, how: Publication) -> None:
    refused = [*verdict.errors, *(each for each in verdict.warnings if each.kind in BY_NAME)]
    others = [each for each in verdict.warnings if each.kind not in BY_NAME]
    if others and not how.accept_warnings.strip():
        refused += [
            replace(each, remedy=f"{each.remedy} Or accept the warnings with a reason.".strip()) for each in others
        ]
    if refused:
        raise InvalidInputError(refused)
