"""Who has touched what: grids as a planner has seen them, and edits that later ones have not touched."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.fields import EDITED_TYPES
from boundaries.grids.records import PlanValues
from boundaries.grids.tables import Plan
from boundaries.plans.tables import Edit
from geogrid.errors import ConflictError, InvalidInputError, StaleError
from geogrid.plans import Delta

Seen = Mapping[str, int]
"""Versions of grids by code, as they were read."""

_SHOWN: Final = 5
_LISTED: Final = 100

_VERSIONS: Final = text("""
    select id, code, edited from grids
    where plan_id = :plan and (cast(:codes as text[]) is null or code = any(:codes))
    order by code collate "C"
""")
_LAST_ID: Final = text("select coalesce(max(id), 0) from grids where plan_id = :plan")
_CODES: Final = text('select code from grids where id = any(:ids) order by code collate "C"')
_EDITED: Final = text("select code, edited from grids where id = any(:ids)")
_MARK: Final = text("update grids set edited = :version where id = any(:ids)")
# Of each grid the last edit in force that touched it; of one that is gone, the one that ended it.
_TOUCHED_BY: Final = text("""
    select distinct on (named.code) named.code, e.position, e.made_at, e.made_by, e.operation->>'kind' as kind
    from unnest(cast(:codes as text[])) as named(code)
    join edits e on e.plan_id = :plan and e.position <= :position and e.position > :after
    join edit_grids g on g.edit_id = e.id and named.code in (g.before->>'code', g.after->>'code')
    order by named.code, e.position desc
""")
_STEPS: Final = text("""
    select version, made_by, at, kind, detail from changes
    where plan_id = :plan and version = any(:versions) order by version
""")
_STATE: Final = f"""
    jsonb_build_object(
        {", ".join(f"'{name}', g.{name}" for name in EDITED_TYPES)},
        'duties', coalesce((select jsonb_agg(jsonb_build_array(d.role, d.holder, d.phone) order by d.id)
            from duties d where d.grid_id = g.id), '[]')
    )
"""  # noqa: S608 - our own text
# What an edit finds on the side where the plan is (`of`), and what it leads to (`to`): codes of all that does not fit.
_MISFITS: Final = """
    select coalesce(g.code, e.{of}->>'code', e.{to}->>'code') as code
    from edit_grids e left join grids g on g.id = e.grid_id
    cross join lateral (select {state} as now) as own
    where e.edit_id = :edit and (
        (e.{of} is null) <> (g.id is null)
        or e.{of} is not null and g.id is not null and e.{of} is distinct from (
            select jsonb_object_agg(member, own.now->member) from jsonb_object_keys(e.{of}) as member
        )
        or e.geom_{of} is not null and g.id is not null and ST_AsBinary(g.geom) <> ST_AsBinary(e.geom_{of})
    )
    union
    select coalesce(g.code, '') from edit_blocks b
    left join assignments a on a.plan_id = :plan and a.block_id = b.block_id
    left join grids g on g.id = coalesce(a.grid_id, b.{of})
    where b.edit_id = :edit and b.{of} is distinct from a.grid_id
    union
    select g.code from edit_grids e join grids g on g.plan_id = :plan and g.code = e.{to}->>'code'
    where e.edit_id = :edit and g.id not in (select grid_id from edit_grids where edit_id = :edit)
    union
    select g.code from edit_grids e join grids g on g.parent_id = e.grid_id
    where e.edit_id = :edit and e.{to} is null
        and g.id not in (select grid_id from edit_grids where edit_id = :edit)
    union
    select e.{to}->>'code' from edit_grids e
    where e.edit_id = :edit and e.{to}->>'parent_id' is not null
        and not exists (select from grids p where p.id = cast(e.{to}->>'parent_id' as int))
        and not exists (
            select from edit_grids o
            where o.edit_id = :edit and o.grid_id = cast(e.{to}->>'parent_id' as int) and o.{to} is not null
        )
"""
_MISFITS_BACK: Final = text(_MISFITS.format(of="after", to="before", state=_STATE))
_MISFITS_FORWARD: Final = text(_MISFITS.format(of="before", to="after", state=_STATE))
_RULES_SINCE: Final = text("""
    select made_by from edits
    where plan_id = :plan and position > :after and position <= :position
        and (levels_after is not null or band_after is not null)
    order by position desc limit 1
""")


@dataclass(frozen=True, slots=True)
class SeenGrids:
    """Grids that an edit names, as they are: all that it may touch of what was there before it.

    Parameters
    ----------
    ids : frozenset of int
        Of the grids named.
    last_id : int
        Grids of a greater number are of the edit itself.
    position : int
        Of the last edit before it.
    """

    ids: frozenset[int]
    last_id: int
    position: int


def versions_of_grids(session: Session, plan: PlanValues) -> dict[str, int]:
    """Return the version of each grid of a plan by code: that of the plan after the last edit that touched it."""
    return {row.code: row.edited for row in session.execute(_VERSIONS, {"plan": plan.id, "codes": None})}


def versions_of(session: Session, keys: Collection[int]) -> dict[str, int]:
    """Return the versions of grids by code, given their keys."""
    return {row.code: row.edited for row in session.execute(_EDITED, {"ids": sorted(keys)})}


def require_as_seen(session: Session, plan: Plan, seen: Seen) -> SeenGrids:
    """Return the grids that somebody names, if each is as he has seen it.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : Plan
        A locked draft.
    seen : mapping of str to int
        Codes and versions.

    Raises
    ------
    StaleError
        Some are not, or are gone; the error says who changed what.
    """
    rows = {row.code: row for row in session.execute(_VERSIONS, {"plan": plan.id, "codes": list(seen)})}
    stale = sorted(code for code, version in seen.items() if code not in rows or rows[code].edited != version)
    if stale:
        raise _stale(session, plan, stale)
    last: int = session.execute(_LAST_ID, {"plan": plan.id}).scalar_one()
    return SeenGrids(frozenset(row.id for row in rows.values()), last, plan.position)


def require_only_seen(session: Session, plan: Plan, delta: Delta, grids: SeenGrids) -> None:
    """Refuse what touches a grid that was there and was not named, or the rules of the whole plan.

    Raises
    ------
    StaleError
        Somebody else's grid would be touched: it lies where the request thinks another does, or was left out.
    InvalidInputError
        It changes levels or the band: that is about the whole plan.
    """
    if delta.rules is not None:
        raise InvalidInputError.of(
            "whole-plan",
            "Levels and the band are of the whole plan, and the request names grids.",
            "Send If-Match with the version of the plan.",
            subject="grids",
        )
    others = {key for key in touched_keys(delta) if key <= grids.last_id} - grids.ids
    if others:
        codes = set(session.scalars(_CODES, {"ids": sorted(others)}))
        # What the edit itself ends or calls otherwise is told by the code that it had.
        codes |= {str(change.before.code) for change in delta.nodes if change.key in others and change.before}
        raise _stale(session, plan, sorted(codes), unnamed_since=grids.position)


def touched_keys(delta: Delta) -> set[int]:
    """Return the keys of the grids that an edit touches: whose blocks or own facts change, not those merely above."""
    return {*delta.touched_leaves().tolist(), *(change.key for change in delta.nodes)}


def mark_touched(session: Session, plan: Plan, keys: Collection[int]) -> None:
    """Give grids the version that the plan is about to get."""
    session.execute(_MARK, {"version": plan.version + 1, "ids": sorted(keys)})


def _stale(session: Session, plan: Plan, codes: list[str], *, unnamed_since: int | None = None) -> StaleError:
    rows = {row.code: row for row in session.execute(_VERSIONS, {"plan": plan.id, "codes": codes})}
    position = plan.position if unnamed_since is None else unnamed_since
    asked = {"plan": plan.id, "position": position, "after": 0, "codes": codes}
    last = {row.code: row for row in session.execute(_TOUCHED_BY, asked)}
    told = []
    for code in codes[:_SHOWN]:
        by = last.get(code)
        who = f" by {by.made_by or 'somebody'} ({by.kind}, {by.made_at:%Y-%m-%d %H:%M} UTC)" if by else ""
        if unnamed_since is not None:
            told.append(
                f"Grid {code} is touched, too, and the request does not name it{who and f'; changed last{who}'}."
            )
        else:
            state = f"is at version {rows[code].edited}" if code in rows else "is gone"
            told.append(f"Grid {code} was changed{who}; it {state}.")
    more = f" And {len(codes) - _SHOWN:,} more." if len(codes) > _SHOWN else ""
    versions = sorted({row.edited for row in rows.values()})
    changes = [
        {"version": row.version, "by": row.made_by, "at": row.at, "kind": row.kind, "detail": row.detail}
        for row in session.execute(_STEPS, {"plan": plan.id, "versions": versions[-_LISTED:]})
    ]
    return StaleError(
        f"{' '.join(told)}{more} Read these grids again and repeat the request on top.",
        version=plan.version,
        changes=changes,
    )


def require_fits(session: Session, plan: Plan, made: Edit, *, forward: bool) -> None:
    """Refuse to do an edit again, or to take it back, where what it touched is not as it left it.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : Plan
        A locked draft.
    made : Edit
        Of it.
    forward : bool
        To do it again.

    Raises
    ------
    ConflictError
        Somebody has touched the same since; the error says who, and which grids.
    """
    where = {"plan": plan.id, "edit": made.id}
    found = session.scalars(_MISFITS_FORWARD if forward else _MISFITS_BACK, where).all()
    codes = sorted({code for code in found if code})
    since = {"plan": plan.id, "after": 0 if forward else made.position, "position": plan.position}
    rules = made.levels_after is not None or made.band_after is not None
    by = session.scalar(_RULES_SINCE, since) if rules and not forward else None
    if not found and by is None:
        return
    others = [row for row in session.execute(_TOUCHED_BY, {**since, "codes": codes}) if row.position != made.position]
    whose = ", ".join(
        dict.fromkeys(f"edit {row.position} of {row.made_by or 'somebody'} ({row.kind})" for row in others)
    )
    what = ", ".join(codes[:_SHOWN]) or "the rules of the plan"
    verb = "done again" if forward else "taken back"
    raise ConflictError(
        f"Edit {made.position} of {made.made_by or 'somebody'} ({made.operation.get('kind')}) is not {verb}: "
        f"{whose or by or 'a later edit'} has touched the same since: {what}. Edit the plan as it is now."
    )


def rows_of(changed: Collection[Mapping[str, Any]]) -> list[str]:
    """Return the codes of the leaves among changed grids, before and after; what the feed tells of an edit."""
    sides = [side for each in changed for side in (each["before"], each["after"]) if side]
    return sorted({side["code"] for side in sides if side.get("kind") != "parent"})[:_LISTED]
