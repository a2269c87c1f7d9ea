"""Where a case stands for somebody: which rights of work he has to it, and what he may do next."""

from typing import Final

from fastapi import Request
from sqlalchemy.orm import Session

from api.kit.identity import Identity, author_of, identity_of
from boundaries.cases.filtering import is_in_grids
from boundaries.cases.reading import CaseRecord
from boundaries.casework.working import AskedStep, WorkRecord, do_step
from boundaries.jobs.reading import database_now
from geogrid.access import Action, Sight
from geogrid.casework import CaseStep, steps_open_to
from geogrid.errors import ForbiddenError

_WORK_ACTIONS: Final = (
    Action.CASES_FILE,
    Action.CASES_DISPATCH,
    Action.CASES_HANDLE,
    Action.CASES_CHECK,
    Action.CASES_SUPERVISE,
)


def next_steps(request: Request, session: Session, case: CaseRecord, record: WorkRecord) -> tuple[CaseStep, ...]:
    """Return what who asks may do to a case now, in the order of the table."""
    rights = _rights(identity_of(request), session, case, record)
    return steps_open_to(record.rules, record.work, rights, author_of(request, ""), database_now(session))


def do_allowed(session: Session, identity: Identity, case: CaseRecord, step: AskedStep) -> WorkRecord:
    """Do a step that somebody may do; raises as `do_step`.

    Raises
    ------
    SignInNeededError, ForbiddenError
        He may not.
    """

    def may(record: WorkRecord) -> None:
        profile = record.rules.profile
        # One that is not possible in this state is refused where it is done, to those who could do it in another.
        line = profile.step(step.action, record.work.state)
        named = line or next((each for each in profile.steps if each.action == step.action), None)
        if named is not None and not _rights(identity, session, case, record) & set(named.rights):
            refusal = identity.refusal(named.rights[0], case.jurisdiction)
            if identity.is_known and Action.CASES_HANDLE in named.rights:
                raise ForbiddenError(f"{refusal} Or the case has to be yours: {record.work.holder or 'nobody'} has it.")
            raise refusal

    return do_step(session, case.id, step, may)


def _rights(identity: Identity, session: Session, case: CaseRecord, record: WorkRecord) -> frozenset[Action]:
    found = set()
    for action in _WORK_ACTIONS:
        reach = identity.reach(action, case.jurisdiction)
        is_own = bool(reach.grids) and is_in_grids(session, case.id, reach.grids)
        is_assigned = reach.assigned and bool(identity.login) and record.work.holder == identity.login
        if reach.whole is Sight.PLAIN or is_own or is_assigned:
            found.add(action)
    return frozenset(found)
