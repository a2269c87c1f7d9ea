"""Drafts drawn anew by the engine, on the blocks that there are."""

from collections import defaultdict
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from boundaries.grids.records import PlanRecord, PlanValues
from boundaries.plans.codes import keep_codes
from boundaries.plans.drafts import get_plan
from boundaries.plans.edits.editing import Author, edit
from boundaries.plans.loading import load_whole
from geogrid.errors import InvalidInputError
from geogrid.plans.operations.kinds import Merge, SplitInto
from geogrid.plans.state import Draft


def redraw(
    session: Session, plan: PlanValues, *, at: datetime, author: Author, band: tuple[float, float] | None = None
) -> PlanRecord:
    """Let the engine draw the comprehensive leaves of a draft anew, within each grid above them.

    Dedicated grids stay. Grids that have over half of the load of a grid in force take its code over. All of it are
    edits that can be taken back.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan : PlanValues
        A draft.
    at : datetime
        Moment of the edition whose codes are kept.
    author : Author
        Who, and why.
    band : tuple of float, optional
        Of the load of a leaf; the plan's own if left out.

    Raises
    ------
    InvalidInputError
        There is no band.
    """
    draft = load_whole(session, plan)
    limits = band or draft.rules.band
    if limits is None:
        raise InvalidInputError.of("no-band", f"Plan {plan.name!r} ({plan.id}) has no band.", "Give one.")
    for codes in _families(draft):
        if len(codes) > 1:
            edit(session, plan.id, [Merge(tuple(codes), keep=codes[0])], author=author, version=None)
        if _load(draft, codes) > limits[1]:
            _split(session, plan, SplitInto(codes[0], band=limits), author)
    keep_codes(session, plan.id, at=at, author=author, version=None)
    return get_plan(session, plan.id)


def _families(draft: Draft) -> list[list[str]]:
    """Return the comprehensive leaves of each parent, by code."""
    below: dict[int | None, list[str]] = defaultdict(list)
    for node in draft.nodes.values():
        if node.kind == "comprehensive":
            below[node.parent].append(node.code)
    return sorted(sorted(codes) for codes in below.values())


def _load(draft: Draft, codes: list[str]) -> float:
    column = draft.rules.load_column
    return float(np.nansum([draft.loads(draft.node(code).key)[column] for code in codes]))


def _split(session: Session, plan: PlanValues, wanted: SplitInto, author: Author) -> None:
    try:
        edit(session, plan.id, [wanted], author=author, version=None)
    except InvalidInputError as error:
        # A grid of one heavy block is best left whole; it is refused before anything is written.
        if any(problem.kind != "nothing-to-split" for problem in error.problems):
            raise
