"""A step over an edit, forward or back: one way for doing, undoing and doing again, all in the database."""

from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from boundaries.grids.fields import EDITED_TYPES

_ORDER: Final = (
    # What comes must be there before blocks and children go to it.
    """
    insert into grids (id, plan_id, {columns}, geom)
    select e.grid_id, :plan, r.*, e.geom_{to}
    from edit_grids e, jsonb_to_record(e.{to}) as r({types})
    where e.edit_id = :edit and e.{to} is not null and e.{of} is null
    """,
    """
    update grids g
    set {changes}, geom = coalesce(e.geom_{to}, g.geom)
    from edit_grids e, jsonb_to_record(e.{to}) as r({types})
    where e.edit_id = :edit and e.{to} is not null and e.{of} is not null and g.id = e.grid_id
    """,
    """
    insert into assignments (plan_id, block_id, grid_id)
    select :plan, block_id, {to} from edit_blocks where edit_id = :edit and {to} is not null and {of} is null
    """,
    """
    update assignments a set grid_id = e.{to}
    from edit_blocks e
    where e.edit_id = :edit and e.{to} is not null and e.{of} is not null
        and a.plan_id = :plan and a.block_id = e.block_id
    """,
    """
    delete from assignments a using edit_blocks e
    where e.edit_id = :edit and e.{to} is null and a.plan_id = :plan and a.block_id = e.block_id
    """,
    """
    delete from duties d using edit_grids e
    where e.edit_id = :edit and d.grid_id = e.grid_id and (e.before->'duties') is distinct from (e.after->'duties')
    """,
    """
    delete from grids g using edit_grids e
    where e.edit_id = :edit and e.{to} is null and g.id = e.grid_id
    """,
    """
    insert into duties (grid_id, role, holder, phone)
    select e.grid_id, d.duty->>0, d.duty->>1, d.duty->>2
    from edit_grids e, jsonb_array_elements(e.{to}->'duties') with ordinality as d(duty, place)
    where e.edit_id = :edit and e.{to} is not null and (e.before->'duties') is distinct from (e.after->'duties')
    order by e.grid_id, d.place
    """,
    """
    delete from plan_levels l using edits e
    where e.id = :edit and e.levels_{to} is not null and l.plan_id = :plan
    """,
    """
    insert into plan_levels (plan_id, position, name, name_zh)
    select :plan, level.position, level.title->>'name', level.title->>'name_zh'
    from edits e, jsonb_array_elements(e.levels_{to}) with ordinality as level(title, position)
    where e.id = :edit and e.levels_{to} is not null
    """,
    """
    update plans p
    set load = r.load, band_low = r.low, band_high = r.high
    from edits e, jsonb_to_record(e.band_{to}) as r(load text, low float8, high float8)
    where e.id = :edit and e.band_{to} is not null and p.id = :plan
    """,
)

_TYPES: Final = ", ".join(f"{name} {kind}" for name, kind in EDITED_TYPES.items())
_CHANGES: Final = ", ".join(f"{name} = r.{name}" for name in EDITED_TYPES)


def _statements(of: str, to: str) -> tuple[TextClause, ...]:
    words = {"columns": ", ".join(EDITED_TYPES), "types": _TYPES, "changes": _CHANGES, "of": of, "to": to}
    return tuple(text(statement.format(**words)) for statement in _ORDER)


_PUT: Final = text("update edits set position = :position where id = :edit")
LAST_PLACE: Final = 2**31 - 1
"""Where edits stand while others take their places."""
_FORWARD: Final = _statements("before", "after")
_BACK: Final = _statements("after", "before")


def take_step(session: Session, plan_id: int, edit_id: int, *, forward: bool) -> None:
    """Bring a plan from one side of an edit to the other.

    Parameters
    ----------
    session : Session
        Its transaction; codes are checked for uniqueness before this returns.
    plan_id, edit_id : int
        A locked draft, and the edit.
    forward : bool
        From before to after.
    """
    session.execute(text("set constraints uq_grids_plan_id_code deferred"))
    for statement in _FORWARD if forward else _BACK:
        session.execute(statement, {"plan": plan_id, "edit": edit_id})
    session.execute(text("set constraints uq_grids_plan_id_code immediate"))
    session.expire_all()


def put_edit(session: Session, edit_id: int, position: int) -> None:
    """Give an edit its place in the order, which is free."""
    session.execute(_PUT, {"edit": edit_id, "position": position})
    session.expire_all()
