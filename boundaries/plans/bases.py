"""What a plan began as, and what it would undo of the edition that is in force by now."""

from datetime import datetime
from typing import Final

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.editions.reading import edition_until
from boundaries.grids.records import PlanRecord, PlanValues
from boundaries.plans.drafts import get_plan
from boundaries.plans.loading import load_whole
from geogrid.errors import Problem
from geogrid.plans import Draft
from geogrid.plans.joined import LeafLand, joined_apart
from geogrid.plans.origins import Origins, Undone, origins, told, undone

# A plan that was copied before its model was changed for the last time does not know of that change.
_ANCESTORS: Final = text("""
    with recursive chain as (
        select id, based_on, created_at, 0 as depth from plans where id = :plan
        union all
        select p.id, p.based_on, p.created_at, chain.depth + 1
        from chain join plans p on p.id = chain.based_on
        where not exists (
            select from edits e
            where e.plan_id = p.id and e.position <= p.position and e.made_at > chain.created_at
                and p.validity is not null
        )
    )
    select chain.id from chain join plans p on p.id = chain.id
    where chain.depth > 0 and p.validity is not null
    order by chain.depth
    limit 1
""")
_SKIPPED: Final = text("""
    with recursive chain as (
        select id, based_on, 0 as depth from plans where id = :plan
        union all
        select p.id, p.based_on, chain.depth + 1 from chain join plans p on p.id = chain.based_on
    )
    select chain.id from chain join plans p on p.id = chain.id
    where chain.depth > 0 and p.validity is not null
    order by chain.depth
""")
# A grid that an edit made has no state before its first edit; one that none touched has its code still. What a copy was
# made of may have been edited since: grids of that moment are as they were before the first edit after it.
_COPIED: Final = text("""
    with ever as (
        select plan_id, id, code from grids where plan_id = any(array[:plan, :from])
        union all
        select distinct d.plan_id, e.grid_id, cast(null as text)
        from edit_grids e join edits d on d.id = e.edit_id
        where d.plan_id = any(array[:plan, :from]) and not exists (select from grids where grids.id = e.grid_id)
    ),
    began as (
        select ever.plan_id, ever.id, case when edited.is_there then edited.before->>'code' else ever.code end as code
        from ever
        left join lateral (
            select e.before, true as is_there from edit_grids e join edits d on d.id = e.edit_id
            where d.plan_id = ever.plan_id and e.grid_id = ever.id
                and (ever.plan_id = :plan or d.made_at > (select created_at from plans where id = :plan))
            order by d.position limit 1
        ) as edited on true
    )
    select own.id, former.id as former
    from began own join began former on former.plan_id = :from and former.code = own.code
    where own.plan_id = :plan
""")
_LEAVES: Final = text("""
    select g.code, ST_AsBinary(g.geom) as shape from grids g
    where g.plan_id = :plan and g.kind <> 'parent' and (cast(:codes as text[]) is null or g.code = any(:codes))
    order by g.code collate "C"
""")
_LEAVES_UNDER: Final = text("""
    select distinct on (g.code) g.code, ST_AsBinary(g.geom) as shape
    from grids own
    join grids g on g.plan_id = :edition and g.kind <> 'parent' and ST_Intersects(g.geom, own.geom)
    where own.plan_id = :plan and own.code = any(:codes)
    order by g.code
""")


def base_of(session: Session, plan: PlanValues) -> PlanRecord | None:
    """Return the edition that a plan was made from, directly or by way of other plans; None where there is none."""
    number = session.scalar(_ANCESTORS, {"plan": plan.id})
    if number is None:
        # A copy of what was changed and published afterwards: what that began as is what both have in common.
        older = list(session.scalars(_SKIPPED, {"plan": plan.id}))
        number = older[1] if len(older) > 1 else None
    return None if number is None else get_plan(session, number)


def stale_base(session: Session, plan: PlanValues, at: datetime) -> list[Problem]:
    """Return the problem of a plan that knows nothing of the edition which it would replace, with what that undoes.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Not published.
    at : datetime
        From when it is to be in force.
    """
    base, edition = base_of(session, plan), edition_until(session, plan.jurisdiction_id, at)
    if base is None or edition is None or not is_newer(edition, base):
        return []
    began, ours, theirs = (load_whole(session, each) for each in (base, plan, edition))
    own, other = (origins_in(session, base, each, began, whole) for each, whole in ((plan, ours), (edition, theirs)))
    lost = undone(began, ours, theirs, own, other)
    return [] if lost.is_empty else [_stale(plan, base, edition, lost)]


def origins_in(session: Session, base: PlanValues, plan: PlanValues, began: Draft, whole: Draft) -> Origins:
    """Return which grids of a plan continue those of the edition that it was made from.

    Grids keep their number through all edits of a draft, and a copy has the codes of what it was copied from. Where a
    plan came by another way, what its grids have in common with the others counts.

    Parameters
    ----------
    session : Session
        Only read from.
    base, plan : PlanValues
        The edition, and what was made from it.
    began, whole : Draft
        All of either.
    """
    of: dict[int, int] = {key: key for key in whole.nodes}
    step: PlanValues = plan
    while step.id != base.id:
        if step.based_on is None:
            return origins(began, whole)
        rows = session.execute(_COPIED, {"plan": step.id, "from": step.based_on})
        copied = {row.id: row.former for row in rows}
        of = {key: copied[former] for key, former in of.items() if former in copied}
        step = get_plan(session, step.based_on)
    return Origins.by(of)


def is_newer(edition: PlanRecord, base: PlanRecord) -> bool:
    """Return whether an edition came into force after another."""
    assert edition.valid_from is not None, "editions have a period"  # noqa: S101 - narrows a type
    assert base.valid_from is not None, "editions have a period"  # noqa: S101 - narrows a type
    return edition.id != base.id and edition.valid_from > base.valid_from


def _stale(plan: PlanValues, base: PlanRecord, edition: PlanRecord, lost: Undone) -> Problem:
    area = float(np.sum([row[0] for row in lost.land.values()]))
    return Problem(
        "stale-base",
        f"The plan was made from edition {base.name!r} ({base.id}) and knows nothing of edition {edition.name!r} "
        f"({edition.id}), which came into force after that. To publish it would undo: {told(lost)}.",
        f"Carry its changes onto that edition: geogrid plan rebase {plan.id}. Or accept it with a reason.",
        subject=str(edition.id),
        size=area or None,
        unit="m2" if area else "",
    )


def joined_problems(session: Session, plan: PlanValues, problems: tuple[Problem, ...], at: datetime) -> list[Problem]:
    """Return the leaves in pieces that are whole grids of the edition in force: mergers of what does not touch.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Of any state.
    problems : tuple of Problem
        What a check of the plan has found.
    at : datetime
        Moment of the edition.
    """
    codes = [problem.subject for problem in problems if problem.kind == "fragments"]
    edition = edition_until(session, plan.jurisdiction_id, at) if codes else None
    if edition is None or edition.id == plan.id:
        return []
    own = _land(session.execute(_LEAVES, {"plan": plan.id, "codes": codes}).all())
    former = _land(session.execute(_LEAVES_UNDER, {"plan": plan.id, "edition": edition.id, "codes": codes}).all())
    return joined_apart(former, own)


def _land(rows: object) -> LeafLand:
    found = list(rows)  # type: ignore[call-overload]
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in found], dtype=object))
    return LeafLand(tuple(row.code for row in found), np.asarray(shapes, dtype=object))
