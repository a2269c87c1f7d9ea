"""What a plan changes, told in two numbers: enough for a list, and quick on any town."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues

# A block that the edition does not have is a piece of one, or was counted again: a point in it says where it was.
_SHARED: Final = text("""
    with placed as (
        select coalesce(a.grid_id, (
                select e.id from grids e
                where a.grid_id is null and e.plan_id = :edition and e.kind <> 'parent'
                    and ST_Intersects(e.geom, ST_PointOnSurface(own.geom))
                order by e.code collate "C" limit 1
            )) as before,
            b.grid_id as after, own.households
        from assignments b
        join blocks own on own.id = b.block_id
        left join assignments a on a.plan_id = :edition and a.block_id = b.block_id
        where b.plan_id = :plan
    )
    select before, after, count(*) as blocks, coalesce(sum(households), 0) as households
    from placed group by before, after
""")
_LEAVES: Final = text("select id, plan_id, code, name from grids where plan_id = any(:plans) and kind <> 'parent'")


@dataclass(frozen=True, slots=True)
class ChangeSummary:
    """How much a plan differs from an edition.

    Parameters
    ----------
    grids : int
        Leaves that are new, gone, have other land, another name or another code.
    households : float
        On land that goes from one grid to another.
    """

    grids: int
    households: float


def change_against(session: Session, plan: PlanValues, edition: PlanValues) -> ChangeSummary:
    """Return how much a plan differs from an edition of the same jurisdiction.

    A grid goes on as the one that has over half of its households, or of its blocks where it has none, else as the
    one of the same code; `compare_plans` says it exactly, and takes longer.
    """
    rows = session.execute(_SHARED, {"plan": plan.id, "edition": edition.id}).all()
    leaves = {row.id: row for row in session.execute(_LEAVES, {"plans": [plan.id, edition.id]})}
    weight = {(row.before, row.after): (float(row.households), row.blocks) for row in rows}
    whole: dict[int | None, tuple[float, int]] = defaultdict(lambda: (0.0, 0))
    for (before, _), (households, blocks) in weight.items():
        whole[before] = (whole[before][0] + households, whole[before][1] + blocks)
    same: dict[int, int] = {}
    for (before, after), own in sorted(weight.items(), key=lambda item: item[1], reverse=True):
        place = 0 if whole[before][0] > 0 else 1
        if before is not None and after not in same and 2 * own[place] > whole[before][place]:
            same[after] = before
    codes = {row.code: key for key, row in leaves.items() if row.plan_id == edition.id}
    for key, row in leaves.items():
        if row.plan_id == plan.id and key not in same and codes.get(row.code) not in {None, *same.values()}:
            same[key] = codes[row.code]
    moved = {pair: own for pair, own in weight.items() if same.get(pair[1]) != pair[0]}
    changed = {side for pair in moved for side in pair if side is not None}
    changed |= {key for key in leaves if key not in same and key not in same.values()}
    changed |= {
        after
        for after, before in same.items()
        if (leaves[after].code, leaves[after].name) != (leaves[before].code, leaves[before].name)
    }
    kept = {before: after for after, before in same.items()}
    return ChangeSummary(len({kept.get(key, key) for key in changed}), sum(own[0] for own in moved.values()))
