"""Codes of a draft that stay as they were: grids that are mostly a grid in force take its code over."""

from datetime import datetime

from sqlalchemy.orm import Session

from boundaries.editions.reading import edition_at
from boundaries.plans.comparing import compare_plans
from boundaries.plans.drafts import lock_draft
from boundaries.plans.edits.editing import Author, EditAnswer, edit
from geogrid.plans.operations.kinds import Recode


def keep_codes(
    session: Session, plan_id: int, *, at: datetime, author: Author, version: int | None
) -> EditAnswer | None:
    """Give grids that have over half of the load of a grid in force its code, where it is free.

    For plans of the engine, whose codes mean nothing yet. It is an edit like any other.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan_id : int
        A draft.
    at : datetime
        Moment of the edition whose codes are kept.
    author, version
        As for `edit`.

    Returns
    -------
    EditAnswer or None
        None where no code is to be kept.
    """
    plan = lock_draft(session, plan_id, version=version)
    former = edition_at(session, plan.jurisdiction_id, at)
    if former is None:
        return None
    found = compare_plans(session, former, plan)
    wanted = {
        change.after.code: change.before.code
        for change in found.grids
        if change.before is not None and change.after is not None and change.before.code != change.after.code
    }
    # A code that another grid stays with is not free.
    staying = {change.after.code for change in found.grids if change.after is not None} - wanted.keys()
    codes = {str(new): str(old) for new, old in wanted.items() if old not in staying}
    return edit(session, plan.id, [Recode(codes)], author=author, version=None) if codes else None
