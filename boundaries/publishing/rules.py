"""Publishing as planners do it: only what is approved, and sound or knowingly accepted."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from boundaries.grids.records import PlanRecord, plan_record
from boundaries.plans.drafts import lock_plan, record
from boundaries.plans.rules import verdict_on
from boundaries.publishing.publish import publish
from geogrid.errors import ConflictError, InvalidInputError
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
    """

    valid_from: datetime
    made_by: str
    valid_to: datetime | None = None
    accept_warnings: str = ""
    reason: str = ""


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
        It has errors that are not accepted, or warnings and none are; all of them are listed.
    """
    plan = lock_plan(session, plan_id, version=version)
    if plan.state in {"published", "retired"}:
        raise ConflictError(f"Plan {plan.name!r} ({plan.id}) is already {plan.state}. Make a new plan from it.")
    if plan.state != "approved":
        raise ConflictError(
            f"Plan {plan.name!r} ({plan.id}) is {plan.state.replace('_', ' ')}, and only approved plans are published. "
            "Send it to review and approve it."
        )
    verdict = verdict_on(session, plan)
    _require_sound(verdict, how)
    reasons = (how.reason, how.accept_warnings if verdict.warnings else "")
    detail: dict[str, Any] = {
        "accepted": len(verdict.accepted),
        "warnings": len(verdict.warnings),
        "reason": "; ".join(filter(None, reasons)),
    }
    record(session, plan, made_by=how.made_by, kind="publishing", detail=detail)
    return plan_record(publish(session, plan, valid_from=how.valid_from, valid_to=how.valid_to, made_by=how.made_by))


def _require_sound(verdict: Verdict, how: Publication) -> None:
    refused = list(verdict.errors)
    if verdict.warnings and not how.accept_warnings.strip():
        refused += [
            replace(each, remedy=f"{each.remedy} Or accept the warnings with a reason.".strip())
            for each in verdict.warnings
        ]
    if refused:
        raise InvalidInputError(refused)
