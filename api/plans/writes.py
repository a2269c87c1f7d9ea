"""What requests about plans say besides their bodies: which version they are about, and whether a page is wanted."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException, Query, Request
from sqlalchemy.orm import Session

from api.kit.identity import identity_of
from api.kit.links import GEOJSON, HTML, JSON, XHTML
from api.kit.negotiation import preferred_type
from api.kit.queries import QueryParameters
from api.kit.versions import tagged_version
from api.plans.schemas import PlanNumber
from boundaries.plans.drafts import editors_of, jurisdictions_of_plans
from geogrid.access import Action, Target
from geogrid.errors import ForbiddenError

_IS_PAGE: Final = {JSON: False, GEOJSON: False, HTML: True, XHTML: True}
_MISSING = (
    "Writes to a plan say which version they are about: send the header If-Match with the ETag of the plan, "
    'e.g. If-Match: "3".'
)


@dataclass(frozen=True, slots=True)
class PlanWrite:
    """What every write says: which plan, and which version of it; None for any.

    `is_said` tells whether the version was said at all, were it any.
    """

    plan_id: int
    version: int | None
    is_said: bool = True


async def edit_write(
    query: Annotated[QueryParameters, Query()],
    plan_id: PlanNumber,
    sent: Annotated[
        str | None, Header(alias="If-Match", description="ETag of the plan as it was read; * for any.")
    ] = None,
) -> PlanWrite:
    """Return which plan an edit is about, and the version of its header If-Match, if it has one."""
    del query
    if sent is None:
        return PlanWrite(plan_id, None, is_said=False)
    return PlanWrite(plan_id, tagged_version(sent, "a plan", _MISSING))


EditWrite = Annotated[PlanWrite, Depends(edit_write)]


async def plan_write(write: EditWrite) -> PlanWrite:
    """Return which plan a write is about, and the version of its header If-Match, which it must have."""
    version_of(write, is_named=False)
    return write


Write = Annotated[PlanWrite, Depends(plan_write)]


def version_of(write: PlanWrite, *, is_named: bool) -> int | None:
    """Return the version that a write is about; None for any.

    Raises
    ------
    HTTPException
        428 where it says none, and does not name what it touches either.
    """
    if not write.is_said and not is_named:
        raise HTTPException(428, _MISSING)
    return write.version


def wants_page(request: Request) -> bool:
    """Return whether a page for people is asked for, by the header Accept."""
    return preferred_type(request.headers.get("accept", ""), _IS_PAGE)


def require_other_hands(request: Request, session: Session, plan_id: int) -> None:
    """Refuse to let somebody approve what he may not approve, or has had a hand in himself.

    Raises
    ------
    SignInNeededError, ForbiddenError
        As `Identity.require`; nobody approves his own.
    """
    identity = identity_of(request)
    for town in jurisdictions_of_plans(session, [plan_id]):
        identity.require(Action.PLANS_APPROVE, Target(town))
    if identity.is_known and identity.login in editors_of(session, plan_id):
        raise ForbiddenError(f"{identity.login} has edited plan {plan_id} himself. Somebody else approves it.")
