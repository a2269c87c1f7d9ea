"""Lineage (沿革): what publishing an edition says of the grids before it, and the answers for any code and date."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.editions.reading import editions_of
from boundaries.grids.fields import grid_columns
from boundaries.grids.records import PlanRecord, PlanValues
from geogrid.editions import Heir, follow
from geogrid.editions.fields import GRID_COLUMNS
from geogrid.editions.lineage import Step
from geogrid.errors import NotFoundError

_STEP: Final = text("""
    select b.code as before, a.code as after, l.share, l.is_same, l.fates
    from lineage l
    join grids b on b.id = l.before_id
    join grids a on a.id = l.after_id
    where b.plan_id = :before and a.plan_id = :after
    order by b.code, a.code
""")
_TOLD: Final = [name for name in GRID_COLUMNS if name not in {"level_name", "parent"}]
_HISTORY: Final = text(f"""
    select p.id as edition, p.name as edition_name, lower(p.validity) as valid_from, upper(p.validity) as valid_to,
        g.key_id as key, {grid_columns(_TOLD)},
        (select coalesce(jsonb_agg(jsonb_build_object('code', b.code, 'share', l.share, 'is_same', l.is_same,
            'fates', l.fates) order by b.code), '[]')
         from lineage l join grids b on b.id = l.before_id where l.after_id = g.id) as came_from
    from plans p join grids g on g.plan_id = p.id and g.code = :code
    where p.jurisdiction_id = :jurisdiction and p.validity is not null
    order by lower(p.validity)
""")  # noqa: S608 - our own text


def history(session: Session, jurisdiction_id: int, code: str) -> list[dict[str, Any]]:
    """Return a code through all editions that have it, oldest first, with what it came from in each.

    Raises
    ------
    NotFoundError
        No edition has had it.
    """
    rows = session.execute(_HISTORY, {"jurisdiction": jurisdiction_id, "code": code}).mappings().all()
    if not rows:
        raise NotFoundError(f"No edition has a grid {code!r}.")
    return [dict(row) for row in rows]


def successors(session: Session, code: str, editions: Sequence[PlanValues]) -> tuple[Heir, ...]:
    """Return what a code of the first edition is in the last.

    Parameters
    ----------
    session : Session
        Only read from.
    code : str
        A grid of the first edition.
    editions : sequence of PlanValues
        Oldest first, each next to the one before.

    Raises
    ------
    NotFoundError
        The first edition has no such grid.
    """
    _require(session, code, editions[0])
    steps = [_step(session, before, after) for before, after in pairwise(editions)]
    return follow(code, steps)


def predecessors(session: Session, code: str, editions: Sequence[PlanValues]) -> tuple[Heir, ...]:
    """Return what a code of the last edition was in the first: shares are of the loads of the grids before.

    Parameters and errors as `successors`, for the last edition.
    """
    _require(session, code, editions[-1])
    ways: dict[str, float] = {code: 1.0}
    for before, after in reversed(list(pairwise(editions))):
        passed: dict[str, float] = {}
        for origin, heirs in _step(session, before, after).items():
            share = sum(part * ways[heir] for heir, part in heirs if heir in ways)
            if share > 0:
                passed[origin] = share
        ways = passed
    return tuple(sorted((Heir(each, share) for each, share in ways.items()), key=lambda one: (-one.share, one.code)))


def _step(session: Session, before: PlanValues, after: PlanValues) -> Step:
    step: dict[str, list[tuple[str, float]]] = {}
    for row in session.execute(_STEP, {"before": before.id, "after": after.id}):
        step.setdefault(row.before, []).append((row.after, row.share))
    return step


def _require(session: Session, code: str, edition: PlanValues) -> None:
    known = text("select exists (select from grids where plan_id = :plan and code = :code)")
    if not session.scalar(known, {"plan": edition.id, "code": code}):
        raise NotFoundError(f"Edition {edition.name!r} ({edition.id}) has no grid {code!r}.")


def editions_between(session: Session, jurisdiction_id: int, first: PlanValues, last: PlanValues) -> list[PlanRecord]:
    """Return the editions from one to another, both included, oldest first."""
    editions = editions_of(session, jurisdiction_id)
    numbers = [edition.id for edition in editions]
    low, high = sorted((numbers.index(first.id), numbers.index(last.id)))
    return list(editions[low : high + 1])
