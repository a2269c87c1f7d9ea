"""Codes of a draft that stay as they were: grids that are mostly a grid in force take its code over."""

from collections.abc import Collection, Mapping
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
    comparison = compare_plans(session, former, plan)
    codes = {str(change.after.code) for change in comparison.grids if change.after is not None}
    wishes = {
        str(change.after.code): str(change.before.code)
        for change in comparison.grids
        if change.before is not None and change.after is not None and change.before.code != change.after.code
    }
    recoded = granted(wishes, codes)
    return edit(session, plan.id, [Recode(recoded)], author=author, version=None) if recoded else None


def granted(wishes: Mapping[str, str], codes: Collection[str]) -> dict[str, str]:
    """Return the wishes for other codes that leave every code unique.

    A grid whose wish is not granted stays with its code, which nobody else can have then.

    Parameters
    ----------
    wishes : mapping of str to str
        By present code, the code to have instead; no two want the same.
    codes : collection of str
        Of all grids.
    """
    left = dict(wishes)
    while True:
        staying = set(codes) - left.keys()
        refused = [code for code, wish in left.items() if wish in staying]
        if not refused:
            return left
        for code in refused:
            del left[code]
