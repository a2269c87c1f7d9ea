"""Codes of a draft that stay as they were: grids that are mostly a grid in force take its code over."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from boundaries.editions.reading import edition_at
from boundaries.plans.comparing import compare_plans
from boundaries.plans.drafts import lock_draft
from boundaries.plans.edits.answering import EditAnswer
from boundaries.plans.edits.editing import Author, edit
from boundaries.plans.loading import load_whole
from geogrid.plans.operations.kinds import Operation, Recode, Rename
from geogrid.plans.operations.tools import next_code
from geogrid.plans.state import Draft


def keep_codes(
    session: Session, plan_id: int, *, at: datetime, author: Author, version: int | None
) -> EditAnswer | None:
    """Give grids that have over half of the load of a grid in force its code and its name.

    For plans of the engine, whose codes mean nothing yet. A grid that follows none in force gets a code that none in
    force has. Locked grids stay as they are. What changes is one edit for the codes and one for the names.

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
        None where nothing is to be changed.
    """
    plan = lock_draft(session, plan_id, version=version)
    former = edition_at(session, plan.jurisdiction_id, at)
    if former is None:
        return None
    comparison = compare_plans(session, former, plan)
    draft = load_whole(session, plan, land=False)
    free = [(each.before, each.after) for each in comparison.grids if each.after and not draft.lock_of(each.after.key)]
    heirs = [(before, after) for before, after in free if before is not None]
    codes = {str(node.code) for node in draft.nodes.values()}
    former_codes = {str(each.before.code) for each in comparison.grids if each.before is not None}
    newcomers = [after.key for before, after in free if before is None and after.code in former_codes]
    wishes = {str(after.code): str(before.code) for before, after in heirs if after.code != before.code}
    recoded = granted(wishes | _fresh_codes(draft, newcomers, former_codes), codes)
    renamed = {
        str(before.code): before.name
        for before, after in heirs
        if recoded.get(str(after.code), after.code) == before.code and after.name != before.name
    }
    wanted: list[Operation] = [Recode(recoded)] if recoded else []
    wanted += [Rename(renamed)] if renamed else []
    return edit(session, plan.id, wanted, author=author, version=None) if wanted else None


def _fresh_codes(draft: Draft, keys: Iterable[int], former: Collection[str]) -> dict[str, str]:
    """Return codes for some grids that no grid has, or had in force."""
    used, fresh = frozenset({*draft.codes(), *former}), {}
    for key in sorted(keys):
        node = draft.nodes[key]
        fresh[str(node.code)] = next_code(replace(draft, taken=used), node)
        used |= {fresh[str(node.code)]}
    return fresh


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
