"""Handing a case up the drawn tree: whoever is on duty above its grid is told of it, or gets it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.cases.tables import Case, CaseEvent
from boundaries.casework.tables import CaseWorkRow
from geogrid.casework import Escalation

_ABOVE: Final = text("""
    with recursive chain as (
        select plan_id, id, parent_id, code, 0 as up from grids where id = :grid
        union all
        select g.plan_id, g.id, g.parent_id, g.code, chain.up + 1
        from grids g join chain on g.plan_id = chain.plan_id and g.id = chain.parent_id
    )
    select chain.code, chain.up, array_remove(array_agg(duties.holder order by duties.id), null) as holders
    from chain left join duties
        on duties.grid_id = chain.id and duties.validity @> cast(:at as timestamptz)
            and (:role = '' or duties.role = :role)
    where chain.up > 0
    group by chain.code, chain.up
    order by chain.up
""")


@dataclass(frozen=True, slots=True)
class Superiors:
    """Who is on duty above a grid.

    Parameters
    ----------
    grid : str
        Code of the grid where somebody was found; empty where nobody is, up to the top.
    holders : tuple of str
        Who is on duty there, in the order in which they were entered.
    skipped : tuple of str
        Codes of the grids that were to answer and have nobody.
    """

    grid: str
    holders: tuple[str, ...]
    skipped: tuple[str, ...]


def superiors(session: Session, grid_id: int | None, levels: int, at: datetime, role: str = "") -> Superiors:
    """Return who answers so many levels above a grid; where nobody does, who does further up.

    Parameters
    ----------
    session : Session
        To read with.
    grid_id : int, optional
        Of the case; None where it is in none.
    levels : int
        How far up; beyond the top it is the top.
    at : datetime
        When they are to be on duty.
    role : str
        Of the duty; empty for any.
    """
    rows = session.execute(_ABOVE, {"grid": grid_id, "at": at, "role": role}).all() if grid_id is not None else []
    return _first_held([(row.code, tuple(row.holders)) for row in rows[min(levels, len(rows)) - 1 :]])


def _first_held(above: Sequence[tuple[str, tuple[str, ...]]]) -> Superiors:
    skipped: list[str] = []
    for code, holders in above:
        if holders:
            return Superiors(code, holders, tuple(skipped))
        skipped.append(code)
    return Superiors("", (), tuple(skipped))


def escalate(session: Session, case: Case, row: CaseWorkRow, line: Escalation, now: datetime) -> None:
    """Hand a case up by a line of the rules, and write it into its history.

    Who had it goes on reading it. Where nobody is on duty up to the top the case stays where it is, and its history
    says so.

    Parameters
    ----------
    session : Session
        Not committed; the case and its row are locked.
    case : Case
        Which.
    row : CaseWorkRow
        Where it stands; changed.
    line : Escalation
        Whose moment has come.
    now : datetime
        When it is done.
    """
    found = superiors(session, case.grid_id, line.levels, now, line.role)
    if found.holders:
        row.seen_by = sorted({*row.seen_by, *found.holders})
        row.version += 1
        if line.effect == "transfer":
            row.holder = found.holders[0]
    detail = {
        "state": row.state,
        "holder": row.holder,
        "effect": line.effect,
        "levels": line.levels,
        "clock": line.clock,
        "share": line.share,
        "grid": found.grid,
        "to": list(found.holders[:1] if line.effect == "transfer" else found.holders),
        "skipped": list(found.skipped),
    }
    session.add(CaseEvent(case_id=case.id, at=now, kind="escalated", detail=detail))
