"""Going back: a former edition is published again, and history keeps both."""

from datetime import datetime

from sqlalchemy.orm import Session

from boundaries.editions.reading import edition_at
from boundaries.grids.records import PlanRecord, PlanValues, plan_record
from boundaries.grids.tables import Plan
from boundaries.plans.drafts import new_draft
from boundaries.publishing.periods import Validity, period_problems, require_reason
from boundaries.publishing.publish import publish, require_offsets
from boundaries.publishing.rules import Publication, accept_by_name
from geogrid.errors import ConflictError, InvalidInputError


def roll_back(  # noqa: PLR0913 - who, when and why
    session: Session, to: PlanValues, *, at: datetime, made_by: str, reason: str = "", accept: tuple[str, ...] = ()
) -> PlanRecord:
    """Publish a former edition again, as a new edition; history keeps both.

    Parameters
    ----------
    session : Session
        Flushed, not committed.
    to : PlanValues
        An edition.
    at : datetime
        From when, with offset.
    made_by, reason : str
        Who, and why.
    accept : tuple of str
        As for `Publication`: a period that begins in the past is accepted by its name, `backdated`.

    Raises
    ------
    ConflictError
        It was never published, is in force then, or a later edition starts within the period.
    InvalidInputError
        The time has no offset; the period begins in the past, and that is not accepted.
    """
    if to.valid_from is None:
        raise ConflictError(f"Plan {to.name!r} ({to.id}) was never an edition; publish it instead.")
    require_offsets(at, None)
    current = edition_at(session, to.jurisdiction_id, at)
    if current is not None and current.id == to.id:
        raise ConflictError(f"Edition {to.name!r} ({to.id}) is in force at {at.isoformat()} as it is.")
    require_reason(accept, reason)
    again = new_draft(session, to, name=to.name, made_by=made_by, at=at, reason=reason or f"rollback to {to.id}")
    period = period_problems(session, again, Validity(at))
    refused = [each for each in period if each.kind not in accept]
    if refused:
        raise InvalidInputError(refused)
    accept_by_name(session, again, period, Publication(at, made_by, reason=reason))
    return plan_record(publish(session, session.get_one(Plan, again.id), valid_from=at, made_by=made_by))
