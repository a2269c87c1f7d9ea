"""Validation of stored plans, and the problems that someone accepts with a reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.jobs.reading import database_now
from boundaries.jurisdictions.reading import limit_of
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.bases import joined_problems, stale_base
from boundaries.plans.drafts import lock_plan, record
from boundaries.plans.edits.editing import Author
from boundaries.plans.loading import buildings_near, load_whole
from boundaries.plans.tables import Acceptance
from geogrid.editions.fields import LOADS
from geogrid.errors import ConflictError, InvalidInputError, Problem
from geogrid.plans.checking import NEVER_ACCEPTED, Surroundings, Verdict, check, judge

_SUMS: Final = ", ".join(f"sum({{of}}{load}) as {load}" for load in LOADS)
_LOST: Final = " or ".join(f"coalesce(g.{load}, 0) < coalesce(parts.{load}, 0) - 1e-6" for load in LOADS)
_NOT_DERIVED: Final = text(f"""
    with parts as (
        select a.grid_id as id, sum(ST_Area(b.geom)) as area, {_SUMS.format(of="b.")}
        from assignments a join blocks b on b.id = a.block_id
        where a.plan_id = :plan group by a.grid_id
        union all
        select parent_id, sum(ST_Area(geom)), {_SUMS.format(of="")}
        from grids where plan_id = :plan and parent_id is not null group by parent_id
    )
    select g.code, abs(ST_Area(g.geom) - parts.area) > 1e-9 * parts.area as land,
        {_LOST} as loads
    from grids g join parts on parts.id = g.id
    where g.plan_id = :plan
    order by g.code collate "C"
""")  # noqa: S608 - our own text


def check_plan(session: Session, plan: PlanValues, *, at: datetime | None = None) -> tuple[Problem, ...]:
    """Return everything that is wrong with a plan, errors first; see `geogrid.plans.checking`.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Of any state. What is not published is compared with the edition that it would replace.
    at : datetime, optional
        From when it is to be in force; now, if left out.
    """
    jurisdiction = session.get_one(Jurisdiction, plan.jurisdiction_id)
    around = Surroundings(limit_of(jurisdiction), buildings_near(session, plan, None))
    found = check(load_whole(session, plan), around)
    beside: list[Problem] = []
    if plan.valid_from is None:
        moment = at or database_now(session)
        beside = [*stale_base(session, plan, moment), *joined_problems(session, plan, found, moment)]
    return (*_derivation_problems(session, plan), *beside, *found)


def _derivation_problems(session: Session, plan: PlanValues) -> list[Problem]:
    found = []
    for row in session.execute(_NOT_DERIVED, {"plan": plan.id}):
        if row.land:
            message = f"The land of grid {row.code} is not that of its parts."
            found.append(Problem("not-derived", message, "Store the plan again from its source.", subject=row.code))
        if row.loads:
            message = f"Grid {row.code} has less load than its parts."
            found.append(Problem("load-lost", message, "Store the plan again from its source.", subject=row.code))
    return found


def verdict_on(
    session: Session, plan: PlanValues, *, at: datetime | None = None, more: Sequence[Problem] = ()
) -> Verdict:
    """Return the problems of a plan as `check_plan` lists them, and further ones; those that are accepted apart."""
    return judge((*check_plan(session, plan, at=at), *more), acceptances_of(session, plan))


def acceptances_of(session: Session, plan: PlanValues) -> dict[tuple[str, str], str]:
    """Return the reasons of the accepted problems of a plan, by kind and subject."""
    rows = session.scalars(select(Acceptance).where(Acceptance.plan_id == plan.id))
    return {(row.kind, row.subject): row.reason for row in rows}


def accept_problem(  # noqa: PLR0913 - who, what and why
    session: Session, plan_id: int, kind: str, subject: str, *, author: Author, version: int | None
) -> PlanRecord:
    """Put a problem on the list of accepted exceptions, with the reason that its author gives.

    Raises
    ------
    NotFoundError, StaleError
        As `lock_plan`.
    ConflictError
        The plan is published.
    InvalidInputError
        No reason is given, or problems of that kind are never accepted.
    """
    plan = lock_plan(session, plan_id, version=version)
    if plan.state in {"published", "retired"}:
        raise ConflictError(f"Plan {plan.name!r} ({plan.id}) is {plan.state}; what was accepted of it stands.")
    if not author.reason.strip():
        raise InvalidInputError.of("no-reason", "No reason is given.", "Say why it is acceptable.", subject="reason")
    if kind in NEVER_ACCEPTED:
        raise InvalidInputError.of(
            "never-accepted", f"Problems of the kind {kind} are never accepted.", "Repair them.", subject="kind"
        )
    values = {"reason": author.reason, "made_by": author.name}
    session.execute(
        insert(Acceptance)
        .values(plan_id=plan.id, kind=kind, subject=subject, **values)
        .on_conflict_do_update(constraint="pk_acceptances", set_=values)
    )
    detail = {"kind": kind, "subject": subject, "reason": author.reason}
    record(session, plan, made_by=author.name, kind="accepted", detail=detail)
    return plan_record(plan)
