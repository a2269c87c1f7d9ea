"""What somebody can take back, and do again, at the moment."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanValues
from boundaries.plans.tables import Edit


@dataclass(frozen=True, slots=True)
class Steps:
    """Whether there is an edit to take back, and one to do again."""

    undo: bool
    redo: bool


def steps_of(session: Session, plan: PlanValues, *, own_of: str | None) -> Steps:
    """Return whether somebody has something to take back or to do again.

    Parameters
    ----------
    session : Session
        Only read from.
    plan : PlanValues
        Of any state; what is no draft is asked before it is edited.
    own_of : str, optional
        Whose own edits count, as `undo` and `redo` with `is_own`; None for the last one of all.
    """
    own = select(Edit.sealed).where(Edit.plan_id == plan.id).limit(1)
    if own_of is None:
        back, again = own.where(Edit.position == plan.position), own.where(Edit.position == plan.position + 1)
    else:
        mine = own.where(Edit.made_by == own_of)
        back = mine.where(Edit.position <= plan.position).order_by(Edit.position.desc())
        again = mine.where(Edit.position > plan.position).order_by(Edit.position)
    sealed = session.scalar(back)
    # Sealed edits were made before their blocks were counted again, and stay.
    return Steps(undo=sealed is False, redo=session.scalar(again) is not None)
