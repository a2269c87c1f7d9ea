"""Planners beside each other: who has a plan open, who says that he works where, what happened meanwhile."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from geogrid.errors import ConflictError, NotFoundError

CLAIM_HOLDS: Final = timedelta(minutes=10)
PRESENT: Final = timedelta(seconds=25)
"""Who was seen within is there; a page that is open is seen more often than that."""
_MOST_STEPS: Final = 500

# Grids above one, itself and those below it: a claim on any of them is about the same land.
_FAMILY: Final = """
    with recursive above as (
        select id, parent_id, code from grids where plan_id = :plan and code = :grid
        union all
        select g.id, g.parent_id, g.code from grids g join above on g.id = above.parent_id
    ),
    below as (
        select id, code from grids where plan_id = :plan and code = :grid
        union all
        select g.id, g.code from grids g join below on g.plan_id = :plan and g.parent_id = below.id
    )
    select code from above union select code from below
"""
_OVERLAPPING: Final = text(f"""
    select grid, made_by, until from plan_claims
    where plan_id = :plan and until > now() and made_by <> :by and grid in ({_FAMILY})
    order by until desc limit 1
""")  # noqa: S608 - our own text
_EXISTS: Final = text("select from grids where plan_id = :plan and code = :grid")
_CLAIM: Final = text("""
    insert into plan_claims (plan_id, grid, made_by, until) values (:plan, :grid, :by, now() + :holds)
    on conflict on constraint pk_plan_claims do update set made_by = excluded.made_by, until = excluded.until
    returning grid, made_by, until
""")
_RELEASE: Final = text("delete from plan_claims where plan_id = :plan and grid = :grid and made_by = :by")
_CLAIMS: Final = text("""
    select plan_id, grid, made_by, until from plan_claims
    where plan_id = any(:plans) and until > now() order by plan_id, grid collate "C"
""")
_CLAIMED: Final = text("""
    with recursive chain as (
        select code as leaf, parent_id, code from grids where plan_id = :plan and code = any(:codes)
        union all
        select chain.leaf, g.parent_id, g.code from chain join grids g on g.id = chain.parent_id
    )
    select distinct c.grid, c.made_by, c.until from plan_claims c join chain on chain.code = c.grid
    where c.plan_id = :plan and c.until > now() and c.made_by <> :by order by c.grid
""")
_SEEN: Final = text("""
    insert into plan_presence (plan_id, visitor, name, seen_at)
    select plan, visitor, name, now()
    from unnest(cast(:plans as int[]), cast(:visitors as text[]), cast(:names as text[])) as r(plan, visitor, name)
    where exists (select from plans where plans.id = plan)
    on conflict on constraint pk_plan_presence do update set seen_at = excluded.seen_at
""")
_GONE: Final = text("delete from plan_presence where visitor = any(:visitors) or seen_at < now() - :over")
_THERE: Final = text("""
    select plan_id, name, count(*) as pages from plan_presence
    where plan_id = any(:plans) and seen_at > now() - :within
    group by plan_id, name order by plan_id, name
""")
_STEPS: Final = text("""
    select c.plan_id, c.version, c.at, c.made_by, c.kind, c.detail
    from unnest(cast(:plans as int[]), cast(:versions as int[])) as seen(plan, version)
    join changes c on c.plan_id = seen.plan and c.version > seen.version
    order by c.plan_id, c.version, c.id limit :limit
""")


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """Somebody works on a grid and those below it, until then."""

    grid: str
    made_by: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Visitor:
    """An open page of a plan: its own random name, and who looks at it."""

    plan_id: int
    page: str
    name: str


def claim_grid(session: Session, plan: PlanValues, grid: str, *, by: str) -> ClaimRecord:
    """Say that somebody works on a grid and those below it, for ten minutes from now.

    Raises
    ------
    NotFoundError
        The plan has no such grid.
    ConflictError
        Somebody else has said so of the same, of one above or of one below; the error says who and until when.
    """
    named = {"plan": plan.id, "grid": grid, "by": by}
    if session.execute(_EXISTS, {"plan": plan.id, "grid": grid}).first() is None:
        raise NotFoundError(f"Plan {plan.id} has no grid {grid!r}.")
    other = session.execute(_OVERLAPPING, named).first()
    if other is not None:
        raise ConflictError(
            f"{other.made_by} works on grid {other.grid} until {other.until:%H:%M} UTC. Talk to each other; edits that "
            "touch other grids never collide."
        )
    return ClaimRecord(*session.execute(_CLAIM, {**named, "holds": CLAIM_HOLDS}).one())


def release_grid(session: Session, plan: PlanValues, grid: str, *, by: str) -> None:
    """Take one's own claim back; nothing happens where there is none."""
    session.execute(_RELEASE, {"plan": plan.id, "grid": grid, "by": by})


def claims_on(session: Session, plan: PlanValues, codes: Collection[str], *, by: str) -> Sequence[ClaimRecord]:
    """Return the claims of others on some grids or those above them."""
    return [ClaimRecord(*row) for row in session.execute(_CLAIMED, {"plan": plan.id, "codes": list(codes), "by": by})]


def claims_of_plans(session: Session, plan_ids: Collection[int]) -> dict[int, list[ClaimRecord]]:
    """Return the claims that hold, by plan."""
    found: dict[int, list[ClaimRecord]] = defaultdict(list)
    for row in session.execute(_CLAIMS, {"plans": list(plan_ids)}):
        found[row.plan_id].append(ClaimRecord(row.grid, row.made_by, row.until))
    return dict(found)


def note_presence(session: Session, there: Collection[Visitor], gone: Collection[str] = ()) -> None:
    """Keep which pages are open now; forget those that are closed, and those that nobody has seen for long."""
    if there:
        lists = {
            "plans": [each.plan_id for each in there],
            "visitors": [each.page for each in there],
            "names": [each.name for each in there],
        }
        session.execute(_SEEN, lists)
    session.execute(_GONE, {"visitors": list(gone), "over": 4 * PRESENT})


def people_at(session: Session, plan_ids: Collection[int]) -> dict[int, list[str]]:
    """Return who has plans open now, by plan; an empty name for each page of somebody without an account."""
    found: dict[int, list[str]] = defaultdict(list)
    for row in session.execute(_THERE, {"plans": list(plan_ids), "within": PRESENT}):
        found[row.plan_id] += [row.name] * (1 if row.name else row.pages)
    return dict(found)


def steps_after(session: Session, seen: Mapping[int, int]) -> dict[int, list[dict[str, Any]]]:
    """Return what happened to plans after the versions that somebody has seen, oldest first, by plan.

    Versions of a plan are given under its lock and seen at commit, so none is passed over.
    """
    asked = {"plans": list(seen), "versions": list(seen.values()), "limit": _MOST_STEPS}
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(_STEPS, asked):
        step = {"version": row.version, "at": row.at, "by": row.made_by, "kind": row.kind, "detail": row.detail}
        found[row.plan_id].append(step)
    return dict(found)
