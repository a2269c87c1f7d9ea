"""Drafts drawn anew by the engine, on the blocks that there are."""

from collections import defaultdict
from collections.abc import Callable, Sequence
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
from geogrid.plans.operations.tools import NO_BAND_REMEDY
from geogrid.plans.state import Draft


def redraw(  # noqa: PLR0913 - who, when and how
    session: Session,
    plan: PlanValues,
    *,
    at: datetime,
    author: Author,
    band: tuple[float, float] | None = None,
    count: int | None = None,
    step: Callable[[int, int], None] | None = None,
) -> PlanRecord:
    """Let the engine draw the comprehensive leaves of a draft anew, within each grid above them.

    Dedicated grids and locked ones stay. Grids that have over half of the load of a grid in force take its code over.
    All of it are edits that can be taken back.

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
    count : int, optional
        How many comprehensive leaves there are to be, shared out by load, in place of a band.
    step : callable, optional
        Told how many of how many parents are done; what it raises ends the drawing.

    Raises
    ------
    InvalidInputError
        There is no band, fewer leaves are asked for than there are parents, or nothing to balance: no grid that may
        be drawn anew has any of the load.

    Notes
    -----
    Grids below one without any load stay as they are: nothing says how many there should be.
    """
    draft = load_whole(session, plan)
    limits = band or draft.rules.band
    if limits is None and count is None:
        raise InvalidInputError.of("no-band", f"Plan {plan.name!r} has no band.", NO_BAND_REMEDY)
    families = [codes for codes in _families(draft) if _load(draft, codes) > 0]
    if not families:
        raise InvalidInputError.of(
            "no-load",
            f"No grid of plan {plan.name!r} that may be drawn anew has any {draft.rules.load}: nothing tells how many "
            "grids there should be.",
            "Import them with `geogrid import loads`, or import the town with --buildings or --load area.",
        )
    _draw(session, plan, families, _counts_of(draft, families, count), limits, author, step)
    keep_codes(session, plan.id, at=at, author=author, version=None)
    return get_plan(session, plan.id)


def _counts_of(draft: Draft, families: Sequence[list[str]], count: int | None) -> list[int | None]:
    """Return how many leaves each family gets of a number of all; None for each where there is none."""
    return [None] * len(families) if count is None else _counts([_load(draft, codes) for codes in families], count)


def _draw(  # noqa: PLR0913, PLR0917 - the parts of a drawing
    session: Session,
    plan: PlanValues,
    families: Sequence[list[str]],
    counts: Sequence[int | None],
    limits: tuple[float, float] | None,
    author: Author,
    step: Callable[[int, int], None] | None,
) -> None:
    for place, (codes, own) in enumerate(zip(families, counts, strict=True)):
        if step is not None:
            step(place, len(families))
        if len(codes) > 1:
            joined = Merge(tuple(codes), keep=codes[0], apart=tuple(codes))
            edit(session, plan.id, [joined], author=author, version=None)
        # Shores and islands are told apart even where the load of all together is within the band.
        if own is None:
            _split(session, plan, SplitInto(codes[0], band=limits), author)
        elif own > 1:
            _split(session, plan, SplitInto(codes[0], count=own), author)
    if step is not None:
        step(len(families), len(families))


def _counts(loads: Sequence[float], count: int) -> list[int | None]:
    """Return how many leaves each family gets: one at least, the rest by load, the largest remainders first."""
    if count < len(loads):
        raise InvalidInputError.of(
            "too-few",
            f"{count:,} grids are asked for, and {len(loads):,} grids above them need one at least.",
            f"Ask for {len(loads):,} or more.",
            subject="count",
        )
    wanted = np.array(loads) / sum(loads) * count
    given = np.maximum(np.floor(wanted).astype(int), 1)
    while given.sum() > count:
        given[np.argmax(np.where(given > 1, given - wanted, -np.inf))] -= 1
    for place in np.argsort(given - wanted, kind="stable")[: count - int(given.sum())].tolist():
        given[place] += 1
    found: list[int | None] = given.tolist()
    return found


def _families(draft: Draft) -> list[list[str]]:
    """Return the comprehensive leaves of each parent that may be changed, by code."""
    below: dict[int | None, list[str]] = defaultdict(list)
    for node in draft.nodes.values():
        if node.kind == "comprehensive" and draft.lock_of(node.key) is None:
            below[node.parent].append(node.code)
    return sorted(sorted(codes) for codes in below.values())


def _load(draft: Draft, codes: list[str]) -> float:
    return float(np.nansum([draft.load(draft.node(code).key) for code in codes]))


def _split(session: Session, plan: PlanValues, wanted: SplitInto, author: Author) -> None:
    try:
        edit(session, plan.id, [wanted], author=author, version=None)
    except InvalidInputError as error:
        # A grid of one heavy block is best left whole; it is refused before anything is written.
        if any(problem.kind != "nothing-to-split" for problem in error.problems):
            raise
