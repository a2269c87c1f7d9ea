"""What operations would do to a draft: carried out, looked at, and taken back before anybody sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.plans.drafts import lock_draft
from boundaries.plans.edits.editing import Author, edit
from geogrid.plans import GridFigures
from geogrid.plans.operations.kinds import Operation

_MOVED: Final = text("""
    select a.block_id, g.code, coalesce(b.households, 0) as households
    from assignments a join grids g on g.id = a.grid_id join blocks b on b.id = a.block_id
    where a.plan_id = :plan and a.block_id in (
        select m.block_id from edit_blocks m join edits e on e.id = m.edit_id
        where e.plan_id = :plan and e.position > :position
    )
    order by a.block_id
""")


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of operations.

    Parameters
    ----------
    moved : mapping of int to str
        Code of the leaf that each block would go to, by its number.
    households : float
        Of the blocks that would move.
    figures : tuple of GridFigures
        Of the leaves touched.
    """

    moved: Mapping[int, str]
    households: float
    figures: tuple[GridFigures, ...]


def preview(
    session: Session, plan_id: int, wanted: Sequence[Operation], *, author: Author, version: int | None
) -> Preview:
    """Return what operations would do to a draft, which stays as it is. Raises as `edit`."""
    position = lock_draft(session, plan_id, version=version).position
    held = session.begin_nested()
    try:
        answer = edit(session, plan_id, wanted, author=author, version=version)
        rows = session.execute(_MOVED, {"plan": plan_id, "position": position}).all()
        moved = {int(row.block_id): str(row.code) for row in rows}
        return Preview(moved, float(sum(row.households for row in rows)), answer.figures)
    finally:
        held.rollback()
