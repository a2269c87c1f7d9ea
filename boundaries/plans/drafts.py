"""Drafts: made from an edition or another plan, locked while they change, led through review."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session, aliased

from boundaries.changes.tables import Change
from boundaries.grids.fields import stored_columns
from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.grids.succession import bring_to_present
from boundaries.grids.tables import Plan
from boundaries.jurisdictions.records import JurisdictionValues
from boundaries.jurisdictions.tables import Jurisdiction
from boundaries.plans.carrying import carry_over, latest_base
from geogrid.codes import code_profile
from geogrid.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from geogrid.types import PlanState

_COPY_GRIDS: Final = text(f"""
    insert into grids (plan_id, key_id, {stored_columns()}, geom)
    select :new, g.key_id, {stored_columns("g").replace("g.parent_id", "above.id")}, g.geom
    from grids g
    left join grids former on former.id = g.parent_id
    left join grids above on above.plan_id = :new and above.code = former.code
    where g.plan_id = :old and g.level = :level
    order by g.id
""")  # noqa: S608 - our own text
_COPY_ASSIGNMENTS: Final = text("""
    insert into assignments (plan_id, block_id, grid_id)
    select :new, a.block_id, own.id
    from assignments a
    join grids g on g.id = a.grid_id
    join grids own on own.plan_id = :new and own.code = g.code
    where a.plan_id = :old
    order by a.block_id
""")
_COPY_DUTIES: Final = text("""
    insert into duties (grid_id, role, holder, phone)
    select own.id, d.role, d.holder, d.phone
    from duties d
    join grids g on g.id = d.grid_id
    join grids own on own.plan_id = :new and own.code = g.code
    where g.plan_id = :old and d.validity @> cast(:at as timestamptz)
    order by d.id
""")
_COPY_LEVELS: Final = text("""
    insert into plan_levels (plan_id, position, name, name_zh)
    select :new, position, name, name_zh from plan_levels where plan_id = :old
""")

_NEXT_STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "draft": ("in_review",),
    "in_review": ("draft", "approved"),
    "approved": ("draft",),
}


def new_draft(  # noqa: PLR0913 - one keyword a choice
    session: Session,
    based_on: PlanValues,
    *,
    name: str,
    made_by: str,
    at: datetime,
    profile: str | None = None,
    band: tuple[float, float] | None = None,
    load: str | None = None,
    reason: str = "",
) -> PlanRecord:
    """Copy a plan of any state to a new draft: grids, blocks, and the duties in force.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    based_on : PlanValues
        What to start from.
    name, made_by, reason : str
        Name for people; who makes it, and why.
    at : datetime
        Moment of the duties.
    profile : str, optional
        What codes look like, see `geogrid.codes`; that of the plan if left out.
    band, load
        Limits of a leaf's load, and what they are about; those of the plan if left out.

    Raises
    ------
    InvalidInputError
        There is no such profile.
    """
    # A draft that is copied must not change between the statements that copy it. An edition never does, and a copy of
    # it does not wait for the next publication, which may be under way.
    if based_on.valid_from is None:
        session.execute(select(Plan.id).where(Plan.id == based_on.id).with_for_update(read=True))
    plan = Plan(
        jurisdiction_id=based_on.jurisdiction_id,
        name=name,
        load=load or based_on.load,
        band_low=band[0] if band else based_on.band_low,
        band_high=band[1] if band else based_on.band_high,
        source=f"plan {based_on.id}",
        based_on=based_on.id,
        code_profile=code_profile(profile or based_on.code_profile).name,
    )
    session.add(plan)
    session.flush()
    ids = {"new": plan.id, "old": based_on.id}
    for level in range(1, 7):
        session.execute(_COPY_GRIDS, {**ids, "level": level})
    session.execute(_COPY_ASSIGNMENTS, ids)
    _bring_up_to_date(session, plan, based_on)
    copy_levels(session, based_on, plan)
    session.execute(_COPY_DUTIES, {**ids, "at": at})
    session.refresh(plan)
    record(session, plan, made_by=made_by, kind="created", detail={"based_on": based_on.id, "reason": reason})
    return plan_record(plan)


def _bring_up_to_date(session: Session, plan: Plan, based_on: PlanValues) -> None:
    """Give a copy the blocks and loads of now, which an edition from before does not have."""
    bring_to_present(session, [plan.id])
    base = latest_base(session, plan.jurisdiction_id)
    if base is not None and based_on.created_at < base.made_at:
        carry_over(session, plan.id, base.id, plan.load, store=True)


def copy_levels(session: Session, old: PlanValues, new: PlanValues) -> None:
    """Give a plan the levels of another, where those are not the ones of its jurisdiction."""
    session.execute(_COPY_LEVELS, {"old": old.id, "new": new.id})


def get_plan(session: Session, plan_id: int) -> PlanRecord:
    """Return a plan, or raise `NotFoundError`."""
    plan = session.get(Plan, plan_id)
    if plan is None:
        raise NotFoundError(f"There is no plan {plan_id}. List them with: geogrid plan show")
    return plan_record(plan)


def jurisdictions_of_plans(session: Session, plan_ids: Iterable[int]) -> tuple[str, ...]:
    """Return the codes of the jurisdictions that plans are of; a number of no plan has none."""
    statement = select(Jurisdiction.code).join(Plan, Plan.jurisdiction_id == Jurisdiction.id)
    return tuple(session.scalars(statement.where(Plan.id.in_(list(plan_ids))).distinct().order_by(Jurisdiction.code)))


_BASE = aliased(Plan)
_DRAFT_BELOW = (
    select(_BASE.id).join(Plan, Plan.based_on == _BASE.id).where(Plan.id == bindparam("plan"), _BASE.validity.is_(None))
)
"""The plan that one was made from, where that is no edition."""


def editors_of(session: Session, plan_id: int) -> frozenset[str]:
    """Return who has had a hand in what a plan says, leaving its reviews aside.

    What was carried over from another plan is the work of those who had a hand in that one; so is what a draft has from
    the draft that it was made from. An edition is nobody's.
    """
    editors: set[str] = set()
    waiting, looked_at = [plan_id], set[int]()
    while waiting:
        number = waiting.pop()
        if number in looked_at:
            continue
        looked_at.add(number)
        entries = select(Change.made_by, Change.detail).where(Change.plan_id == number, Change.kind != "state")
        for made_by, detail in session.execute(entries):
            editors.add(made_by)
            waiting += [detail["plan"]] if detail.get("kind") == "rebase" else []
        waiting += session.scalars(_DRAFT_BELOW, {"plan": number})
    return frozenset(editors)


def makers_of(session: Session, plan_ids: Iterable[int]) -> dict[int, str]:
    """Return who made plans, by number; an empty name where nobody said so."""
    statement = select(Change.plan_id, Change.made_by).where(
        Change.plan_id.in_(list(plan_ids)), Change.kind == "created"
    )
    return {row.plan_id: row.made_by for row in session.execute(statement)}


def list_plans(
    session: Session, jurisdiction: JurisdictionValues, state: PlanState | None = None
) -> Sequence[PlanRecord]:
    """Return the plans of a jurisdiction, the newest first."""
    statement = select(Plan).where(Plan.jurisdiction_id == jurisdiction.id).order_by(Plan.id.desc())
    if state in {"published", "retired"}:
        statement = statement.where(Plan.validity.is_not(None), Plan.is_over.is_(state == "retired"))
    elif state is not None:
        statement = statement.where(Plan.state == state)
    return [plan_record(row) for row in session.scalars(statement)]


def lock_plan(session: Session, plan_id: int, *, version: int | None) -> Plan:
    """Return a plan, locked until the end of the transaction, if it is still as it was read.

    Parameters
    ----------
    session : Session
        Another one that wants the same plan waits; other plans are not held up.
    plan_id : int
        Which plan.
    version : int, optional
        As it was read; None to take it as it is.

    Raises
    ------
    NotFoundError
        There is no such plan.
    StaleError
        It has another version by now; the error says what happened since.
    """
    plan = session.scalar(
        select(Plan).where(Plan.id == plan_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    if plan is None:
        raise NotFoundError(f"There is no plan {plan_id}. List them with: geogrid plan show")
    if version is not None and plan.version != version:
        raise StaleError(
            f"Plan {plan_id} is at version {plan.version}, and the request is about version {version}. "
            "Look at what changed since, read the plan again and repeat the request.",
            version=plan.version,
            changes=changes_since(session, plan_id, version),
        )
    return plan


def lock_draft(session: Session, plan_id: int, *, version: int | None) -> Plan:
    """Return a locked plan that may be edited; raises as `lock_plan`, and `ConflictError` for one that is no draft."""
    plan = lock_plan(session, plan_id, version=version)
    if plan.state != "draft":
        raise ConflictError(
            f"Plan {plan.name!r} ({plan.id}) is {plan.state.replace('_', ' ')}, and only drafts are edited. "
            + ("Send it back to draft first." if plan.state in _NEXT_STATES else "Make a new draft from it.")
        )
    return plan


def record(session: Session, plan: Plan, *, made_by: str, kind: str, detail: Mapping[str, Any]) -> None:
    """Give a plan its next version and say in the feed why."""
    plan.version += 1
    session.add(
        Change(
            jurisdiction_id=plan.jurisdiction_id,
            plan_id=plan.id,
            version=plan.version,
            made_by=made_by,
            kind=kind,
            detail=json.loads(json.dumps(detail, default=str)),
        )
    )
    session.flush()


def changes_since(session: Session, plan_id: int, version: int) -> list[dict[str, Any]]:
    """Return what happened to a plan after a version, oldest first."""
    rows = session.scalars(
        select(Change).where(Change.plan_id == plan_id, Change.version > version).order_by(Change.version)
    )
    return [_entry(row) for row in rows]


def _entry(row: Change) -> dict[str, Any]:
    return {
        "id": row.id,
        "plan": row.plan_id,
        "version": row.version,
        "at": row.at,
        "by": row.made_by,
        "kind": row.kind,
        "detail": row.detail,
    }


def move_state(  # noqa: PLR0913 - who, what and why
    session: Session, plan_id: int, state: PlanState, *, version: int | None, made_by: str, reason: str = ""
) -> PlanRecord:
    """Lead a plan through review: draft, in review, approved, and back to draft.

    Raises
    ------
    NotFoundError, StaleError
        As `lock_plan`.
    ConflictError
        The plan cannot go to that state from its own.
    """
    plan = lock_plan(session, plan_id, version=version)
    ways = _NEXT_STATES.get(plan.state, ())
    if state not in ways:
        raise ConflictError(
            f"Plan {plan.name!r} ({plan.id}) is {plan.state.replace('_', ' ')} and cannot become "
            f"{state.replace('_', ' ')}. "
            + (f"It can become: {', '.join(ways).replace('_', ' ')}." if ways else "Make a new draft from it.")
        )
    if state == "draft" and _was_published(session, plan_id):
        raise ConflictError(
            f"Plan {plan.name!r} ({plan.id}) was published for a day to come and withdrawn; servers may know it as it "
            "is. Publish it for another day, or make a new draft from it."
        )
    former, plan.state = plan.state, state
    record(session, plan, made_by=made_by, kind="state", detail={"from": former, "to": state, "reason": reason})
    return plan_record(plan)


def _was_published(session: Session, plan_id: int) -> bool:
    statement = select(Change.id).where(Change.plan_id == plan_id, Change.kind == "published").limit(1)
    return session.scalar(statement) is not None


def require_name(name: str) -> str:
    """Return a name without blanks around it, or raise `InvalidInputError` for an empty one."""
    if not name.strip():
        raise InvalidInputError.of("no-name", "The plan has no name.", "Give one.", subject="name")
    return name.strip()
