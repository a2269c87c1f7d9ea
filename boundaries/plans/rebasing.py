"""A draft's own changes carried onto the edition in force: a new draft, with one edit that has them all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from boundaries.editions.reading import edition_until
from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.grids.tables import Plan
from boundaries.plans.bases import base_of, is_newer, origins_in
from boundaries.plans.drafts import lock_plan, new_draft, record
from boundaries.plans.edits.editing import Author, keep_edit
from boundaries.plans.loading import buildings_near, load_whole
from boundaries.store.bulk_copy import new_ids
from geogrid.errors import ConflictError, InvalidInputError, Problem
from geogrid.plans import Tools, difference
from geogrid.plans.rebasing import Rebased, Side, rebase

# What is stale is said of the plan and its base, not of the land.
_KEEP_ACCEPTANCES: Final = text("""
    insert into acceptances (plan_id, kind, subject, reason, made_by, made_at)
    select :new, kind, subject, reason, made_by, made_at from acceptances
    where plan_id = :old and kind not in ('stale-base', 'backdated', 'hole')
""")
_NEVER_CHOSEN: Final = frozenset({"levels-differ"})


@dataclass(frozen=True, slots=True)
class RebaseAnswer:
    """What came of it.

    Parameters
    ----------
    plan : PlanRecord
        The new draft, made from the edition in force.
    edition : PlanRecord
        That edition.
    conflicts : tuple of Problem
        Where both had changed the same, and one of them was chosen.
    renumbered : mapping of str to str
        New codes of grids whose code somebody else has by now.
    """

    plan: PlanRecord
    edition: PlanRecord
    conflicts: tuple[Problem, ...]
    renumbered: Mapping[str, str]


def rebase_plan(  # noqa: PLR0913 - one keyword a choice
    session: Session, plan_id: int, *, at: datetime, author: Author, version: int | None, keep: Side | None = None
) -> RebaseAnswer:
    """Make a draft from the edition in force that has a plan's own changes; the plan stays as it is.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    plan_id : int
        A plan that was made from an edition and is not published.
    at : datetime
        Moment of the edition: that in force then, or the last one before.
    author : Author
        Who, and why.
    version : int, optional
        The plan as it was read; None to take it as it is.
    keep : {"draft", "edition"}, optional
        Which counts where both changed the same. Without it conflicts refuse the whole.

    Raises
    ------
    NotFoundError, StaleError
        As `lock_plan`.
    ConflictError
        It is published, was not made from an edition, or that edition is the one in force.
    InvalidInputError
        Both changed the same, and nothing says which counts; all conflicts are listed, each with its place.
    """
    plan = lock_plan(session, plan_id, version=version)
    base, edition = _sides(session, plan, at)
    made = new_draft(
        session,
        edition,
        name=plan.name,
        made_by=author.name,
        at=at,
        profile=plan.code_profile,
        reason=author.reason or f"plan {plan.id} carried onto edition {edition.id}",
    )
    row = session.get_one(Plan, made.id)
    theirs = load_whole(session, row)
    tools = Tools(
        lambda: new_ids(session, "grids", 1)[0],
        lambda: new_ids(session, "blocks", 1)[0],
        buildings=buildings_near(session, plan, None),
    )
    began, ours = load_whole(session, base), load_whole(session, plan)
    own, other = (origins_in(session, base, each, began, whole) for each, whole in ((plan, ours), (row, theirs)))
    done = rebase(began, ours, theirs, own=own, other=other, tools=tools, keep=keep or "edition")
    _require_settled(done, keep)
    delta = difference(theirs, done.draft)
    if not delta.is_empty:
        operation = {"kind": "rebase", "plan": plan.id, "edition": edition.id, "keep": keep}
        keep_edit(session, row, theirs, done.draft, delta, operation=operation, author=author)
        record(session, row, made_by=author.name, kind="edit", detail={"operations": ["rebase"], **operation})
    session.execute(_KEEP_ACCEPTANCES, {"new": row.id, "old": plan.id})
    session.refresh(row)
    return RebaseAnswer(plan_record(row), edition, done.conflicts, done.renumbered)


def _sides(session: Session, plan: PlanValues, at: datetime) -> tuple[PlanRecord, PlanRecord]:
    if plan.valid_from is not None:
        raise ConflictError(f"Plan {plan.name!r} ({plan.id}) is published. Make a new plan from it.")
    base, edition = base_of(session, plan), edition_until(session, plan.jurisdiction_id, at)
    if base is None or edition is None:
        raise ConflictError(
            f"Plan {plan.name!r} ({plan.id}) was not made from an edition: it has no changes of its own to carry over. "
            "Compare it with the edition in force, and publish it as it is."
        )
    if not is_newer(edition, base):
        raise ConflictError(
            f"Plan {plan.name!r} ({plan.id}) was made from edition {base.name!r} ({base.id}), and no other has come "
            "into force since. There is nothing to carry over."
        )
    return base, edition


def _require_settled(done: Rebased, keep: Side | None) -> None:
    never = [each for each in done.conflicts if each.kind in _NEVER_CHOSEN]
    if never or (done.conflicts and keep is None):
        raise InvalidInputError(never or done.conflicts)
